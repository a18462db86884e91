/* SPDX-License-Identifier: GPL-2.0 */
/* cache_run.h: what the parts of plan_cache_make() share (private to these files). */
#ifndef PLAN_CACHE_RUN_H
#define PLAN_CACHE_RUN_H

#include "plan/cache.h"

struct cache_run {
	const struct hp_policy *policy;
	const struct hp_inventory *inv;
	const struct hp_assignment *assignment;
	struct plan_cache *out;
	size_t *order;		/* domains that ask for L3 or bandwidth, the first to be served first */
	size_t order_count;
};

/* Adds a note; what and why are formatted by one call: "what|why". 0 or -ENOMEM. */
__attribute__((format(printf, 3, 4)))
int cache_note(struct cache_run *run, int domain, const char *fmt, ...);

/* Divides the ways of every L3; fills ways, is_own, base_ways. */
int cache_divide_ways(struct cache_run *run);
/* Fills bandwidth. */
int cache_limit_bandwidth(struct cache_run *run);

#endif
