// SPDX-License-Identifier: GPL-2.0
/* cpus_lists.c: explicit CPU lists become whole cores or are refused. */
#include "plan/cpus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

static const char *plural(hwloc_const_bitmap_t set)
{
	return hwloc_bitmap_weight(set) == 1 ? "" : "s";
}

/* CPUs of the list that are not online: absent from the machine, or switched off. */
static int check_online(struct cpu_table *table, size_t owner, bool *ok)
{
	const struct hp_inventory *inv = table->run->inv;
	hp_autobitmap bad = hwloc_bitmap_dup(table->claims[owner].spec->list);
	hp_autobitmap off = hwloc_bitmap_alloc();
	hp_autofree char *have = hp_cpulist_format(inv->online);
	hp_autofree char *text = NULL;

	if (!bad || !off || !have || hwloc_bitmap_andnot(bad, bad, inv->online) ||
	    hwloc_bitmap_and(off, bad, inv->offline))
		return -ENOMEM;
	*ok = hwloc_bitmap_iszero(bad);
	if (*ok)
		return 0;
	text = hp_cpulist_format(hwloc_bitmap_iszero(off) ? bad : off);
	if (!text)
		return -ENOMEM;
	plan_refuse(table->run, cpu_owner_loc(table, owner),
		    "%s lists CPU%s %s, which %s; the CPUs online are %s",
		    cpu_owner_name(table, owner), plural(hwloc_bitmap_iszero(off) ? bad : off),
		    text, hwloc_bitmap_iszero(off) ? "this machine does not have" : "is offline",
		    have);
	return 0;
}

/* Whole cores that the list covers in part, and wholly. */
static int round_list(const struct cpu_table *table, hwloc_const_bitmap_t list, hwloc_bitmap_t up,
		      hwloc_bitmap_t down)
{
	const struct hp_inventory *inv = table->run->inv;
	unsigned int cpu;
	int rc = 0;

	hwloc_bitmap_foreach_begin(cpu, list)
		const struct hp_inv_core *core = &inv->cores[table->core_of_cpu[cpu]];

		rc |= hwloc_bitmap_or(up, up, core->cpus);
		if (hwloc_bitmap_isincluded(core->cpus, list))
			rc |= hwloc_bitmap_or(down, down, core->cpus);
	hwloc_bitmap_foreach_end();
	return rc ? -ENOMEM : 0;
}

static int check_whole(struct cpu_table *table, size_t owner, bool *ok)
{
	hwloc_const_bitmap_t list = table->claims[owner].spec->list;
	hp_autobitmap up = hwloc_bitmap_alloc();
	hp_autobitmap down = hwloc_bitmap_alloc();
	hp_autobitmap missing = hwloc_bitmap_alloc();
	hp_autofree char *text = NULL, *fits = NULL, *less = NULL;

	if (!up || !down || !missing || round_list(table, list, up, down) ||
	    hwloc_bitmap_andnot(missing, up, list))
		return -ENOMEM;
	*ok = hwloc_bitmap_iszero(missing);
	if (*ok)
		return 0;
	text = hp_cpulist_format(missing);
	fits = hp_cpulist_format(up);
	less = hp_cpulist_format(down);
	if (!text || !fits || !less)
		return -ENOMEM;
	plan_refuse(
		table->run, cpu_owner_loc(table, owner),
		"%s's list splits cores: the sibling%s %s %s missing; \"%s\"%s%s%s would take "
		"whole cores",
		cpu_owner_name(table, owner), plural(missing), text,
		hwloc_bitmap_weight(missing) == 1 ? "is" : "are", fits, *less ? " or \"" : "", less,
		*less ? "\"" : "");
	return 0;
}

static int take_list(struct cpu_table *table, size_t owner)
{
	struct cpu_claim *claim = &table->claims[owner];
	const struct hp_inventory *inv = table->run->inv;
	bool ok;
	int rc = check_online(table, owner, &ok);

	if (!rc && ok)
		rc = check_whole(table, owner, &ok);
	if (rc || !ok)
		return rc;
	for (size_t i = 0; i < inv->cores_count; i++) {
		if (!hwloc_bitmap_isincluded(inv->cores[i].cpus, claim->spec->list))
			continue;
		claim->cores++;
		/* The parser refuses lists that overlap, so whole cores are free here. */
		if (table->owner[i] == CORE_FREE)
			cpus_settle(table, i, owner);
	}
	return 0;
}

int cpus_take_lists(struct cpu_table *table)
{
	for (size_t owner = 0; owner <= table->base; owner++) {
		const struct hp_cpus_spec *spec = table->claims[owner].spec;
		int rc = spec && spec->how == HP_CPUS_LIST ? take_list(table, owner) : 0;

		if (rc)
			return rc;
	}
	return 0;
}
