// SPDX-License-Identifier: GPL-2.0
/* place_cost.c: judges a placement of cores: what fits, what is better. */
#include "plan/plan_place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"

int place_cost_cmp(const struct place_cost *a, const struct place_cost *b)
{
	for (int i = 0; i < COST_TERMS; i++) {
		if (a->term[i] != b->term[i])
			return a->term[i] < b->term[i] ? -1 : 1;
	}
	return 0;
}

bool place_tally_fits(const struct place_tally *tally)
{
	unsigned int performance = tally->need[HP_KIND_PERFORMANCE];
	unsigned int efficiency = tally->need[HP_KIND_EFFICIENCY];

	return performance <= tally->free[CLASS_PERFORMANCE] &&
	       efficiency <= tally->free[CLASS_EFFICIENCY] &&
	       performance + efficiency + tally->need[HP_KIND_ANY] <=
		       tally->free[CLASS_PERFORMANCE] + tally->free[CLASS_EFFICIENCY];
}

unsigned int place_tally_room(const struct place_tally *tally, enum hp_core_kind kind)
{
	unsigned int all = tally->free[CLASS_PERFORMANCE] + tally->free[CLASS_EFFICIENCY];
	unsigned int used = tally->need[HP_KIND_ANY] + tally->need[HP_KIND_PERFORMANCE] +
			    tally->need[HP_KIND_EFFICIENCY];
	unsigned int room = all > used ? all - used : 0, of_kind;

	if (kind == HP_KIND_ANY)
		return room;
	of_kind = tally->free[kind == HP_KIND_PERFORMANCE ? CLASS_PERFORMANCE : CLASS_EFFICIENCY];
	of_kind = of_kind > tally->need[kind] ? of_kind - tally->need[kind] : 0;
	return room < of_kind ? room : of_kind;
}

/* Owners per group at one level; `seen` remembers the last domain counted in a group. */
struct meeting {
	unsigned int *domains;
	size_t *seen;
	unsigned char *base;
};

static unsigned int has(const struct place_problem *problem, const unsigned int *amounts,
			size_t owner, size_t cell)
{
	size_t at = owner * problem->cells_count + cell;

	return problem->fixed[at] + amounts[at];
}

static unsigned int count_spans(const struct place_problem *problem, const unsigned int *amounts,
				enum place_level level, struct meeting *meeting)
{
	unsigned int spans = 0;

	for (size_t owner = 0; owner + 1 < problem->owners_count; owner++) {
		for (size_t cell = 0; cell < problem->cells_count; cell++) {
			int group = problem->cells[cell].group[level];

			if (group < 0 || meeting->seen[group] == owner + 1 ||
			    !has(problem, amounts, owner, cell))
				continue;
			meeting->seen[group] = owner + 1;
			meeting->domains[group]++;
			spans++;
		}
	}
	return spans;
}

/* The base has every core that no domain has, wherever the greedy order put what it needs. */
static void mark_base(const struct place_problem *problem, const unsigned int *amounts,
		      enum place_level level, struct meeting *meeting)
{
	size_t base = problem->owners_count - 1;

	for (size_t cell = 0; cell < problem->cells_count; cell++) {
		int group = problem->cells[cell].group[level];
		unsigned int left = problem->cells[cell].free;

		for (size_t owner = 0; owner < base; owner++)
			left -= amounts[owner * problem->cells_count + cell];
		if (group >= 0 && (left || problem->fixed[base * problem->cells_count + cell]))
			meeting->base[group] = 1;
	}
}

static int cost_level(const struct place_problem *problem, const unsigned int *amounts,
		      enum place_level level, unsigned int *spans, unsigned int *shares,
		      unsigned int *base_meets)
{
	size_t groups = problem->groups[level] + 1;
	hp_autofree unsigned int *domains = calloc(groups, sizeof(*domains));
	hp_autofree size_t *seen = calloc(groups, sizeof(*seen));
	hp_autofree unsigned char *base = calloc(groups, 1);
	struct meeting meeting = { domains, seen, base };

	if (!domains || !seen || !base)
		return -ENOMEM;
	*spans = count_spans(problem, amounts, level, &meeting);
	*shares = *base_meets = 0;
	mark_base(problem, amounts, level, &meeting);
	for (size_t i = 0; i < problem->groups[level]; i++) {
		*shares += domains[i] > 1 ? domains[i] - 1 : 0;
		*base_meets += base[i] && domains[i];
	}
	return 0;
}

int place_cost_of(const struct place_problem *problem, const unsigned int *amounts,
		  struct place_cost *cost)
{
	unsigned int *term = cost->term, unused[2];

	if (cost_level(problem, amounts, PLACE_PACKAGE, &term[COST_PACKAGE_SPANS], &unused[0],
		       &unused[1]) ||
	    cost_level(problem, amounts, PLACE_NODE, &term[COST_NODE_SPANS],
		       &term[COST_NODE_SHARES], &term[COST_BASE_NODES]) ||
	    cost_level(problem, amounts, PLACE_L3, &term[COST_L3_SPANS], &term[COST_L3_SHARES],
		       &term[COST_BASE_L3]) ||
	    cost_level(problem, amounts, PLACE_KIND, &term[COST_KIND_SPANS], &unused[0],
		       &unused[1]))
		return -ENOMEM;
	return 0;
}

static int try_orders(const struct place_problem *problem, size_t size, unsigned int *best,
		      struct place_cost *best_cost)
{
	hp_autofree unsigned int *amounts = calloc(size, sizeof(*amounts));
	struct place_cost cost;
	bool is_first = true;

	if (!amounts)
		return -ENOMEM;
	for (int order = 0; order < ORDER_COUNT; order++) {
		for (int taste = 0; taste < TASTE_COUNT; taste++) {
			if (place_greedy(problem, order, taste, amounts) ||
			    place_cost_of(problem, amounts, &cost))
				return -ENOMEM;
			if (!is_first && place_cost_cmp(&cost, best_cost) >= 0)
				continue;
			is_first = false;
			memcpy(best, amounts, size * sizeof(*best));
			*best_cost = cost;
		}
	}
	return 0;
}

unsigned int *place_solve(const struct place_problem *problem)
{
	size_t size = problem->owners_count * problem->cells_count;
	hp_autofree unsigned int *best = calloc(size + 1, sizeof(*best));
	struct place_cost cost;

	if (!best || try_orders(problem, size + 1, best, &cost) ||
	    place_search(problem, best, &cost))
		return NULL;
	return hp_take(best);
}
