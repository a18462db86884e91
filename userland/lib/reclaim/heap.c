// SPDX-License-Identifier: GPL-2.0
/* heap.c: the heap of numbered items; four children each, as most of the cost is the cache's. */
#include "heap.h"

#include <stdbool.h>

#define CHILDREN 4u

static bool is_before(const struct heap_entry *a, const struct heap_entry *b)
{
	return a->major != b->major ? a->major < b->major : a->minor < b->minor;
}

static void put(struct heap *heap, uint32_t at, const struct heap_entry *entry)
{
	heap->entries[at] = *entry;
	heap->place[entry->item] = at;
}

static void sift_up(struct heap *heap, uint32_t at, struct heap_entry entry)
{
	while (at) {
		uint32_t parent = (at - 1) / CHILDREN;

		if (!is_before(&entry, &heap->entries[parent]))
			break;
		put(heap, at, &heap->entries[parent]);
		at = parent;
	}
	put(heap, at, &entry);
}

/* The smallest child of the entry at `at`, which has one at least. */
static uint32_t least_child(const struct heap *heap, uint64_t first)
{
	uint64_t end = first + CHILDREN < heap->count ? first + CHILDREN : heap->count;
	uint64_t least = first;

	for (uint64_t child = first + 1; child < end; child++)
		if (is_before(&heap->entries[child], &heap->entries[least]))
			least = child;
	return (uint32_t)least;
}

static void sift_down(struct heap *heap, uint32_t at, struct heap_entry entry)
{
	uint64_t first;

	while ((first = (uint64_t)at * CHILDREN + 1) < heap->count) {
		uint32_t child = least_child(heap, first);

		if (!is_before(&heap->entries[child], &entry))
			break;
		put(heap, at, &heap->entries[child]);
		at = child;
	}
	put(heap, at, &entry);
}

static void sift(struct heap *heap, uint32_t at, struct heap_entry entry)
{
	if (at && is_before(&entry, &heap->entries[(at - 1) / CHILDREN]))
		sift_up(heap, at, entry);
	else
		sift_down(heap, at, entry);
}

void heap_push(struct heap *heap, uint64_t major, uint64_t minor, uint32_t item)
{
	sift_up(heap, heap->count++, (struct heap_entry){ major, minor, item });
}

void heap_remove(struct heap *heap, uint32_t item)
{
	uint32_t at = heap->place[item];
	struct heap_entry moved = heap->entries[--heap->count];

	if (at < heap->count)
		sift(heap, at, moved);
}

void heap_update(struct heap *heap, uint64_t major, uint64_t minor, uint32_t item)
{
	sift(heap, heap->place[item], (struct heap_entry){ major, minor, item });
}
