// SPDX-License-Identifier: GPL-2.0
/* top_overview.c: the first view: a line of figures for each domain, the base and the machine. */
#include "top_layout.h"

#include <stddef.h>
#include <stdlib.h>
#include "base/hp_auto.h"
#include "top_format.h"

enum { NAME_NARROW = 10, NAME_WIDE = 40 };

#define OF(field) offsetof(struct top_row, field)

/* From left to right; with a name they are as wide as the narrowest screen, but for those with a `from`. */
static const struct column {
	const char *title;
	size_t width;		/* with the blank before it */
	size_t from;		/* only on screens that are so wide */
	size_t field;
	enum { NUMBER, COUNT, BYTES, BYTE_RATE, PERCENT, TIME } kind;
} columns[] = {
	{ "CPU", 7, 0, OF(rate.processors), NUMBER },
	{ "OF", 4, 84, OF(usage.processors), COUNT },
	{ "THR%", 5, 110, OF(rate.throttled_share), PERCENT },
	{ "TASKS", 7, 100, OF(usage.tasks), COUNT },
	{ "MEMORY", 7, 0, OF(usage.memory_bytes), BYTES },
	{ "GUARD", 7, 110, OF(usage.memory_min_bytes), BYTES },
	{ "LIMIT", 6, 0, OF(usage.memory_max_bytes), BYTES },
	{ "C%", 4, 0, OF(rate.some_share[HP_USAGE_CPU]), PERCENT },
	{ "M%", 4, 0, OF(rate.some_share[HP_USAGE_MEMORY]), PERCENT },
	{ "I%", 4, 0, OF(rate.some_share[HP_USAGE_IO]), PERCENT },
	{ "WAIT99", 7, 0, OF(wait_p99_ns), TIME },
	{ "OTHERS", 7, 0, OF(for_others_ns), TIME },
	{ "READ", 6, 0, OF(rate.read_bytes), BYTE_RATE },
	{ "WRITE", 6, 0, OF(rate.written_bytes), BYTE_RATE },
	{ "IN", 6, 0, OF(rate.received_bytes), BYTE_RATE },
	{ "OUT", 6, 0, OF(rate.sent_bytes), BYTE_RATE },
};

static const char *format(top_text text, const struct column *column, const struct top_row *row)
{
	const void *at = (const char *)row + column->field;
	const double *rate = at;
	const uint64_t *value = at;

	switch (column->kind) {
	case NUMBER:
		return top_format_number(text, *rate);
	case COUNT:
		return top_format_count(text, *value);
	case BYTES:
		return top_format_bytes(text, *value);
	case BYTE_RATE:
		return top_format_byte_rate(text, *rate);
	case PERCENT:
		return top_format_percent(text, *rate);
	default:
		return top_format_time(text, *rate);
	}
}

static size_t name_width(size_t width)
{
	size_t used = 0;

	for (size_t i = 0; i < hp_array_size(columns); i++)
		used += width >= columns[i].from ? columns[i].width : 0;
	return width > used + NAME_WIDE ? NAME_WIDE : width > used ? width - used : 1;
}

static void draw_row(struct top_grid *grid, size_t y, const struct top_row *row, unsigned int look)
{
	size_t x = name_width(grid->width);

	top_grid_field(grid, 0, y, look, row->name, x, false);
	for (size_t i = 0; i < hp_array_size(columns); i++) {
		top_text text;

		if (grid->width < columns[i].from)
			continue;
		top_grid_field(grid, x + 1, y, look, format(text, &columns[i], row), columns[i].width - 1, true);
		x += columns[i].width;
	}
}

static void draw_titles(struct top_grid *grid, size_t y)
{
	size_t x = name_width(grid->width);

	top_grid_line(grid, y, TOP_REVERSE);
	top_grid_put(grid, 0, y, TOP_REVERSE, "DOMAIN");
	for (size_t i = 0; i < hp_array_size(columns); i++) {
		if (grid->width < columns[i].from)
			continue;
		top_grid_field(grid, x + 1, y, TOP_REVERSE, columns[i].title, columns[i].width - 1, true);
		x += columns[i].width;
	}
}

/* Base and machine stay in view at the end, however many domains there are. */
void top_draw_overview(struct top_grid *grid, struct top_area area, const struct top_model *model, const struct top_state *state)
{
	hp_autofree size_t *order = calloc(model->rows_count, sizeof(*order));
	size_t domains = top_model_domains(model), room = area.bottom - area.top - 1, first = 0, at = 0, y = area.top + 1;

	if (!order)
		return;
	top_state_order(state, model, order);
	while (at + 1 < model->rows_count && order[at] != state->selected)
		at++;
	room = room > 2 ? room - 2 : 0;
	if (at < domains && at >= room)
		first = at - room + 1;
	else if (at >= domains && domains > room)
		first = domains - room;
	draw_titles(grid, area.top);
	for (size_t i = first; i < model->rows_count; i++) {
		const struct top_row *row = &model->rows[order[i]];

		if (i < domains && i >= first + room)
			continue;
		draw_row(grid, y, row, i >= domains ? TOP_BOLD : TOP_PLAIN);
		if (order[i] == state->selected)
			for (size_t x = 0; x < grid->width; x++)
				grid->cells[y * grid->width + x].look |= TOP_REVERSE;
		y++;
	}
}
