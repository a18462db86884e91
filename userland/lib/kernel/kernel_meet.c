// SPDX-License-Identifier: GPL-2.0
/* kernel_meet.c: the table between two tables: what nobody loses stays, what changes hands is nobody's or the base's. */
#include <errno.h>
#include <hwloc.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "kernel/kernel_internal.h"

static bool is_same_address(const struct hp_kernel_claim *a, const struct hp_kernel_claim *b)
{
	return a->pci_segment == b->pci_segment && a->pci_bus == b->pci_bus && a->pci_device == b->pci_device &&
	       a->pci_function == b->pci_function;
}

static bool is_claim_of_address(const struct hp_kernel_claim *claim)
{
	return claim->type == HP_KERNEL_PCI && claim->pci_match == HP_KERNEL_PCI_BY_ADDRESS;
}

/* A function named otherwise than by its address may be any: it is left to its owner. */
static bool has_function(const struct hp_kernel_table *table, size_t domain, const struct hp_kernel_claim *claim)
{
	if (claim->pci_match != HP_KERNEL_PCI_BY_ADDRESS)
		return true;
	for (size_t i = 0; i < table->claims_count; i++) {
		const struct hp_kernel_claim *other = &table->claims[i];

		if (other->domain == domain && other->type == HP_KERNEL_PCI &&
		    (other->pci_match != HP_KERNEL_PCI_BY_ADDRESS || is_same_address(other, claim)))
			return true;
	}
	return false;
}

static int collect_cpus(const struct hp_kernel_table *table, size_t domain, hwloc_bitmap_t cpus)
{
	int result = 0;

	for (size_t i = 0; !result && i < table->claims_count; i++)
		if (table->claims[i].domain == domain && table->claims[i].type == HP_KERNEL_CPU)
			result = hp_kernel_ranges_set(cpus, table->claims[i].ranges, table->claims[i].ranges_count);
	return result;
}

static int add_cpus(struct hp_kernel_table *out, size_t domain, hwloc_const_bitmap_t cpus)
{
	struct hp_kernel_claim claim = { .domain = domain, .type = HP_KERNEL_CPU };
	hp_autofree struct hp_kernel_range *ranges = NULL;
	int result = hp_kernel_ranges_of(cpus, &ranges, &claim.ranges_count);

	if (result || !ranges)
		return result;
	claim.ranges = ranges;
	return hp_kernel_table_add_claim(out, &claim);
}

static int meet_cpus(const struct hp_kernel_table *live, size_t from, const struct hp_kernel_table *want, size_t to,
		     struct hp_kernel_table *out, size_t domain)
{
	hp_autobitmap now = hwloc_bitmap_alloc(), goal = hwloc_bitmap_alloc();

	if (!now || !goal || collect_cpus(live, from, now) || collect_cpus(want, to, goal) ||
	    hwloc_bitmap_and(now, now, goal))
		return -ENOMEM;
	return add_cpus(out, domain, now);
}

/* The amount of memory is no thing that two can hold at once, so it stays until the new table comes. */
static int meet_domain(const struct hp_kernel_table *live, size_t from, const struct hp_kernel_table *want, size_t to,
		       struct hp_kernel_table *out)
{
	long domain = hp_kernel_table_add_domain(out, &live->domains[from]);
	int result = domain < 0 ? -ENOMEM : meet_cpus(live, from, want, to, out, (size_t)domain);

	for (size_t i = 0; !result && i < live->claims_count; i++) {
		struct hp_kernel_claim claim = live->claims[i];

		if (claim.domain != from || claim.type == HP_KERNEL_CPU ||
		    (claim.type == HP_KERNEL_PCI && !has_function(want, to, &claim)))
			continue;
		claim.domain = (size_t)domain;
		result = hp_kernel_table_add_claim(out, &claim);
	}
	return result;
}

/* Whether another domain than its own wants what this claim of a running domain names. */
static bool changes_hands(const struct hp_kernel_table *live, const struct hp_kernel_claim *claim,
			  const struct hp_kernel_table *want)
{
	const struct hp_kernel_domain *owner = &live->domains[claim->domain];

	if (!is_claim_of_address(claim) || !owner->is_active || owner->is_base)
		return false;
	for (size_t i = 0; i < want->claims_count; i++) {
		const struct hp_kernel_claim *other = &want->claims[i];

		if (is_claim_of_address(other) && is_same_address(other, claim))
			return strcmp(want->domains[other->domain].name, owner->name) != 0;
	}
	return false;
}

/* Index of the base in *out, made when there is none; -ENOMEM. */
static long get_base(struct hp_kernel_table *out)
{
	struct hp_kernel_domain base = { .name = "base", .is_base = true };

	for (size_t i = 0; i < out->domains_count; i++)
		if (out->domains[i].is_base)
			return (long)i;
	return hp_kernel_table_add_domain(out, &base);
}

/*
 * The base holds a running function between its two domains: there it keeps its
 * driver, with its port and its disk, until the new table comes.
 */
static int hand_to_base(const struct hp_kernel_table *live, const struct hp_kernel_table *want,
			struct hp_kernel_table *out)
{
	for (size_t i = 0; i < live->claims_count; i++) {
		struct hp_kernel_claim claim = live->claims[i];
		long base = changes_hands(live, &claim, want) ? get_base(out) : -1;

		if (base == -ENOMEM)
			return -ENOMEM;
		if (base < 0)
			continue;
		claim.domain = (size_t)base;
		claim.port[0] = '\0';
		if (hp_kernel_table_add_claim(out, &claim))
			return -ENOMEM;
	}
	return 0;
}

int hp_kernel_table_meet(const struct hp_kernel_table *live, const struct hp_kernel_table *want,
			 struct hp_kernel_table *out)
{
	int result = 0;

	for (size_t i = 0; !result && i < live->domains_count; i++) {
		long to = hp_kernel_table_find(want, live->domains[i].name);

		if (to >= 0)
			result = meet_domain(live, i, want, (size_t)to, out);
	}
	return result ? result : hand_to_base(live, want, out);
}
