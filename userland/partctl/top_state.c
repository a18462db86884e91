// SPDX-License-Identifier: GPL-2.0
/* top_state.c: how keys change what is shown. */
#include "top_state.h"

#include <math.h>
#include <stdlib.h>
#include "base/hp_auto.h"

const char *const top_view_words[] = { "overview", "blame", "latency", "events", NULL };
const char *const top_sort_words[] = { "policy", "cpu", "memory", "wait", "io", "network", NULL };

static double known(double value)
{
	return isnan(value) ? -1 : value;
}

static double weight_of(const struct top_row *row, enum top_sort sort)
{
	const struct hp_usage_rate *rate = &row->rate;

	switch (sort) {
	case TOP_BY_CPU:
		return known(rate->processors);
	case TOP_BY_MEMORY:
		return row->usage.memory_bytes == HP_USAGE_UNKNOWN ? -1 : (double)row->usage.memory_bytes;
	case TOP_BY_WAIT:
		return row->waits.is_known ? (double)row->waits.p99_ns : -1;
	case TOP_BY_IO:
		return known(rate->read_bytes + rate->written_bytes);
	case TOP_BY_NETWORK:
		return known(rate->received_bytes + rate->sent_bytes);
	default:
		return 0;
	}
}

/* An insertion sort: it keeps the policy's order among equals, and there are at most 66. */
void top_state_order(const struct top_state *state, const struct top_model *model, size_t *order)
{
	size_t domains = top_model_domains(model);

	for (size_t i = 0; i < model->rows_count; i++) {
		size_t at = i;

		for (; i < domains && at > 0; at--) {
			if (weight_of(&model->rows[order[at - 1]], state->sort) >= weight_of(&model->rows[i], state->sort))
				break;
			order[at] = order[at - 1];
		}
		order[at] = i;
	}
}

/* Moves the selection by so many rows in the order shown. */
static void move(struct top_state *state, const struct top_model *model, long rows)
{
	hp_autofree size_t *order = calloc(model->rows_count, sizeof(*order));
	long at = 0, last = (long)model->rows_count - 1;

	if (!order)
		return;
	top_state_order(state, model, order);
	while (at < last && order[at] != state->selected)
		at++;
	at = rows > last - at ? last : at + rows;
	state->selected = order[at < 0 ? 0 : at];
}

/* The events' cursor is the newest line shown: down is towards the newer ones. */
static void roll(struct top_state *state, const struct top_model *model, long rows)
{
	long last = model->events_count ? (long)model->events_count - 1 : 0;
	long back = (long)state->back - rows;

	state->back = (size_t)(back < 0 ? 0 : back > last ? last : back);
}

static void go(struct top_state *state, const struct top_model *model, long rows)
{
	if (state->view == TOP_EVENTS)
		roll(state, model, rows);
	else
		move(state, model, rows);
}

static void shift(struct top_state *state, const struct top_model *model, bool is_right)
{
	if (is_right && top_model_aggressor(model, state->column + 1) != SIZE_MAX)
		state->column++;
	else if (!is_right && state->column)
		state->column--;
}

static void change_interval(struct top_state *state, bool is_longer)
{
	static const unsigned int steps[] = { TOP_INTERVAL_MIN_MS, 200, 500, 1000, 2000, 5000, 10000, 30000, TOP_INTERVAL_MAX_MS };
	size_t i = 0, n = hp_array_size(steps);

	if (is_longer) {
		while (i + 1 < n && steps[i] <= state->interval_ms)
			i++;
	} else {
		for (i = n - 1; i && steps[i] >= state->interval_ms;)
			i--;
	}
	state->interval_ms = steps[i];
}

static void go_to_view(struct top_state *state, int view)
{
	state->view = (enum top_view)view;
	state->is_helping = false;
}

static void go_by_key(struct top_state *state, const struct top_model *model, int key, size_t page)
{
	const long all = (long)(model->rows_count + model->events_count);

	switch (key) {
	case TOP_KEY_UP: case TOP_KEY_DOWN:
		go(state, model, key == TOP_KEY_UP ? -1 : 1);
		break;
	case TOP_KEY_PAGE_UP: case TOP_KEY_PAGE_DOWN:
		go(state, model, key == TOP_KEY_PAGE_UP ? -(long)page : (long)page);
		break;
	case TOP_KEY_FIRST: case TOP_KEY_LAST:
		go(state, model, key == TOP_KEY_FIRST ? -all : all);
		break;
	case TOP_KEY_LEFT: case TOP_KEY_RIGHT:
		shift(state, model, key == TOP_KEY_RIGHT);
		break;
	}
}

bool top_state_key(struct top_state *state, const struct top_model *model, int key, size_t page)
{
	switch (key) {
	case TOP_KEY_QUIT:
		/* From the help it leads back. */
		if (!state->is_helping)
			return false;
		state->is_helping = false;
		break;
	case TOP_KEY_HELP:
		state->is_helping = !state->is_helping;
		break;
	case TOP_KEY_NEXT: case TOP_KEY_PREVIOUS:
		go_to_view(state, (state->view + (key == TOP_KEY_NEXT ? 1 : TOP_VIEWS - 1)) % TOP_VIEWS);
		break;
	case TOP_KEY_SORT:
		state->sort = (state->sort + 1) % TOP_SORTS;
		break;
	case TOP_KEY_RESOURCE:
		state->resource = model->matrices_count ? (state->resource + 1) % model->matrices_count : 0;
		break;
	case TOP_KEY_PAUSE:
		state->is_paused = !state->is_paused;
		break;
	case TOP_KEY_LONGER: case TOP_KEY_SHORTER:
		change_interval(state, key == TOP_KEY_LONGER);
		break;
	default:
		if (key >= TOP_KEY_VIEW && key < TOP_KEY_VIEW + TOP_VIEWS)
			go_to_view(state, key - TOP_KEY_VIEW);
		else
			go_by_key(state, model, key, page ? page : 1);
	}
	return true;
}

void top_state_fit(struct top_state *state, const struct top_model *model)
{
	if (state->selected >= model->rows_count)
		state->selected = 0;
	if (state->resource >= model->matrices_count)
		state->resource = 0;
	if (state->back >= model->events_count)
		state->back = 0;
	while (state->column && top_model_aggressor(model, state->column) == SIZE_MAX)
		state->column--;
}
