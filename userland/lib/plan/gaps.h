/* SPDX-License-Identifier: GPL-2.0 */
/* gaps.h: what the finders of gaps share (private to lib/plan). */
#ifndef PLAN_GAPS_H
#define PLAN_GAPS_H

#include "plan/plan_run.h"

/* "alpha, beta and the base" out of a set of domain indexes; the base is domains_count. Caller frees. */
char *gap_owner_names(const struct plan_run *run, hwloc_const_bitmap_t owners);

/* Each adds its gaps; 0 or -ENOMEM. */
int gaps_of_sharing(struct plan_run *run);	/* caches, memory nodes */
int gaps_of_devices(struct plan_run *run);
int gaps_of_irqs(struct plan_run *run);
int gaps_of_shares(struct plan_run *run);	/* of cache and bandwidth, that are asked for */
int gaps_of_frequencies(struct plan_run *run);
int gaps_of_uplinks(struct plan_run *run);

#endif
