/* SPDX-License-Identifier: GPL-2.0 */
/* plan_place.h: spreading core counts over a machine's cells (private to lib/plan). */
#ifndef PLAN_PLACE_H
#define PLAN_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include "policy/hp_policy.h"

/*
 * The placement problem with everything forgotten that does not matter to it.
 * A cell is a set of cores that no preference can tell apart: same package,
 * NUMA node, L3 group and kind. Owners are the domains, then the base.
 */
enum place_level { PLACE_PACKAGE, PLACE_NODE, PLACE_L3, PLACE_KIND, PLACE_LEVELS };

enum place_class { CLASS_PERFORMANCE, CLASS_EFFICIENCY, CLASS_COUNT };

struct place_cell {
	int group[PLACE_LEVELS];	/* dense indexes, -1 = the machine has no such group here */
	unsigned int free;		/* cores without an owner */
};

struct place_owner {
	unsigned int need;		/* cores still to be found */
	enum hp_core_kind kind;
};

struct place_problem {
	struct place_owner *owners;
	size_t owners_count;		/* domains + 1, the base is the last */
	struct place_cell *cells;	/* sorted by group, package first */
	size_t cells_count;
	size_t groups[PLACE_LEVELS];	/* how many groups a level has */
	unsigned int *fixed;		/* [owner][cell]: cores that are settled already */
};

/*
 * How bad a placement is; compared as a list of numbers, first difference
 * decides. A domain that spans a border pays for it with slow memory or a
 * cold cache whatever else runs, so spans come before shares; another domain
 * as a neighbour is worse than the base, which is meant to be quiet.
 */
enum place_term {
	COST_PACKAGE_SPANS,	/* packages that each domain touches, summed */
	COST_NODE_SPANS,
	COST_NODE_SHARES,	/* for each node: domains beyond the first */
	COST_L3_SPANS,
	COST_L3_SHARES,
	COST_KIND_SPANS,	/* mixed kinds inside a domain */
	COST_BASE_L3,		/* L3 groups where the base meets a domain */
	COST_BASE_NODES,
	COST_TERMS,
};

struct place_cost {
	unsigned int term[COST_TERMS];
};

int place_cost_cmp(const struct place_cost *a, const struct place_cost *b);

static inline bool place_kind_allows(enum hp_core_kind kind, int core_class)
{
	return kind == HP_KIND_ANY ||
	       (kind == HP_KIND_PERFORMANCE) == (core_class == CLASS_PERFORMANCE);
}

/* What is free and what is wanted, by kind: the whole feasibility question. */
struct place_tally {
	unsigned int free[CLASS_COUNT];
	unsigned int need[3];		/* by enum hp_core_kind */
};

/* Hall's condition for two classes and demands of one class or either. */
bool place_tally_fits(const struct place_tally *tally);
/* The largest demand of this kind that fits beside the others. */
unsigned int place_tally_room(const struct place_tally *tally, enum hp_core_kind kind);

/*
 * Finds amounts [owner][cell] (the base's row means nothing: it gets what the
 * domains leave) for a problem whose tally fits. Caller frees; NULL
 * when out of memory. The best of some greedy orders, then a search that is
 * exhaustive on small machines and stops after a fixed number of steps on
 * large ones: the same input always gives the same placement.
 */
unsigned int *place_solve(const struct place_problem *problem);

/* The parts of place_solve(). */
int place_cost_of(const struct place_problem *problem, const unsigned int *amounts, struct place_cost *cost);
enum place_order { ORDER_SIZE, ORDER_FILE, ORDER_COUNT };
enum place_taste { TASTE_UNSHARED, TASTE_TIGHT, TASTE_COUNT };
int place_greedy(const struct place_problem *problem, enum place_order order, enum place_taste taste,
		 unsigned int *amounts);
/* Replaces amounts and cost when something better is found within the step limit. */
int place_search(const struct place_problem *problem, unsigned int *amounts, struct place_cost *cost);

#endif
