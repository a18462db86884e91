// SPDX-License-Identifier: GPL-2.0
/* hp-fuzznl.c: sends the module messages from nearly right to broken, many at once. usage: hp-fuzznl MESSAGES [SEED] */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "attr_gen.h"
#include "base/hp_auto.h"
#include "hostpart.h"
#include "kernel/kernel_internal.h"

#define BATCH_BYTES 16384
#define BATCH_MESSAGES 24
#define ERRNO_MAX 134

static struct hp_kernel *kernel;
static struct hp_rng rng;
static uint64_t counts[ERRNO_MAX];	/* answers by errno; 0 = accepted */
static uint64_t sent, bad_errnos, bad_tables, sockets;

static void bail(const char *what, const char *why)
{
	printf("Bail out! %s: %s\n", what, why);
	exit(1);
}

static void open_socket(void)
{
	hp_autoerr err = HP_ERR_INIT;

	if (hp_kernel_open(&kernel, &err))
		bail("hp_kernel_open", err.text);
	sockets++;
}

/* ---- one message ---- */

static size_t random_attrs(void *attrs, size_t size)
{
	size_t used = hp_attrs_generate(&rng, attrs, size);

	for (uint32_t rounds = hp_rng_below(&rng, 3) ? 0 : 1 + hp_rng_below(&rng, 4); rounds; rounds--)
		used = hp_attrs_mutate(&rng, attrs, used, size);
	return used;
}

/* Mostly what leads on: begin, some staging, now and then a commit. Sealing would end the session: it is left out. */
static uint8_t random_command(void)
{
	static const uint8_t others[] = {
		HP_CMD_GET_INFO, HP_CMD_GET_DOMAIN, HP_CMD_GET_CLAIM, HP_CMD_GET_EVENT, HP_CMD_GET_VECTOR, HP_CMD_TXN_ABORT,
	};
	uint32_t dice = hp_rng_below(&rng, 1000);
	uint8_t any;

	if (dice < 300)
		return HP_CMD_TXN_BEGIN;
	if (dice < 850)
		return HP_CMD_TXN_STAGE;
	if (dice < 870)
		return HP_CMD_TXN_COMMIT;
	if (dice < 875)
		return HP_CMD_RELEASE;
	if (dice < 980)
		return others[hp_rng_below(&rng, sizeof(others))];
	do
		any = (uint8_t)hp_rng_below(&rng, 256);
	while (any == HP_CMD_SEAL);
	return any;
}

static void put_attrs(struct nlmsghdr *message, uint8_t cmd, uint32_t staged[2])
{
	unsigned char attrs[2048];
	size_t used;

	if (cmd == HP_CMD_TXN_STAGE || !hp_rng_below(&rng, 20)) {
		used = random_attrs(attrs, hp_rng_below(&rng, 8) ? 512 : sizeof(attrs));
		memcpy(mnl_nlmsg_get_payload_tail(message), attrs, used);
		message->nlmsg_len += (uint32_t)used;
	} else if (cmd == HP_CMD_TXN_COMMIT) {
		mnl_attr_put_u32(message, HP_A_DOMAIN_COUNT, hp_rng_below(&rng, 8) ? staged[0] : hp_rng_below(&rng, 4));
		mnl_attr_put_u32(message, HP_A_CLAIM_COUNT, hp_rng_below(&rng, 8) ? staged[1] : hp_rng_below(&rng, 4));
	} else if (cmd == HP_CMD_GET_DOMAIN || cmd == HP_CMD_GET_CLAIM || cmd == HP_CMD_GET_VECTOR) {
		if (hp_rng_below(&rng, 2))
			mnl_attr_put_strz(message, HP_A_DOMAIN_NAME, hp_rng_below(&rng, 2) ? "alpha" : "nobody");
	}
	if (!hp_rng_below(&rng, 50))
		message->nlmsg_len += hp_rng_below(&rng, 8);
}

/* What a following commit has to say was staged, if all of it is taken. */
static void count_staged(const struct nlmsghdr *message, uint32_t staged[2])
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == HP_A_DOMAIN)
			staged[0]++;
		else
			staged[1]++;
	}
}

static size_t put_message(void *buffer, uint32_t staged[2])
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	uint8_t cmd = random_command();
	struct genlmsghdr *genl;

	message->nlmsg_type = kernel->family;
	message->nlmsg_flags = NLM_F_REQUEST | (hp_rng_below(&rng, 2) ? NLM_F_ACK : 0);
	if (cmd >= HP_CMD_GET_DOMAIN && cmd <= HP_CMD_GET_EVENT && hp_rng_below(&rng, 2))
		message->nlmsg_flags |= NLM_F_DUMP;
	if (!hp_rng_below(&rng, 100))
		message->nlmsg_flags ^= (uint16_t)(1u << hp_rng_below(&rng, 12));
	message->nlmsg_seq = ++kernel->seq;
	genl = mnl_nlmsg_put_extra_header(message, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = hp_rng_below(&rng, 50) ? HP_GENL_VERSION : (uint8_t)hp_rng_below(&rng, 256);
	genl->reserved = hp_rng_below(&rng, 200) ? 0 : 1;
	if (cmd == HP_CMD_TXN_BEGIN)
		staged[0] = staged[1] = 0;
	put_attrs(message, cmd, staged);
	if (cmd == HP_CMD_TXN_STAGE)
		count_staged(message, staged);
	if (!hp_rng_below(&rng, 500))
		message->nlmsg_len = hp_rng_below(&rng, 64);
	return message->nlmsg_len < sizeof(*message) ? sizeof(*message) : (message->nlmsg_len + 3u) & ~3u;
}

/* ---- answers ---- */

static bool is_documented(int error)
{
	static const int documented[] = {
		0, EPERM, EINVAL, ERANGE, EBUSY, ESTALE, ENOENT, ENODEV, ENOSPC, EOPNOTSUPP, EROFS, EBADF,
	};

	for (size_t i = 0; i < sizeof(documented) / sizeof(documented[0]); i++)
		if (documented[i] == error)
			return true;
	return false;
}

static void take_answers(void)
{
	const struct nlmsghdr *message;
	ssize_t received;
	int left, error;

	while ((received = recv(mnl_socket_get_fd(kernel->socket), kernel->reply, HP_GENL_BUFFER_BYTES, MSG_DONTWAIT)) > 0) {
		left = (int)received;
		for (message = (const void *)kernel->reply; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
			if (message->nlmsg_type != NLMSG_ERROR)
				continue;
			error = -*(const int *)mnl_nlmsg_get_payload(message);
			counts[error >= 0 && error < ERRNO_MAX ? error : ERRNO_MAX - 1]++;
			if (!is_documented(error) && bad_errnos++ < 5)
				printf("# an undocumented errno: %d\n", error);
		}
	}
}

/* What can be read must add up, whatever was sent. */
static void check_table(void)
{
	hp_autokerneltable table = HP_KERNEL_TABLE_INIT;
	hp_autoerr err = HP_ERR_INIT;
	struct hp_kernel_info info;

	hp_kernel_close(kernel);
	open_socket();
	if (hp_kernel_info(kernel, &info, &err) || hp_kernel_table_read(kernel, &table, &err)) {
		printf("# cannot read: %s\n", err.text);
		bad_tables++;
	} else if (info.domain_count != table.domains_count || info.claim_count != table.claims_count ||
		   info.generation != table.generation) {
		printf("# the counts do not add up at generation %" PRIu64 "\n", info.generation);
		bad_tables++;
	}
}

/* Descriptors 7 and 8 are namespaces, as NETNS_FD may name them; one of them is not the machine's. */
static void open_namespaces(void)
{
	int own = open("/proc/self/ns/net", O_RDONLY), other;

	if (own < 0 || dup2(own, 7) < 0 || unshare(CLONE_NEWNET))
		bail("namespaces", strerror(errno));
	other = open("/proc/self/ns/net", O_RDONLY);
	if (other < 0 || dup2(other, 8) < 0 || setns(own, CLONE_NEWNET))
		bail("namespaces", strerror(errno));
}

int main(int argc, char **argv)
{
	uint64_t messages = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL);
	static char batch[BATCH_BYTES + 8192];
	uint32_t staged[2] = { 0, 0 };

	if (!messages) {
		fprintf(stderr, "usage: hp-fuzznl MESSAGES [SEED]\n");
		return 2;
	}
	hp_rng_seed(&rng, seed);
	open_namespaces();
	open_socket();
	printf("# seed %" PRIu64 "\n", seed);
	for (uint64_t rounds = 1; sent < messages; rounds++) {
		size_t used = 0;

		for (uint32_t n = 1 + hp_rng_below(&rng, BATCH_MESSAGES); n && used < BATCH_BYTES; n--, sent++)
			used += put_message(batch + used, staged);
		/* A broken length may make the kernel refuse or stop early: that is for it to say. */
		(void)!send(mnl_socket_get_fd(kernel->socket), batch, used, 0);
		take_answers();
		if (rounds % 512 == 0)
			check_table();
		else if (!hp_rng_below(&rng, 64)) {
			hp_kernel_close(kernel);	/* with whatever is open on it */
			open_socket();
		}
	}
	check_table();
	hp_kernel_close(kernel);
	printf("sent=%" PRIu64 " accepted=%" PRIu64 " bad_errnos=%" PRIu64 " bad_tables=%" PRIu64 " sockets=%" PRIu64 "\n", sent,
	       counts[0], bad_errnos, bad_tables, sockets);
	for (int error = 1; error < ERRNO_MAX; error++)
		if (counts[error])
			printf("# %s: %" PRIu64 "\n", strerror(error), counts[error]);
	return bad_errnos || bad_tables || !counts[0] || !counts[EBUSY] || !counts[EINVAL];
}
