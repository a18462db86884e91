// SPDX-License-Identifier: GPL-2.0
/* hp-failnth.c: makes every allocation of every netlink command fail once, one at a time; TAP on stdout. "seal": that command only. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "hostpart.h"
#include "kernel/kernel_internal.h"

#define FAULTS_MAX 4000		/* more than any command allocates: a command that never gets through has failed */

static struct hp_kernel *kernel;	/* the socket whose commands fail */
static struct hp_kernel *witness;	/* reads the table meanwhile */
static int fail_nth_fd;
static unsigned int test_count, test_failures;

static void judge(bool is_good, const char *what, const char *details)
{
	test_failures += !is_good;
	printf("%sok %u - %s%s%s\n", is_good ? "" : "not ", ++test_count, what, details[0] ? ": " : "", details);
	fflush(stdout);
}

static void bail(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

/*
 * ---- the fault: the n-th thing in this task that can fail does; 0 = none ----
 * Copies to and from user space can fail too, also those of this file itself: EFAULT here is the fault that was
 * still to come, and now is over.
 */

static void arm(unsigned int nth)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(fail_nth_fd, text, (size_t)length, 0) != length &&
	    (errno != EFAULT || pwrite(fail_nth_fd, text, (size_t)length, 0) != length))
		bail("/proc/thread-self/fail-nth");
}

/* True when the fault has struck. */
static bool disarm(void)
{
	char text[16] = "";
	bool is_ahead = false;

	if (pread(fail_nth_fd, text, sizeof(text) - 1, 0) <= 0) {
		if (errno != EFAULT)
			bail("/proc/thread-self/fail-nth");
		is_ahead = true;
	}
	arm(0);
	return !is_ahead && atoi(text) == 0;
}

/* ---- one command ---- */

struct outcome {
	int error;		/* of the ack, 0 = none seen or a good one */
	bool was_answered;	/* an ack, or the end of a dump, came */
	bool has_reply;
};

/* The kernel has done all that it will by the time sendto() and each recv() return: nothing to wait for. */
static struct outcome exchange(struct nlmsghdr *request)
{
	struct outcome outcome = { 0, false, false };
	const struct nlmsghdr *message;
	ssize_t received;
	int left;

	if (mnl_socket_sendto(kernel->socket, request, request->nlmsg_len) < 0) {
		outcome.error = -errno;
		return outcome;
	}
	for (int tries = 0; !outcome.was_answered && tries < 64; tries++) {
		received = recv(mnl_socket_get_fd(kernel->socket), kernel->reply, HP_GENL_BUFFER_BYTES, MSG_DONTWAIT);
		if (received < 0) {
			if (errno == EAGAIN)
				break;
			continue;	/* ENOBUFS and the like say that an answer was lost */
		}
		left = (int)received;
		for (message = (const void *)kernel->reply; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
			if (message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE) {
				outcome.error = *(const int *)mnl_nlmsg_get_payload(message);
				outcome.was_answered = true;
			} else {
				outcome.has_reply = true;
			}
		}
	}
	return outcome;
}

/* What an interrupted dump left behind must not be taken for the next answer: a new socket. */
static void renew_socket(void)
{
	hp_autoerr err = HP_ERR_INIT;

	hp_kernel_close(kernel);
	if (hp_kernel_open(&kernel, &err)) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
}

/* ---- pieces of requests ---- */

static void add_domain(struct nlmsghdr *request, const char *name, uint32_t cpu)
{
	uint32_t range[2] = { cpu, cpu };
	struct nlattr *nest = mnl_attr_nest_start(request, HP_A_DOMAIN);

	mnl_attr_put_strz(request, HP_DOMAIN_A_NAME, name);
	mnl_attr_nest_end(request, nest);
	nest = mnl_attr_nest_start(request, HP_A_CLAIM);
	mnl_attr_put_strz(request, HP_CLAIM_A_DOMAIN, name);
	mnl_attr_put_u32(request, HP_CLAIM_A_TYPE, HP_CLAIM_CPU);
	mnl_attr_put(request, HP_CLAIM_A_CPUS, sizeof(range), range);
	mnl_attr_nest_end(request, nest);
	/* A function that no machine has, so that no disk of this one gets lost. */
	nest = mnl_attr_nest_start(request, HP_A_CLAIM);
	mnl_attr_put_strz(request, HP_CLAIM_A_DOMAIN, name);
	mnl_attr_put_u32(request, HP_CLAIM_A_TYPE, HP_CLAIM_PCI);
	mnl_attr_put_u32(request, HP_CLAIM_A_PCI_SEGMENT, 0x7fff);
	mnl_attr_put_u32(request, HP_CLAIM_A_PCI_BUS, cpu);
	mnl_attr_put_u32(request, HP_CLAIM_A_PCI_DEVICE, 0);
	mnl_attr_put_u32(request, HP_CLAIM_A_PCI_FUNCTION, 0);
	mnl_attr_nest_end(request, nest);
}

/* Two tables that differ in a domain, so that a commit has to add one and to drop one. */
static struct nlmsghdr *stage_request(bool second)
{
	struct nlmsghdr *request = hp_genl_request(kernel, HP_CMD_TXN_STAGE, 0);

	add_domain(request, "always", 1);
	add_domain(request, second ? "second" : "first", second ? 3 : 2);
	return request;
}

static struct nlmsghdr *commit_request(void)
{
	struct nlmsghdr *request = hp_genl_request(kernel, HP_CMD_TXN_COMMIT, 0);

	mnl_attr_put_u32(request, HP_A_DOMAIN_COUNT, 2);
	mnl_attr_put_u32(request, HP_A_CLAIM_COUNT, 4);
	return request;
}

static void must(const char *what, struct outcome outcome)
{
	if (outcome.was_answered && !outcome.error)
		return;
	errno = -outcome.error;
	bail(what);
}

static char *read_table(void)
{
	hp_autokerneltable table = HP_KERNEL_TABLE_INIT;
	hp_autoerr err = HP_ERR_INIT;
	char *text = NULL, *body;

	if (hp_kernel_table_read(witness, &table, &err)) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	body = hp_kernel_table_format(&table);
	if (!body || asprintf(&text, "generation %" PRIu64 "\n%s", table.generation, body) < 0)
		bail("table");
	free(body);
	return text;
}

/* ---- the commands: each with what has to be so before it ---- */

struct command {
	const char *name;
	uint8_t cmd;
	uint16_t flags;
	bool changes;		/* the live table, when it succeeds */
	uint32_t abi;		/* that has it first */
};

static const struct command commands[] = {
	{ "get-info", HP_CMD_GET_INFO, 0, false, 1 },
	{ "get-domain", HP_CMD_GET_DOMAIN, 0, false, 1 },
	{ "get-domain as a dump", HP_CMD_GET_DOMAIN, NLM_F_DUMP, false, 1 },
	{ "get-claim", HP_CMD_GET_CLAIM, NLM_F_DUMP, false, 1 },
	{ "get-event", HP_CMD_GET_EVENT, NLM_F_DUMP, false, 1 },
	{ "get-vector", HP_CMD_GET_VECTOR, NLM_F_DUMP, false, 2 },
	{ "txn-begin", HP_CMD_TXN_BEGIN, 0, false, 1 },
	{ "txn-stage", HP_CMD_TXN_STAGE, 0, false, 1 },
	{ "txn-commit", HP_CMD_TXN_COMMIT, 0, true, 1 },
	{ "txn-abort", HP_CMD_TXN_ABORT, 0, false, 1 },
	{ "release", HP_CMD_RELEASE, 0, true, 1 },
};
static const struct command seal = { "seal", HP_CMD_SEAL, 0, false, 2 };

static void plain(uint8_t cmd, const char *what)
{
	must(what, exchange(hp_genl_request(kernel, cmd, 0)));
}

/* The first table is live and, where the command needs one, a transaction is open that stages the second. */
static void prepare(const struct command *command)
{
	if (command->cmd != HP_CMD_SEAL && command->changes) {
		plain(HP_CMD_TXN_BEGIN, "begin");
		must("stage", exchange(stage_request(false)));
		must("commit", exchange(commit_request()));
	}
	if (command->cmd == HP_CMD_TXN_STAGE || command->cmd == HP_CMD_TXN_COMMIT || command->cmd == HP_CMD_TXN_ABORT)
		plain(HP_CMD_TXN_BEGIN, "begin");
	if (command->cmd == HP_CMD_TXN_COMMIT)
		must("stage", exchange(stage_request(true)));
}

static struct nlmsghdr *request_of(const struct command *command)
{
	struct nlmsghdr *request;

	if (command->cmd == HP_CMD_TXN_STAGE)
		return stage_request(true);
	if (command->cmd == HP_CMD_TXN_COMMIT)
		return commit_request();
	request = hp_genl_request(kernel, command->cmd, command->flags);
	if (command->cmd == HP_CMD_GET_DOMAIN && !(command->flags & NLM_F_DUMP))
		mnl_attr_put_strz(request, HP_A_DOMAIN_NAME, "always");
	return request;
}

/* What may be there after a fault: the old table after a refusal; the old or the whole new one when the answer was lost. */
static const char *wrong(const struct command *command, const struct outcome *outcome, const char *before, const char *after,
			 const char *changed)
{
	bool is_old = strcmp(before, after) == 0, is_new = changed && strcmp(strchr(after, '\n'), changed) == 0;

	if (!command->changes)
		return is_old ? NULL : "a command that only reads changed the table";
	if (outcome->has_reply && !is_new)
		return "told of success, the table is not the new one";
	if (outcome->was_answered && outcome->error && !outcome->has_reply && !is_old)
		return "refused, yet the table changed";
	return is_old || is_new ? NULL : "the table is neither the old nor the new one";
}

static const char *const second_table = "\ndomain always\ncpus always 1\npci always 7fff:01:00.0\n"
	"domain second\ncpus second 3\npci second 7fff:03:00.0";

static void fail_each(const struct command *command)
{
	const char *changed = command->cmd == HP_CMD_RELEASE ? "\n" : second_table, *bad;
	unsigned int nth = 1, refused = 0;
	struct outcome outcome;
	char details[256];
	bool has_struck = true;

	for (; has_struck && nth < FAULTS_MAX; nth++) {
		struct nlmsghdr *request;
		hp_autofree char *before = NULL, *after = NULL;

		renew_socket();
		prepare(command);
		before = read_table();
		request = request_of(command);
		arm(nth);
		outcome = exchange(request);
		has_struck = disarm();
		after = read_table();
		refused += outcome.error != 0;
		bad = wrong(command, &outcome, before, after, changed);
		if (bad) {
			snprintf(details, sizeof(details), "fault %u, error %d: %s", nth, outcome.error, bad);
			judge(false, command->name, details);
			printf("# before: %s\n# after: %s\n", before, after);
			return;
		}
	}
	snprintf(details, sizeof(details), "%u faults, %u refusals, then error %d", nth - 2, refused, outcome.error);
	/* Without a fault it must succeed, and with the first one something must have come of it. */
	judge(!has_struck && !outcome.error && outcome.was_answered && nth > 2, command->name, details);
}

int main(int argc, char **argv)
{
	hp_autoerr err = HP_ERR_INIT;
	struct hp_kernel_info info;

	fail_nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fail_nth_fd < 0)
		bail("this kernel cannot inject faults: /proc/thread-self/fail-nth");
	if (hp_kernel_open(&kernel, &err) || hp_kernel_open(&witness, &err) || hp_kernel_info(witness, &info, &err)) {
		printf("Bail out! %s\n", err.text);
		return 1;
	}
	plain(HP_CMD_TXN_BEGIN, "begin");
	must("stage", exchange(stage_request(false)));
	must("commit", exchange(commit_request()));
	if (argc > 1 && strcmp(argv[1], "seal") == 0) {
		fail_each(&seal);
	} else {
		for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
			if (commands[i].abi <= info.abi)
				fail_each(&commands[i]);
	}
	hp_kernel_close(kernel);
	hp_kernel_close(witness);
	printf("%u commands\n", test_count);
	return test_failures ? 1 : 0;
}
