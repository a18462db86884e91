// SPDX-License-Identifier: GPL-2.0
/* test_reclaim_regions.c: regions that split and merge against one history for each page. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "base/hp_auto.h"
#include "reclaim/hp_regions.h"
#include "reclaim/random.h"

enum { PAGES = 48, SPACES = 3, STEPS = 120, CASES = 400, PAGE = 4096 };

/* The oracle: every page of every space is a page of an engine of its own, which knows nothing of regions. */
struct oracle {
	struct hp_lruk *lruk;
	bool is_known[SPACES][PAGES], is_taken[SPACES][PAGES];
	uint64_t now;
};

static uint64_t random_state[4];

static uint64_t below(uint64_t n)
{
	return random_below(random_state, n);
}

static uint64_t page_id(uint64_t space, uint64_t page)
{
	return space * PAGES + page;
}

static uint64_t pick(const uint64_t *values, size_t count)
{
	return values[below(count)];
}

static struct hp_regions *make(struct oracle *oracle, uint32_t max, uint64_t crp)
{
	static const uint64_t rips[] = { 5, 50, 1000, HP_LRUK_FOREVER };
	const struct hp_regions_config config = { .k = 1 + (unsigned int)below(4), .crp_ms = crp, .max = max,
						  .rip_ms = pick(rips, hp_array_size(rips)) };
	const struct hp_lruk_config pages = { .k = config.k, .crp = crp, .rip = config.rip_ms, .capacity = SPACES * PAGES,
					      .history_max = SPACES * PAGES };
	struct hp_regions *regions = NULL;

	*oracle = (struct oracle){ .now = below(2) ? 0 : 1ull << 60 };
	assert_int_equal(hp_lruk_new(&pages, &oracle->lruk, NULL), 0);
	assert_int_equal(hp_regions_new(&config, &regions, NULL), 0);
	return regions;
}

static void oracle_window(struct oracle *oracle, uint64_t space, const struct hp_window *windows, size_t count)
{
	for (uint64_t page = 0; page < PAGES; page++) {
		uint64_t address = page * PAGE;
		bool is_there = false, is_used = false;

		for (size_t i = 0; i < count; i++) {
			if (windows[i].start > address || address >= windows[i].end)
				continue;
			is_there = true;
			is_used = windows[i].is_used;
		}
		if (!is_there) {
			hp_lruk_forget(oracle->lruk, page_id(space, page));
			oracle->is_taken[space][page] = false;
		} else if (is_used || !oracle->is_known[space][page]) {
			hp_lruk_reference(oracle->lruk, page_id(space, page), oracle->now, NULL);
			oracle->is_taken[space][page] = false;
		}
		oracle->is_known[space][page] = is_there;
	}
}

/* Ranges with a liking for the same borders, so that there is something to merge. */
static size_t make_windows(struct hp_window *windows)
{
	uint64_t at = below(4) ? 0 : below(6);
	size_t count = 0;

	while (at < PAGES) {
		uint64_t length = below(2) ? 1 + below(5) : 8 - at % 8;
		uint64_t end = at + length < PAGES ? at + length : PAGES;

		if (below(12))
			windows[count++] = (struct hp_window){ at * PAGE, end * PAGE, below(3) == 0 };
		at = end;
	}
	return count;
}

static void take_some(struct oracle *oracle, struct hp_regions *regions)
{
	struct hp_region coldest[4];
	size_t count = hp_regions_rank(regions, oracle->now, coldest, 4);

	for (size_t i = 0; i < count; i++) {
		uint64_t length = coldest[i].end - coldest[i].start, bytes = below(2) ? length : PAGE * (1 + below(length / PAGE));
		uint64_t first = coldest[i].start / PAGE, space = coldest[i].space;

		assert_int_equal(hp_regions_take(regions, space, coldest[i].start, bytes, bytes, oracle->now), 0);
		for (uint64_t page = first; page < first + bytes / PAGE; page++) {
			hp_lruk_evict(oracle->lruk, page_id(space, page));
			oracle->is_taken[space][page] = true;
		}
	}
}

static void same_page(const struct oracle *oracle, const struct hp_regions *regions, uint64_t space, uint64_t page,
		      bool is_exact)
{
	const struct hp_region *region = hp_regions_find(regions, space, page * PAGE);
	struct hp_lruk_page got = { 0 }, want = { 0 };
	bool has_got, has_want = hp_lruk_find(oracle->lruk, page_id(space, page), oracle->now, &want);

	assert_int_equal(region != NULL, oracle->is_known[space][page]);
	if (!region)
		return;
	assert_int_equal(region->is_taken, oracle->is_taken[space][page]);
	has_got = hp_regions_page(regions, region, oracle->now, &got);
	/* A merged history may be kept longer. */
	assert_true(is_exact ? has_got == has_want : has_got || !has_want);
	for (unsigned int i = 1; has_want && i <= want.references; i++) {
		uint64_t x = 0, y = 0;

		assert_true(hp_lruk_hist(oracle->lruk, page_id(space, page), i, &y));
		assert_true(hp_regions_hist(regions, region, i, &x));
		assert_true(is_exact ? x == y : x >= y);
	}
	if (!has_want)
		return;
	assert_true(is_exact ? got.last == want.last : got.last >= want.last);
	assert_true(is_exact ? got.references == want.references : got.references >= want.references);
	assert_true(is_exact ? got.distance == want.distance : got.distance <= want.distance);
}

static void same_everywhere(const struct oracle *oracle, const struct hp_regions *regions, bool is_exact)
{
	for (uint64_t space = 0; space < SPACES; space++)
		for (uint64_t page = 0; page < PAGES; page++)
			same_page(oracle, regions, space, page, is_exact);
}

struct shape {
	uint64_t space, end;
	uint32_t count;
	bool is_any;
};

static void check_shape(void *arg, const struct hp_region *region)
{
	struct shape *shape = arg;

	assert_true(region->start < region->end);
	if (shape->is_any)
		assert_true(region->space > shape->space || region->start >= shape->end);
	*shape = (struct shape){ region->space, region->end, shape->count + 1, true };
}

static void check_order(const struct hp_regions *regions)
{
	struct shape shape = { 0 };

	hp_regions_each(regions, check_shape, &shape);
	assert_int_equal(shape.count, hp_regions_count(regions));
}

/* Returns in how many steps there were as many regions as allowed. */
static unsigned int run_case(uint32_t max, uint64_t crp, bool is_exact)
{
	struct oracle oracle;
	hp_autoregions *regions = make(&oracle, max, crp);
	hp_autolruk *lruk = oracle.lruk;

	unsigned int full = 0;

	assert_non_null(lruk);
	for (int i = 0; i < STEPS; i++) {
		struct hp_window windows[PAGES];
		uint64_t space = below(SPACES);
		size_t count = make_windows(windows);

		oracle.now += is_exact ? below(20) : 1 + below(20);	/* see crp in hp_regions.h */
		if (below(40) == 0) {
			hp_regions_drop(regions, space);
			oracle_window(&oracle, space, NULL, 0);
		} else if (below(4)) {
			oracle_window(&oracle, space, windows, count);
			assert_int_equal(hp_regions_observe(regions, space, windows, count, oracle.now, NULL, NULL), 0);
			assert_true(hp_regions_count(regions) <= max);
		} else {
			take_some(&oracle, regions);
		}
		check_order(regions);
		same_everywhere(&oracle, regions, is_exact);
		full += hp_regions_count(regions) >= max;
	}
	return full;
}

static void nothing_is_lost(void **state)
{
	static const uint64_t crps[] = { 0, 0, 3, 10 };

	(void)state;
	for (uint64_t i = 0; i < CASES; i++) {
		random_seed(random_state, i);
		assert_int_equal(run_case(SPACES * PAGES + 1, pick(crps, hp_array_size(crps)), true), 0);
	}
}

/* So many that merging always suffices and nothing has to be forgotten. */
static void never_colder_than_it_is(void **state)
{
	unsigned int full = 0;

	(void)state;
	for (uint64_t i = 0; i < CASES; i++) {
		random_seed(random_state, i);
		full += run_case(48, 0, false);
	}
	/* Or it would have tested nothing. */
	assert_true(full > CASES);
}

static void equal_neighbours_are_one(void **state)
{
	const struct hp_regions_config config = { .k = 3, .crp_ms = 0, .rip_ms = 100, .max = 16 };
	const struct hp_window whole = { 0, 64 * PAGE, false };
	const struct hp_window half[] = { { 0, 32 * PAGE, true }, { 32 * PAGE, 64 * PAGE, false } };
	const struct hp_window other[] = { { 0, 32 * PAGE, false }, { 32 * PAGE, 64 * PAGE, false } };
	hp_autoregions *regions = NULL;

	(void)state;
	assert_int_equal(hp_regions_new(&config, &regions, NULL), 0);
	assert_int_equal(hp_regions_observe(regions, 1, &whole, 1, 10, NULL, NULL), 0);
	assert_int_equal(hp_regions_count(regions), 1);
	assert_int_equal(hp_regions_observe(regions, 1, other, 2, 20, NULL, NULL), 0);
	assert_int_equal(hp_regions_count(regions), 1);
	assert_int_equal(hp_regions_observe(regions, 1, half, 2, 30, NULL, NULL), 0);
	assert_int_equal(hp_regions_count(regions), 2);
	assert_int_equal(hp_regions_observe(regions, 1, other, 2, 29, NULL, NULL), -EINVAL);
}

static void count_refault(void *arg, const struct hp_refault *refault)
{
	struct hp_refault *sum = arg;

	sum->bytes += refault->bytes;
	sum->distance = refault->distance;
}

static void what_comes_back_is_told(void **state)
{
	const struct hp_regions_config config = { .k = 2, .crp_ms = 0, .rip_ms = 1000, .max = 16 };
	const struct hp_window whole = { 0, 64 * PAGE, false }, use[] = { { 0, 16 * PAGE, true }, { 16 * PAGE, 64 * PAGE, false } };
	hp_autoregions *regions = NULL;
	struct hp_refault sum = { 0 };
	struct hp_region coldest;

	(void)state;
	assert_int_equal(hp_regions_new(&config, &regions, NULL), 0);
	hp_regions_observe(regions, 1, &whole, 1, 100, NULL, NULL);
	assert_int_equal(hp_regions_rank(regions, 150, &coldest, 1), 1);
	assert_int_equal(hp_regions_score(regions, &coldest, 150), 50);
	assert_int_equal(hp_regions_take(regions, 1, PAGE, PAGE, PAGE, 150), -ENOENT);
	assert_int_equal(hp_regions_take(regions, 1, 0, 32 * PAGE, 32 * PAGE, 150), 0);
	assert_int_equal(hp_regions_count(regions), 2);
	assert_int_equal(hp_regions_observe(regions, 1, use, 2, 160, count_refault, &sum), 0);
	assert_int_equal(sum.bytes, 16 * PAGE);
	assert_int_equal(sum.distance, 50);
	assert_false(hp_regions_find(regions, 1, 0)->is_taken);
	assert_true(hp_regions_find(regions, 1, 20 * PAGE)->is_taken);
	assert_false(hp_regions_find(regions, 1, 40 * PAGE)->is_taken);
}

static void few_regions_are_refused(void **state)
{
	const struct hp_regions_config config = { .k = 3, .max = 15 };
	struct hp_regions *regions = NULL;
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	assert_int_equal(hp_regions_new(&config, &regions, &err), -EINVAL);
	assert_int_equal(err.exit, HP_EXIT_USAGE);
}

/* Without anything to merge, what does not fit is forgotten, and everything stays in order. */
static void too_many_spaces_do_no_harm(void **state)
{
	const struct hp_regions_config config = { .k = 3, .rip_ms = 100, .max = 16 };
	hp_autoregions *regions = NULL;

	(void)state;
	assert_int_equal(hp_regions_new(&config, &regions, NULL), 0);
	for (uint64_t space = 0; space < 100; space++) {
		const struct hp_window window = { PAGE, (2 + space) * PAGE, true };

		assert_int_equal(hp_regions_observe(regions, space, &window, 1, space, NULL, NULL), 0);
		assert_true(hp_regions_count(regions) <= 16);
		check_order(regions);
	}
	assert_non_null(hp_regions_find(regions, 99, PAGE));
	assert_null(hp_regions_find(regions, 0, PAGE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_lost),
		cmocka_unit_test(never_colder_than_it_is),
		cmocka_unit_test(equal_neighbours_are_one),
		cmocka_unit_test(what_comes_back_is_told),
		cmocka_unit_test(few_regions_are_refused),
		cmocka_unit_test(too_many_spaces_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
