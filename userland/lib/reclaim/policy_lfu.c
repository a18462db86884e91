// SPDX-License-Identifier: GPL-2.0
/* policy_lfu.c: least frequently used; a count is never forgotten. */
#include "hp_sim.h"

#include <errno.h>
#include <stdlib.h>
#include "heap.h"

struct use {
	uint64_t count, last;
	bool is_resident;
};

struct lfu {
	struct use *uses;	/* one for each page */
	struct heap heap;	/* resident ones by count, then by last use; stale until they come to the top */
	uint32_t capacity;
};

static void destroy(void *cache)
{
	struct lfu *lfu = cache;

	if (!lfu)
		return;
	free(lfu->uses);
	free(lfu->heap.entries);
	free(lfu->heap.place);
	free(lfu);
}

static int create(const struct hp_cache_config *config, void **cache)
{
	struct lfu *lfu = calloc(1, sizeof(*lfu));

	if (!lfu)
		return -ENOMEM;
	lfu->capacity = config->capacity;
	lfu->uses = calloc(config->trace->pages_count, sizeof(*lfu->uses));
	lfu->heap.place = calloc(config->trace->pages_count, sizeof(*lfu->heap.place));
	lfu->heap.entries = calloc(config->capacity, sizeof(*lfu->heap.entries));
	if (!lfu->uses || !lfu->heap.place || !lfu->heap.entries) {
		destroy(lfu);
		return -ENOMEM;
	}
	*cache = lfu;
	return 0;
}

static void evict(struct lfu *lfu)
{
	for (;;) {
		const struct heap_entry *top = &lfu->heap.entries[0];
		uint32_t page = top->item;
		struct use *use = &lfu->uses[page];

		if (top->major == use->count) {
			heap_remove(&lfu->heap, page);
			use->is_resident = false;
			return;
		}
		heap_update(&lfu->heap, use->count, use->last, page);
	}
}

static bool reference(void *cache, uint32_t page, uint64_t number)
{
	struct lfu *lfu = cache;
	struct use *use = &lfu->uses[page];
	bool is_hit = use->is_resident;

	use->count++;
	use->last = number;
	if (is_hit)
		return true;
	if (lfu->heap.count == lfu->capacity)
		evict(lfu);
	heap_push(&lfu->heap, use->count, use->last, page);
	use->is_resident = true;
	return false;
}

const struct hp_cache_policy hp_cache_lfu = { "lfu", false, create, reference, destroy };
