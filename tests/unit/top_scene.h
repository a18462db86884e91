/* SPDX-License-Identifier: GPL-2.0 */
/* top_scene.h: a made-up model for the tests of partctl top, and eyes for what is drawn. */
#ifndef TOP_SCENE_H
#define TOP_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../userland/partctl/top_format.h"
#include "../../userland/partctl/top_layout.h"
#include "base/hp_auto.h"

enum { DOMAINS_MAX = 66 };

/* Not every test needs everything. */
#define UNUSED __attribute__((unused))

/* ---- a made-up model ---- */

static UNUSED void name_rows(struct top_model *model, size_t domains, bool has_long_names)
{
	char *names[DOMAINS_MAX + 1] = { NULL }, *cgroups[DOMAINS_MAX + 1] = { NULL };

	for (size_t i = 0; i < domains; i++) {
		assert_true(asprintf(&names[i], "%s%zu", has_long_names ? "a-domain-with-a-very-long-name-indeed-" : "dom", i) > 0);
		assert_true(asprintf(&cgroups[i], "hostpart/%s", names[i]) > 0);
	}
	assert_int_equal(top_model_name(model, names, cgroups, domains), 0);
	for (size_t i = 0; i < domains; i++) {
		free(names[i]);
		free(cgroups[i]);
	}
}

/* Domain i is busy with i/100 processors, and so on; the last one's values are unknown. */
static UNUSED void use(struct top_model *model, size_t domains)
{
	hp_autosample before = HP_USAGE_SAMPLE_INIT, after = HP_USAGE_SAMPLE_INIT;
	hp_autorates rates = HP_USAGE_RATES_INIT;

	before.subjects = calloc(domains + 1, sizeof(*before.subjects));
	after.subjects = calloc(domains + 1, sizeof(*after.subjects));
	assert_true(before.subjects && after.subjects);
	before.count = after.count = domains;
	before.time_ns = 1000000000;
	after.time_ns = 2000000000;
	after.machine = (struct hp_usage){ .cpu_us = 3200000, .processors = 8, .memory_bytes = 4ull << 30,
					   .memory_max_bytes = 16ull << 30 };
	for (size_t i = 0; i < domains; i++)
		after.subjects[i] = (struct hp_usage){
			.cpu_us = i * 10000, .processors = 4, .memory_bytes = (domains - i) << 20,
			.memory_max_bytes = i % 2 ? HP_USAGE_UNLIMITED : 1ull << 30, .read_bytes = i * 1000000,
			.pressure = { { 420000, 0 }, { 0, 0 }, { 1000000, 0 } },
		};
	if (domains)
		memset(&after.subjects[domains - 1], 0xff, sizeof(*after.subjects));
	assert_int_equal(hp_usage_rates_between(&before, &after, &rates), 0);
	top_model_use(model, &after, &rates);
}

/* Every domain waited 100 ms for the next one, 60 ms for itself and 40 ms for an interrupt. */
static UNUSED void blame(struct top_model *model, size_t domains)
{
	hp_autoblame waits = HP_BLAME_INIT;

	assert_int_equal(hp_blame_init(&waits, HP_ROW_DOMAIN + domains), 0);
	waits.time_ns = 1000000000;
	for (size_t i = 0; i < domains; i++) {
		struct hp_row *row = &waits.rows[HP_ROW_DOMAIN + i];

		row->by_ns[HP_ROW_DOMAIN + (i + 1) % domains] += 100000000;
		row->by_ns[HP_ROW_DOMAIN + i] += 60000000;
		row->by_ns[HP_ROW_IRQ] += 40000000;
		row->stolen_ns[HP_ROW_SOFTIRQ] = 250000000;
		row->latency[11] = 3;
		row->latency[21] = 500;
	}
	waits.rows[HP_ROW_BASE].latency[HP_LATENCY_BUCKETS - 1] = 1;
	assert_int_equal(top_model_blame(model, &waits), 0);
}

static UNUSED void add_event(struct top_model *model, const char *time, const char *text)
{
	model->events = reallocarray(model->events, model->events_count + 1, sizeof(*model->events));
	assert_non_null(model->events);
	model->events[model->events_count++] = (struct top_event){
		.time = strdup(time), .type = strdup("drift"), .domain = strdup("dom0"), .text = strdup(text), .is_bad = true,
	};
}

static UNUSED void make_model(struct top_model *model, size_t domains, bool has_long_names)
{
	name_rows(model, domains, has_long_names);
	use(model, domains);
	blame(model, domains);
	model->policy = strdup("/etc/hostpart/policy.yaml");
	for (size_t i = 0; i < 30; i++) {
		char text[64];

		snprintf(text, sizeof(text), "memory.max number %zu \x1b[31m \xe2\x86\x92 put back", i);
		add_event(model, "2026-11-22T08:11:41.640Z", text);
	}
}

/* ---- looking at a grid ---- */

static UNUSED char *line_of(const struct top_grid *grid, size_t y)
{
	static char line[512];

	assert_true(y < grid->height && grid->width < sizeof(line));
	for (size_t x = 0; x < grid->width; x++) {
		line[x] = grid->cells[y * grid->width + x].c;
		assert_true(line[x] >= ' ' && line[x] < 0x7f);
	}
	line[grid->width] = '\0';
	return line;
}

static UNUSED bool has(const struct top_grid *grid, const char *text)
{
	for (size_t y = 0; y < grid->height; y++)
		if (strstr(line_of(grid, y), text))
			return true;
	return false;
}

/* The look of the first character of a text on the screen. */
static UNUSED unsigned int look_of(const struct top_grid *grid, const char *text)
{
	for (size_t y = 0; y < grid->height; y++) {
		const char *line = line_of(grid, y), *at = strstr(line, text);

		if (at)
			return grid->cells[y * grid->width + (size_t)(at - line)].look;
	}
	fail_msg("not on the screen: %s", text);
	return 0;
}

static UNUSED void draw(struct top_grid *grid, size_t width, size_t height,
			const struct top_model *model, const struct top_state *state)
{
	assert_int_equal(top_grid_init(grid, width, height), 0);
	top_draw(grid, model, state, "12:34:56");
	for (size_t y = 0; y < height; y++)
		line_of(grid, y);
}

#endif
