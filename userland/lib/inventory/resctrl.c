// SPDX-License-Identifier: GPL-2.0
/* resctrl.c: how the machine's L3 caches and memory bandwidth can be divided (Documentation/arch/x86/resctrl.rst). */
#include "inventory/inv_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include "base/hp_auto.h"
#include "base/hp_schemata.h"
#include "base/hp_text.h"

/* Of AMD's amounts this one limits nothing; Intel's software controller has the largest number for it. */
#define EIGHTHS_MAX 2048u
#define MBPS_MAX UINT_MAX

static unsigned long read_info(struct inv_reader *reader, const char *resource, const char *file, int base,
			       unsigned long missing)
{
	hp_autofree char *text = hp_root_readf(reader->root, HP_RESCTRL "/info/%s/%s", resource, file);

	return text && *text ? strtoul(text, NULL, base) : missing;
}

static bool has_info(struct inv_reader *reader, const char *resource)
{
	hp_autofree char *path = hp_format(HP_RESCTRL "/info/%s", resource);

	return path && hp_root_exists(reader->root, path);
}

/* The first lines say it; the whole file is long on large machines. */
static bool is_amd(struct inv_reader *reader)
{
	char text[512];
	hp_autofd int fd = hp_root_openat(reader->root, "/proc/cpuinfo", O_RDONLY | O_CLOEXEC, NULL);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (got <= 0)
		return false;
	text[got] = '\0';
	return strstr(text, "AuthenticAMD") || strstr(text, "HygonGenuine");
}

static void limit_classes(struct hp_inv_resctrl *it, unsigned long classes)
{
	if (!it->classes || classes < it->classes)
		it->classes = (unsigned int)classes;
}

/* With code/data prioritization the kernel halves num_closids by itself, and both halves look alike. */
static void read_l3_info(struct inv_reader *reader, struct hp_inv_resctrl *it)
{
	const char *l3;

	it->is_cdp = has_info(reader, "L3DATA");
	it->has_l3 = it->is_cdp || has_info(reader, "L3");
	it->has_l2 = has_info(reader, "L2") || has_info(reader, "L2DATA");
	if (it->has_l2)
		limit_classes(it, read_info(reader, has_info(reader, "L2") ? "L2" : "L2DATA", "num_closids", 10, 1));
	if (!it->has_l3)
		return;
	l3 = it->is_cdp ? "L3DATA" : "L3";
	it->l3_mask = (uint32_t)read_info(reader, l3, "cbm_mask", 16, 0);
	it->shareable_mask = (uint32_t)read_info(reader, l3, "shareable_bits", 16, 0);
	/* AMD says 0 and still needs one to give anything. */
	it->l3_min_ways = (unsigned int)read_info(reader, l3, "min_cbm_bits", 10, 1);
	if (!it->l3_min_ways)
		it->l3_min_ways = 1;
	/* Linux 6.1 has no file for it; there AMD's masks may have holes and Intel's may not. */
	it->takes_holes = read_info(reader, l3, "sparse_masks", 10, is_amd(reader)) != 0;
	limit_classes(it, read_info(reader, l3, "num_closids", 10, 1));
}

static bool is_in_mbps(struct inv_reader *reader)
{
	hp_autofree char *mounts = hp_root_readf(reader->root, "/proc/1/mountinfo");
	const char *line = mounts ? strstr(mounts, " " HP_RESCTRL " ") : NULL;
	size_t length = line ? strcspn(line, "\n") : 0;
	const char *option = line ? strstr(line, "mba_MBps") : NULL;

	return option && option < line + length;
}

static void read_bandwidth_info(struct inv_reader *reader, struct hp_inv_resctrl *it)
{
	if (!has_info(reader, "MB"))
		return;
	it->bandwidth_min = (unsigned int)read_info(reader, "MB", "min_bandwidth", 10, 1);
	it->bandwidth_step = (unsigned int)read_info(reader, "MB", "bandwidth_gran", 10, 1);
	if (!it->bandwidth_step)
		it->bandwidth_step = 1;
	limit_classes(it, read_info(reader, "MB", "num_closids", 10, 1));
	if (is_amd(reader)) {
		it->bandwidth = HP_BANDWIDTH_EIGHTHS;
		it->bandwidth_max = EIGHTHS_MAX;
	} else if (is_in_mbps(reader)) {
		it->bandwidth = HP_BANDWIDTH_MBPS;
		it->bandwidth_max = MBPS_MAX;
	} else {
		it->bandwidth = HP_BANDWIDTH_PERCENT;
		it->bandwidth_max = 100;
	}
}

/* The caches that schemata name, still without their CPUs. */
static int read_caches(struct inv_reader *reader, struct hp_inv_resctrl *it)
{
	hp_autofree char *text = hp_root_readf(reader->root, HP_RESCTRL "/schemata");
	const char *resource = !it->has_l3 ? "MB" : it->is_cdp ? "L3DATA" : "L3";
	unsigned long value;
	unsigned int id;

	for (size_t n = 0; text && hp_schemata_nth(text, resource, n, &id, &value); n++) {
		struct hp_inv_l3 *l3 = inv_append(it->l3s, it->l3s_count);

		if (!l3)
			return -ENOMEM;
		l3->id = id;
		l3->cpus = hwloc_bitmap_alloc();
		if (!l3->cpus)
			return -ENOMEM;
	}
	return 0;
}

static struct hp_inv_l3 *find_cache(struct hp_inv_resctrl *it, unsigned long id)
{
	for (size_t i = 0; i < it->l3s_count; i++)
		if (it->l3s[i].id == id)
			return &it->l3s[i];
	return NULL;
}

/* Of one CPU: its L3 cache gets all CPUs that share it. Their numbers are not hwloc's. */
static int place_cpu(struct inv_reader *reader, struct hp_inv_resctrl *it, unsigned int cpu, hwloc_bitmap_t placed)
{
	static const char dir[] = "/sys/devices/system/cpu/cpu%u/cache/index%u/%s";

	for (unsigned int index = 0; index < 8; index++) {
		hp_autofree char *level = NULL, *id = NULL, *list = NULL, *path = NULL;
		hp_autobitmap cpus = NULL;
		struct hp_inv_l3 *l3;

		path = hp_format(dir, cpu, index, "level");
		level = path ? hp_root_readf(reader->root, "%s", path) : NULL;
		if (!level || strcmp(level, "3"))
			continue;
		id = hp_root_readf(reader->root, dir, cpu, index, "id");
		list = hp_root_readf(reader->root, dir, cpu, index, "shared_cpu_list");
		l3 = id ? find_cache(it, strtoul(id, NULL, 10)) : NULL;
		cpus = hwloc_bitmap_alloc();
		if (!cpus)
			return -ENOMEM;
		/* Recordings from before this was read have the mask only; then each CPU tells for itself. */
		if (!list || hp_cpulist_parse(list, cpus))
			hwloc_bitmap_only(cpus, cpu);
		if (l3 && hwloc_bitmap_or(l3->cpus, l3->cpus, cpus))
			return -ENOMEM;
		return hwloc_bitmap_or(placed, placed, cpus);
	}
	return 0;
}

static int place_cpus(struct inv_reader *reader, struct hp_inv_resctrl *it)
{
	hp_autobitmap placed = hwloc_bitmap_alloc();
	unsigned int cpu;

	if (!placed)
		return -ENOMEM;
	hwloc_bitmap_foreach_begin(cpu, reader->inv->online)
		if (!hwloc_bitmap_isset(placed, cpu) && place_cpu(reader, it, cpu, placed))
			return -ENOMEM;
	hwloc_bitmap_foreach_end();
	for (size_t i = 0; i < it->l3s_count; i++)
		if (hwloc_bitmap_and(it->l3s[i].cpus, it->l3s[i].cpus, reader->inv->online))
			return -ENOMEM;
	return 0;
}

/* Somebody else's group: what it keeps to itself is not ours to give. */
static void read_foreign(struct inv_reader *reader, struct hp_inv_resctrl *it, const char *name)
{
	hp_autofree char *mode = hp_root_readf(reader->root, HP_RESCTRL "/%s/mode", name);
	hp_autofree char *text = hp_root_readf(reader->root, HP_RESCTRL "/%s/schemata", name);
	unsigned long value;

	it->foreign_classes++;
	if (!mode || !text || !strcmp(mode, "shareable"))
		return;
	for (size_t i = 0; i < it->l3s_count; i++) {
		if (hp_schemata_get(text, it->is_cdp ? "L3DATA" : "L3", it->l3s[i].id, &value))
			it->l3s[i].taken |= (uint32_t)value;
		if (it->is_cdp && hp_schemata_get(text, "L3CODE", it->l3s[i].id, &value))
			it->l3s[i].taken |= (uint32_t)value;
	}
}

static bool is_ours(const char *name)
{
	return !strncmp(name, HP_RESCTRL_PREFIX, strlen(HP_RESCTRL_PREFIX));
}

/* Monitoring groups below a group ("" = the default one), without ours. */
static unsigned int count_monitors(struct inv_reader *reader, const char *group)
{
	hp_autofree char *path = hp_format(HP_RESCTRL "%s%s/mon_groups", *group ? "/" : "", group);
	char **names = NULL;
	unsigned int count = 0;

	if (!path || hp_root_list(reader->root, path, &names, NULL))
		return 0;
	for (char **name = names; name && *name; name++)
		count += !is_ours(*name);
	hp_root_list_free(names);
	return count;
}

static void read_groups(struct inv_reader *reader, struct hp_inv_resctrl *it)
{
	char **names = NULL;

	it->foreign_monitors = count_monitors(reader, "");
	if (hp_root_list(reader->root, HP_RESCTRL, &names, NULL))
		return;
	for (char **name = names; name && *name; name++) {
		hp_autofree char *tasks = hp_format(HP_RESCTRL "/%s/tasks", *name);

		if (is_ours(*name) || !tasks || !hp_root_exists(reader->root, tasks))
			continue;
		read_foreign(reader, it, *name);
		it->foreign_monitors += 1 + count_monitors(reader, *name);
	}
	hp_root_list_free(names);
}

int inv_read_resctrl(struct inv_reader *reader)
{
	struct hp_inv_resctrl *it = &reader->inv->resctrl;

	/* The kernel makes the mount point only where the processor has something to divide or to count. */
	it->is_supported = hp_root_exists(reader->root, HP_RESCTRL);
	it->is_mounted = hp_root_exists(reader->root, HP_RESCTRL "/info");
	if (!it->is_mounted)
		return 0;
	read_l3_info(reader, it);
	read_bandwidth_info(reader, it);
	it->monitors = (unsigned int)read_info(reader, "L3_MON", "num_rmids", 10, 0);
	if (read_caches(reader, it) || place_cpus(reader, it))
		return -ENOMEM;
	read_groups(reader, it);
	return 0;
}

void inv_free_resctrl(struct hp_inventory *inv)
{
	for (size_t i = 0; i < inv->resctrl.l3s_count; i++)
		hwloc_bitmap_free(inv->resctrl.l3s[i].cpus);
	free(inv->resctrl.l3s);
}
