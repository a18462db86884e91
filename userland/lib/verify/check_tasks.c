// SPDX-License-Identifier: GPL-2.0
/* check_tasks.c: no task from outside may run on a domain's CPUs. */
#include "verify/verify.h"

#include <ctype.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

/* include/linux/sched.h; field 9 of /proc/PID/stat */
#define PF_KTHREAD 0x00200000u
#define PF_NO_SETAFFINITY 0x04000000u

struct tally {
	unsigned int foreign, per_cpu, fixed;
	char first[128], first_fixed[128];
};

/* "pid (comm) S ppid pgrp session tty tpgid flags": comm may hold anything, so start after the last ')'. */
static unsigned int flags_of(const char *stat)
{
	const char *end = stat ? strrchr(stat, ')') : NULL;
	unsigned int flags = 0;

	return end && sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %u", &flags) == 1 ? flags : 0;
}

static const char *field_of(const char *status, const char *name, char *value, size_t size)
{
	const char *line = status ? strstr(status, name) : NULL;

	*value = '\0';
	if (line) {
		line += strlen(name);
		line += strspn(line, " \t");
		snprintf(value, size, "%.*s", (int)strcspn(line, "\n"), line);
	}
	return value;
}

/* Which domain a cgroup path ("/hostpart/alpha/run") belongs to; -1 = none. */
static int domain_of_cgroup(const struct verify *verify, const char *cgroup)
{
	size_t top = strlen(verify->top);
	const char *path = cgroup ? strstr(cgroup, "0::") : NULL;

	if (!path || strncmp(path + 3, verify->top, top) != 0 || path[3 + top] != '/')
		return -1;
	path += 3 + top + 1;
	for (size_t i = 0; i < verify->policy->domains_count; i++) {
		size_t length = strlen(verify->policy->domains[i].name);

		if (strncmp(path, verify->policy->domains[i].name, length) == 0 && strchr("/\n", path[length]))
			return (int)i;
	}
	return -1;
}

static void look_at_task(struct verify *verify, const char *pid, const char *tid, struct tally *tallies,
			 hwloc_bitmap_t allowed)
{
	struct hp_root *root = verify->ctx->root;
	hp_autofree char *status = hp_root_readf(root, "/proc/%s/task/%s/status", pid, tid);
	hp_autofree char *stat = NULL;
	hp_autofree char *cgroup = NULL;
	char list[4096], comm[32];
	unsigned int flags;
	int home;

	if (!status || hp_cpulist_parse(field_of(status, "\nCpus_allowed_list:", list, sizeof(list)), allowed) < 0)
		return;
	field_of(status, "Name:", comm, sizeof(comm));
	cgroup = hp_root_readf(root, "/proc/%s/task/%s/cgroup", pid, tid);
	stat = hp_root_readf(root, "/proc/%s/task/%s/stat", pid, tid);
	home = domain_of_cgroup(verify, cgroup);
	flags = flags_of(stat);
	for (size_t i = 0; i < verify->policy->domains_count; i++) {
		struct tally *tally = &tallies[i];

		if ((int)i == home || !hwloc_bitmap_intersects(allowed, verify->assignment->domains[i].cpus))
			continue;
		if ((flags & PF_KTHREAD) && hwloc_bitmap_weight(allowed) == 1) {
			tally->per_cpu++;
		} else if ((flags & PF_KTHREAD) && (flags & PF_NO_SETAFFINITY)) {
			if (tally->fixed++ == 0)
				snprintf(tally->first_fixed, sizeof(tally->first_fixed), "%s[%s] on %.40s", comm, tid, list);
		} else if (tally->foreign++ == 0) {
			snprintf(tally->first, sizeof(tally->first), "%s%s[%s] on %.40s",
				 flags & PF_KTHREAD ? "kernel thread " : "", comm, tid, list);
		}
	}
}

static bool is_number(const char *name)
{
	return isdigit((unsigned char)*name);
}

static void scan(struct verify *verify, struct tally *tallies)
{
	hp_autobitmap allowed = hwloc_bitmap_alloc();
	char **pids = NULL;

	if (hp_root_list(verify->ctx->root, "/proc", &pids, NULL) < 0)
		return;
	for (size_t p = 0; pids[p]; p++) {
		hp_autofree char *path = NULL;
		char **tids = NULL;

		if (!is_number(pids[p]) || asprintf(&path, "/proc/%s/task", pids[p]) < 0 ||
		    hp_root_list(verify->ctx->root, path, &tids, NULL) < 0)
			continue;
		for (size_t t = 0; tids[t]; t++)
			look_at_task(verify, pids[p], tids[t], tallies, allowed);
		hp_root_list_free(tids);
	}
	hp_root_list_free(pids);
}

void verify_tasks(struct verify *verify)
{
	hp_autofree struct tally *tallies = calloc(verify->policy->domains_count, sizeof(*tallies));

	if (!tallies)
		abort();
	scan(verify, tallies);
	for (size_t i = 0; i < verify->policy->domains_count; i++) {
		if (!verify_wants(verify, i))
			continue;
		if (tallies[i].foreign)
			verify_say(verify, (int)i, "alone", HP_BROKEN, "%u foreign task%s may run on its CPUs, first %s",
				   tallies[i].foreign, tallies[i].foreign == 1 ? "" : "s", tallies[i].first);
		else
			verify_say(verify, (int)i, "alone", HP_KEPT,
				   "no foreign task may run on its CPUs, save %u per-CPU kernel threads, which the kernel binds",
				   tallies[i].per_cpu);
		if (tallies[i].fixed)
			verify_say(verify, (int)i, "alone", HP_GAP,
				   "%u kernel threads may run there and nobody can move them (workqueue rescuers and the like), first %s",
				   tallies[i].fixed, tallies[i].first_fixed);
	}
}
