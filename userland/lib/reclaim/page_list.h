/* SPDX-License-Identifier: GPL-2.0 */
/* page_list.h: lists of pages by use, most recent first, for the simulator's policies. */
#ifndef RECLAIM_PAGE_LIST_H
#define RECLAIM_PAGE_LIST_H

#include <stdint.h>
#include <stdlib.h>

#define PAGE_NONE UINT32_MAX

/* A page is in one of the lists of a table at most; list 0 means in none. */
#define PAGE_LISTS 5

struct page_list {
	uint32_t first, last, count;
};

struct page_link {
	uint32_t next, previous;
	uint32_t list;
};

struct page_table {
	struct page_link *links;	/* one for each page */
	struct page_list lists[PAGE_LISTS];
};

static inline int page_table_init(struct page_table *table, uint32_t pages)
{
	for (int i = 0; i < PAGE_LISTS; i++)
		table->lists[i] = (struct page_list){ PAGE_NONE, PAGE_NONE, 0 };
	table->links = calloc(pages, sizeof(*table->links));
	return table->links ? 0 : -1;
}

static inline void page_remove(struct page_table *table, uint32_t page)
{
	struct page_link *link = &table->links[page];
	struct page_list *list = &table->lists[link->list];

	if (!link->list)
		return;
	if (link->next != PAGE_NONE)
		table->links[link->next].previous = link->previous;
	else
		list->last = link->previous;
	if (link->previous != PAGE_NONE)
		table->links[link->previous].next = link->next;
	else
		list->first = link->next;
	list->count--;
	link->list = 0;
}

/* To the front of a list, from wherever it is. */
static inline void page_to_front(struct page_table *table, uint32_t page, uint32_t to)
{
	struct page_link *link = &table->links[page];
	struct page_list *list = &table->lists[to];

	page_remove(table, page);
	*link = (struct page_link){ list->first, PAGE_NONE, to };
	if (list->first != PAGE_NONE)
		table->links[list->first].previous = page;
	else
		list->last = page;
	list->first = page;
	list->count++;
}

#endif
