/* SPDX-License-Identifier: GPL-2.0 */
/* cache.h: how the L3 ways and the memory bandwidth of one machine are divided among domains and base. */
#ifndef PLAN_CACHE_H
#define PLAN_CACHE_H

#include "plan/hp_plan.h"

/* What one domain has in resctrl. Arrays have an item for each of the inventory's resctrl.l3s. */
struct plan_cache_group {
	bool asks;			/* the policy has a `cache` for it */
	bool has_class;			/* a group with masks and limits of its own, which also counts */
	bool has_monitor;		/* a group that only counts */
	bool is_exclusive;		/* the kernel can be told to guard its ways */
	uint32_t *ways;			/* its mask; where it has none of its own the base's */
	bool *is_own;			/* it has CPUs there, and nobody else's mask meets its mask */
	unsigned int *bandwidth;	/* in the machine's unit; 0 = the machine has no limit to set */
};

struct plan_cache_note {
	int domain;			/* -1 = the machine */
	char *what, *why;
};

struct plan_cache {
	bool is_wanted;			/* some domain asks, and the machine can be asked */
	size_t l3s_count;
	uint32_t *base_ways;
	struct plan_cache_group *groups;	/* as the policy's domains */
	size_t groups_count;
	struct plan_cache_note *notes;	/* what is asked for and not had */
	size_t notes_count;
};

/*
 * Rules (Documentation/arch/x86/resctrl.rst): a mask has at least l3_min_ways and no holes where the machine
 * takes none; a class each for those who ask for L3 or bandwidth, the higher priority first; fixed masks
 * before shares; domains at the end away from the ways that devices use; the base keeps a mask's least wherever
 * it has CPUs; a share that does not fit gets less, and a note. Limits of bandwidth are rounded up to the
 * machine's steps. -ENOMEM leaves nothing to clear.
 */
int plan_cache_make(const struct hp_policy *policy, const struct hp_inventory *inv,
		    const struct hp_assignment *assignment, struct plan_cache *out);
void plan_cache_clear(struct plan_cache *cache);
#define PLAN_CACHE_INIT { .is_wanted = false }
#define plan_autocache __attribute__((cleanup(plan_cache_clear))) struct plan_cache

/* Whether every L3 that the domain has CPUs at holds ways for it alone. */
bool plan_cache_is_divided(const struct plan_cache *cache, const struct hp_inventory *inv,
			   const struct hp_assignment *assignment, size_t domain);

/* "L3:0=f;1=600\nMB:0=40;1=100" of a domain, -1 = the base (which has no limit); caller frees. */
char *plan_cache_schemata(const struct plan_cache *cache, const struct hp_inventory *inv, int domain);
/* The L3 lines of it alone. */
char *plan_cache_masks(const struct plan_cache *cache, const struct hp_inventory *inv, int domain);

#endif
