// SPDX-License-Identifier: GPL-2.0
/* top_layout.c: the whole screen: first lines, the view, the keys. */
#include "top_layout.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "top_format.h"

enum { HEAD_LINES = 3, FOOT_LINES = 2 };

static const char *const help[] = {
	"Views      1 overview  2 blame  3 latency  4 events; Tab, Shift-Tab",
	"Rows       j k, arrows, PgUp PgDn, Home End: choose a domain, as for view 3",
	"Sort       s: by policy, CPU, memory, wait, disks, network     p: pause",
	"Interval   + longer, - shorter         r: blame of the next resource",
	"Columns    < >, left, right: more aggressors in view 2         q: back, or quit",
	"",
	"CPU        processors that were busy: 1.50 is one and a half (OF: of so many)",
	"MEMORY     charged to it, page cache included; LIMIT: memory.max",
	"C% M% I%   share of the time in which some of its tasks waited for a processor,",
	"           for memory, for disks (pressure stall information)",
	"WAIT99     99 of 100 waits for a processor were not longer than this",
	"OTHERS     waited for a processor because of others, in each second, all tasks",
	"READ WRITE, IN OUT    bytes in each second of its disks and of its ports",
	"-          this kernel does not tell, or the controller is off",
	"",
	"Blame: a row is who waited, a column who had what it waited for meanwhile.",
	NULL,
};

size_t top_page(size_t height)
{
	return height > HEAD_LINES + FOOT_LINES + 3 ? height - HEAD_LINES - FOOT_LINES - 3 : 1;
}

static void draw_title(struct top_grid *grid, const struct top_model *model, const struct top_state *state, const char *clock)
{
	hp_autofree char *left = NULL;
	hp_autofree char *right = NULL;
	size_t x;

	top_grid_line(grid, 0, TOP_BOLD);
	left = hp_format("hostpart top  %zu %s  %s", top_model_domains(model),
			 top_model_domains(model) == 1 ? "domain" : "domains", model->policy ? model->policy : "");
	right = hp_format("%severy %g s  %s", state->is_paused ? "PAUSED  " : "", state->interval_ms / 1000.0, clock);
	if (!left || !right)
		return;
	x = top_grid_put(grid, 0, 0, TOP_BOLD, left);
	if (x + 1 + strlen(right) > grid->width)
		x = grid->width - strlen(right) - 2;
	top_grid_put(grid, x, 0, TOP_BOLD, "  ");
	top_grid_field(grid, grid->width - strlen(right), 0, state->is_paused ? TOP_BAD : TOP_BOLD, right, strlen(right), true);
}

/* "CPU [#######.......] 3.20 of 8": as wide as half of the screen. */
static void draw_bar(struct top_grid *grid, size_t x, size_t width, const char *name, double share, const char *figures)
{
	size_t bar = width - strlen(name) - strlen(figures) - 5, full;

	if (width < strlen(name) + strlen(figures) + 8)
		return;
	full = isnan(share) || share < 0 ? 0 : share > 1 ? bar : (size_t)(share * (double)bar + 0.5);
	x = top_grid_put(grid, x, 1, TOP_PLAIN, name);
	x = top_grid_put(grid, x, 1, TOP_PLAIN, " [");
	for (size_t i = 0; i < bar; i++)
		x = top_grid_put(grid, x, 1, i < full ? TOP_GOOD : TOP_DIM, i < full ? "|" : ".");
	x = top_grid_put(grid, x, 1, TOP_PLAIN, "] ");
	top_grid_put(grid, x, 1, TOP_PLAIN, figures);
}

static void draw_machine(struct top_grid *grid, const struct top_model *model)
{
	const struct top_row *machine = &model->rows[model->rows_count - 1];
	size_t half = grid->width / 2;
	top_text a, b;
	char figures[64];

	snprintf(figures, sizeof(figures), "%s of %s", top_format_number(a, machine->rate.processors),
		 top_format_count(b, machine->usage.processors));
	draw_bar(grid, 0, half - 1, "CPU", machine->rate.processors / (double)machine->usage.processors, figures);
	snprintf(figures, sizeof(figures), "%s of %s", top_format_bytes(a, machine->usage.memory_bytes),
		 top_format_bytes(b, machine->usage.memory_max_bytes));
	draw_bar(grid, half, grid->width - half, "MEM",
		 (double)machine->usage.memory_bytes / (double)machine->usage.memory_max_bytes, figures);
}

static void draw_tabs(struct top_grid *grid, const struct top_state *state)
{
	size_t x = 0;
	char text[32];

	for (int i = 0; i < TOP_VIEWS; i++) {
		snprintf(text, sizeof(text), " %d %s ", i + 1, top_view_words[i]);
		x = 1 + top_grid_put(grid, x, 2, (int)state->view == i ? TOP_BOLD | TOP_REVERSE : TOP_PLAIN, text);
	}
	snprintf(text, sizeof(text), "sorted by %s", top_sort_words[state->sort]);
	if (state->view == TOP_OVERVIEW)
		top_grid_field(grid, x, 2, TOP_DIM, text, grid->width - x, true);
}

/* Why there is no blame, else what happened last, else what else is missing. */
static void draw_status(struct top_grid *grid, size_t y, const struct top_model *model, const struct top_state *state)
{
	const struct top_event *last = model->events_count ? &model->events[model->events_count - 1] : NULL;
	bool has_lost = model->lost && (state->view == TOP_BLAME || state->view == TOP_LATENCY);
	hp_autofree char *text = NULL;
	int ret = 0;

	if (has_lost)
		ret = asprintf(&text, "lost: %llu events of the kernel were not counted", (unsigned long long)model->lost);
	else if (last && model->names_count)
		ret = asprintf(&text, "last: %.19s %s %s %s", last->time, last->type, last->domain, last->text);
	else if (model->notes_count)
		ret = asprintf(&text, "%s", model->notes[0]);
	if (ret < 0)
		text = NULL;
	if (text)
		top_grid_put(grid, 0, y, has_lost || !model->names_count || (last && last->is_bad) ? TOP_BAD : TOP_DIM, text);
}

static void draw_keys(struct top_grid *grid, size_t y, const struct top_state *state)
{
	static const char *const keys[TOP_VIEWS] = {
		[TOP_OVERVIEW] = "q quit  h help  1-4 Tab view  j k select  s sort  p pause  + - interval",
		[TOP_BLAME] = "q quit  h help  1-4 Tab view  j k select  r resource  p pause  + - interval",
		[TOP_LATENCY] = "q quit  h help  1-4 Tab view  j k select  p pause  + - interval",
		[TOP_EVENTS] = "q quit  h help  1-4 Tab view  j k scroll  p pause  + - interval",
	};

	top_grid_line(grid, y, TOP_REVERSE);
	top_grid_put(grid, 0, y, TOP_REVERSE, state->is_helping ? "q back  h back" : keys[state->view]);
}

static void draw_help(struct top_grid *grid, struct top_area area, const struct top_model *model)
{
	size_t y = area.top;

	for (size_t i = 0; help[i] && y < area.bottom; i++)
		top_grid_put(grid, 0, y++, TOP_PLAIN, help[i]);
	for (size_t i = 0; i < model->notes_count && y < area.bottom; i++)
		top_grid_put(grid, 0, y++, TOP_BAD, model->notes[i]);
}

void top_draw(struct top_grid *grid, const struct top_model *model, const struct top_state *state, const char *clock)
{
	static void (*const views[TOP_VIEWS])(struct top_grid *, struct top_area, const struct top_model *,
					      const struct top_state *) = {
		[TOP_OVERVIEW] = top_draw_overview,
		[TOP_BLAME] = top_draw_blame,
		[TOP_LATENCY] = top_draw_latency,
		[TOP_EVENTS] = top_draw_events,
	};
	struct top_area area = { HEAD_LINES, grid->height - FOOT_LINES };
	char text[96];

	if (grid->width < TOP_WIDTH_MIN || grid->height < TOP_HEIGHT_MIN) {
		snprintf(text, sizeof(text), "%zux%zu is too small: %dx%d needed (q: quit)", grid->width, grid->height, TOP_WIDTH_MIN,
			 TOP_HEIGHT_MIN);
		top_grid_put(grid, 0, 0, TOP_BAD, text);
		return;
	}
	draw_title(grid, model, state, clock);
	draw_machine(grid, model);
	draw_tabs(grid, state);
	if (state->is_helping)
		draw_help(grid, area, model);
	else
		views[state->view](grid, area, model, state);
	draw_status(grid, grid->height - 2, model, state);
	draw_keys(grid, grid->height - 1, state);
}
