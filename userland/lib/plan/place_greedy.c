// SPDX-License-Identifier: GPL-2.0
/* place_greedy.c: places one owner after another, each in the fewest groups that hold it. */
#include "plan/plan_place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"

struct greedy {
	const struct place_problem *problem;
	enum place_taste taste;
	unsigned int *amounts;
	unsigned int *left;	/* free cores per cell */
	unsigned int *tenants;	/* domains that have cores in a cell */
	size_t owner;
};

/* A run of cells that share one group; cells are sorted, so groups are runs. */
struct run {
	size_t first, end;
	unsigned int room;	/* free cores of the right kind */
	unsigned int tenants, pieces;
	bool is_touched;	/* the owner already has cores there */
};

static bool usable(const struct greedy *g, size_t cell)
{
	return place_kind_allows(g->problem->owners[g->owner].kind,
				 g->problem->cells[cell].group[PLACE_KIND]);
}

static size_t run_end(const struct greedy *g, enum place_level level, size_t first, size_t end)
{
	const struct place_cell *cells = g->problem->cells;
	size_t i = first + 1;

	while (i < end && cells[i].group[level] == cells[first].group[level])
		i++;
	return i;
}

static struct run measure(const struct greedy *g, enum place_level level, size_t first, size_t end)
{
	struct run run = { .first = first, .end = run_end(g, level, first, end) };

	for (size_t i = run.first; i < run.end; i++) {
		size_t at = g->owner * g->problem->cells_count + i;

		if (usable(g, i))
			run.room += g->left[i];
		run.tenants += g->tenants[i];
		run.is_touched |= g->problem->fixed[at] + g->amounts[at] != 0;
	}
	return run;
}

/* How many L3 groups it takes to hold n cores here: full ones first. */
static unsigned int count_pieces(const struct greedy *g, const struct run *run, unsigned int n)
{
	unsigned int pieces = 0, largest = 0, sum = 0;

	for (size_t i = run->first; i < run->end;) {
		struct run part = measure(g, PLACE_L3, i, run->end);

		largest = part.room > largest ? part.room : largest;
		sum += part.room;
		pieces += part.room != 0;
		i = part.end;
	}
	if (largest >= n)
		return 1;
	/* Exact for equal groups; only compared between runs, so an estimate does elsewhere. */
	return sum ? (n * pieces + sum - 1) / sum : 0;
}

/* Both hold n cores: is a the better home? */
static bool is_better_home(const struct greedy *g, const struct run *a, const struct run *b)
{
	unsigned int key_a[3], key_b[3];
	int tenants = g->taste == TASTE_UNSHARED ? 0 : 2;

	key_a[tenants] = a->tenants;
	key_b[tenants] = b->tenants;
	key_a[tenants ? 0 : 1] = a->pieces;
	key_b[tenants ? 0 : 1] = b->pieces;
	key_a[tenants ? 1 : 2] = a->room;
	key_b[tenants ? 1 : 2] = b->room;
	for (int i = 0; i < 3; i++) {
		if (key_a[i] != key_b[i])
			return key_a[i] < key_b[i];
	}
	return false;
}

/*
 * Where to take from next: a group the owner is in, else the best that holds all,
 * else the largest.
 */
static bool is_better(const struct greedy *g, const struct run *a, const struct run *b,
		      unsigned int n)
{
	if (a->is_touched != b->is_touched)
		return a->is_touched;
	if ((a->room >= n) != (b->room >= n))
		return a->room >= n;
	if (a->room >= n)
		return is_better_home(g, a, b);
	return a->room != b->room ? a->room > b->room : a->tenants < b->tenants;
}

static struct run choose(const struct greedy *g, enum place_level level, size_t first, size_t end,
			 unsigned int n)
{
	struct run best = { .room = 0 };

	for (size_t i = first; i < end;) {
		struct run run = measure(g, level, i, end);

		i = run.end;
		if (!run.room)
			continue;
		run.pieces = level < PLACE_L3 ? count_pieces(g, &run, n) : 1;
		if (!best.room || is_better(g, &run, &best, n))
			best = run;
	}
	return best;
}

/*
 * Takes n cores out of the cells [first, end), which share a group one level up.
 * Returns what is missing.
 */
static unsigned int take(struct greedy *g, enum place_level level, size_t first, size_t end,
			 unsigned int n)
{
	while (n) {
		struct run run = choose(g, level, first, end, n);
		unsigned int part = run.room < n ? run.room : n;

		if (!part)
			break;
		if (level == PLACE_KIND) {
			g->amounts[g->owner * g->problem->cells_count + run.first] += part;
			g->left[run.first] -= part;
		} else {
			take(g, level + 1, run.first, run.end, part);
		}
		n -= part;
	}
	return n;
}

static void settle(struct greedy *g)
{
	const struct place_problem *problem = g->problem;
	size_t row = g->owner * problem->cells_count;

	take(g, PLACE_PACKAGE, 0, problem->cells_count, problem->owners[g->owner].need);
	if (g->owner + 1 == problem->owners_count)
		return;
	for (size_t i = 0; i < problem->cells_count; i++)
		g->tenants[i] += g->amounts[row + i] && !problem->fixed[row + i];
}

/*
 * Whoever asks for a kind goes before those that take any, so the latter
 * cannot starve it; the base goes first among equals because its own core is
 * not negotiable; then large before small or the order of the file.
 */
static bool goes_before(const struct place_problem *problem, enum place_order order, size_t a,
			size_t b)
{
	const struct place_owner *x = &problem->owners[a], *y = &problem->owners[b];
	size_t base = problem->owners_count - 1;

	if ((x->kind == HP_KIND_ANY) != (y->kind == HP_KIND_ANY))
		return x->kind != HP_KIND_ANY;
	if ((a == base) != (b == base))
		return a == base;
	if (order == ORDER_SIZE && x->need != y->need)
		return x->need > y->need;
	return a < b;
}

static void sort_owners(const struct place_problem *problem, enum place_order order, size_t *list)
{
	for (size_t i = 0; i < problem->owners_count; i++) {
		size_t at = i;

		for (; at && goes_before(problem, order, i, list[at - 1]); at--)
			list[at] = list[at - 1];
		list[at] = i;
	}
}

int place_greedy(const struct place_problem *problem, enum place_order order,
		 enum place_taste taste, unsigned int *amounts)
{
	hp_autofree unsigned int *left = calloc(problem->cells_count + 1, sizeof(*left));
	hp_autofree unsigned int *tenants = calloc(problem->cells_count + 1, sizeof(*tenants));
	hp_autofree size_t *list = calloc(problem->owners_count, sizeof(*list));
	struct greedy g = { problem, taste, amounts, left, tenants, 0 };

	if (!left || !tenants || !list)
		return -ENOMEM;
	memset(amounts, 0, problem->owners_count * problem->cells_count * sizeof(*amounts));
	for (size_t i = 0; i < problem->cells_count; i++) {
		left[i] = problem->cells[i].free;
		for (size_t owner = 0; owner + 1 < problem->owners_count; owner++)
			tenants[i] += problem->fixed[owner * problem->cells_count + i] != 0;
	}
	sort_owners(problem, order, list);
	for (size_t i = 0; i < problem->owners_count; i++) {
		g.owner = list[i];
		settle(&g);
	}
	return 0;
}
