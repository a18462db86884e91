// SPDX-License-Identifier: GPL-2.0
/* hp-writers.c: threads that all change the registry at once, and count what they were told. usage: hp-writers ROUNDS [seal] */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "hostpart.h"
#include "kernel/kernel_internal.h"

#define WRITERS 8
#define READERS 2

static unsigned int rounds;
static bool has_seal_phase;
static atomic_uint commits, releases, stale, refusals, tables_read, mixtures, surprises;
static atomic_uint writers_left = WRITERS;
static atomic_ullong sealed_generation;	/* 0 = not sealed; the generation the seal's reply gave */

struct writer {
	pthread_t thread;
	unsigned int number;
	struct hp_kernel *kernel;
	uint64_t seed;
};

static uint32_t below(struct writer *writer, uint32_t limit)
{
	writer->seed = writer->seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(writer->seed >> 33) % limit;
}

static void surprise(const char *what, int error, const char *text)
{
	if (atomic_fetch_add(&surprises, 1) < 10)
		printf("# %s: %s %s\n", what, strerror(error), text ? text : "");
}

static void open_socket(struct writer *writer)
{
	hp_autoerr err = HP_ERR_INIT;

	if (hp_kernel_open(&writer->kernel, &err)) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
}

static int call(struct writer *writer, struct nlmsghdr *request)
{
	hp_autoerr err = HP_ERR_INIT;
	int result = hp_genl_call(writer->kernel, request, NULL, NULL, &err);

	return result;
}

static int call_plain(struct writer *writer, uint8_t cmd)
{
	return call(writer, hp_genl_request(writer->kernel, cmd, 0));
}

/* ---- tables that show when two are mixed: all of one commit's numbers follow from its writer and its round ---- */

static struct hp_kernel_table make_table(const struct writer *writer, unsigned int round)
{
	struct hp_kernel_table table = HP_KERNEL_TABLE_INIT;
	struct hp_kernel_domain domain = { .cgroup_id = 1 + round };
	struct hp_kernel_range cpu = { writer->number % 4, writer->number % 4 };
	struct hp_kernel_claim claim = { .type = HP_KERNEL_CPU, .ranges = &cpu, .ranges_count = 1 };
	bool is_good;

	snprintf(domain.name, sizeof(domain.name), "w%u", writer->number);
	is_good = hp_kernel_table_add_domain(&table, &domain) == 0 && !hp_kernel_table_add_claim(&table, &claim);
	claim = (struct hp_kernel_claim){ .type = HP_KERNEL_MEMORY, .memory_bytes = 4096u * (1 + round) };
	is_good = is_good && !hp_kernel_table_add_claim(&table, &claim);
	for (unsigned int i = 0; i < 1 + round % 5 && is_good; i++) {
		claim = (struct hp_kernel_claim){ .type = HP_KERNEL_PCI, .pci_segment = 0x7fff,
						  .pci_bus = (uint8_t)writer->number, .pci_device = (uint8_t)i };
		is_good = !hp_kernel_table_add_claim(&table, &claim);
	}
	if (!is_good) {
		printf("Bail out! out of memory\n");
		exit(1);
	}
	return table;
}

static bool is_whole(const struct hp_kernel_table *table)
{
	uint64_t round;
	unsigned int number;

	if (!table->domains_count)
		return !table->claims_count;
	if (table->domains_count != 1 || sscanf(table->domains[0].name, "w%u", &number) != 1)
		return false;
	round = table->domains[0].cgroup_id - 1;
	if (table->claims_count != 2 + 1 + round % 5)
		return false;
	for (size_t i = 0; i < table->claims_count; i++) {
		const struct hp_kernel_claim *claim = &table->claims[i];

		if (claim->type == HP_KERNEL_MEMORY && claim->memory_bytes != 4096u * (1 + round))
			return false;
		if (claim->type == HP_KERNEL_PCI && claim->pci_bus != number)
			return false;
		if (claim->type == HP_KERNEL_CPU && claim->ranges[0].first != number % 4)
			return false;
	}
	return true;
}

/* ---- what a writer does ---- */

static void commit(struct writer *writer, unsigned int round)
{
	hp_autokerneltable table = make_table(writer, round);
	uint64_t expected = HP_KERNEL_ANY_GENERATION, generation = 0;
	hp_autoerr err = HP_ERR_INIT, info_err = HP_ERR_INIT;
	struct hp_kernel_info info;
	int result;

	if (below(writer, 2) && !hp_kernel_info(writer->kernel, &info, &info_err))
		expected = info.generation;
	result = hp_kernel_commit(writer->kernel, &table, expected, &generation, &err);
	if (!result) {
		atomic_fetch_add(&commits, 1);
		if (expected != HP_KERNEL_ANY_GENERATION && generation != expected + 1)
			surprise("a commit jumped over another one", 0, NULL);
		if (sealed_generation && generation > sealed_generation)
			surprise("a commit after the seal", 0, NULL);
	} else if (result == -ESTALE && expected != HP_KERNEL_ANY_GENERATION) {
		atomic_fetch_add(&stale, 1);
	} else if (result == -EROFS && has_seal_phase) {
		atomic_fetch_add(&refusals, 1);
	} else {
		surprise("commit", -result, err.text);
	}
}

static void release(struct writer *writer)
{
	hp_autoerr err = HP_ERR_INIT;
	int result = hp_kernel_release_force(writer->kernel, NULL, NULL, &err);

	if (!result)
		atomic_fetch_add(&releases, 1);
	else if (result == -EROFS && has_seal_phase)
		atomic_fetch_add(&refusals, 1);
	else
		surprise("release", -result, err.text);
}

static void begin_and_abort(struct writer *writer)
{
	int result = call_plain(writer, HP_CMD_TXN_BEGIN);

	if (!result)
		result = call_plain(writer, HP_CMD_TXN_ABORT);
	if (result)
		surprise("begin and abort", -result, NULL);
}

/* The transaction goes with its socket. */
static void begin_and_vanish(struct writer *writer)
{
	int result = call_plain(writer, HP_CMD_TXN_BEGIN);

	if (result)
		surprise("begin", -result, NULL);
	hp_kernel_close(writer->kernel);
	open_socket(writer);
}

static void stage_rubbish(struct writer *writer)
{
	struct nlmsghdr *request;
	int result = call_plain(writer, HP_CMD_TXN_BEGIN);
	struct nlattr *nest;

	if (result)
		surprise("begin", -result, NULL);
	request = hp_genl_request(writer->kernel, HP_CMD_TXN_STAGE, 0);
	nest = mnl_attr_nest_start(request, HP_A_CLAIM);
	mnl_attr_put_strz(request, HP_CLAIM_A_DOMAIN, "nobody");
	mnl_attr_put_u32(request, HP_CLAIM_A_TYPE, HP_CLAIM_CPU);
	mnl_attr_nest_end(request, nest);
	result = call(writer, request);
	if (result != -ENOENT)
		surprise("a claim of nobody", -result, NULL);
	else
		atomic_fetch_add(&refusals, 1);
}

static int keep_generation(const struct nlmsghdr *message, void *arg, struct hp_err *err)
{
	const struct nlattr *by_type[HP_A_MAX + 1];
	struct hp_attrs attrs = { by_type, HP_A_MAX };

	(void)err;
	hp_attrs_of_message(message, &attrs);
	hp_attrs_u64(&attrs, HP_A_GENERATION, arg);
	return 0;
}

/* Sealing again changes nothing; an empty table, after a release, cannot be sealed. */
static void seal(struct writer *writer)
{
	hp_autoerr err = HP_ERR_INIT;
	uint64_t generation = 0;
	int result = hp_genl_call(writer->kernel, hp_genl_request(writer->kernel, HP_CMD_SEAL, 0), keep_generation,
				  &generation, &err);

	if (!result && generation)
		atomic_store(&sealed_generation, generation);
	else if (result != -ENOENT)
		surprise("seal", -result, err.text);
}

static void *write_rounds(void *arg)
{
	struct writer *writer = arg;

	for (unsigned int round = 0; round < rounds; round++) {
		uint32_t dice = below(writer, 20);

		if (has_seal_phase && round >= rounds / 2 && dice < 2)
			seal(writer);
		else if (dice < 10)
			commit(writer, round);
		else if (dice < 13)
			release(writer);
		else if (dice < 15)
			begin_and_abort(writer);
		else if (dice < 17)
			begin_and_vanish(writer);
		else
			stage_rubbish(writer);
	}
	hp_kernel_close(writer->kernel);
	atomic_fetch_sub(&writers_left, 1);
	return NULL;
}

/* Sees whole tables only, whatever the writers do. */
static void *read_rounds(void *arg)
{
	struct writer *reader = arg;

	while (atomic_load(&writers_left)) {
		hp_autokerneltable table = HP_KERNEL_TABLE_INIT;
		hp_autoerr err = HP_ERR_INIT;
		int result = hp_kernel_table_read(reader->kernel, &table, &err);

		if (result == -EINTR || result == -EAGAIN)
			continue;	/* it changed under the dump, which said so */
		if (result)
			surprise("read", -result, err.text);
		else if (!is_whole(&table) && atomic_fetch_add(&mixtures, 1) < 3)
			printf("# a mixture of generation %" PRIu64 "\n", table.generation);
		else
			atomic_fetch_add(&tables_read, 1);
	}
	hp_kernel_close(reader->kernel);
	return NULL;
}

static int count_event(const struct hp_kernel_event *event, void *arg)
{
	uint64_t *last = arg;

	if (*last && event->seq != *last + 1)
		surprise("the ring of events has a gap", 0, NULL);
	*last = event->seq;
	return 0;
}

int main(int argc, char **argv)
{
	struct writer threads[WRITERS + READERS] = { 0 }, own = { .number = 99 };
	struct hp_kernel_info before, after;
	hp_autoerr err = HP_ERR_INIT;
	uint64_t last_event = 0;

	rounds = argc > 1 ? (unsigned int)atoi(argv[1]) : 0;
	has_seal_phase = argc > 2 && strcmp(argv[2], "seal") == 0;
	if (!rounds) {
		fprintf(stderr, "usage: hp-writers ROUNDS [seal]\n");
		return 2;
	}
	open_socket(&own);
	if (hp_kernel_info(own.kernel, &before, &err))
		goto broken;
	for (unsigned int i = 0; i < WRITERS + READERS; i++) {
		threads[i].number = i;
		threads[i].seed = i + 1;
		open_socket(&threads[i]);
		if (pthread_create(&threads[i].thread, NULL, i < WRITERS ? write_rounds : read_rounds, &threads[i]))
			return 1;
	}
	for (unsigned int i = 0; i < WRITERS + READERS; i++)
		pthread_join(threads[i].thread, NULL);
	if (hp_kernel_info(own.kernel, &after, &err) || hp_kernel_events_dump(own.kernel, count_event, &last_event, &err))
		goto broken;
	printf("commits=%u releases=%u stale=%u refusals=%u read=%u mixtures=%u surprises=%u\n", commits, releases, stale,
	       refusals, tables_read, mixtures, surprises);
	printf("generations=%" PRIu64 " events=%" PRIu64 " last_event=%s sealed=%s\n", after.generation - before.generation,
	       after.event_seq - before.event_seq, last_event == after.event_seq ? "same" : "other",
	       sealed_generation ? after.generation == sealed_generation ? "held" : "broken" : "no");
	hp_kernel_close(own.kernel);
	return mixtures || surprises || !commits || !stale || !tables_read;
broken:
	fprintf(stderr, "%s\n", err.text);
	return 1;
}
