// SPDX-License-Identifier: GPL-2.0
/* test_lruk_cases.c: the LRU-K engine in cases that were worked out by hand. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/hp_auto.h"
#include "reclaim/hp_lruk.h"

static struct hp_lruk *engine(unsigned int k, uint32_t capacity, uint32_t history_max, uint64_t crp, uint64_t rip)
{
	struct hp_lruk_config config = { k, capacity, history_max, crp, rip };
	struct hp_lruk *lruk = NULL;

	assert_int_equal(hp_lruk_new(&config, &lruk, NULL), 0);
	return lruk;
}

static uint64_t hist(const struct hp_lruk *lruk, uint64_t id, unsigned int i)
{
	uint64_t time;

	return hp_lruk_hist(lruk, id, i, &time) ? time : UINT64_MAX;
}

/* A loop that runs upward would leave 10 in every place. */
static void history_shifts_downward(void **state)
{
	hp_autolruk *lruk = engine(3, 2, 0, 0, HP_LRUK_FOREVER);

	(void)state;
	for (uint64_t time = 10; time <= 40; time += 10)
		hp_lruk_reference(lruk, 7, time, NULL);
	assert_int_equal(hist(lruk, 7, 1), 40);
	assert_int_equal(hist(lruk, 7, 2), 30);
	assert_int_equal(hist(lruk, 7, 3), 20);
	assert_int_equal(hist(lruk, 7, 4), UINT64_MAX);
	assert_int_equal(hist(lruk, 7, 0), UINT64_MAX);
}

static void a_correlated_period_is_one_point(void **state)
{
	hp_autolruk *lruk = engine(3, 2, 0, 5, HP_LRUK_FOREVER);
	struct hp_lruk_page page;

	(void)state;
	for (uint64_t time = 100; time <= 112; time += 4)	/* one period of 12 */
		hp_lruk_reference(lruk, 7, time, NULL);
	assert_true(hp_lruk_find(lruk, 7, 112, &page));
	assert_int_equal(page.references, 1);
	assert_int_equal(page.last, 112);
	hp_lruk_reference(lruk, 7, 120, NULL);
	assert_int_equal(hist(lruk, 7, 1), 120);
	assert_int_equal(hist(lruk, 7, 2), 112);	/* 100 + 12 */
	hp_lruk_find(lruk, 7, 120, &page);
	/* HIST(p,3) does not exist, and the addition must not make it so. */
	assert_int_equal(page.distance, HP_LRUK_INFINITE);
	hp_lruk_reference(lruk, 7, 123, NULL);
	hp_lruk_reference(lruk, 7, 130, NULL);
	assert_int_equal(hist(lruk, 7, 1), 130);
	assert_int_equal(hist(lruk, 7, 2), 123);
	assert_int_equal(hist(lruk, 7, 3), 115);
}

static void inside_its_period_no_page_goes(void **state)
{
	hp_autolruk *lruk = engine(1, 2, 4, 10, HP_LRUK_FOREVER);
	struct hp_lruk_outcome outcome;
	struct hp_lruk_page page;

	(void)state;
	hp_lruk_reference(lruk, 1, 100, NULL);
	hp_lruk_reference(lruk, 2, 101, NULL);
	hp_lruk_reference(lruk, 1, 110, NULL);	/* correlated: HIST(1,1) stays 100, but it is protected until 120 */
	hp_lruk_reference(lruk, 3, 115, &outcome);
	assert_true(outcome.has_victim);
	assert_int_equal(outcome.victim, 2);
	/* Both are inside now: the period is waived, and 1 is the one with the older HIST. */
	hp_lruk_reference(lruk, 4, 116, &outcome);
	assert_int_equal(outcome.victim, 1);
	assert_int_equal(hp_lruk_rank(lruk, 116, &page, 1), 0);
	assert_int_equal(hp_lruk_rank(lruk, 126, &page, 1), 1);
	assert_int_equal(page.id, 3);
	/* 1 comes back inside its own period: that counts once. */
	hp_lruk_reference(lruk, 1, 117, &outcome);
	assert_false(outcome.is_hit);
	assert_int_equal(hist(lruk, 1, 1), 100);
}

static void history_outlives_residence(void **state)
{
	hp_autolruk *lruk = engine(2, 1, 8, 0, 20);
	struct hp_lruk_page page;

	(void)state;
	hp_lruk_reference(lruk, 1, 10, NULL);
	hp_lruk_reference(lruk, 2, 11, NULL);
	hp_lruk_reference(lruk, 1, 30, NULL);	/* 20 after its last: still known */
	assert_int_equal(hist(lruk, 1, 2), 10);
	hp_lruk_reference(lruk, 2, 32, NULL);	/* 21 after: forgotten */
	assert_int_equal(hist(lruk, 2, 2), UINT64_MAX);
	assert_int_equal(hp_lruk_history_count(lruk), 1);
	assert_true(hp_lruk_find(lruk, 1, 50, &page));
	assert_false(page.is_resident);
	assert_false(hp_lruk_find(lruk, 1, 51, &page));
}

static void histories_are_bounded(void **state)
{
	hp_autolruk *lruk = engine(2, 1, 2, 0, HP_LRUK_FOREVER);
	struct hp_lruk_page page;
	size_t bytes = hp_lruk_bytes(lruk);

	(void)state;
	for (uint64_t id = 1; id <= 100; id++)
		hp_lruk_reference(lruk, id, id, NULL);
	assert_int_equal(hp_lruk_history_count(lruk), 2);
	assert_true(hp_lruk_find(lruk, 99, 100, &page) && hp_lruk_find(lruk, 98, 100, &page));
	assert_false(hp_lruk_find(lruk, 97, 100, &page));
	assert_int_equal(hp_lruk_bytes(lruk), bytes);
}

static void refuses_what_makes_no_sense(void **state)
{
	static const struct { struct hp_lruk_config config; const char *why; } bad[] = {
		{ { 0, 1, 0, 0, 0 }, "K is 0; it goes from 1 to 8" },
		{ { 9, 1, 0, 0, 0 }, "K is 9; it goes from 1 to 8" },
		{ { 2, 0, 5, 0, 0 }, "the capacity is 0; it takes one page at least" },
		{ { 2, UINT32_MAX, UINT32_MAX, 0, 0 }, "together are 8589934590; at most 4294967294" },
	};
	hp_autolruk *lruk = engine(2, 1, 1, 0, 0);

	(void)state;
	for (size_t i = 0; i < hp_array_size(bad); i++) {
		hp_autoerr err = HP_ERR_INIT;
		struct hp_lruk *none = NULL;

		assert_int_equal(hp_lruk_new(&bad[i].config, &none, &err), -EINVAL);
		assert_null(none);
		assert_int_equal(err.exit, HP_EXIT_USAGE);
		assert_non_null(strstr(err.text, bad[i].why));
	}
	assert_int_equal(hp_lruk_reference(lruk, 1, 5, NULL), 0);
	assert_int_equal(hp_lruk_reference(lruk, 2, 4, NULL), -EINVAL);
	assert_int_equal(hp_lruk_reference(lruk, 2, UINT64_MAX, NULL), -EINVAL);
	assert_int_equal(hp_lruk_resident_count(lruk), 1);
	assert_int_equal(hp_lruk_evict(lruk, 2), -ENOENT);
	assert_int_equal(hp_lruk_forget(lruk, 2), -ENOENT);
	assert_int_equal(hp_lruk_reference(lruk, 1, UINT64_MAX - 1, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(history_shifts_downward),
		cmocka_unit_test(a_correlated_period_is_one_point),
		cmocka_unit_test(inside_its_period_no_page_goes),
		cmocka_unit_test(history_outlives_residence),
		cmocka_unit_test(histories_are_bounded),
		cmocka_unit_test(refuses_what_makes_no_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
