// SPDX-License-Identifier: GPL-2.0
/* policy_lru.c: least recently used. */
#include "hp_sim.h"

#include <errno.h>
#include "page_list.h"

enum { ABSENT, RESIDENT };

struct lru {
	struct page_table table;
	uint32_t capacity;
};

static void destroy(void *cache)
{
	struct lru *lru = cache;

	if (!lru)
		return;
	free(lru->table.links);
	free(lru);
}

static int create(const struct hp_cache_config *config, void **cache)
{
	struct lru *lru = calloc(1, sizeof(*lru));

	if (!lru || page_table_init(&lru->table, config->trace->pages_count) < 0) {
		destroy(lru);
		return -ENOMEM;
	}
	lru->capacity = config->capacity;
	*cache = lru;
	return 0;
}

static bool reference(void *cache, uint32_t page, uint64_t number)
{
	struct lru *lru = cache;
	bool is_hit = lru->table.links[page].list == RESIDENT;

	(void)number;
	if (!is_hit && lru->table.lists[RESIDENT].count == lru->capacity)
		page_remove(&lru->table, lru->table.lists[RESIDENT].last);
	page_to_front(&lru->table, page, RESIDENT);
	return is_hit;
}

const struct hp_cache_policy hp_cache_lru = { "lru", false, create, reference, destroy };
