/* SPDX-License-Identifier: GPL-2.0 */
/* plan_run.h: what the planner's phases share while one assignment is made (private to lib/plan). */
#ifndef PLAN_RUN_H
#define PLAN_RUN_H

#include <stdio.h>
#include "plan/hp_plan.h"

/*
 * One call of hp_assign(). A phase returns 0 or -ENOMEM; what the policy may
 * not have is collected by plan_refuse(), so that one run reports every
 * conflict that does not follow from another.
 */
struct plan_run {
	const struct hp_policy *policy;
	const struct hp_inventory *inv;
	const struct hp_assignment *current;	/* NULL = nothing in force */
	struct hp_assignment *out;
	FILE *refusals;				/* memory stream, one line each */
	unsigned int refused;
};

/* Adds "FILE:LINE:COLUMN: text" to the refusals. */
__attribute__((format(printf, 3, 4)))
void plan_refuse(struct plan_run *run, struct hp_loc loc, const char *fmt, ...);
/* Adds a gap; what and why are formatted by one call: "what|why". */
__attribute__((format(printf, 3, 4)))
int plan_gap(struct hp_assignment *out, int domain, const char *fmt, ...);

/* "base" for -1, else the name of the policy's domain. */
static inline const char *plan_owner_name(const struct hp_policy *policy, int domain)
{
	return domain < 0 ? "base" : policy->domains[domain].name;
}

/* An assignment with empty sets for every domain of the policy; NULL when out of memory. */
struct hp_assignment *plan_assignment_new(const struct hp_policy *policy);

/* The phases, in the order in which they run. */
int plan_assign_cpus(struct plan_run *run);
int plan_assign_memory(struct plan_run *run);		/* amounts */
int plan_assign_nodes(struct plan_run *run);		/* needs CPUs and amounts */
int plan_assign_devices(struct plan_run *run);
int plan_check_devices(struct plan_run *run);		/* groups, roles, ports; needs the devices */
int plan_check_elastic(struct plan_run *run);		/* needs CPUs and amounts */
int plan_assign_star(struct plan_run *run);
int plan_assign_uplinks(struct plan_run *run);		/* needs the devices */
int plan_find_gaps(struct plan_run *run);		/* of a complete assignment */

/* Bytes of an amount: a share is of `whole`; both rounded down to whole pages. */
uint64_t plan_amount_bytes(const struct hp_amount *amount, uint64_t whole);
/* "2GiB", or "7.62GiB" where the exact value would be a long number; caller frees. */
char *plan_size_text(uint64_t bytes);
/* For "at most X fits": a size that parses back and is not above `bytes`. Caller frees. */
char *plan_size_below(uint64_t bytes);

#endif
