// SPDX-License-Identifier: GPL-2.0
/* place_search.c: branch and bound over all placements, exhaustive where the machine is small. */
#include "plan/plan_place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"

/*
 * Steps, not time, so that the answer does not depend on the computer. Two
 * packages with four L3 groups each and a handful of domains stay far below.
 */
#define STEPS_MAX 100000u
/* Owners times cells: bounds the depth of the recursion, and beyond it the steps lead nowhere. */
#define SIZE_MAX_SEARCHED 4096u

struct search {
	const struct place_problem *problem;
	size_t *order;				/* domains that need cores */
	size_t order_count;
	unsigned int *left;			/* free cores per cell */
	unsigned int *amounts;			/* the placement being tried */
	unsigned int *domains[PLACE_LEVELS];	/* domains per group */
	unsigned int *inside[PLACE_LEVELS];	/* cells of the present owner per group */
	unsigned int spans[PLACE_LEVELS], shares[PLACE_LEVELS];
	unsigned int touched[PLACE_LEVELS];	/* groups of the present owner */
	unsigned int *least[PLACE_LEVELS];	/* [owner]: groups it cannot do without */
	unsigned int *later
		[PLACE_LEVELS]; /* [position in order]: spans that those behind it add at least */
	unsigned int *best;
	struct place_cost *best_cost;
	struct place_tally tally;		/* what those behind the present owner need */
	unsigned int steps;
	int rc;
};

static void free_search(struct search *s)
{
	for (int level = 0; level < PLACE_LEVELS; level++) {
		free(s->domains[level]);
		free(s->inside[level]);
		free(s->least[level]);
		free(s->later[level]);
	}
	free(s->order);
	free(s->left);
	free(s->amounts);
}

static int alloc_search(struct search *s)
{
	const struct place_problem *problem = s->problem;
	bool ok = true;

	for (int level = 0; level < PLACE_LEVELS; level++) {
		s->domains[level] = calloc(problem->groups[level] + 1, sizeof(unsigned int));
		s->inside[level] = calloc(problem->groups[level] + 1, sizeof(unsigned int));
		s->least[level] = calloc(problem->owners_count, sizeof(unsigned int));
		s->later[level] = calloc(problem->owners_count + 1, sizeof(unsigned int));
		ok = ok && s->domains[level] && s->inside[level] && s->least[level] &&
			s->later[level];
	}
	s->order = calloc(problem->owners_count, sizeof(*s->order));
	s->left = calloc(problem->cells_count + 1, sizeof(*s->left));
	s->amounts = calloc(problem->owners_count * problem->cells_count + 1, sizeof(*s->amounts));
	return ok && s->order && s->left && s->amounts ? 0 : -ENOMEM;
}

/* The present owner gets its first (way = 1) or loses its last (-1) core in a cell. */
static void enter(struct search *s, size_t cell, int way)
{
	for (int level = 0; level < PLACE_LEVELS; level++) {
		int group = s->problem->cells[cell].group[level];
		unsigned int was;

		if (group < 0)
			continue;
		was = s->inside[level][group];
		s->inside[level][group] = was + (unsigned int)way;
		if (way > 0 ? was != 0 : was != 1)
			continue;
		s->touched[level] += (unsigned int)way;
		s->spans[level] += (unsigned int)way;
		if (way > 0 && s->domains[level][group]++)
			s->shares[level]++;
		if (way < 0 && --s->domains[level][group])
			s->shares[level]--;
	}
}

/*
 * Makes an owner the present one: what it has already counts as touched, but is in
 * the spans since the start.
 */
static void adopt(struct search *s, size_t owner)
{
	const unsigned int *fixed = &s->problem->fixed[owner * s->problem->cells_count];

	for (int level = 0; level < PLACE_LEVELS; level++) {
		memset(s->inside[level], 0, s->problem->groups[level] * sizeof(unsigned int));
		s->touched[level] = 0;
	}
	for (size_t cell = 0; cell < s->problem->cells_count; cell++) {
		for (int level = 0; fixed[cell] && level < PLACE_LEVELS; level++) {
			int group = s->problem->cells[cell].group[level];

			if (group >= 0 && !s->inside[level][group]++)
				s->touched[level]++;
		}
	}
}

/* What every completion of the present state costs at least. */
static bool can_win(const struct search *s, size_t at)
{
	struct place_cost bound = { { 0 } };
	unsigned int spans[PLACE_LEVELS], shares[PLACE_LEVELS];

	for (int level = 0; level < PLACE_LEVELS; level++) {
		unsigned int groups = (unsigned int)s->problem->groups[level];

		spans[level] = s->spans[level];
		if (at < s->order_count) {
			unsigned int least = s->least[level][s->order[at]];

			spans[level] += s->later[level][at];
			if (least > s->touched[level])
				spans[level] += least - s->touched[level];
		}
		shares[level] = s->shares[level];
		if (spans[level] > groups && spans[level] - groups > shares[level])
			shares[level] = spans[level] - groups;
	}
	bound.term[COST_PACKAGE_SPANS] = spans[PLACE_PACKAGE];
	bound.term[COST_NODE_SPANS] = spans[PLACE_NODE];
	bound.term[COST_NODE_SHARES] = shares[PLACE_NODE];
	bound.term[COST_L3_SPANS] = spans[PLACE_L3];
	bound.term[COST_L3_SHARES] = shares[PLACE_L3];
	bound.term[COST_KIND_SPANS] = spans[PLACE_KIND];
	return place_cost_cmp(&bound, s->best_cost) < 0;
}

static void finish(struct search *s)
{
	size_t size = s->problem->owners_count * s->problem->cells_count;
	struct place_cost cost;

	s->steps += (unsigned int)(size / 8);
	s->rc = place_cost_of(s->problem, s->amounts, &cost);
	if (s->rc || place_cost_cmp(&cost, s->best_cost) >= 0)
		return;
	*s->best_cost = cost;
	memcpy(s->best, s->amounts, size * sizeof(*s->best));
}

static void place_owner(struct search *s, size_t at);

/* The present owner has all it needs: is there enough of each kind for those behind it? */
static void go_on(struct search *s, size_t at)
{
	unsigned int touched[PLACE_LEVELS], free_cores[CLASS_COUNT];
	size_t owner = s->order[at];

	memcpy(free_cores, s->tally.free, sizeof(free_cores));
	for (size_t i = 0; i < s->problem->cells_count; i++)
		s->tally.free[s->problem->cells[i].group[PLACE_KIND]] -=
			s->amounts[owner * s->problem->cells_count + i];
	if (place_tally_fits(&s->tally)) {
		memcpy(touched, s->touched, sizeof(touched));
		place_owner(s, at + 1);
		adopt(s, owner);
		for (size_t i = 0; i < s->problem->cells_count; i++) {
			const struct place_cell *cell = &s->problem->cells[i];

			for (int level = 0; level < PLACE_LEVELS; level++) {
				if (s->amounts[owner * s->problem->cells_count + i] &&
				    cell->group[level] >= 0)
					s->inside[level][cell->group[level]]++;
			}
		}
		memcpy(s->touched, touched, sizeof(touched));
	}
	memcpy(s->tally.free, free_cores, sizeof(free_cores));
}

static unsigned int room_behind(const struct search *s, size_t owner, size_t cell)
{
	unsigned int room = 0;

	for (size_t i = cell; i < s->problem->cells_count; i++) {
		if (place_kind_allows(s->problem->owners[owner].kind,
				      s->problem->cells[i].group[PLACE_KIND]))
			room += s->left[i];
	}
	return room;
}

static void place_cell(struct search *s, size_t at, size_t cell, unsigned int need)
{
	size_t owner = s->order[at];
	unsigned int *amount = &s->amounts[owner * s->problem->cells_count + cell];
	unsigned int room, most, behind;

	s->steps += 1 + (unsigned int)(s->problem->cells_count / 16);
	if (s->rc || s->steps > STEPS_MAX || !can_win(s, at))
		return;
	if (!need) {
		go_on(s, at);
		return;
	}
	room = room_behind(s, owner, cell);
	if (room < need)
		return;
	most = place_kind_allows(s->problem->owners[owner].kind,
				 s->problem->cells[cell].group[PLACE_KIND]) ?
		s->left[cell] :
		0;
	behind = room - most;
	most = most < need ? most : need;
	if (most)
		enter(s, cell, 1);
	for (*amount = most; *amount; --*amount) {
		if (need - *amount > behind)
			break;
		s->left[cell] -= *amount;
		place_cell(s, at, cell + 1, need - *amount);
		s->left[cell] += *amount;
	}
	*amount = 0;
	if (most)
		enter(s, cell, -1);
	if (need <= behind)
		place_cell(s, at, cell + 1, need);
}

static void place_owner(struct search *s, size_t at)
{
	const struct place_owner *owner;

	if (at == s->order_count) {
		if (can_win(s, at))
			finish(s);
		return;
	}
	owner = &s->problem->owners[s->order[at]];
	adopt(s, s->order[at]);
	s->tally.need[owner->kind] -= owner->need;
	place_cell(s, at, 0, owner->need);
	s->tally.need[owner->kind] += owner->need;
}

static int descending(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

/*
 * Fewest groups that can hold all an owner has and needs, on the machine with only
 * the fixed cores settled.
 */
static int count_least(struct search *s, enum place_level level, size_t index)
{
	const struct place_problem *problem = s->problem;
	const struct place_owner *owner = &problem->owners[index];
	hp_autofree unsigned int *rooms = calloc(problem->groups[level] + 1, sizeof(*rooms));
	unsigned int wanted = owner->need, least = 0, touched = 0, nowhere = 0;

	if (!rooms)
		return -ENOMEM;
	for (size_t i = 0; i < problem->cells_count; i++) {
		int group = problem->cells[i].group[level];
		unsigned int fixed = problem->fixed[index * problem->cells_count + i];
		unsigned int room = fixed;

		wanted += fixed;
		if (place_kind_allows(owner->kind, problem->cells[i].group[PLACE_KIND]))
			room += problem->cells[i].free;
		if (group >= 0)
			rooms[group] += room;
		else
			nowhere += room;
	}
	wanted -= nowhere < wanted ? nowhere : wanted;
	adopt(s, index);
	touched = s->touched[level];
	qsort(rooms, problem->groups[level], sizeof(*rooms), descending);
	for (size_t i = 0; i < problem->groups[level] && wanted; i++, least++)
		wanted -= rooms[i] < wanted ? rooms[i] : wanted;
	s->least[level][index] = least > touched ? least : touched;
	return 0;
}

static int prepare_bounds(struct search *s)
{
	for (int level = 0; level < PLACE_LEVELS; level++) {
		for (size_t i = s->order_count; i--;) {
			size_t owner = s->order[i];

			if (count_least(s, level, owner))
				return -ENOMEM;
			adopt(s, owner);
			if (i)
				s->later[level][i - 1] = s->later[level][i] +
					s->least[level][owner] - s->touched[level];
		}
	}
	return 0;
}

static bool goes_before(const struct place_problem *problem, size_t a, size_t b)
{
	const struct place_owner *x = &problem->owners[a], *y = &problem->owners[b];

	if ((x->kind == HP_KIND_ANY) != (y->kind == HP_KIND_ANY))
		return x->kind != HP_KIND_ANY;
	return x->need != y->need ? x->need > y->need : a < b;
}

/* The domains that need cores in search order, and the state in which nobody has got any. */
static void prepare_start(struct search *s)
{
	const struct place_problem *problem = s->problem;

	for (size_t i = 0; i < problem->cells_count; i++) {
		s->left[i] = problem->cells[i].free;
		s->tally.free[problem->cells[i].group[PLACE_KIND]] += problem->cells[i].free;
	}
	for (size_t i = 0; i < problem->owners_count; i++) {
		size_t at = s->order_count;

		s->tally.need[problem->owners[i].kind] += problem->owners[i].need;
		if (!problem->owners[i].need || i + 1 == problem->owners_count)
			continue;
		for (; at && goes_before(problem, i, s->order[at - 1]); at--)
			s->order[at] = s->order[at - 1];
		s->order[at] = i;
		s->order_count++;
	}
	for (size_t owner = 0; owner + 1 < problem->owners_count; owner++) {
		adopt(s, owner);
		for (int level = 0; level < PLACE_LEVELS; level++) {
			s->spans[level] += s->touched[level];
			for (size_t i = 0; i < problem->groups[level]; i++) {
				if (s->inside[level][i] && s->domains[level][i]++)
					s->shares[level]++;
			}
		}
	}
}

int place_search(const struct place_problem *problem, unsigned int *amounts,
		 struct place_cost *cost)
{
	struct search s = { .problem = problem, .best = amounts, .best_cost = cost };
	int rc;

	if (problem->owners_count * problem->cells_count > SIZE_MAX_SEARCHED)
		return 0;
	rc = alloc_search(&s);
	if (!rc) {
		prepare_start(&s);
		rc = prepare_bounds(&s);
	}
	if (!rc) {
		place_owner(&s, 0);
		rc = s.rc;
	}
	free_search(&s);
	return rc;
}
