// SPDX-License-Identifier: GPL-2.0
/* gaps_sharing.c: caches and memory nodes that several owners use. */
#include "plan/gaps.h"

#include <errno.h>
#include <stdlib.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "plan/cache.h"

struct core_at {
	int l3;
	unsigned int owner;	/* domain, or domains_count for the base */
};

static int by_l3(const void *a, const void *b)
{
	const struct core_at *x = a, *y = b;

	if (x->l3 != y->l3)
		return x->l3 < y->l3 ? -1 : 1;
	return x->owner < y->owner ? -1 : x->owner > y->owner;
}

static void list_cores(const struct plan_run *run, struct core_at *cores)
{
	for (size_t i = 0; i < run->inv->cores_count; i++) {
		unsigned int cpu = (unsigned int)hwloc_bitmap_first(run->inv->cores[i].cpus),
			     owner = 0;

		while (owner < run->out->domains_count &&
		       !hwloc_bitmap_isset(run->out->domains[owner].cpus, cpu))
			owner++;
		cores[i] = (struct core_at){ run->inv->cores[i].l3, owner };
	}
	qsort(cores, run->inv->cores_count, sizeof(*cores), by_l3);
}

/* Adds to each owner in one L3 group all owners in it. */
static int meet(const struct core_at *cores, size_t count, hwloc_bitmap_t *neighbours)
{
	hp_autobitmap owners = hwloc_bitmap_alloc();

	if (!owners)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (hwloc_bitmap_set(owners, cores[i].owner))
			return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		hwloc_bitmap_t mine = neighbours[cores[i].owner];

		if ((!i || cores[i].owner != cores[i - 1].owner) &&
		    hwloc_bitmap_or(mine, mine, owners))
			return -ENOMEM;
	}
	return 0;
}

static int find_neighbours(const struct plan_run *run, hwloc_bitmap_t *neighbours)
{
	size_t count = run->inv->cores_count;
	hp_autofree struct core_at *cores = calloc(count + 1, sizeof(*cores));

	if (!cores)
		return -ENOMEM;
	list_cores(run, cores);
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && cores[end].l3 == cores[i].l3; end++)
			;
		if (cores[i].l3 >= 0 && meet(&cores[i], end - i, neighbours))
			return -ENOMEM;
	}
	return 0;
}

/* Who has ways of its own evicts nobody's lines, and nobody evicts its. */
static int gap_of_cache(struct plan_run *run, const struct plan_cache *cache, size_t domain, hwloc_bitmap_t neighbours)
{
	hp_autofree char *names = NULL;

	if (hwloc_bitmap_clr(neighbours, (unsigned int)domain))
		return -ENOMEM;
	for (size_t i = 0; i < run->out->domains_count; i++)
		if (plan_cache_is_divided(cache, run->inv, run->out, i) && hwloc_bitmap_clr(neighbours, (unsigned int)i))
			return -ENOMEM;
	if (hwloc_bitmap_iszero(neighbours) || plan_cache_is_divided(cache, run->inv, run->out, domain))
		return 0;
	names = gap_owner_names(run, neighbours);
	if (!names)
		return -ENOMEM;
	return plan_gap(
		run->out, (int)domain,
		"its L3 cache is not its own|cores of one L3 group belong to it and to %s; they "
		"can evict each other's lines",
		names);
}

static int gaps_of_caches(struct plan_run *run)
{
	size_t owners = run->out->domains_count + 1;
	hp_autofree hwloc_bitmap_t *neighbours = calloc(owners, sizeof(*neighbours));
	plan_autocache cache = PLAN_CACHE_INIT;
	int rc = neighbours ? plan_cache_make(run->policy, run->inv, run->out, &cache) : -ENOMEM;

	for (size_t i = 0; !rc && i < owners; i++) {
		neighbours[i] = hwloc_bitmap_alloc();
		rc = neighbours[i] ? 0 : -ENOMEM;
	}
	if (!rc)
		rc = find_neighbours(run, neighbours);
	for (size_t i = 0; !rc && i + 1 < owners; i++)
		rc = gap_of_cache(run, &cache, i, neighbours[i]);
	for (size_t i = 0; neighbours && i < owners; i++)
		hwloc_bitmap_free(neighbours[i]);
	return rc;
}

/*
 * Limits separate amounts, not chips: whoever else may use a node shares its
 * bandwidth, and the base may use them all.
 */
static int gap_of_memory(struct plan_run *run, size_t domain)
{
	hwloc_const_bitmap_t nodes = run->out->domains[domain].nodes;
	hp_autobitmap others = hwloc_bitmap_alloc();
	hp_autofree char *list = hp_cpulist_format(nodes);
	hp_autofree char *names = NULL;

	if (!others || !list || hwloc_bitmap_set(others, (unsigned int)run->out->domains_count))
		return -ENOMEM;
	for (size_t i = 0; i < run->out->domains_count; i++) {
		if (i != domain && hwloc_bitmap_intersects(nodes, run->out->domains[i].nodes) &&
		    hwloc_bitmap_set(others, (unsigned int)i))
			return -ENOMEM;
	}
	names = gap_owner_names(run, others);
	if (!names)
		return -ENOMEM;
	return plan_gap(
		run->out, (int)domain,
		"its memory is separate by amount, not by chip|memory node%s %s also serve%s %s; "
		"the bandwidth is common",
		hwloc_bitmap_weight(nodes) == 1 ? "" : "s", list,
		hwloc_bitmap_weight(nodes) == 1 ? "s" : "", names);
}

/* Nodes of a domain without a CPU of its own. */
static int gap_of_distance(struct plan_run *run, size_t domain)
{
	const struct hp_inventory *inv = run->inv;
	const struct hp_assigned_domain *it = &run->out->domains[domain];
	hp_autobitmap far = hwloc_bitmap_alloc();
	hp_autofree char *list = NULL;

	if (!far)
		return -ENOMEM;
	for (size_t i = 0; i < inv->nodes_count; i++) {
		if (hwloc_bitmap_isset(it->nodes, inv->nodes[i].os) &&
		    !hwloc_bitmap_intersects(inv->nodes[i].cpus, it->cpus) &&
		    hwloc_bitmap_set(far, inv->nodes[i].os))
			return -ENOMEM;
	}
	if (hwloc_bitmap_iszero(far) || inv->nodes_count < 2)
		return 0;
	list = hp_cpulist_format(far);
	if (!list)
		return -ENOMEM;
	return plan_gap(
		run->out, (int)domain, "some of its memory is far from its CPUs|%s",
		run->policy->domains[domain].memory.nodes ?
			"the policy names nodes where it has no CPU" :
			"the nodes of its CPUs cannot hold it beside the others, so further nodes "
			"were added");
}

int gaps_of_sharing(struct plan_run *run)
{
	if (gaps_of_caches(run))
		return -ENOMEM;
	for (size_t i = 0; i < run->out->domains_count; i++) {
		if (gap_of_memory(run, i) || gap_of_distance(run, i))
			return -ENOMEM;
	}
	return 0;
}
