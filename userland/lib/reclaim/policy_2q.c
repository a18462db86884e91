// SPDX-License-Identifier: GPL-2.0
/* policy_2q.c: 2Q, the full version: new pages pass a queue, and those asked for again soon after stay. */
#include "hp_sim.h"

#include <errno.h>
#include "page_list.h"

/* A1in: new pages, first in first out. A1out: pages that left it, by number only. Am: proven ones, by LRU. */
enum { NOWHERE, A1IN, A1OUT, AM };

struct two_q {
	struct page_table table;
	uint32_t capacity, kin, kout;
};

static void destroy(void *cache)
{
	struct two_q *two_q = cache;

	if (!two_q)
		return;
	free(two_q->table.links);
	free(two_q);
}

static int create(const struct hp_cache_config *config, void **cache)
{
	struct two_q *two_q = calloc(1, sizeof(*two_q));

	if (!two_q || page_table_init(&two_q->table, config->trace->pages_count) < 0) {
		destroy(two_q);
		return -ENOMEM;
	}
	two_q->capacity = config->capacity;
	two_q->kin = config->capacity / 4 ? config->capacity / 4 : 1;
	two_q->kout = config->capacity / 2 ? config->capacity / 2 : 1;
	*cache = two_q;
	return 0;
}

/* The paper's reclaimfor(). */
static void make_room(struct two_q *two_q)
{
	struct page_table *table = &two_q->table;
	const struct page_list *a1in = &table->lists[A1IN], *a1out = &table->lists[A1OUT], *am = &table->lists[AM];

	if (a1in->count + am->count < two_q->capacity)
		return;
	/* Am can be empty only with a capacity of 1, where Kin is all there is. */
	if (a1in->count > two_q->kin || !am->count) {
		page_to_front(table, a1in->last, A1OUT);
		if (a1out->count > two_q->kout)
			page_remove(table, a1out->last);
	} else {
		page_remove(table, am->last);
	}
}

static bool reference(void *cache, uint32_t page, uint64_t number)
{
	struct two_q *two_q = cache;
	uint32_t where = two_q->table.links[page].list;

	(void)number;
	switch (where) {
	case AM:
		page_to_front(&two_q->table, page, AM);
		return true;
	case A1IN:
		return true;
	default:
		make_room(two_q);
		page_to_front(&two_q->table, page, where == A1OUT ? AM : A1IN);
		return false;
	}
}

const struct hp_cache_policy hp_cache_2q = { "2q", false, create, reference, destroy };
