// SPDX-License-Identifier: GPL-2.0
/* top_list.c: the fourth view: what happened to the domains, newest at the bottom. */
#include "top_layout.h"

enum { TIME_WIDTH = 20, TYPE_WIDTH = 11, DOMAIN_WIDTH = 11 };

/* "2026-11-22T08:11:41.640Z" is "2026-11-22 08:11:41" here. */
static void draw_time(struct top_grid *grid, size_t y, unsigned int look, const char *time)
{
	for (size_t x = 0; x + 1 < TIME_WIDTH && time[x]; x++) {
		char one[2] = { time[x] == 'T' ? ' ' : time[x], '\0' };

		top_grid_put(grid, x, y, look, one);
	}
}

static void draw_event(struct top_grid *grid, size_t y, const struct top_event *event, unsigned int look)
{
	size_t x = TIME_WIDTH;

	draw_time(grid, y, look, event->time);
	top_grid_field(grid, x, y, event->is_bad ? TOP_BAD | (look & TOP_REVERSE) : look, event->type, TYPE_WIDTH - 1, false);
	top_grid_field(grid, x + TYPE_WIDTH, y, look, event->domain, DOMAIN_WIDTH - 1, false);
	top_grid_put(grid, x + TYPE_WIDTH + DOMAIN_WIDTH, y, look, event->text);
}

void top_draw_events(struct top_grid *grid, struct top_area area, const struct top_model *model, const struct top_state *state)
{
	size_t room = area.bottom - area.top - 1, end = model->events_count - state->back, first = end > room ? end - room : 0;

	top_grid_line(grid, area.top, TOP_REVERSE);
	top_grid_put(grid, 0, area.top, TOP_REVERSE, "TIME (UTC)");
	top_grid_put(grid, TIME_WIDTH, area.top, TOP_REVERSE, "WHAT");
	top_grid_put(grid, TIME_WIDTH + TYPE_WIDTH, area.top, TOP_REVERSE, "DOMAIN");
	if (!model->events_count)
		top_grid_put(grid, 0, area.top + 1, TOP_PLAIN, "Nothing has happened so far.");
	for (size_t i = first; i < end; i++)
		draw_event(grid, area.top + 1 + i - first, &model->events[i], state->back && i + 1 == end ? TOP_REVERSE : TOP_PLAIN);
}
