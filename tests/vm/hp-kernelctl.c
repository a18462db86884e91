// SPDX-License-Identifier: GPL-2.0
/* hp-kernelctl.c: drives the kernel module from the VM tests through lib/kernel. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
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

/* "NAME=PATH": opens the network namespace of a domain of the table. */
static int give_namespace(struct hp_kernel_table *table, const char *word, struct hp_err *err)
{
	const char *path = strchr(word, '=');

	for (size_t i = 0; path && i < table->domains_count; i++) {
		struct hp_kernel_domain *domain = &table->domains[i];

		if (strncmp(domain->name, word, (size_t)(path - word)) != 0 || domain->name[path - word])
			continue;
		domain->netns_fd = open(path + 1, O_RDONLY | O_CLOEXEC);
		return domain->netns_fd < 0 ? hp_err_errno(err, errno, "open %s", path + 1) : 0;
	}
	return hp_err_usage(err, "\"%s\" is no DOMAIN=NAMESPACE of the table", word);
}

/* commit [GENERATION] [DOMAIN=NAMESPACE-FILE ...] < TABLE */
static int do_commit(struct hp_kernel *kernel, int count, char **words, struct hp_err *err)
{
	bool has_generation = count > 0 && !strchr(words[0], '=');
	uint64_t generation = has_generation ? strtoull(words[0], NULL, 10) : HP_KERNEL_ANY_GENERATION;
	hp_autokerneltable table = HP_KERNEL_TABLE_INIT;
	hp_autofree char *text = read_stdin();
	struct timespec before, after;
	int result = hp_kernel_table_parse(text, &table, err);

	for (int i = has_generation; i < count && !result; i++)
		result = give_namespace(&table, words[i], err);
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

/* state: what a read table says beside its text: "DOMAIN netns INO", "DOMAIN pci STATE FUNCTION". */
static int do_state(struct hp_kernel *kernel, int count, char **words, struct hp_err *err)
{
	hp_autokerneltable table = HP_KERNEL_TABLE_INIT;
	int result = hp_kernel_table_read(kernel, &table, err);

	(void)count;
	(void)words;
	for (size_t i = 0; i < table.domains_count && !result; i++)
		printf("%s netns %u\n", table.domains[i].name, table.domains[i].netns_ino);
	for (size_t i = 0; i < table.claims_count && !result; i++) {
		const struct hp_kernel_claim *claim = &table.claims[i];

		if (claim->type != HP_KERNEL_PCI)
			continue;
		printf("%s pci %s ", table.domains[claim->domain].name, hp_kernel_pci_state_name(claim->pci_state));
		if (claim->pci_match == HP_KERNEL_PCI_BY_PATH)
			puts(claim->pci_path);
		else if (claim->pci_match == HP_KERNEL_PCI_BY_ID)
			printf("%04x:%04x/%u\n", claim->pci_vendor, claim->pci_device_id, claim->pci_index);
		else
			printf("%04x:%02x:%02x.%x\n", claim->pci_segment, claim->pci_bus, claim->pci_device,
			       claim->pci_function);
	}
	return result;
}

/* seal [GENERATION] */
static int do_seal(struct hp_kernel *kernel, int count, char **words, struct hp_err *err)
{
	uint64_t generation = count > 0 ? strtoull(words[0], NULL, 10) : HP_KERNEL_ANY_GENERATION;
	int result = hp_kernel_seal(kernel, generation, &generation, err);

	if (!result)
		printf("sealed generation=%" PRIu64 "\n", generation);
	return result;
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
	if (*event->function)
		printf(" pci=%s", event->function);
	if (event->irq >= 0)
		printf(" irq=%" PRId64, event->irq);
	if (*event->port)
		printf(" port=%s", event->port);
	if (event->node >= 0)
		printf(" node=%" PRId64, event->node);
	printf(" domains=%u claims=%u", event->domain_count, event->claim_count);
	if (event->error)
		printf(" error=%s", strerrorname_np((int)event->error));
	if (*event->reason)
		printf(" reason=%s", event->reason);
	putchar('\n');
	return 0;
}

static int do_ring(struct hp_kernel *kernel, int count, char **words, struct hp_err *err)
{
	(void)count;
	(void)words;
	return hp_kernel_events_dump(kernel, print_event, NULL, err);
}

static int print_vector(const struct hp_kernel_vector *vector, void *arg)
{
	(void)arg;
	printf("irq=%u state=%s", vector->irq, hp_kernel_vector_state_name(vector->state));
	if (vector->error)
		printf(" error=%s", strerrorname_np((int)vector->error));
	if (*vector->domain)
		printf(" domain=%s", vector->domain);
	if (*vector->function)
		printf(" pci=%s", vector->function);
	putchar('\n');
	return 0;
}

/* vectors [DOMAIN] */
static int do_vectors(struct hp_kernel *kernel, int count, char **words, struct hp_err *err)
{
	return hp_kernel_vectors_dump(kernel, count > 0 ? words[0] : NULL, print_vector, NULL, err);
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

/* contend COUNT < TABLE: commits against the generation read before, COUNT times; prints how often it won. */
static int do_contend(struct hp_kernel *kernel, int count, char **words, struct hp_err *err)
{
	hp_autokerneltable table = HP_KERNEL_TABLE_INIT;
	hp_autofree char *text = read_stdin();
	struct hp_kernel_info info;
	int result, won = 0;

	if (count < 1)
		return hp_err_usage(err, "contend how often?");
	result = hp_kernel_table_parse(text, &table, err);
	for (int left = atoi(words[0]); left && !result; left--) {
		hp_autoerr refusal = HP_ERR_INIT;

		result = hp_kernel_info(kernel, &info, err);
		if (result)
			break;
		if (!hp_kernel_commit(kernel, &table, info.generation, NULL, &refusal))
			won++;
		else
			fprintf(stderr, "%s\n", refusal.text);
	}
	printf("won %d\n", won);
	return result;
}

/* reads COUNT: prints the table COUNT times, "--" after each. */
static int do_reads(struct hp_kernel *kernel, int count, char **words, struct hp_err *err)
{
	int result = 0;

	for (int left = count > 0 ? atoi(words[0]) : 1; left && !result; left--) {
		result = do_read(kernel, 0, NULL, err);
		puts("--");
	}
	return result;
}

static int skip_event(const struct hp_kernel_event *event, void *arg)
{
	(void)event;
	++*(unsigned int *)arg;
	return 0;
}

/* Everything a client does, once; leaves the table committed. */
static int exercise(struct hp_kernel *kernel, const char *text, struct hp_err *err)
{
	static const char overlap[] = "domain a\ncpus a 1\ndomain b\ncpus b 0-1";
	hp_autokerneltable wanted = HP_KERNEL_TABLE_INIT, live = HP_KERNEL_TABLE_INIT, bad = HP_KERNEL_TABLE_INIT;
	hp_autokernelevents *events = NULL;
	hp_autoerr refusal = HP_ERR_INIT;
	struct hp_kernel_event event;
	unsigned int seen = 0;
	int result;

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

static int load(const char *file, struct hp_err *err)
{
	hp_autofd int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
		return hp_err_errno(err, errno, "load %s", file);
	return 0;
}

static int must_fail(const char *what, bool has_failed_well, struct hp_err *err)
{
	return has_failed_well ? 0 : hp_err_set(err, EPROTO, "%s: was not refused as it should be", what);
}

static bool cpu_is_held(const char *online_file)
{
	hp_autofd int fd = open(online_file, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, "0", 1) < 0 && errno == EBUSY;
}

static int cycle(const char *file, const char *online_file, const char *text, struct hp_err *err)
{
	hp_autokernel *kernel = NULL;
	int result = load(file, err);

	if (!result)
		result = hp_kernel_open(&kernel, err);
	if (!result)
		result = exercise(kernel, text, err);
	if (!result)
		result = must_fail("offline", cpu_is_held(online_file), err);
	/* The kernel's word for a module in use. */
	if (!result)
		result = must_fail("unload", syscall(SYS_delete_module, "hostpart", O_NONBLOCK) && errno == EWOULDBLOCK,
				   err);
	if (!result)
		result = hp_kernel_release_force(kernel, NULL, NULL, err);
	if (!result && syscall(SYS_delete_module, "hostpart", O_NONBLOCK))
		result = hp_err_errno(err, errno, "unload");
	return result;
}

/* cycles COUNT MODULE CPU_ONLINE_FILE < TABLE: load, exercise, veto, refused unload, release, unload; prints how many. */
static int do_cycles(int count, char **words, struct hp_err *err)
{
	hp_autofree char *text = read_stdin();
	int result = 0, wanted, done;

	if (count != 3)
		return hp_err_usage(err, "cycles COUNT MODULE CPU_ONLINE_FILE");
	wanted = atoi(words[0]);
	for (done = 0; done < wanted && !result; done += !result)
		result = cycle(words[1], words[2], text, err);
	printf("%d\n", done);
	return result;
}

/* unload MODULE: asks the kernel at once, without looking at the use count first as rmmod does. */
static int do_unload(int count, char **words)
{
	if (count == 1 && !syscall(SYS_delete_module, words[0], O_NONBLOCK))
		return 0;
	fprintf(stderr, "%s: %s\n", count == 1 ? words[0] : "unload what?", strerror(count == 1 ? errno : EINVAL));
	return 1;
}

static const struct {
	const char *name;
	int (*run)(struct hp_kernel *kernel, int count, char **words, struct hp_err *err);
} verbs[] = {
	{ "info", do_info },
	{ "read", do_read },
	{ "commit", do_commit },
	{ "seal", do_seal },
	{ "state", do_state },
	{ "release", do_release },
	{ "ring", do_ring },
	{ "vectors", do_vectors },
	{ "listen", do_listen },
	{ "contend", do_contend },
	{ "reads", do_reads },
};

int main(int argc, char **argv)
{
	hp_autokernel *kernel = NULL;
	hp_autoerr err = HP_ERR_INIT;
	int result;

	if (argc > 1 && strcmp(argv[1], "cycles") == 0) {
		result = do_cycles(argc - 2, argv + 2, &err);
		if (result)
			fprintf(stderr, "%s\n", err.text);
		return result ? 1 : 0;
	}
	if (argc > 1 && strcmp(argv[1], "unload") == 0)
		return do_unload(argc - 2, argv + 2);
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
	fprintf(stderr, "usage: hp-kernelctl info|read|commit [GENERATION]|release|ring|vectors [DOMAIN]|listen|cycles|unload MODULE|contend COUNT|reads COUNT\n");
	return 2;
}
