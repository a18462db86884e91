// SPDX-License-Identifier: GPL-2.0
/* cpu_order.c: in which order existing CPU sets can move to new values while tasks run in them. */
#include "apply/cpu_order.h"

#include <errno.h>
#include <stdlib.h>
#include "base/hp_text.h"

struct order {
	struct hp_cpu_node *nodes;
	size_t count;
	struct hp_cpu_moves *moves;
};

void hp_cpu_moves_clear(struct hp_cpu_moves *moves)
{
	for (size_t i = 0; i < moves->count; i++)
		hwloc_bitmap_free(moves->items[i].to);
	free(moves->items);
	*moves = (struct hp_cpu_moves) { NULL, 0 };
}

static bool is_ancestor(const struct order *o, int above, int below)
{
	while (below >= 0 && below != above)
		below = o->nodes[below].parent;
	return below >= 0;
}

/* Whether the two may not share a CPU. */
static bool conflicts(const struct order *o, size_t a, size_t b)
{
	return (o->nodes[a].is_exclusive || o->nodes[b].is_exclusive) &&
	       !is_ancestor(o, (int)a, (int)b) && !is_ancestor(o, (int)b, (int)a);
}

static bool is_leaf(const struct order *o, size_t n)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->nodes[i].parent == (int)n)
			return false;
	return true;
}

static unsigned int depth(const struct order *o, size_t n)
{
	unsigned int levels = 0;

	for (int up = o->nodes[n].parent; up >= 0; up = o->nodes[up].parent)
		levels++;
	return levels;
}

/* Moves node n to the set and notes it; 1 = moved, 0 = it is there already. */
static int move(struct order *o, size_t n, hwloc_const_bitmap_t to)
{
	struct hp_cpu_move *items;
	hwloc_bitmap_t copy;

	if (hwloc_bitmap_isequal(o->nodes[n].now, to))
		return 0;
	items = reallocarray(o->moves->items, o->moves->count + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	o->moves->items = items;
	copy = hwloc_bitmap_dup(to);
	if (!copy)
		return -ENOMEM;
	items[o->moves->count++] = (struct hp_cpu_move) { n, copy };
	hwloc_bitmap_copy(o->nodes[n].now, to);
	return 1;
}

/* Gives away what is not part of the goal, but never everything. */
static int shrink(struct order *o, size_t n)
{
	struct hp_cpu_node *node = &o->nodes[n];
	hp_autobitmap keep = hwloc_bitmap_alloc();

	if (!keep)
		return -ENOMEM;
	hwloc_bitmap_and(keep, node->now, node->goal);
	for (size_t i = 0; i < o->count; i++)
		if (o->nodes[i].parent == (int)n)
			hwloc_bitmap_or(keep, keep, o->nodes[i].now);
	if (hwloc_bitmap_iszero(keep)) {
		/* Nothing to keep: stay where nobody wants to go, or on a single CPU. */
		hwloc_bitmap_copy(keep, node->now);
		for (size_t i = 0; i < o->count; i++)
			if (conflicts(o, n, i))
				hwloc_bitmap_andnot(keep, keep, o->nodes[i].goal);
		if (hwloc_bitmap_iszero(keep))
			hwloc_bitmap_only(keep, (unsigned int)hwloc_bitmap_first(node->now));
	}
	return move(o, n, keep);
}

/* Takes what the goal wants and nobody else holds. */
static int grow(struct order *o, size_t n)
{
	struct hp_cpu_node *node = &o->nodes[n];
	hp_autobitmap bigger = hwloc_bitmap_dup(node->goal);

	if (!bigger)
		return -ENOMEM;
	if (node->parent >= 0)
		hwloc_bitmap_and(bigger, bigger, o->nodes[node->parent].now);
	for (size_t i = 0; i < o->count; i++)
		if (conflicts(o, n, i))
			hwloc_bitmap_andnot(bigger, bigger, o->nodes[i].now);
	hwloc_bitmap_or(bigger, bigger, node->now);
	return move(o, n, bigger);
}

/* Sits only on CPUs that it has to leave, so it cannot give the last one away before it gets another. */
static bool is_needy(const struct order *o, size_t n)
{
	return is_leaf(o, n) && !hwloc_bitmap_intersects(o->nodes[n].now, o->nodes[n].goal);
}

static bool is_any_needy(const struct order *o)
{
	for (size_t n = 0; n < o->count; n++)
		if (is_needy(o, n))
			return true;
	return false;
}

/* As long as there are such, free CPUs are for them: what others take could not be hopped to any more. */
static int grow_needy(struct order *o, size_t n)
{
	return is_needy(o, n) || !is_leaf(o, n) ? grow(o, n) : 0;
}

/* One pass over all nodes: children first to shrink, parents first to grow. */
static int pass(struct order *o, int (*act)(struct order *o, size_t n), bool children_first)
{
	unsigned int deepest = 0;
	int moved = 0;

	for (size_t i = 0; i < o->count; i++)
		if (depth(o, i) > deepest)
			deepest = depth(o, i);
	for (unsigned int level = 0; level <= deepest; level++)
		for (size_t i = 0; i < o->count; i++) {
			int ret;

			if (depth(o, i) != (children_first ? deepest - level : level))
				continue;
			ret = act(o, i);
			if (ret < 0)
				return ret;
			moved |= ret;
		}
	return moved;
}

/* A CPU that node n, and its parent for it, may take without meeting anyone; -1 = none. */
static int find_free(const struct order *o, size_t n)
{
	int parent = o->nodes[n].parent;
	hp_autobitmap cpus = hwloc_bitmap_alloc();

	if (!cpus)
		return -1;
	for (size_t i = 0; i < o->count; i++) {
		hwloc_bitmap_or(cpus, cpus, o->nodes[i].now);
		hwloc_bitmap_or(cpus, cpus, o->nodes[i].goal);
	}
	for (size_t i = 0; i < o->count; i++)
		if (i == n || conflicts(o, n, i) || (parent >= 0 && conflicts(o, (size_t)parent, i)))
			hwloc_bitmap_andnot(cpus, cpus, o->nodes[i].now);
	return hwloc_bitmap_first(cpus);
}

/*
 * Everyone who cannot move sits on a CPU that somebody else wants: let one of
 * them hop to a free CPU. A CPU that stays with its set is not free: nobody is
 * let into a domain that has no part in the exchange. 1 = somebody hopped.
 */
static int park(struct order *o)
{
	for (size_t n = 0; n < o->count; n++) {
		struct hp_cpu_node *node = &o->nodes[n];
		hp_autobitmap to = NULL;
		int cpu, ret = 0;

		if (!is_needy(o, n))
			continue;
		cpu = find_free(o, n);
		if (cpu < 0)
			continue;
		to = hwloc_bitmap_alloc();
		if (!to)
			return -ENOMEM;
		hwloc_bitmap_only(to, (unsigned int)cpu);
		if (node->parent >= 0) {
			hp_autobitmap wider = hwloc_bitmap_dup(o->nodes[node->parent].now);

			if (!wider)
				return -ENOMEM;
			hwloc_bitmap_or(wider, wider, to);
			ret = move(o, (size_t)node->parent, wider);
		}
		return ret < 0 ? ret : move(o, n, to);
	}
	return 0;
}

static bool is_done(const struct order *o)
{
	for (size_t i = 0; i < o->count; i++)
		if (!hwloc_bitmap_isequal(o->nodes[i].now, o->nodes[i].goal))
			return false;
	return true;
}

int hp_cpu_order(struct hp_cpu_node *nodes, size_t count, struct hp_cpu_moves *moves)
{
	struct order o = { nodes, count, moves };
	size_t hops = count;

	*moves = (struct hp_cpu_moves) { NULL, 0 };
	while (!is_done(&o)) {
		int shrunk = pass(&o, shrink, true);
		int grown = shrunk < 0 ? shrunk : pass(&o, is_any_needy(&o) ? grow_needy : grow, false);

		if (grown < 0)
			return grown;
		if (shrunk || grown)
			continue;
		/* Each hop frees a wanted CPU; more hops than sets means running in a circle. */
		shrunk = hops-- ? park(&o) : 0;
		if (shrunk <= 0)
			return shrunk ? shrunk : -EDEADLK;
	}
	return 0;
}
