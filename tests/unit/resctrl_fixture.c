// SPDX-License-Identifier: GPL-2.0
/* resctrl_fixture.c: machines that can divide caches, as their kernels show it. */
#include "resctrl_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include "base/hp_auto.h"
#include "machine.h"

struct file {
	const char *path, *text;
};

static void put_all(const char *dir, const struct file *files, size_t count)
{
	for (size_t i = 0; i < count; i++)
		machine_put(dir, files[i].path, files[i].text);
}

/* Which L3 a CPU is at, as sysfs says it. */
static void put_l3(const char *dir, unsigned int first, unsigned int last, const char *id)
{
	for (unsigned int cpu = first; cpu <= last; cpu++) {
		hp_autofree char *path = NULL, *list = NULL, *shared = NULL, *level = NULL;

		assert_true(asprintf(&path, "/sys/devices/system/cpu/cpu%u/cache/index3/id", cpu) > 0);
		assert_true(asprintf(&list, "/sys/devices/system/cpu/cpu%u/cache/index3/shared_cpu_list", cpu) > 0);
		assert_true(asprintf(&level, "/sys/devices/system/cpu/cpu%u/cache/index3/level", cpu) > 0);
		assert_true(asprintf(&shared, "%u-%u", first, last) > 0);
		machine_put(dir, path, id);
		machine_put(dir, list, shared);
		machine_put(dir, level, "3");
	}
}

/* A Xeon of the Skylake line: 11 ways, the upper two also for devices; limits in steps of ten percent. */
static const struct file xeon[] = {
	{ "/proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85" },
	{ "/sys/fs/resctrl/info/last_cmd_status", "ok" },
	{ "/sys/fs/resctrl/info/L3/cbm_mask", "7ff" },
	{ "/sys/fs/resctrl/info/L3/min_cbm_bits", "1" },
	{ "/sys/fs/resctrl/info/L3/num_closids", "16" },
	{ "/sys/fs/resctrl/info/L3/shareable_bits", "600" },
	{ "/sys/fs/resctrl/info/MB/bandwidth_gran", "10" },
	{ "/sys/fs/resctrl/info/MB/delay_linear", "1" },
	{ "/sys/fs/resctrl/info/MB/min_bandwidth", "10" },
	{ "/sys/fs/resctrl/info/MB/num_closids", "8" },
	{ "/sys/fs/resctrl/info/L3_MON/num_rmids", "176" },
	{ "/sys/fs/resctrl/info/L3_MON/mon_features", "llc_occupancy\nmbm_total_bytes\nmbm_local_bytes" },
	{ "/sys/fs/resctrl/schemata", "    MB:0=100;1=100\n    L3:0=7ff;1=7ff" },
	{ "/sys/fs/resctrl/mode", "shareable" },
	{ "/sys/fs/resctrl/tasks", "1" },
};

/* Changes of a Xeon with one L3 only, on the machine "hybrid": 16 CPUs, the first eight in pairs. */
static const struct file one_l3[] = {
	{ "/sys/fs/resctrl/schemata", "    MB:0=100\n    L3:0=7ff" },
};

/* An EPYC: 16 ways, none for devices, masks with holes, amounts for each L3, and holes in the L3s' numbers. */
static const struct file epyc[] = {
	{ "/proc/cpuinfo", "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25" },
	{ "/sys/fs/resctrl/info/L3/cbm_mask", "ffff" },
	{ "/sys/fs/resctrl/info/L3/min_cbm_bits", "0" },
	{ "/sys/fs/resctrl/info/L3/num_closids", "16" },
	{ "/sys/fs/resctrl/info/L3/shareable_bits", "0" },
	{ "/sys/fs/resctrl/info/MB/bandwidth_gran", "1" },
	{ "/sys/fs/resctrl/info/MB/min_bandwidth", "1" },
	{ "/sys/fs/resctrl/info/MB/num_closids", "16" },
	{ "/sys/fs/resctrl/info/L3_MON/num_rmids", "256" },
	{ "/sys/fs/resctrl/schemata", "    MB:0=2048;16=2048\n    L3:0=ffff;16=ffff" },
};

/* Mounted with -o cdp: the info of both halves, half the classes. */
static const struct file cdp[] = {
	{ "/proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel" },
	{ "/sys/fs/resctrl/info/L3DATA/cbm_mask", "fffff" },
	{ "/sys/fs/resctrl/info/L3DATA/min_cbm_bits", "1" },
	{ "/sys/fs/resctrl/info/L3DATA/num_closids", "8" },
	{ "/sys/fs/resctrl/info/L3DATA/shareable_bits", "c0000" },
	{ "/sys/fs/resctrl/info/L3CODE/cbm_mask", "fffff" },
	{ "/sys/fs/resctrl/schemata", "L3DATA:0=fffff;1=fffff\nL3CODE:0=fffff;1=fffff" },
};

struct hp_inventory *resctrl_finish(char *dir)
{
	struct hp_inventory *inv = machine_read(dir);

	machine_remove(dir);
	return inv;
}

char *resctrl_two(const char *second_id)
{
	char *dir = machine_make("two-socket");

	put_l3(dir, 0, 3, "0");
	put_l3(dir, 4, 7, second_id);
	return dir;
}

char *resctrl_xeon(void)
{
	char *dir = resctrl_two("1");

	put_all(dir, xeon, hp_array_size(xeon));
	return dir;
}

char *resctrl_one_l3(void)
{
	char *dir = machine_make("hybrid");

	put_l3(dir, 0, 15, "0");
	put_all(dir, xeon, hp_array_size(xeon));
	put_all(dir, one_l3, hp_array_size(one_l3));
	return dir;
}

struct hp_inventory *resctrl_epyc(void)
{
	char *dir = resctrl_two("16");

	put_all(dir, epyc, hp_array_size(epyc));
	return resctrl_finish(dir);
}

char *resctrl_cdp(void)
{
	char *dir = resctrl_two("1");

	put_all(dir, cdp, hp_array_size(cdp));
	return dir;
}
