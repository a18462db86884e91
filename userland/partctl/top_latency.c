// SPDX-License-Identifier: GPL-2.0
/* top_latency.c: the third view: how long the selected domain's tasks waited for a processor, by powers of two. */
#include "top_layout.h"

#include <stdio.h>
#include <stdlib.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "top_format.h"

enum { LABEL_WIDTH = 18, COUNT_WIDTH = 10 };

/* "512ns - 1.02us"; bucket i has waits of [2^(i-1), 2^i) ns. */
static void draw_label(struct top_grid *grid, size_t y, size_t first, size_t last)
{
	double from = first ? (double)(1ull << (first - 1)) : 0, to = (double)(1ull << last);
	hp_autofree char *text = NULL;
	top_text a, b;

	text = hp_format(last + 1 < HP_LATENCY_BUCKETS ? "%s - %s" : "%s and more", top_format_time(a, from),
			 top_format_time(b, to));
	if (!text)
		return;
	top_grid_field(grid, 0, y, TOP_PLAIN, text, LABEL_WIDTH, true);
}

static uint64_t sum_of(const uint64_t *latency, size_t first, size_t last)
{
	uint64_t sum = 0;

	for (size_t i = first; i <= last && i < HP_LATENCY_BUCKETS; i++)
		sum += latency[i];
	return sum;
}

/* The buckets that have something, put together where there are more than lines. */
static void draw_histogram(struct top_grid *grid, struct top_area area, const uint64_t *latency)
{
	size_t first = 0, last = HP_LATENCY_BUCKETS - 1, step = 1, bar = grid->width - LABEL_WIDTH - COUNT_WIDTH - 3, y = area.top;
	uint64_t most = 1;

	while (first < last && !latency[first])
		first++;
	while (last > first && !latency[last])
		last--;
	while ((last - first + step) / step > area.bottom - area.top)
		step++;
	for (size_t i = first; i <= last; i += step)
		most = sum_of(latency, i, i + step - 1) > most ? sum_of(latency, i, i + step - 1) : most;
	for (size_t i = first; i <= last; i += step, y++) {
		size_t end = i + step - 1 < HP_LATENCY_BUCKETS ? i + step - 1 : HP_LATENCY_BUCKETS - 1;
		uint64_t count = sum_of(latency, i, end);
		size_t length = (size_t)((double)count / (double)most * (double)bar + 0.5);
		top_text text;

		draw_label(grid, y, i, end);
		top_grid_field(grid, LABEL_WIDTH + 1, y, TOP_PLAIN, top_format_count(text, count), COUNT_WIDTH, true);
		/* What is there is seen, however little it is. */
		for (size_t x = 0; x < length || (count && x == 0); x++)
			top_grid_put(grid, LABEL_WIDTH + COUNT_WIDTH + 2 + x, y, TOP_GOOD, "#");
	}
}

void top_draw_latency(struct top_grid *grid, struct top_area area, const struct top_model *model,
		      const struct top_state *state)
{
	const struct top_row *row = &model->rows[state->selected];
	top_text waits, p50, p99, total;
	char text[160];

	if (!row->waits.is_known || !row->waits.waits) {
		snprintf(text, sizeof(text), "%.60s: %s", row->name,
			 !model->names_count ? "waits are not counted" : row->waits.is_known ? "no wait ended" : "choose a domain with j and k");
		top_grid_put(grid, 0, area.top, TOP_BOLD, text);
		for (size_t i = 0; !model->names_count && i < model->notes_count && i + 2 < area.bottom - area.top; i++)
			top_grid_put(grid, 2, area.top + 2 + i, TOP_PLAIN, model->notes[i]);
		return;
	}
	snprintf(text, sizeof(text), "%.40s: waits for a processor  %s  sum %s  p50 %s  p99 %s", row->name,
		 top_format_count(waits, row->waits.waits), top_format_time(total, (double)row->waits.wait_ns),
		 top_format_time(p50, (double)row->waits.p50_ns), top_format_time(p99, (double)row->waits.p99_ns));
	top_grid_put(grid, 0, area.top, TOP_BOLD, text);
	area.top += 2;
	draw_histogram(grid, area, row->waits.latency);
}
