// SPDX-License-Identifier: GPL-2.0
/* test_top_keys.c: what the keys of partctl top do. */
#include "top_scene.h"

static void keys(void **state)
{
	struct top_state chosen = { .interval_ms = 1000 };
	top_automodel model = { 0 };
	top_autogrid grid = { 0 };

	(void)state;
	make_model(&model, 3, false);
	assert_true(top_state_key(&chosen, &model, TOP_KEY_NONE, 16));
	assert_true(top_state_key(&chosen, &model, TOP_KEY_DOWN, 16));
	assert_int_equal(chosen.selected, 1);
	assert_true(top_state_key(&chosen, &model, TOP_KEY_PAGE_DOWN, 16));
	assert_int_equal(chosen.selected, 4);
	assert_true(top_state_key(&chosen, &model, TOP_KEY_FIRST, 16));
	assert_true(top_state_key(&chosen, &model, TOP_KEY_UP, 16));
	assert_int_equal(chosen.selected, 0);
	assert_true(top_state_key(&chosen, &model, TOP_KEY_PREVIOUS, 16));
	assert_int_equal(chosen.view, TOP_EVENTS);
	assert_true(top_state_key(&chosen, &model, TOP_KEY_NEXT, 16));
	assert_int_equal(chosen.view, TOP_OVERVIEW);
	assert_true(top_state_key(&chosen, &model, TOP_KEY_VIEW + TOP_LATENCY, 16));
	assert_int_equal(chosen.view, TOP_LATENCY);
	assert_true(top_state_key(&chosen, &model, TOP_KEY_RESOURCE, 16));
	assert_int_equal(chosen.resource, 1);
	assert_true(top_state_key(&chosen, &model, TOP_KEY_RESOURCE, 16));
	assert_int_equal(chosen.resource, 0);
	assert_true(top_state_key(&chosen, &model, TOP_KEY_PAUSE, 16));
	assert_true(chosen.is_paused);
	draw(&grid, 80, 24, &model, &chosen);
	assert_true(has(&grid, "PAUSED"));
	/* The help: q leads back, then out. */
	assert_true(top_state_key(&chosen, &model, TOP_KEY_HELP, 16));
	draw(&grid, 80, 24, &model, &chosen);
	assert_true(has(&grid, "pressure stall information"));
	assert_true(has(&grid, "a column who had what it waited for meanwhile."));
	assert_true(top_state_key(&chosen, &model, TOP_KEY_QUIT, 16));
	assert_false(chosen.is_helping);
	assert_false(top_state_key(&chosen, &model, TOP_KEY_QUIT, 16));
}

static void intervals(void **state)
{
	struct top_state chosen = { .interval_ms = 1500 };
	top_automodel model = { 0 };

	(void)state;
	make_model(&model, 1, false);
	top_state_key(&chosen, &model, TOP_KEY_LONGER, 16);
	assert_int_equal(chosen.interval_ms, 2000);
	top_state_key(&chosen, &model, TOP_KEY_SHORTER, 16);
	assert_int_equal(chosen.interval_ms, 1000);
	for (int i = 0; i < 20; i++)
		top_state_key(&chosen, &model, TOP_KEY_SHORTER, 16);
	assert_int_equal(chosen.interval_ms, TOP_INTERVAL_MIN_MS);
	for (int i = 0; i < 20; i++)
		top_state_key(&chosen, &model, TOP_KEY_LONGER, 16);
	assert_int_equal(chosen.interval_ms, TOP_INTERVAL_MAX_MS);
}

/* dom2's values are unknown: it comes last. Equals stay in the policy's order. */
static void sorting(void **state)
{
	static const size_t wanted[TOP_SORTS][5] = {
		[TOP_BY_POLICY] = { 0, 1, 2, 3, 4 }, [TOP_BY_CPU] = { 1, 0, 2, 3, 4 }, [TOP_BY_MEMORY] = { 0, 1, 2, 3, 4 },
		[TOP_BY_WAIT] = { 1, 0, 2, 3, 4 }, [TOP_BY_IO] = { 1, 0, 2, 3, 4 }, [TOP_BY_NETWORK] = { 0, 1, 2, 3, 4 },
	};
	struct top_state chosen = { .interval_ms = 1000 };
	top_automodel model = { 0 };
	size_t order[5];

	(void)state;
	make_model(&model, 3, false);
	model.rows[1].waits.p99_ns *= 2;
	for (int i = 0; i < TOP_SORTS; i++) {
		top_state_order(&chosen, &model, order);
		assert_memory_equal(order, wanted[chosen.sort], sizeof(order));
		top_state_key(&chosen, &model, TOP_KEY_SORT, 16);
	}
	assert_int_equal(chosen.sort, TOP_BY_POLICY);
}

/* Domains that go take the choice along. */
static void fewer_rows(void **state)
{
	struct top_state chosen = { .interval_ms = 1000, .selected = 67, .column = 70, .back = 29, .resource = 5 };
	top_automodel model = { 0 };

	(void)state;
	name_rows(&model, 0, false);
	top_state_fit(&chosen, &model);
	assert_int_equal(chosen.selected, 0);
	assert_int_equal(chosen.back, 0);
	assert_int_equal(chosen.resource, 0);
	assert_true(top_model_aggressor(&model, chosen.column) != SIZE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys), cmocka_unit_test(intervals), cmocka_unit_test(sorting),
		cmocka_unit_test(fewer_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
