// SPDX-License-Identifier: GPL-2.0
/* gaps.c: names the promises that this machine cannot keep whatever the assignment is. */
#include "plan/gaps.h"

#include <errno.h>
#include <stdlib.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

char *gap_owner_names(const struct plan_run *run, hwloc_const_bitmap_t owners)
{
	size_t base = run->out->domains_count, size, said = 0;
	size_t count = (size_t)hwloc_bitmap_weight(owners);
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);
	unsigned int i;

	if (!out)
		return NULL;
	hwloc_bitmap_foreach_begin(i, owners)
		fprintf(out, "%s%s", !said ? "" : said + 1 == count ? " and " : ", ",
			i == base ? "the base" : run->out->domains[i].name);
		said++;
	hwloc_bitmap_foreach_end();
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static int gaps_of_module(struct plan_run *run)
{
	if (run->inv->has_module)
		return 0;
	if (plan_gap(
		    run->out, -1,
		    "a domain's CPU can be taken offline by root|the kernel module hostpart is not "
		    "loaded, and nothing else vetoes a write to "
		    "/sys/devices/system/cpu/cpuN/online"))
		return -ENOMEM;
	return plan_gap(
		run->out, -1,
		"the kernel itself knows no claims|the kernel module hostpart is not loaded: "
		"overlaps and removal are noticed afterwards, not refused");
}

/* Topology of an offline CPU cannot be read, so it may be a sibling of a core that a domain has. */
static int gaps_of_offline(struct plan_run *run)
{
	hp_autofree char *list = NULL;

	if (hwloc_bitmap_iszero(run->inv->offline))
		return 0;
	list = hp_cpulist_format(run->inv->offline);
	if (!list)
		return -ENOMEM;
	return plan_gap(
		run->out, -1,
		"whole cores are certain only while CPU %s stays offline|an offline CPU does not "
		"tell which core it belongs to; once online it falls to the base and may be the "
		"sibling of a domain's CPU",
		list);
}

/* Without cache or node numbers a placement cannot respect their borders, and nobody can check it. */
static int gaps_of_topology(struct plan_run *run)
{
	const struct hp_inventory *inv = run->inv;
	size_t with_l3 = 0, with_node = 0;

	for (size_t i = 0; i < inv->cores_count; i++) {
		with_l3 += inv->cores[i].l3 >= 0;
		with_node += inv->cores[i].node >= 0;
	}
	if (with_l3 < inv->cores_count &&
	    plan_gap(run->out, -1,
		     "which domains share an L3 cache is not known|the machine does not tell the L3 "
		     "group of %zu of its %zu cores, so the placement could not respect it",
		     inv->cores_count - with_l3, inv->cores_count))
		return -ENOMEM;
	if (with_node < inv->cores_count && inv->nodes_count > 1 &&
	    plan_gap(run->out, -1,
		     "which memory is near is not known|the machine does not tell the NUMA node of "
		     "%zu of its %zu cores",
		     inv->cores_count - with_node, inv->cores_count))
		return -ENOMEM;
	return 0;
}

/* All cores alike: what asks for a kind gets what there is. */
static int gaps_of_kinds(struct plan_run *run)
{
	const struct hp_inventory *inv = run->inv;

	for (size_t i = 1; i < inv->cores_count; i++) {
		if (inv->cores[i].kind != inv->cores[0].kind)
			return 0;
	}
	for (size_t i = 0; i < run->policy->domains_count; i++) {
		enum hp_core_kind kind = run->policy->domains[i].cpus.kind;

		if (kind != HP_KIND_ANY &&
		    plan_gap(
			    run->out, (int)i,
			    "its cores are of no special kind|the policy asks for %s cores, and "
			    "all cores of this machine are alike",
			    kind == HP_KIND_PERFORMANCE ? "performance" : "efficiency"))
			return -ENOMEM;
	}
	return 0;
}

/* The machine's own first, then by domain; in the order found within these. */
static void sort_gaps(struct hp_assignment *out)
{
	for (size_t i = 1; i < out->gaps_count; i++) {
		struct hp_gap gap = out->gaps[i];
		size_t at = i;

		for (; at && out->gaps[at - 1].domain > gap.domain; at--)
			out->gaps[at] = out->gaps[at - 1];
		out->gaps[at] = gap;
	}
}

int plan_find_gaps(struct plan_run *run)
{
	if (gaps_of_module(run) || gaps_of_offline(run) || gaps_of_topology(run) ||
	    gaps_of_kinds(run) || gaps_of_sharing(run) || gaps_of_devices(run) ||
	    gaps_of_irqs(run) || gaps_of_frequencies(run) || gaps_of_shares(run) || gaps_of_uplinks(run))
		return -ENOMEM;
	sort_gaps(run->out);
	return 0;
}
