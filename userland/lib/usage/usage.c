// SPDX-License-Identifier: GPL-2.0
/* usage.c: one look at what domains, the base and the machine use. */
#include "usage/hp_usage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_cgroup2.h"
#include "base/hp_clock.h"
#include "base/hp_leg.h"
#include "base/hp_text.h"
#include "usage/usage_parse.h"

const char *const hp_usage_resource_words[] = { "cpu", "memory", "io", NULL };

enum { KIB = 1024 };

/* Where to look and where to put it, for the walks over lines. */
struct look {
	struct hp_root *root;
	const char *net;	/* "/proc/1234/root/sys/class/net" */
	struct hp_usage *usage;
};

static struct hp_usage nothing_known(void)
{
	struct hp_usage usage;

	/* Every field is a uint64_t, and all bits set is HP_USAGE_UNKNOWN. */
	memset(&usage, 0xff, sizeof(usage));
	return usage;
}

void hp_usage_sample_clear(struct hp_usage_sample *sample)
{
	free(sample->subjects);
	*sample = (struct hp_usage_sample)HP_USAGE_SAMPLE_INIT;
}

/* ---- disks ---- */

/* What a disk that stands on others does is counted once more at those. */
static bool is_bottom(struct hp_root *root, const struct usage_disk *disk)
{
	char path[64];
	char **slaves = NULL;
	bool has_slaves;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/loop/backing_file", disk->major, disk->minor);
	if (hp_root_exists(root, path))
		return false;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/slaves", disk->major, disk->minor);
	has_slaves = hp_root_list(root, path, &slaves, NULL) == 0 && slaves[0];
	hp_root_list_free(slaves);
	return !has_slaves;
}

static bool is_partition(struct hp_root *root, const struct usage_disk *disk)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/partition", disk->major, disk->minor);
	return hp_root_exists(root, path);
}

static void add_disk(void *arg, const struct usage_disk *disk)
{
	const struct look *look = arg;

	/* Most of /dev/loop* and /dev/ram* never did anything: not worth a look at sysfs. */
	if (disk->reads + disk->writes == 0 || is_partition(look->root, disk) || !is_bottom(look->root, disk))
		return;
	usage_add(&look->usage->read_bytes, disk->read_bytes);
	usage_add(&look->usage->written_bytes, disk->written_bytes);
	usage_add(&look->usage->reads, disk->reads);
	usage_add(&look->usage->writes, disk->writes);
}

static void read_disks(const struct look *look, const char *text, void (*parse)(const char *, usage_disk_fn, void *))
{
	if (!text)
		return;
	look->usage->read_bytes = look->usage->written_bytes = look->usage->reads = look->usage->writes = 0;
	parse(text, add_disk, (void *)look);
}

/* ---- ports ---- */

static void add_port(void *arg, const struct usage_port *port)
{
	const struct look *look = arg;
	hp_autofree char *device = hp_format("%s/%s/device", look->net, port->name);

	if (!device)
		return;
	if (strcmp(port->name, HP_LEG_INSIDE_NAME) != 0 && !hp_root_exists(look->root, device))
		return;
	usage_add(&look->usage->received_bytes, port->received_bytes);
	usage_add(&look->usage->sent_bytes, port->sent_bytes);
	usage_add(&look->usage->received_packets, port->received_packets);
	usage_add(&look->usage->sent_packets, port->sent_packets);
	usage_add(&look->usage->dropped_packets, port->dropped_packets);
}

/* The ports where process `pid` lives; sysfs, as that process sees it, tells which have a device behind them. */
static void read_ports(struct hp_root *root, unsigned long pid, struct hp_usage *usage)
{
	hp_autofree char *text = hp_root_readf(root, "/proc/%lu/net/dev", pid);
	struct look look = { root, "/sys/class/net", usage };
	char net[64];

	if (pid != 1) {
		snprintf(net, sizeof(net), "/proc/%lu/root/sys/class/net", pid);
		look.net = net;
	}
	/* Only root may look through the eyes of another's process. */
	if (!text || !hp_root_exists(root, look.net))
		return;
	usage->received_bytes = usage->sent_bytes = 0;
	usage->received_packets = usage->sent_packets = usage->dropped_packets = 0;
	usage_parse_net_dev(text, add_port, &look);
}

/* ---- the three kinds ---- */

static const char *cgroup_mount(struct hp_root *root)
{
	const char *mount = hp_root_is_live(root) ? hp_cgroup_root(NULL) : NULL;

	return mount ? mount : "/sys/fs/cgroup";
}

static void take_cpu_stat(const char *text, struct hp_usage *usage)
{
	usage->cpu_us = usage_parse_key(text, "usage_usec");
	usage->user_us = usage_parse_key(text, "user_usec");
	usage->system_us = usage_parse_key(text, "system_usec");
	usage->throttled_us = usage_parse_key(text, "throttled_usec");
}

static uint64_t read_number(struct hp_root *root, const char *cgroup, const char *file)
{
	hp_autofree char *text = hp_root_readf(root, "%s/%s/%s", cgroup_mount(root), cgroup, file);

	return usage_parse_number(text);
}

static void read_subject(struct hp_root *root, const struct hp_usage_subject *subject, struct hp_usage *usage)
{
	const char *mount = cgroup_mount(root), *cgroup = subject->cgroup;
	hp_autofree char *cpu = hp_root_readf(root, "%s/%s/cpu.stat", mount, cgroup);
	hp_autofree char *cpus = hp_root_readf(root, "%s/%s/cpuset.cpus.effective", mount, cgroup);
	hp_autofree char *io = hp_root_readf(root, "%s/%s/io.stat", mount, cgroup);
	hp_autofree char *init = hp_root_readf(root, "%s/%s/init/cgroup.procs", mount, cgroup);
	const struct look look = { root, NULL, usage };
	uint64_t pid = usage_parse_number(init);

	take_cpu_stat(cpu, usage);
	usage->processors = usage_parse_list(cpus);
	usage->memory_bytes = read_number(root, cgroup, "memory.current");
	usage->memory_min_bytes = read_number(root, cgroup, "memory.min");
	usage->memory_max_bytes = read_number(root, cgroup, "memory.max");
	usage->tasks = read_number(root, cgroup, "pids.current");
	for (int i = 0; i < HP_USAGE_RESOURCES; i++) {
		hp_autofree char *text = hp_root_readf(root, "%s/%s/%s.pressure", mount, cgroup, hp_usage_resource_words[i]);

		usage->pressure[i] = usage_parse_pressure(text);
	}
	read_disks(&look, io, usage_parse_io_stat);
	if (subject->has_init && pid != HP_USAGE_UNKNOWN && pid > 0)
		read_ports(root, (unsigned long)pid, usage);
}

/* The fourth field of /proc/loadavg is "RUNNABLE/ALL". */
static uint64_t count_tasks(struct hp_root *root)
{
	hp_autofree char *text = hp_root_readf(root, "/proc/loadavg");
	const char *slash = text ? strchr(text, '/') : NULL;

	return slash ? usage_parse_number(slash + 1) : HP_USAGE_UNKNOWN;
}

static void read_machine(struct hp_root *root, struct hp_usage *usage)
{
	hp_autofree char *cpu = hp_root_readf(root, "%s/cpu.stat", cgroup_mount(root));
	hp_autofree char *cpus = hp_root_readf(root, "/sys/devices/system/cpu/online");
	hp_autofree char *memory = hp_root_readf(root, "/proc/meminfo");
	hp_autofree char *disks = hp_root_readf(root, "/proc/diskstats");
	const struct look look = { root, NULL, usage };
	uint64_t total = usage_parse_key(memory, "MemTotal"), free_kib = usage_parse_key(memory, "MemFree");

	take_cpu_stat(cpu, usage);
	usage->processors = usage_parse_list(cpus);
	usage->tasks = count_tasks(root);
	if (total != HP_USAGE_UNKNOWN)
		usage->memory_max_bytes = total * KIB;
	if (total != HP_USAGE_UNKNOWN && free_kib <= total)
		usage->memory_bytes = (total - free_kib) * KIB;
	for (int i = 0; i < HP_USAGE_RESOURCES; i++) {
		hp_autofree char *text = hp_root_readf(root, "/proc/pressure/%s", hp_usage_resource_words[i]);

		usage->pressure[i] = usage_parse_pressure(text);
	}
	read_disks(&look, disks, usage_parse_diskstats);
}

/* What is left of the machine when the subjects have theirs. */
static uint64_t rest_of(uint64_t whole, const struct hp_usage_sample *sample, size_t field)
{
	for (size_t i = 0; i < sample->count; i++) {
		uint64_t part = *(const uint64_t *)((const char *)&sample->subjects[i] + field);

		if (part == HP_USAGE_UNKNOWN || whole == HP_USAGE_UNKNOWN)
			continue;
		/* The two were not read at the same moment. */
		whole = part < whole ? whole - part : 0;
	}
	return whole;
}

static void read_base(struct hp_root *root, struct hp_usage_sample *sample)
{
	const struct hp_usage *machine = &sample->machine;
	hp_autofree char *cpus = hp_root_readf(root, "%s/cpuset.cpus.effective", cgroup_mount(root));

	/* Without the cpuset controller nothing is partitioned. */
	sample->base.processors = cpus ? usage_parse_list(cpus) : machine->processors;
	sample->base.memory_bytes = rest_of(machine->memory_bytes, sample, offsetof(struct hp_usage, memory_bytes));
	sample->base.tasks = rest_of(machine->tasks, sample, offsetof(struct hp_usage, tasks));
	read_ports(root, 1, &sample->base);
}

int hp_usage_read(struct hp_root *root, const struct hp_usage_subject *subjects, size_t count,
		  struct hp_usage_sample *sample, struct hp_err *err)
{
	hp_usage_sample_clear(sample);
	sample->subjects = calloc(count + 1, sizeof(*sample->subjects));
	if (!sample->subjects)
		return hp_err_errno(err, ENOMEM, "looking at what the domains use");
	sample->count = count;
	sample->time_ns = hp_clock_ns(CLOCK_MONOTONIC);
	sample->base = sample->machine = nothing_known();
	for (size_t i = 0; i < count; i++) {
		sample->subjects[i] = nothing_known();
		read_subject(root, &subjects[i], &sample->subjects[i]);
	}
	read_machine(root, &sample->machine);
	read_base(root, sample);
	return 0;
}
