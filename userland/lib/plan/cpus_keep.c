// SPDX-License-Identifier: GPL-2.0
/* cpus_keep.c: cores stay where they are as far as the policy still allows it. */
#include "plan/cpus.h"

#include <errno.h>
#include <stdlib.h>
#include "base/hp_auto.h"

/* Free cores of the right kind that a domain has now, whole. */
static size_t collect(const struct cpu_table *table, size_t owner, size_t *cores)
{
	const struct hp_inventory *inv = table->run->inv;
	hwloc_const_bitmap_t now = table->run->current->domains[owner].cpus;
	size_t count = 0;

	for (size_t i = 0; i < inv->cores_count; i++) {
		if (table->owner[i] == CORE_FREE &&
		    hwloc_bitmap_isincluded(inv->cores[i].cpus, now) &&
		    place_kind_allows(table->claims[owner].kind, table->core_class[i]))
			cores[count++] = i;
	}
	return count;
}

struct ranked_core {
	size_t core;
	unsigned int in_node, in_l3;	/* how many of the domain's cores are near it */
};

static int by_company(const void *a, const void *b)
{
	const struct ranked_core *x = a, *y = b;

	if (x->in_node != y->in_node)
		return x->in_node < y->in_node ? 1 : -1;
	if (x->in_l3 != y->in_l3)
		return x->in_l3 < y->in_l3 ? 1 : -1;
	return x->core < y->core ? -1 : 1;
}

/*
 * A domain that shrinks gives up its outliers: keeps cores of the node and L3
 * group where it has most.
 */
static int rank(const struct cpu_table *table, size_t *cores, size_t count)
{
	const struct hp_inv_core *all = table->run->inv->cores;
	hp_autofree struct ranked_core *ranked = calloc(count + 1, sizeof(*ranked));

	if (!ranked)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		ranked[i].core = cores[i];
		for (size_t j = 0; j < count; j++) {
			ranked[i].in_node += all[cores[i]].node == all[cores[j]].node;
			ranked[i].in_l3 += all[cores[i]].l3 == all[cores[j]].l3;
		}
	}
	qsort(ranked, count, sizeof(*ranked), by_company);
	for (size_t i = 0; i < count; i++)
		cores[i] = ranked[i].core;
	return 0;
}

static int keep_domain(struct cpu_table *table, size_t owner, size_t *cores)
{
	struct cpu_claim *claim = &table->claims[owner];
	size_t count = collect(table, owner, cores);

	if (count > claim->cores) {
		int rc = rank(table, cores, count);

		if (rc)
			return rc;
		count = claim->cores;
	}
	for (size_t i = 0; i < count; i++)
		cpus_settle(table, cores[i], owner);
	return 0;
}

static void drop_kept(struct cpu_table *table)
{
	for (size_t i = 0; i < table->run->inv->cores_count; i++) {
		int owner = table->owner[i];

		if (owner != CORE_FREE && !(table->claims[owner].spec &&
					    table->claims[owner].spec->how == HP_CPUS_LIST))
			cpus_release(table, i);
	}
}

int cpus_keep_current(struct cpu_table *table)
{
	hp_autofree size_t *cores = calloc(table->run->inv->cores_count + 1, sizeof(*cores));
	const struct hp_assignment *current = table->run->current;
	struct place_tally tally;

	if (!cores)
		return -ENOMEM;
	for (size_t i = 0; current && i < table->base && i < current->domains_count; i++) {
		const struct hp_cpus_spec *spec = table->claims[i].spec;
		int rc = spec->how != HP_CPUS_LIST ? keep_domain(table, i, cores) : 0;

		if (rc)
			return rc;
	}
	cpus_tally(table, &tally);
	/* Someone sits on the last cores of a kind that another asks for: start afresh. */
	if (!place_tally_fits(&tally))
		drop_kept(table);
	return 0;
}

void cpus_prefer_boot_core(struct cpu_table *table)
{
	const struct cpu_claim *base = &table->claims[table->base];
	int core = table->cpus_end > 0 ?
		table->core_of_cpu[hwloc_bitmap_first(table->run->inv->online)] :
		-1;
	struct place_tally tally;

	if (core < 0 || table->owner[core] != CORE_FREE ||
	    !place_kind_allows(base->kind, table->core_class[core]) ||
	    (base->spec && base->spec->how == HP_CPUS_LIST))
		return;
	cpus_settle(table, (size_t)core, table->base);
	cpus_tally(table, &tally);
	if (!place_tally_fits(&tally))
		cpus_release(table, (size_t)core);
}
