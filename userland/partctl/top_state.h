/* SPDX-License-Identifier: GPL-2.0 */
/* top_state.h: what the person at partctl top has chosen, and how keys change it. */
#ifndef TOP_STATE_H
#define TOP_STATE_H

#include "top_model.h"

enum top_view { TOP_OVERVIEW, TOP_BLAME, TOP_LATENCY, TOP_EVENTS, TOP_VIEWS };
enum top_sort { TOP_BY_POLICY, TOP_BY_CPU, TOP_BY_MEMORY, TOP_BY_WAIT, TOP_BY_IO, TOP_BY_NETWORK, TOP_SORTS };
extern const char *const top_view_words[], *const top_sort_words[];

enum top_key {
	TOP_KEY_NONE, TOP_KEY_QUIT, TOP_KEY_HELP, TOP_KEY_UP, TOP_KEY_DOWN, TOP_KEY_LEFT, TOP_KEY_RIGHT, TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN, TOP_KEY_FIRST, TOP_KEY_LAST, TOP_KEY_NEXT, TOP_KEY_PREVIOUS, TOP_KEY_VIEW, /* + enum top_view */
	TOP_KEY_SORT = TOP_KEY_VIEW + TOP_VIEWS, TOP_KEY_RESOURCE, TOP_KEY_PAUSE, TOP_KEY_LONGER, TOP_KEY_SHORTER,
};

enum { TOP_INTERVAL_MIN_MS = 100, TOP_INTERVAL_MAX_MS = 60000 };

struct top_state {
	enum top_view view;
	enum top_sort sort;
	size_t selected;	/* index of a row of the model */
	size_t resource;	/* index of a matrix */
	size_t column;		/* first aggressor shown */
	size_t back;		/* events: how many of the newest are below the screen */
	unsigned int interval_ms;
	bool is_paused, is_helping;
};

/* Does what the key asks for; page: rows of a page. False to quit. */
bool top_state_key(struct top_state *state, const struct top_model *model, int key, size_t page);
/* After the model has changed: what is chosen exists. */
void top_state_fit(struct top_state *state, const struct top_model *model);
/*
 * The rows in the order in which they are shown: domains by the chosen sort,
 * then base, then machine. order has room for rows_count.
 */
void top_state_order(const struct top_state *state, const struct top_model *model, size_t *order);

#endif
