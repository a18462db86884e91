// SPDX-License-Identifier: GPL-2.0
/* cpus.c: gives every online core one owner. */
#include "plan/cpus.h"

#include <errno.h>
#include <stdlib.h>
#include "base/hp_auto.h"

const char *cpu_owner_name(const struct cpu_table *table, size_t owner)
{
	return plan_owner_name(table->run->policy, owner == table->base ? -1 : (int)owner);
}

struct hp_loc cpu_owner_loc(const struct cpu_table *table, size_t owner)
{
	const struct hp_policy *policy = table->run->policy;

	if (table->claims[owner].spec && table->claims[owner].spec->loc.line)
		return table->claims[owner].spec->loc;
	return owner == table->base ? policy->base.loc : policy->domains[owner].loc;
}

void cpus_settle(struct cpu_table *table, size_t core, size_t owner)
{
	table->owner[core] = (int)owner;
	table->claims[owner].has++;
}

void cpus_release(struct cpu_table *table, size_t core)
{
	table->claims[table->owner[core]].has--;
	table->owner[core] = CORE_FREE;
}

void cpus_tally(const struct cpu_table *table, struct place_tally *tally)
{
	*tally = (struct place_tally){ { 0 }, { 0 } };
	for (size_t i = 0; i < table->run->inv->cores_count; i++)
		tally->free[table->core_class[i]] += table->owner[i] == CORE_FREE;
	for (size_t i = 0; i <= table->base; i++) {
		const struct cpu_claim *claim = &table->claims[i];

		if (claim->cores > claim->has)
			tally->need[claim->kind] += claim->cores - claim->has;
	}
}

/*
 * hwloc ranks kinds by efficiency, 0 first. "performance" is the fastest kind,
 * "efficiency" every other, so that two words cover machines with three kinds.
 */
static void classify_cores(struct cpu_table *table)
{
	const struct hp_inventory *inv = table->run->inv;
	int fastest = -1;

	for (size_t i = 0; i < inv->cores_count; i++)
		fastest = inv->cores[i].kind > fastest ? inv->cores[i].kind : fastest;
	for (size_t i = 0; i < inv->cores_count; i++) {
		table->core_class[i] =
			inv->cores[i].kind == fastest ? CLASS_PERFORMANCE : CLASS_EFFICIENCY;
		table->total[table->core_class[i]]++;
		table->owner[i] = CORE_FREE;
	}
}

static int index_cpus(struct cpu_table *table)
{
	const struct hp_inventory *inv = table->run->inv;
	unsigned int cpu;

	table->cpus_end = hwloc_bitmap_last(inv->online) + 1;
	table->core_of_cpu = calloc((size_t)table->cpus_end + 1, sizeof(int));
	if (!table->core_of_cpu)
		return -ENOMEM;
	for (int i = 0; i < table->cpus_end; i++)
		table->core_of_cpu[i] = -1;
	for (size_t i = 0; i < inv->cores_count; i++) {
		hwloc_bitmap_foreach_begin(cpu, inv->cores[i].cpus)
			if ((int)cpu < table->cpus_end)
				table->core_of_cpu[cpu] = (int)i;
		hwloc_bitmap_foreach_end();
	}
	return 0;
}

static unsigned int share_of_cores(const struct hp_inventory *inv, unsigned int milli)
{
	unsigned int cores = (unsigned int)((uint64_t)inv->cores_count * milli / 100000);

	return cores ? cores : 1;
}

static void read_claim(struct cpu_table *table, size_t owner, const struct hp_cpus_spec *spec)
{
	struct cpu_claim *claim = &table->claims[owner];

	claim->spec = spec;
	claim->kind = table->total[CLASS_EFFICIENCY] ? spec->kind : HP_KIND_ANY;
	if (spec->how == HP_CPUS_CORES)
		claim->cores = spec->cores;
	else if (spec->how == HP_CPUS_FRACTION)
		claim->cores = share_of_cores(table->run->inv, spec->fraction_milli);
	else
		claim->cores = 0;	/* cpus_take_lists() counts them */
}

static void read_claims(struct cpu_table *table)
{
	const struct hp_policy *policy = table->run->policy;

	table->claims[table->base].cores = 1;
	if (policy->base.has_cpus)
		read_claim(table, table->base, &policy->base.cpus);
	for (size_t i = 0; i < policy->domains_count; i++)
		read_claim(table, i, &policy->domains[i].cpus);
}

static int commit(const struct cpu_table *table)
{
	const struct hp_inventory *inv = table->run->inv;
	struct hp_assignment *out = table->run->out;

	for (size_t i = 0; i < inv->cores_count; i++) {
		int owner = table->owner[i];
		bool is_base = owner == CORE_FREE || (size_t)owner == table->base;
		hwloc_bitmap_t set = is_base ? out->base_cpus : out->domains[owner].cpus;

		if (hwloc_bitmap_or(set, set, inv->cores[i].cpus))
			return -ENOMEM;
		if (!is_base)
			out->domains[owner].cores++;
	}
	return 0;
}

static int run_table(struct cpu_table *table)
{
	unsigned int refused = table->run->refused;
	int rc = index_cpus(table);

	if (rc)
		return rc;
	classify_cores(table);
	read_claims(table);
	rc = cpus_take_lists(table);
	if (!rc && table->run->refused == refused)
		rc = cpus_check_counts(table);
	if (rc || table->run->refused != refused)
		return rc;
	rc = cpus_keep_current(table);
	if (rc)
		return rc;
	cpus_prefer_boot_core(table);
	rc = cpus_place_rest(table);
	return rc ? rc : commit(table);
}

int plan_assign_cpus(struct plan_run *run)
{
	size_t domains = run->policy->domains_count, cores = run->inv->cores_count;
	hp_autofree struct cpu_claim *claims = calloc(domains + 1, sizeof(*claims));
	hp_autofree int *owner = calloc(cores + 1, sizeof(*owner));
	hp_autofree unsigned char *core_class = calloc(cores + 1, 1);
	struct cpu_table table = { run, claims, domains, owner, core_class, NULL, 0, { 0 } };
	int rc;

	if (!claims || !owner || !core_class)
		return -ENOMEM;
	rc = run_table(&table);
	free(table.core_of_cpu);
	return rc;
}
