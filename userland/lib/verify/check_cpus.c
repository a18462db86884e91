// SPDX-License-Identifier: GPL-2.0
/* check_cpus.c: each domain has its CPUs, alone, and cannot leave them. */
#include "verify/verify.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

/* Big enough for the sparse numbers that cpulists may hold. */
enum { CPUS_MAX = HP_CPU_MAX + 1 };

static bool is_partition(const char *text)
{
	return text && (strcmp(text, "root") == 0 || strcmp(text, "isolated") == 0);
}

static void check_partition(struct verify *verify, int domain)
{
	const struct hp_assigned_domain *assigned = &verify->assignment->domains[domain];
	hp_autofree char *want = hp_cpulist_format(assigned->cpus);
	hp_autofree char *effective = verify_cgroup_read(verify, domain, "cpuset.cpus.effective");
	hp_autofree char *type = verify_cgroup_read(verify, domain, "cpuset.cpus.partition");
	hp_autofree char *top_type = verify_cgroup_read(verify, -1, "cpuset.cpus.partition");
	hp_autobitmap live = hwloc_bitmap_alloc();
	bool same = effective && hp_cpulist_parse(effective, live) == 0 && hwloc_bitmap_isequal(live, assigned->cpus);

	if (same && is_partition(type) && is_partition(top_type))
		verify_say(verify, domain, "cpus", HP_KEPT, "has CPUs %s (%u core%s) as a valid partition", want,
			   assigned->cores, assigned->cores == 1 ? "" : "s");
	else
		verify_say(verify, domain, "cpus", HP_BROKEN, "should have CPUs %s; has %s, partition '%s' below '%s'", want,
			   effective ? effective : "no cgroup", type ? type : "absent", top_type ? top_type : "absent");
}

struct walk {
	struct verify *verify;
	int domain;
	char own[256];		/* "/hostpart/alpha": not an outsider */
	hwloc_bitmap_t scratch;
	unsigned int looked;
	char offender[512];	/* the first cgroup that overlaps */
};

static void look(struct walk *walk, const char *path)
{
	hp_autofree char *effective = hp_root_readf(walk->verify->ctx->root, "/sys/fs/cgroup%s/cpuset.cpus.effective", path);

	if (!effective || !*effective || hp_cpulist_parse(effective, walk->scratch) < 0)
		return;
	walk->looked++;
	if (!walk->offender[0] &&
	    hwloc_bitmap_intersects(walk->scratch, walk->verify->assignment->domains[walk->domain].cpus))
		snprintf(walk->offender, sizeof(walk->offender), "%s (%s)", *path ? path : "/", effective);
}

/* Every cgroup but the domain's own, and but the parent of all domains, which holds no process. */
static void walk_cgroups(struct walk *walk, const char *path, int depth)
{
	hp_autofree char *full = NULL;
	hp_autodir DIR *dir = NULL;
	struct dirent *entry;

	if (strcmp(path, walk->own) == 0 || depth > 32)
		return;
	if (strcmp(path, walk->verify->top) != 0)
		look(walk, path);
	if (asprintf(&full, "/sys/fs/cgroup%s", path) < 0)
		return;
	dir = opendir(full);
	while (dir && (entry = readdir(dir))) {
		hp_autofree char *below = NULL;

		if (entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
		    asprintf(&below, "%s/%s", path, entry->d_name) > 0)
			walk_cgroups(walk, below, depth + 1);
	}
}

static void check_alone(struct verify *verify, int domain)
{
	hp_autobitmap scratch = hwloc_bitmap_alloc();
	struct walk walk = { .verify = verify, .domain = domain, .scratch = scratch };

	snprintf(walk.own, sizeof(walk.own), "%s/%s", verify->top, verify_name(verify, domain));
	walk_cgroups(&walk, "", 0);
	if (walk.offender[0])
		verify_say(verify, domain, "alone", HP_BROKEN, "another cgroup may run on its CPUs: %s", walk.offender);
	else if (walk.looked == 0)
		verify_say(verify, domain, "alone", HP_BROKEN, "no cgroup's CPUs could be read");
	else
		verify_say(verify, domain, "alone", HP_KEPT, "no other of %u cgroups may run on its CPUs", walk.looked);
}

/* Inside: which CPUs the process has, and whether it can get any other one of the machine. */
static void try_affinity(const void *arg, FILE *out)
{
	const struct verify *verify = arg;
	size_t size = CPU_ALLOC_SIZE(CPUS_MAX);
	hp_autofree cpu_set_t *set = CPU_ALLOC(CPUS_MAX);
	unsigned int cpu;

	CPU_ZERO_S(size, set);
	if (!set || sched_getaffinity(0, size, set) < 0)
		return;
	for (cpu = 0; cpu < CPUS_MAX; cpu++)
		if (CPU_ISSET_S(cpu, size, set))
			fprintf(out, "has %u\n", cpu);
	hwloc_bitmap_foreach_begin(cpu, verify->inv->online) {
		CPU_ZERO_S(size, set);
		CPU_SET_S(cpu, size, set);
		if (sched_setaffinity(0, size, set) == 0)
			fprintf(out, "got %u\n", cpu);
	} hwloc_bitmap_foreach_end();
	fprintf(out, "end\n");
}

static void read_affinity(char *answer, hwloc_bitmap_t has, hwloc_bitmap_t got, bool *ended)
{
	char *save = NULL;

	*ended = false;
	for (char *line = strtok_r(answer, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, "has ", 4) == 0)
			hwloc_bitmap_set(has, (unsigned int)atoi(line + 4));
		else if (strncmp(line, "got ", 4) == 0)
			hwloc_bitmap_set(got, (unsigned int)atoi(line + 4));
		else if (strcmp(line, "end") == 0)
			*ended = true;
	}
}

static void check_confined(struct verify *verify, int domain)
{
	const struct hp_assigned_domain *assigned = &verify->assignment->domains[domain];
	hp_autobitmap has = hwloc_bitmap_alloc();
	hp_autobitmap got = hwloc_bitmap_alloc();
	hp_autofree char *answer = NULL;
	hp_autofree char *has_text = NULL;
	hp_autofree char *got_text = NULL;
	bool ended = false;

	if (verify_probe(verify, domain, try_affinity, verify, &answer) < 0 || !answer) {
		verify_say(verify, domain, "confined", HP_BROKEN, "no process can be started inside: %s", verify_why(answer));
		return;
	}
	read_affinity(answer, has, got, &ended);
	has_text = hp_cpulist_format(has);
	got_text = hp_cpulist_format(got);
	if (ended && hwloc_bitmap_isequal(has, assigned->cpus) && hwloc_bitmap_isequal(got, assigned->cpus))
		verify_say(verify, domain, "confined", HP_KEPT,
			   "a process inside sees %u CPUs; asking for each of the others was refused",
			   (unsigned int)hwloc_bitmap_weight(has));
	else
		verify_say(verify, domain, "confined", HP_BROKEN, "a process inside has CPUs %s and can place itself on %s",
			   has_text, got_text);
}

void verify_cpus(struct verify *verify)
{
	for (size_t i = 0; i < verify->policy->domains_count; i++) {
		if (!verify_wants(verify, i))
			continue;
		check_partition(verify, (int)i);
		check_alone(verify, (int)i);
		check_confined(verify, (int)i);
	}
}
