/* SPDX-License-Identifier: GPL-2.0 */
/* cpu_order.h: in which order existing CPU sets can move to new values while tasks run in them. */
#ifndef HP_APPLY_CPU_ORDER_H
#define HP_APPLY_CPU_ORDER_H

#include <hwloc.h>
#include <stdbool.h>
#include <stddef.h>

/* One CPU set: a cgroup that exists. Neither set is empty. */
struct hp_cpu_node {
	int parent;			/* index of the set it must stay inside, -1 = none */
	bool is_exclusive;		/* a partition: shares no CPU with any set but its ancestors and descendants */
	hwloc_bitmap_t now, goal;
};

struct hp_cpu_move {
	size_t node;
	hwloc_bitmap_t to;
};

struct hp_cpu_moves {
	struct hp_cpu_move *items;
	size_t count;
};

/*
 * Writes that take every node from `now` to `goal` (now is updated on the
 * way). After each write no set is empty, each is inside its parent, and no
 * exclusive set meets another, provided that it was so at the start. Moves
 * are monotone (a set grows or shrinks) except where a set has to hop over a
 * free CPU. No set ever enters a CPU that another one has before and after.
 * 0, -ENOMEM, or -EDEADLK when no free CPU helps.
 */
int hp_cpu_order(struct hp_cpu_node *nodes, size_t count, struct hp_cpu_moves *moves);
void hp_cpu_moves_clear(struct hp_cpu_moves *moves);

#endif
