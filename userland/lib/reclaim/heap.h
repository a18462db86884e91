/* SPDX-License-Identifier: GPL-2.0 */
/* heap.h: a heap of numbered items, smallest key first, that knows where each item is. */
#ifndef RECLAIM_HEAP_H
#define RECLAIM_HEAP_H

#include <stdint.h>

/*
 * Keys are compared by major, then minor. Entries and places belong to the
 * caller; several heaps may share `place` when an item is in one of them at
 * most. Keys that only grow may be left stale: the entry then sorts too early,
 * and whoever finds it on top corrects it with heap_update().
 */
struct heap_entry {
	uint64_t major, minor;
	uint32_t item;
};

struct heap {
	struct heap_entry *entries;	/* [0] is the smallest */
	uint32_t *place;		/* of each item, in entries; of no meaning for an item that is not here */
	uint32_t count;
};

void heap_push(struct heap *heap, uint64_t major, uint64_t minor, uint32_t item);
void heap_remove(struct heap *heap, uint32_t item);
void heap_update(struct heap *heap, uint64_t major, uint64_t minor, uint32_t item);

#endif
