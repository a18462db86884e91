// SPDX-License-Identifier: GPL-2.0
/* top_heat.c: the second view: who waited for whom, as a matrix whose cells are the warmer the more there was. */
#include "top_layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "top_format.h"

enum { NAME_NARROW = 10, NAME_WIDE = 24, WAITED_WIDTH = 8, CELL_MIN = 5, CELL_MAX = 12 };

unsigned int top_heat(double share)
{
	return share < 0.01 ? 0 : share < 0.05 ? 1 : share < 0.2 ? 2 : share < 0.5 ? 3 : 4;
}

/* Where the columns are, on a screen of this width. */
struct frame {
	size_t name_width, cell_width, first, count;
};

static size_t count_aggressors(const struct top_model *model)
{
	size_t n = 0;

	while (top_model_aggressor(model, n) != SIZE_MAX)
		n++;
	return n;
}

/* As wide as there is room for; with many domains narrow cells, and the rest by scrolling. */
static struct frame frame_of(const struct top_grid *grid, const struct top_model *model, const struct top_state *state)
{
	size_t all = count_aggressors(model), room, name = NAME_NARROW;
	struct frame frame;

	if (grid->width > 100)
		name = NAME_WIDE;
	room = grid->width - name - WAITED_WIDTH;
	frame.name_width = name;
	frame.cell_width = room / all < CELL_MIN ? CELL_MIN : room / all > CELL_MAX ? CELL_MAX : room / all;
	frame.count = room / frame.cell_width < all ? room / frame.cell_width : all;
	frame.first = state->column + frame.count > all ? all - frame.count : state->column;
	return frame;
}

/* The kernel's own rows, where there is little room. */
static const char *title_of(const struct top_model *model, size_t row, size_t width)
{
	static const char *const brief[HP_ROW_DOMAIN] = {
		[HP_ROW_IDLE] = "idle",		[HP_ROW_UNKNOWN] = "unkn",	[HP_ROW_BASE] = "base",
		[HP_ROW_KERNEL] = "kern",	[HP_ROW_IRQ] = "irq",		[HP_ROW_SOFTIRQ] = "sirq",
	};

	return row < HP_ROW_DOMAIN && strlen(model->names[row]) > width ? brief[row] : model->names[row];
}

static void draw_titles(struct top_grid *grid, size_t y, const struct top_model *model, const struct frame *frame)
{
	size_t x = frame->name_width + WAITED_WIDTH;

	top_grid_line(grid, y, TOP_REVERSE);
	top_grid_put(grid, 0, y, TOP_REVERSE, "VICTIM");
	top_grid_field(grid, frame->name_width + 1, y, TOP_REVERSE, "WAITED", WAITED_WIDTH - 1, true);
	for (size_t i = 0; i < frame->count; i++, x += frame->cell_width)
		top_grid_field(grid, x + 1, y, TOP_REVERSE,
			       title_of(model, top_model_aggressor(model, frame->first + i), frame->cell_width - 1),
			       frame->cell_width - 1, true);
}

static void draw_cell(struct top_grid *grid, size_t x, size_t y, size_t width, const struct top_model *model,
		      const struct top_matrix *matrix, size_t victim, size_t aggressor)
{
	double share = top_matrix_share(model, matrix, victim, aggressor);
	bool is_foreign = hp_blame_is_foreign(victim, aggressor);
	top_text text;

	if (!matrix->by_ns[victim * model->names_count + aggressor]) {
		top_grid_field(grid, x + 1, y, TOP_DIM, ".", width - 1, true);
		return;
	}
	top_format_percent(text, share);
	top_grid_field(grid, x + 1, y, is_foreign ? TOP_HEAT + top_heat(share) : TOP_DIM, text, width - 1, true);
}

static void draw_victim(struct top_grid *grid, size_t y, const struct top_model *model, const struct top_matrix *matrix,
			const struct frame *frame, size_t victim, unsigned int look)
{
	double waited = (double)top_matrix_total_ns(model, matrix, victim);
	size_t x = frame->name_width + WAITED_WIDTH;
	top_text text;

	top_grid_field(grid, 0, y, look, model->names[victim], frame->name_width, false);
	top_grid_field(grid, frame->name_width + 1, y, look,
		       top_format_time(text, model->seconds > 0 ? waited / model->seconds : 0), WAITED_WIDTH - 1, true);
	for (size_t i = 0; i < frame->count; i++, x += frame->cell_width)
		draw_cell(grid, x, y, frame->cell_width, model, matrix, victim,
			  top_model_aggressor(model, frame->first + i));
}

static void draw_heading(struct top_grid *grid, size_t y, const struct top_model *model, const struct top_state *state,
			 const struct frame *frame)
{
	const struct top_matrix *matrix = &model->matrices[state->resource];
	hp_autofree char *text = NULL;
	size_t all = count_aggressors(model), x;

	text = hp_format("%s  (%zu of %zu, r: next)  %% of the %s  ", matrix->resource, state->resource + 1,
			 model->matrices_count, matrix->is_of_time ? "time" : "waiting");
	if (!text)
		return;
	x = top_grid_put(grid, 0, y, TOP_BOLD, text);
	for (unsigned int heat = 1; heat <= 4; heat++)
		x = 1 + top_grid_put(grid, x, y, TOP_HEAT + heat,
				     (const char *const[]){ " >1 ", " >5 ", " >20 ", " >50 " }[heat - 1]);
	if (frame->count < all)
		top_grid_field(grid, x, y, TOP_DIM, "more: < >", grid->width > x ? grid->width - x : 0, true);
}

void top_draw_blame(struct top_grid *grid, struct top_area area, const struct top_model *model, const struct top_state *state)
{
	size_t room = area.bottom - area.top - 2, selected, first = 0;
	struct frame frame;

	if (!model->matrices_count || model->seconds <= 0) {
		top_grid_put(grid, 2, area.top + 1, TOP_PLAIN, model->names_count ? "counting ..." : "Waits are not counted:");
		for (size_t i = 0; !model->names_count && i < model->notes_count && i + 2 < area.bottom - area.top; i++)
			top_grid_put(grid, 2, area.top + 2 + i, TOP_PLAIN, model->notes[i]);
		return;
	}
	frame = frame_of(grid, model, state);
	draw_heading(grid, area.top, model, state, &frame);
	draw_titles(grid, area.top + 1, model, &frame);
	selected = state->selected < top_model_domains(model) + 1 ? state->selected : top_model_domains(model) + 1;
	if (selected >= room)
		first = selected - room + 1;
	for (size_t i = 0; i < room && top_model_victim(model, first + i) != SIZE_MAX; i++)
		draw_victim(grid, area.top + 2 + i, model, &model->matrices[state->resource], &frame,
			    top_model_victim(model, first + i), first + i == selected ? TOP_REVERSE : TOP_PLAIN);
}
