// SPDX-License-Identifier: GPL-2.0
/* policy_arc.c: ARC, which learns how much room recency and frequency deserve. */
#include "hp_sim.h"

#include <errno.h>
#include "page_list.h"

/* Resident pages seen once (T1) or more often (T2) lately, and those that left each (B1, B2), by number only. */
enum { NOWHERE, T1, T2, B1, B2 };

struct arc {
	struct page_table table;
	uint32_t capacity;
	double p;	/* the room that T1 should have */
};

static void destroy(void *cache)
{
	struct arc *arc = cache;

	if (!arc)
		return;
	free(arc->table.links);
	free(arc);
}

static int create(const struct hp_cache_config *config, void **cache)
{
	struct arc *arc = calloc(1, sizeof(*arc));

	if (!arc || page_table_init(&arc->table, config->trace->pages_count) < 0) {
		destroy(arc);
		return -ENOMEM;
	}
	arc->capacity = config->capacity;
	*cache = arc;
	return 0;
}

static uint32_t count_of(const struct arc *arc, int list)
{
	return arc->table.lists[list].count;
}

static void drop_last(struct arc *arc, int list)
{
	page_remove(&arc->table, arc->table.lists[list].last);
}

/* The paper's REPLACE(x, p). */
static void replace(struct arc *arc, bool is_in_b2)
{
	uint32_t t1 = count_of(arc, T1);

	if (t1 && (t1 > arc->p || (is_in_b2 && t1 == arc->p)))
		page_to_front(&arc->table, arc->table.lists[T1].last, B1);
	else
		page_to_front(&arc->table, arc->table.lists[T2].last, B2);
}

/* Cases II and III: what was dropped is missed, so its side should have been larger. */
static void adapt(struct arc *arc, bool is_in_b2)
{
	double b1 = count_of(arc, B1), b2 = count_of(arc, B2);

	if (is_in_b2) {
		arc->p -= b2 >= b1 ? 1 : b1 / b2;
		if (arc->p < 0)
			arc->p = 0;
	} else {
		arc->p += b1 >= b2 ? 1 : b2 / b1;
		if (arc->p > arc->capacity)
			arc->p = arc->capacity;
	}
}

/* Case IV: a page that no list knows. */
static void make_room(struct arc *arc)
{
	uint64_t l1 = (uint64_t)count_of(arc, T1) + count_of(arc, B1);
	uint64_t l2 = (uint64_t)count_of(arc, T2) + count_of(arc, B2);

	if (l1 == arc->capacity) {
		if (count_of(arc, T1) < arc->capacity) {
			drop_last(arc, B1);
			replace(arc, false);
		} else {
			drop_last(arc, T1);
		}
	} else if (l1 + l2 >= arc->capacity) {
		if (l1 + l2 == 2 * (uint64_t)arc->capacity)
			drop_last(arc, B2);
		replace(arc, false);
	}
}

static bool reference(void *cache, uint32_t page, uint64_t number)
{
	struct arc *arc = cache;
	uint32_t where = arc->table.links[page].list;

	(void)number;
	switch (where) {
	case T1:
	case T2:
		page_to_front(&arc->table, page, T2);
		return true;
	case B1:
	case B2:
		adapt(arc, where == B2);
		replace(arc, where == B2);
		page_to_front(&arc->table, page, T2);
		return false;
	default:
		make_room(arc);
		page_to_front(&arc->table, page, T1);
		return false;
	}
}

const struct hp_cache_policy hp_cache_arc = { "arc", false, create, reference, destroy };
