// SPDX-License-Identifier: GPL-2.0
/* test_top_layout.c: what partctl top draws at every size and number of domains. */
#include "top_scene.h"

static void figures(void **state)
{
	static const struct {
		const char *(*format)(top_text text, double value);
		double value;
		const char *want;
	} cases[] = {
		{ top_format_byte_rate, 0, "0" }, { top_format_byte_rate, 17, "17" }, { top_format_byte_rate, 999.4, "999" },
		{ top_format_byte_rate, 999.6, "0.98K" }, { top_format_byte_rate, 1024, "1.00K" },
		{ top_format_byte_rate, 1023.0 * 1024, "1.00M" }, { top_format_byte_rate, 512.0 * (1 << 20), "512M" },
		{ top_format_byte_rate, 1.2e19, "10.4E" }, { top_format_byte_rate, NAN, "-" },
		{ top_format_percent, 0, "0" }, { top_format_percent, 0.003, "0.3" }, { top_format_percent, 0.0994, "9.9" },
		{ top_format_percent, 0.0996, "10" }, { top_format_percent, 1, "100" }, { top_format_percent, NAN, "-" },
		{ top_format_time, 0, "0ns" }, { top_format_time, 812, "812ns" }, { top_format_time, 999.7, "1.00us" },
		{ top_format_time, 33.4e6, "33.4ms" }, { top_format_time, 12e9, "12.0s" }, { top_format_time, NAN, "-" },
		{ top_format_number, 0.066, "0.07" }, { top_format_number, 99.99, "99.99" }, { top_format_number, 128, "128.0" },
		{ top_format_number, 4096, "4096" }, { top_format_number, NAN, "-" },
	};
	top_text text;

	(void)state;
	for (size_t i = 0; i < hp_array_size(cases); i++)
		assert_string_equal(cases[i].format(text, cases[i].value), cases[i].want);
	assert_string_equal(top_format_bytes(text, HP_USAGE_UNLIMITED), "max");
	assert_string_equal(top_format_bytes(text, HP_USAGE_UNKNOWN), "-");
	assert_string_equal(top_format_bytes(text, 1ull << 30), "1.00G");
	assert_string_equal(top_format_count(text, HP_USAGE_UNKNOWN), "-");
}

/* All views, all sizes, all numbers of domains: nothing is written outside (ASan sees it), the frame is always there. */
static void every_size(void **state)
{
	static const size_t sizes[][2] = { { 80, 24 }, { 81, 25 }, { 100, 24 }, { 132, 43 }, { 200, 60 }, { 300, 100 } };
	static const size_t counts[] = { 0, 1, 2, 3, 15, 16, 17, 40, DOMAINS_MAX };

	(void)state;
	for (size_t c = 0; c < 2 * hp_array_size(counts); c++) {
		top_automodel model = { 0 };

		make_model(&model, counts[c / 2], c % 2);
		for (size_t s = 0; s < hp_array_size(sizes); s++)
			for (int view = 0; view < TOP_VIEWS; view++)
				for (size_t selected = 0; selected < model.rows_count; selected += 5) {
					struct top_state chosen = { .view = (enum top_view)view, .selected = selected,
								    .resource = selected % 2, .column = selected, .interval_ms = 1000 };
					top_autogrid grid = { 0 };

					top_state_fit(&chosen, &model);
					draw(&grid, sizes[s][0], sizes[s][1], &model, &chosen);
					assert_non_null(strstr(line_of(&grid, 0), "12:34:56"));
					assert_non_null(strstr(line_of(&grid, sizes[s][1] - 1), "q quit  h help"));
				}
	}
}

static void too_small(void **state)
{
	static const size_t sizes[][2] = { { 79, 24 }, { 80, 23 }, { 1, 1 }, { 0, 0 }, { 200, 2 }, { 3, 100 } };
	top_automodel model = { 0 };

	(void)state;
	make_model(&model, 5, false);
	for (size_t s = 0; s < hp_array_size(sizes); s++)
		for (int view = 0; view < TOP_VIEWS; view++) {
			struct top_state chosen = { .view = (enum top_view)view, .interval_ms = 1000 };
			top_autogrid grid = { 0 };

			draw(&grid, sizes[s][0], sizes[s][1], &model, &chosen);
			assert_false(has(&grid, "quit  h"));
			if (sizes[s][0] > 70)
				assert_true(has(&grid, "is too small: 80x24 needed"));
		}
}

static void overview(void **state)
{
	struct top_state chosen = { .interval_ms = 2000, .selected = 1 };
	top_automodel model = { 0 };
	top_autogrid grid = { 0 };

	(void)state;
	make_model(&model, 3, false);
	draw(&grid, 80, 24, &model, &chosen);
	assert_true(has(&grid, "hostpart top  3 domains  /etc/hostpart/policy.yaml"));
	assert_true(has(&grid, "every 2 s"));
	assert_true(has(&grid, "] 3.20 of 8"));
	assert_true(has(&grid, "] 4.00G of 16.0G"));
	assert_string_equal(line_of(&grid, 5),
			    "dom1         0.01  2.00M   max  42   0 100 2.09ms  140ms  977K     0     0     0");
	assert_int_equal(look_of(&grid, "dom1 "), TOP_REVERSE);
	assert_int_equal(look_of(&grid, "dom0 "), TOP_PLAIN);
	assert_non_null(strstr(line_of(&grid, 6), "dom2            -      -     -   -   -   - 2.09ms  140ms     -     -"));
	assert_non_null(strstr(line_of(&grid, 7), "base"));
	assert_non_null(strstr(line_of(&grid, 8), "machine      3.20  4.00G 16.0G"));
	assert_true(has(&grid, "last: 2026-11-22T08:11:41 drift dom0 memory.max number 29 ?[31m ? put back"));
	draw(&grid, 200, 60, &model, &chosen);
	assert_true(has(&grid, "TASKS"));
	assert_true(has(&grid, "GUARD"));
}

/* With more domains than lines the chosen one, base and machine are in view. */
static void scrolling(void **state)
{
	top_automodel model = { 0 };

	(void)state;
	make_model(&model, DOMAINS_MAX, false);
	for (size_t selected = 0; selected < model.rows_count; selected++) {
		struct top_state chosen = { .interval_ms = 1000, .selected = selected };
		top_autogrid grid = { 0 };
		char name[32];

		draw(&grid, 80, 24, &model, &chosen);
		snprintf(name, sizeof(name), "%s ", model.rows[selected].name);
		assert_true(look_of(&grid, name) & TOP_REVERSE);
		assert_non_null(strstr(line_of(&grid, 20), "base "));
		assert_non_null(strstr(line_of(&grid, 21), "machine "));
	}
}

static void heat(void **state)
{
	struct top_state chosen = { .view = TOP_BLAME, .interval_ms = 1000 };
	top_automodel model = { 0 };
	top_autogrid grid = { 0 };

	(void)state;
	make_model(&model, 3, false);
	draw(&grid, 80, 24, &model, &chosen);
	assert_non_null(strstr(line_of(&grid, 3), "cpu  (1 of 2, r: next)"));
	assert_non_null(strstr(line_of(&grid, 4), "VICTIM      WAITED"));
	/* dom1 waited 200 ms: 30 % for itself, 50 % for dom2, 20 % for an interrupt. */
	assert_non_null(strstr(line_of(&grid, 6), "dom1         200ms     .    30    50     .     .    20"));
	assert_int_equal(look_of(&grid, "50     .     .    20     ."), TOP_HEAT + 4);
	assert_int_equal(look_of(&grid, "30    50     .     ."), TOP_DIM);
	assert_int_equal(look_of(&grid, "20     .     .     ."), TOP_HEAT + 3);
	chosen.resource = 1;
	draw(&grid, 80, 24, &model, &chosen);
	assert_non_null(strstr(line_of(&grid, 3), "interrupts  (2 of 2"));
	assert_non_null(strstr(line_of(&grid, 5), "dom0         250ms     .     .     .     .     .     .    25"));
}

static void warmth(void **state)
{
	(void)state;
	assert_int_equal(top_heat(0), 0);
	assert_int_equal(top_heat(0.0099), 0);
	assert_int_equal(top_heat(0.01), 1);
	assert_int_equal(top_heat(0.05), 2);
	assert_int_equal(top_heat(0.2), 3);
	assert_int_equal(top_heat(0.5), 4);
	assert_int_equal(top_heat(7), 4);
}

/* Many aggressors: the rest is to the right, and every one of them can be reached. */
static void columns(void **state)
{
	struct top_state chosen = { .view = TOP_BLAME, .interval_ms = 1000 };
	top_automodel model = { 0 };
	top_autogrid grid = { 0 };

	(void)state;
	make_model(&model, DOMAINS_MAX, false);
	draw(&grid, 80, 24, &model, &chosen);
	assert_true(has(&grid, "more: < >"));
	assert_non_null(strstr(line_of(&grid, 4), "dom0 dom1"));
	assert_null(strstr(line_of(&grid, 4), "sirq"));
	for (size_t i = 0; i < 100; i++)
		assert_true(top_state_key(&chosen, &model, TOP_KEY_RIGHT, 16));
	draw(&grid, 80, 24, &model, &chosen);
	assert_non_null(strstr(line_of(&grid, 4), "d~65 base kern  irq sirq unkn idle"));
	for (size_t i = 0; i < 100; i++)
		assert_true(top_state_key(&chosen, &model, TOP_KEY_LEFT, 16));
	assert_int_equal(chosen.column, 0);
}

static void histogram(void **state)
{
	struct top_state chosen = { .view = TOP_LATENCY, .interval_ms = 1000 };
	top_automodel model = { 0 };
	top_autogrid grid = { 0 };

	(void)state;
	make_model(&model, 2, false);
	draw(&grid, 80, 24, &model, &chosen);
	assert_true(has(&grid, "dom0: waits for a processor  503  sum 200ms"));
	assert_non_null(strstr(line_of(&grid, 5), "1.02us - 2.05us          3 # "));
	assert_non_null(strstr(line_of(&grid, 15), "1.05ms - 2.10ms        500 ######"));
	chosen.selected = 2;
	draw(&grid, 80, 24, &model, &chosen);
	assert_true(has(&grid, "137s and more          1 #"));
	chosen.selected = 3;
	draw(&grid, 80, 24, &model, &chosen);
	assert_true(has(&grid, "machine: choose a domain"));
}

/* All buckets used: they are put together until they fit, and none is lost. */
static void all_buckets(void **state)
{
	struct top_state chosen = { .view = TOP_LATENCY, .interval_ms = 1000 };
	top_automodel model = { 0 };
	top_autogrid grid = { 0 };
	uint64_t sum = 0;

	(void)state;
	make_model(&model, 1, false);
	for (size_t i = 0; i < HP_LATENCY_BUCKETS; i++)
		model.rows[0].waits.latency[i] = 1;
	draw(&grid, 80, 24, &model, &chosen);
	for (size_t y = 5; y < 22; y++) {
		unsigned long count = 0;

		if (sscanf(line_of(&grid, y) + 19, "%lu", &count) == 1)
			sum += count;
	}
	assert_int_equal(sum, HP_LATENCY_BUCKETS);
}

static void events(void **state)
{
	struct top_state chosen = { .view = TOP_EVENTS, .interval_ms = 1000 };
	top_automodel model = { 0 };
	top_autogrid grid = { 0 };

	(void)state;
	make_model(&model, 1, false);
	draw(&grid, 80, 24, &model, &chosen);
	assert_non_null(strstr(line_of(&grid, 21), "2026-11-22 08:11:41 drift      dom0       memory.max number 29"));
	assert_non_null(strstr(line_of(&grid, 4), "number 12"));
	assert_true(top_state_key(&chosen, &model, TOP_KEY_UP, 16));
	draw(&grid, 80, 24, &model, &chosen);
	assert_non_null(strstr(line_of(&grid, 21), "number 28"));
	assert_true(top_state_key(&chosen, &model, TOP_KEY_FIRST, 16));
	draw(&grid, 80, 24, &model, &chosen);
	assert_non_null(strstr(line_of(&grid, 4), "number 0"));
	assert_true(top_state_key(&chosen, &model, TOP_KEY_LAST, 16));
	assert_int_equal(chosen.back, 0);
}

static void without_blame(void **state)
{
	struct top_state chosen = { .interval_ms = 1000 };
	top_automodel model = { 0 };
	top_autogrid grid = { 0 };

	(void)state;
	name_rows(&model, 2, false);
	use(&model, 2);
	top_model_note(&model, "no blame: %s", "only root may");
	top_model_note(&model, "no blame: %s", "only root may");
	assert_int_equal(model.notes_count, 1);
	draw(&grid, 80, 24, &model, &chosen);
	assert_non_null(strstr(line_of(&grid, 22), "no blame: only root may"));
	assert_non_null(strstr(line_of(&grid, 4), "dom0         0.00  2.00M 1.00G  42   0 100      -      -"));
	for (chosen.view = TOP_BLAME; chosen.view <= TOP_LATENCY; chosen.view++) {
		draw(&grid, 80, 24, &model, &chosen);
		assert_non_null(strstr(line_of(&grid, 5), "only root may"));
	}
}

static void more_waits(void **state)
{
	struct hp_wait_matrix matrix = HP_WAIT_MATRIX_INIT;
	struct top_state chosen = { .view = TOP_BLAME, .resource = 2, .interval_ms = 1000 };
	top_automodel model = { 0 };
	top_autogrid grid = { 0 };

	(void)state;
	make_model(&model, 2, false);
	assert_int_equal(top_model_wait(&model, "block", &matrix), 0);
	assert_int_equal(model.matrices_count, 2);
	assert_int_equal(hp_wait_matrix_init(&matrix, HP_ROW_DOMAIN + 2), 0);
	matrix.by_ns[HP_ROW_DOMAIN * matrix.count + HP_ROW_DOMAIN + 1] = 7000000;
	assert_int_equal(top_model_wait(&model, "block", &matrix), 0);
	draw(&grid, 80, 24, &model, &chosen);
	assert_non_null(strstr(line_of(&grid, 3), "block  (3 of 3, r: next)"));
	assert_true(has(&grid, "dom0        7.00ms"));
	hp_wait_matrix_clear(&matrix);
	assert_int_equal(hp_wait_matrix_init(&matrix, HP_ROW_DOMAIN + 1), 0);
	assert_true(top_model_wait(&model, "block", &matrix) < 0);
	hp_wait_matrix_clear(&matrix);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures), cmocka_unit_test(every_size), cmocka_unit_test(too_small),
		cmocka_unit_test(overview), cmocka_unit_test(scrolling), cmocka_unit_test(heat),
		cmocka_unit_test(warmth), cmocka_unit_test(columns), cmocka_unit_test(histogram),
		cmocka_unit_test(all_buckets), cmocka_unit_test(events), cmocka_unit_test(without_blame),
		cmocka_unit_test(more_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
