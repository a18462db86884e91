// SPDX-License-Identifier: GPL-2.0
/* hp-kernelctl.c: drives the kernel module from the VM tests through lib/kernel. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/hp_auto.h"
#include "kernel/hp_kernel.h"

/* Exit status: 0 done, 1 refused (the reason on stderr), 2 usage. */

static int do_info(struct hp_kernel *kernel, int count, char **words, struct hp_err *err)
{
	struct hp_kernel_info info;
	int result = hp_kernel_info(kernel, &info, err);

	(void)count;
	(void)words;
	if (result)
		return result;
	printf("version=%s\nabi=%u\ngeneration=%" PRIu64 "\nguards=%#x\ndomains=%u\nclaims=%u\n", info.version, info.abi,
	       info.generation, info.guards, info.domain_count, info.claim_count);
	printf("domain_limit=%u\nclaim_limit=%u\nevent_seq=%" PRIu64 "\nevent_unsent=%" PRIu64 "\n", info.domain_limit,
	       info.claim_limit, info.event_seq, info.event_unsent);
	return 0;
}

static int do_read(struct hp_kernel *kernel, int count, char **words, struct hp_err *err)
{
	hp_autokerneltable table = HP_KERNEL_TABLE_INIT;
	hp_autofree char *text = NULL;
	int result = hp_kernel_table_read(kernel, &table, err);

	(void)count;
	(void)words;
	if (result)
		return result;
	text = hp_kernel_table_format(&table);
	if (!text)
		return hp_err_errno(err, ENOMEM, "table");
	puts(text);
	return 0;
}

static char *read_stdin(void)
{
	char *text = NULL;
	size_t size = 0;

	return getdelim(&text, &size, '\0', stdin) < 0 ? strdup("") : text;
}

/* commit [GENERATION] < TABLE */
static int do_commit(struct hp_kernel *kernel, int count, char **words, struct hp_err *err)
{
	uint64_t generation = count > 0 ? strtoull(words[0], NULL, 10) : HP_KERNEL_ANY_GENERATION;
	hp_autokerneltable table = HP_KERNEL_TABLE_INIT;
	hp_autofree char *text = read_stdin();
	struct timespec before, after;
	int result = hp_kernel_table_parse(text, &table, err);

	if (result)
		return result;
	clock_gettime(CLOCK_MONOTONIC, &before);
	result = hp_kernel_commit(kernel, &table, generation, &generation, err);
	if (result)
		return result;
	clock_gettime(CLOCK_MONOTONIC, &after);
	printf("generation=%" PRIu64 " us=%ld\n", generation,
	       (long)((after.tv_sec - before.tv_sec) * 1000000 + (after.tv_nsec - before.tv_nsec) / 1000));
	return 0;
}

static int do_release(struct hp_kernel *kernel, int count, char **words, struct hp_err *err)
{
	uint32_t domains, claims;
	int result = hp_kernel_release_force(kernel, &domains, &claims, err);

	(void)count;
	(void)words;
	if (result)
		return result;
	printf("dropped domains=%u claims=%u\n", domains, claims);
	return 0;
}

static int print_event(const struct hp_kernel_event *event, void *arg)
{
	(void)arg;
	printf("seq=%" PRIu64 " type=%s generation=%" PRIu64 " time_ns=%" PRIu64, event->seq,
	       hp_kernel_event_name(event->type), event->generation, event->time_ns);
	if (event->actor_is_known)
		printf(" pid=%u comm=%s cgroup=%" PRIu64, event->pid, event->comm, event->cgroup_id);
	else
		printf(" actor=unknown");
	if (*event->domain)
		printf(" domain=%s", event->domain);
	if (event->cpu >= 0)
		printf(" cpu=%" PRId64, event->cpu);
	printf(" domains=%u claims=%u\n", event->domain_count, event->claim_count);
	return 0;
}

static int do_ring(struct hp_kernel *kernel, int count, char **words, struct hp_err *err)
{
	(void)count;
	(void)words;
	return hp_kernel_events_dump(kernel, print_event, NULL, err);
}

/* listen: prints "listening", then each event until killed. */
static int do_listen(struct hp_kernel *kernel, int count, char **words, struct hp_err *err)
{
	hp_autokernelevents *events = NULL;
	struct hp_kernel_event event;
	struct pollfd poll_fd = { .events = POLLIN };
	int result = hp_kernel_events_open(&events, err);

	(void)kernel;
	(void)count;
	(void)words;
	if (result)
		return result;
	poll_fd.fd = hp_kernel_events_fd(events);
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("listening");
	while (poll(&poll_fd, 1, -1) >= 0) {
		while ((result = hp_kernel_events_read(events, &event, err)) == 1)
			print_event(&event, NULL);
		if (result == -ENOBUFS)
			puts("lost some");
		else if (result)
			return result;
	}
	return -errno;
}

static int skip_event(const struct hp_kernel_event *event, void *arg)
{
	(void)event;
	++*(unsigned int *)arg;
	return 0;
}

/* exercise < TABLE: everything a client does, once; leaves the table committed. */
static int do_exercise(struct hp_kernel *kernel, int count, char **words, struct hp_err *err)
{
	static const char overlap[] = "domain a\ncpus a 1\ndomain b\ncpus b 0-1";
	hp_autokerneltable wanted = HP_KERNEL_TABLE_INIT, live = HP_KERNEL_TABLE_INIT, bad = HP_KERNEL_TABLE_INIT;
	hp_autokernelevents *events = NULL;
	hp_autofree char *text = read_stdin();
	hp_autoerr refusal = HP_ERR_INIT;
	struct hp_kernel_event event;
	unsigned int seen = 0;
	int result;

	(void)count;
	(void)words;
	result = hp_kernel_events_open(&events, err);
	if (!result)
		result = hp_kernel_table_parse(text, &wanted, err);
	if (!result)
		result = hp_kernel_table_parse(overlap, &bad, err);
	if (!result)
		result = hp_kernel_commit(kernel, &wanted, HP_KERNEL_ANY_GENERATION, NULL, err);
	if (!result && hp_kernel_commit(kernel, &bad, HP_KERNEL_ANY_GENERATION, NULL, &refusal) != -EBUSY)
		result = hp_err_set(err, EPROTO, "an overlap was not refused");
	if (!result)
		result = hp_kernel_table_read(kernel, &live, err);
	if (!result && live.claims_count != wanted.claims_count)
		result = hp_err_set(err, EPROTO, "the table did not come back");
	if (!result)
		result = hp_kernel_events_dump(kernel, skip_event, &seen, err);
	if (!result && (seen != 1 || hp_kernel_events_read(events, &event, err) != 1))
		result = hp_err_set(err, EPROTO, "the commit was no event");
	return result;
}

static const struct {
	const char *name;
	int (*run)(struct hp_kernel *kernel, int count, char **words, struct hp_err *err);
} verbs[] = {
	{ "info", do_info },
	{ "read", do_read },
	{ "commit", do_commit },
	{ "release", do_release },
	{ "ring", do_ring },
	{ "listen", do_listen },
	{ "exercise", do_exercise },
};

int main(int argc, char **argv)
{
	hp_autokernel *kernel = NULL;
	hp_autoerr err = HP_ERR_INIT;
	int result;

	for (size_t i = 0; argc > 1 && i < hp_array_size(verbs); i++) {
		if (strcmp(argv[1], verbs[i].name) != 0)
			continue;
		result = hp_kernel_open(&kernel, &err);
		if (!result)
			result = verbs[i].run(kernel, argc - 2, argv + 2, &err);
		if (result)
			fprintf(stderr, "%s: %s\n", strerror(-result), err.text ? err.text : "");
		return result ? 1 : 0;
	}
	fprintf(stderr, "usage: hp-kernelctl info|read|commit [GENERATION]|release|ring|listen|exercise\n");
	return 2;
}
