// SPDX-License-Identifier: GPL-2.0
/* test_lruk_nomem.c: each allocation of the engine, the trace reader and the simulator fails once; nothing crashes or leaks. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/hp_auto.h"
#include "reclaim/hp_lruk.h"
#include "reclaim/hp_sim.h"

#define FAILURES_MAX 500

#ifdef __SANITIZE_ADDRESS__
/* The sanitizer brings its own allocator; the other tests look for leaks under it. */
static void each_allocation_fails_once(void **state)
{
	(void)state;
	skip();
}
#else
#include "nomem.h"

static char text[40000];

/* Enough different pages for every array and the map to grow. */
static void make_text(void)
{
	size_t used = 0;

	for (int i = 0; i < 6000; i++)
		used += (size_t)sprintf(text + used, "%d\n", i * 7 % 3000);
}

static int read_and_run(const struct hp_cache_policy *policy, struct hp_err *err)
{
	struct hp_sim_run run = {
		.policy = policy, .capacity = 100, .k = 3, .rip = HP_LRUK_FOREVER, .measure = UINT64_MAX,
	};
	struct hp_sim_result result;
	hp_autotrace *trace = NULL;
	int ret = hp_trace_parse("t", text, strlen(text), &trace, err);

	return ret < 0 ? ret : hp_sim_run(trace, &run, &result, err);
}

/* With the number-th allocation failing; true when there were fewer. */
static bool try_once(const struct hp_cache_policy *policy, unsigned int number)
{
	struct hp_err err = HP_ERR_INIT;
	long before = living;
	int ret;

	has_failed = false;
	countdown = number;
	ret = read_and_run(policy, &err);
	countdown = 0;
	assert_int_equal(ret, has_failed ? -ENOMEM : 0);
	if (has_failed) {
		assert_int_equal(err.errnum, ENOMEM);
		assert_int_equal(err.exit, HP_EXIT_FAIL);
		assert_non_null(strstr(err.text, "out of memory"));
	}
	hp_err_clear(&err);
	assert_int_equal(living, before);
	return !has_failed;
}

static unsigned int try_all(const struct hp_cache_policy *policy)
{
	unsigned int number = 1;

	try_once(policy, 0);
	while (!try_once(policy, number))
		assert_true(++number < FAILURES_MAX);
	return number - 1;
}

static void no_allocation_after_the_first(void)
{
	const struct hp_lruk_config config = { 3, 50, 50, 2, 200 };
	struct hp_lruk_page pages[20];
	hp_autolruk *lruk = NULL;
	unsigned int left = 1000000;

	assert_int_equal(hp_lruk_new(&config, &lruk, NULL), 0);
	countdown = left;
	for (uint64_t i = 0; i < 5000; i++) {
		hp_lruk_reference(lruk, i * i % 331, i, NULL);
		hp_lruk_rank(lruk, i, pages, 20);
		hp_lruk_evict(lruk, i % 331);
		hp_lruk_forget(lruk, i % 97);
	}
	left -= countdown;
	countdown = 0;
	assert_int_equal(left, 0);
}

static void each_allocation_fails_once(void **state)
{
	(void)state;
	make_text();
	/* The trace alone takes more than ten; the engine takes as many. */
	for (size_t i = 0; hp_cache_policies[i]; i++)
		assert_in_range(try_all(hp_cache_policies[i]), 10, 100);
	assert_true(try_all(&hp_cache_lruk) > try_all(&hp_cache_lru) + 5);
	no_allocation_after_the_first();
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_allocation_fails_once) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
