// SPDX-License-Identifier: GPL-2.0
/* test_contention.c: the division of waits against a naive oracle, and what user space makes of the counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "bpf/hp_blame.h"
#include "contention_windows.h"
#include "draw.h"

enum { ROWS = 9 };

/* Every stretch there ever was, and nothing clever. */
struct oracle {
	uint64_t *starts, *rows;
	size_t count, capacity;
};

static void oracle_begin(struct oracle *oracle, uint64_t row, uint64_t now)
{
	if (oracle->count == oracle->capacity) {
		oracle->capacity = oracle->capacity ? 2 * oracle->capacity : 1024;
		oracle->starts = reallocarray(oracle->starts, oracle->capacity, sizeof(uint64_t));
		oracle->rows = reallocarray(oracle->rows, oracle->capacity, sizeof(uint64_t));
		assert_true(oracle->starts && oracle->rows);
	}
	oracle->starts[oracle->count] = now;
	oracle->rows[oracle->count++] = row;
}

static void oracle_charge(const struct oracle *oracle, uint64_t from, uint64_t until, uint64_t *by)
{
	for (size_t i = oracle->count; i-- > 0;) {
		uint64_t end = i + 1 < oracle->count ? oracle->starts[i + 1] : until;
		uint64_t low = oracle->starts[i] > from ? oracle->starts[i] : from, high = end < until ? end : until;

		if (low < high)
			by[oracle->rows[i]] += high - low;
	}
}

/* The oldest stretch that the history still has whole for sure. */
static uint64_t oldest_known(const struct oracle *oracle)
{
	size_t known = HP_STRETCHES - HP_MARK_EVERY;

	return oracle->starts[oracle->count > known ? oracle->count - known : 0];
}

static uint64_t sum_of(const __u64 *by)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < HP_ROWS_MAX; i++)
		sum += by[i];
	return sum;
}

/* By the definition in contention.h, in other words. */
static uint64_t lost_to_others(const __u64 *by, uint64_t victim)
{
	uint64_t sum = 0;

	for (uint64_t row = 0; row < HP_ROWS_MAX; row++)
		if (row != victim && row != HP_ROW_IDLE && row != HP_ROW_UNKNOWN && row != HP_ROW_KERNEL && row != HP_ROW_IRQ &&
		    row != HP_ROW_SOFTIRQ)
			sum += by[row];
	return sum;
}

static void compare(const struct hp_history *history, const struct oracle *oracle, uint64_t from, uint64_t now)
{
	struct hp_row got = { 0 };
	uint64_t want[HP_ROWS_MAX] = { 0 };
	const __u64 *by = got.by_ns;
	struct hp_wait wait = { from, now, draw(ROWS), 0 };
	_Bool whole = hp_history_charge(history, &wait, &got);

	assert_int_equal(sum_of(by), now - from);
	assert_int_equal(wait.lost_ns, lost_to_others(by, wait.victim));
	oracle_charge(oracle, from, now, want);
	if (from >= oldest_known(oracle))
		assert_true(whole);
	if (whole) {
		assert_int_equal(by[HP_ROW_UNKNOWN], want[HP_ROW_UNKNOWN]);
		assert_memory_equal(by, want, sizeof(got.by_ns));
		return;
	}
	/* What is not known was taken from somebody: nobody got more than the oracle gives. */
	for (size_t i = 0; i < HP_ROWS_MAX; i++)
		assert_true(i == HP_ROW_UNKNOWN || by[i] <= want[i]);
}

/* Waits as they come: most short, some as old as the history, some older. */
static uint64_t draw_from(const struct oracle *oracle, uint64_t now)
{
	uint64_t begin = oracle->starts[0], age = now - begin;

	switch (draw(8)) {
	case 0: return begin + draw(age + 1);
	case 1: return begin;
	case 2: return oracle->starts[draw(oracle->count)];	/* exactly on a border */
	case 3: return now - draw(age / 8 + 1);
	default: return now - draw((age < 5000 ? age : 5000) + 1);
	}
}

static void run_schedule(size_t changes, uint64_t longest)
{
	struct hp_history *history = calloc(1, sizeof(*history));
	struct oracle oracle = { 0 };
	uint64_t now = 1000000 + draw(1000);

	assert_non_null(history);
	for (size_t i = 0; i < changes; i++) {
		uint64_t row = draw(ROWS);

		row += row >= HP_ROW_UNKNOWN;	/* nobody runs as the unknown */
		hp_history_begin(history, row, now);
		oracle_begin(&oracle, row, now);
		now += draw(longest + 1);
		if (i % 7 == 0 || changes < 300)
			compare(history, &oracle, draw_from(&oracle, now), now);
	}
	free(history);
	free(oracle.starts);
	free(oracle.rows);
}

static void test_random_schedules(void **unused)
{
	(void)unused;
	for (int i = 0; i < 100; i++)
		run_schedule(1 + draw(290), 1 + draw(1000));
	run_schedule(HP_STRETCHES + 100, 300);
	run_schedule(2 * HP_STRETCHES + HP_MARK_EVERY / 2, 1);	/* many of no length */
	run_schedule(3 * HP_STRETCHES, 100000);
}

/* True when all of it is known. */
static _Bool charge(const struct hp_history *history, uint64_t from, uint64_t until, struct hp_row *row)
{
	struct hp_wait wait = { from, until, HP_ROW_DOMAIN, 0 };

	return hp_history_charge(history, &wait, row);
}

static void test_single_occupant(void **unused)
{
	struct hp_history *history = calloc(1, sizeof(*history));
	struct hp_row row = { 0 };
	const __u64 *by = row.by_ns;

	(void)unused;
	assert_non_null(history);
	hp_history_begin(history, HP_ROW_DOMAIN, 100);
	assert_true(charge(history, 150, 250, &row));
	assert_int_equal(by[HP_ROW_DOMAIN], 100);
	assert_int_equal(sum_of(by), 100);
	/* No time at all, and a clock that stood still. */
	assert_true(charge(history, 250, 250, &row));
	assert_int_equal(sum_of(by), 100);
	free(history);
}

/* An interrupt's clock may be a little ahead of the run queue's: nothing goes missing or twice. */
static void test_clock_steps_back(void **unused)
{
	struct hp_history *history = calloc(1, sizeof(*history));
	struct hp_row row = { 0 };
	const __u64 *by = row.by_ns;

	(void)unused;
	assert_non_null(history);
	hp_history_begin(history, HP_ROW_DOMAIN, 100);
	hp_history_begin(history, HP_ROW_IRQ, 210);
	hp_history_begin(history, HP_ROW_DOMAIN, 205);	/* earlier than the one before */
	assert_true(charge(history, 120, 200, &row));
	assert_int_equal(by[HP_ROW_DOMAIN], 80);
	assert_int_equal(sum_of(by), 80);
	/* Nor when the stretch ahead is a marked one, and the wait began before the mark before that. */
	while (history->count < 2 * HP_MARK_EVERY)
		hp_history_begin(history, HP_ROW_DOMAIN + history->count % 2, 300 + history->count);
	hp_history_begin(history, HP_ROW_IRQ, 510);
	memset(&row, 0, sizeof(row));
	assert_true(charge(history, 310, 500, &row));
	assert_int_equal(by[HP_ROW_IRQ], 0);
	assert_int_equal(sum_of(by), 190);
	free(history);
}

static void test_buckets(void **unused)
{
	(void)unused;
	assert_int_equal(hp_latency_bucket(0), 0);
	for (unsigned int bit = 0; bit < 64; bit++) {
		unsigned int want = bit + 1 < HP_LATENCY_BUCKETS ? bit + 1 : HP_LATENCY_BUCKETS - 1;

		assert_int_equal(hp_latency_bucket(1ull << bit), want);
		assert_int_equal(hp_latency_bucket((1ull << bit) | ((1ull << bit) - 1)), want);
	}
}

static void test_percentiles(void **unused)
{
	hp_autoblame blame = HP_BLAME_INIT;

	(void)unused;
	assert_int_equal(hp_blame_init(&blame, ROWS), 0);
	assert_int_equal(hp_blame_percentile_ns(&blame, HP_ROW_DOMAIN, 990), 0);
	blame.rows[HP_ROW_DOMAIN].latency[11] = 99;	/* 1024..2047 ns */
	blame.rows[HP_ROW_DOMAIN].latency[21] = 1;	/* 1048576..2097151 ns */
	assert_int_equal(hp_blame_waits(&blame, HP_ROW_DOMAIN), 100);
	assert_in_range(hp_blame_percentile_ns(&blame, HP_ROW_DOMAIN, 500), 1024 + 500, 1024 + 520);
	assert_in_range(hp_blame_percentile_ns(&blame, HP_ROW_DOMAIN, 990), 1024, 2048);
	assert_in_range(hp_blame_percentile_ns(&blame, HP_ROW_DOMAIN, 999), 1048576, 2097152);
	assert_in_range(hp_blame_percentile_ns(&blame, HP_ROW_DOMAIN, 1000), 1048576, 2097152);
	blame.rows[HP_ROW_BASE].latency[0] = 5;		/* no wait at all */
	assert_int_equal(hp_blame_percentile_ns(&blame, HP_ROW_BASE, 990), 0);
}

static void test_who_is_foreign(void **unused)
{
	hp_autoblame blame = HP_BLAME_INIT;
	struct hp_row *row;

	(void)unused;
	assert_int_equal(hp_blame_init(&blame, ROWS), 0);
	row = &blame.rows[HP_ROW_DOMAIN];
	for (size_t i = 0; i < ROWS; i++) {
		row->by_ns[i] = 1u << i;
		row->stolen_ns[i] = 1u << i;
	}
	assert_int_equal(hp_blame_wait_ns(&blame, HP_ROW_DOMAIN), (1u << ROWS) - 1);
	assert_int_equal(hp_blame_foreign_ns(&blame, HP_ROW_DOMAIN),
			 (1u << ROWS) - 1 - (1u << HP_ROW_IDLE) - (1u << HP_ROW_UNKNOWN) - (1u << HP_ROW_DOMAIN));
	assert_int_equal(hp_blame_stolen_ns(&blame, HP_ROW_DOMAIN), hp_blame_foreign_ns(&blame, HP_ROW_DOMAIN));
	assert_int_equal(hp_blame_foreign_ns(&blame, HP_ROW_BASE), 0);
}

static void fill(struct hp_blame *blame, uint64_t factor)
{
	for (size_t i = 0; i < ROWS; i++) {
		for (size_t j = 0; j < ROWS; j++) {
			blame->rows[i].by_ns[j] = factor * (i * ROWS + j + 1);
			blame->rows[i].preempted_by[j] = factor * (i + j);
			blame->rows[i].stolen_ns[j] = factor * 3;
		}
		blame->rows[i].latency[i] = factor * 5;
		blame->rows[i].contended = factor * (i + 7);
	}
	blame->lost[HP_LOST_HISTORY] = factor;
	blame->skipped = factor * 2;
	blame->time_ns = factor * 1000;
}

static void test_sums_and_differences(void **unused)
{
	hp_autoblame early = HP_BLAME_INIT, late = HP_BLAME_INIT, twice = HP_BLAME_INIT;

	(void)unused;
	assert_int_equal(hp_blame_init(&early, ROWS) | hp_blame_init(&late, ROWS) | hp_blame_init(&twice, ROWS), 0);
	fill(&early, 2);
	fill(&late, 5);
	fill(&twice, 3);
	hp_blame_subtract(&late, &early);
	assert_memory_equal(late.rows, twice.rows, ROWS * sizeof(*late.rows));
	assert_int_equal(late.time_ns, 3000);
	assert_int_equal(hp_blame_lost(&late), 3 + 6);
	hp_blame_accumulate(&late, &early);
	fill(&twice, 5);
	assert_memory_equal(late.rows, twice.rows, ROWS * sizeof(*late.rows));
	assert_int_equal(hp_blame_lost(&late), 5 + 10);
}

static void test_preemptions(void **unused)
{
	hp_autoblame blame = HP_BLAME_INIT;

	(void)unused;
	assert_int_equal(hp_blame_init(&blame, ROWS), 0);
	for (size_t i = 0; i < ROWS; i++)
		blame.rows[HP_ROW_DOMAIN].preempted_by[i] = 1u << i;
	assert_int_equal(hp_blame_preemptions(&blame, HP_ROW_DOMAIN), (1u << ROWS) - 1);
	assert_int_equal(hp_blame_foreign_preemptions(&blame, HP_ROW_DOMAIN),
			 (1u << ROWS) - 1 - (1u << HP_ROW_IDLE) - (1u << HP_ROW_UNKNOWN) - (1u << HP_ROW_DOMAIN));
}

static void test_contention_rate(void **unused)
{
	hp_autoblame blame = HP_BLAME_INIT;

	(void)unused;
	assert_int_equal(hp_blame_init(&blame, ROWS), 0);
	assert_true(hp_blame_contention_rate(&blame, HP_ROW_DOMAIN) == 0);
	blame.time_ns = 2000000000;	/* 200 windows */
	blame.rows[HP_ROW_DOMAIN].contended = 50;
	blame.rows[HP_ROW_BASE].contended = 201;
	blame.rows[HP_ROW_KERNEL].contended = 1;
	assert_true(hp_blame_contention_rate(&blame, HP_ROW_DOMAIN) == 0.25);
	assert_true(hp_blame_contention_rate(&blame, HP_ROW_BASE) == 1);
	assert_true(hp_blame_contention_rate(&blame, HP_ROW_KERNEL) < 0);
	assert_true(hp_blame_contention_rate(&blame, HP_ROW_DOMAIN + 1) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_schedules),
		cmocka_unit_test(test_single_occupant),
		cmocka_unit_test(test_clock_steps_back),
		cmocka_unit_test(test_buckets),
		cmocka_unit_test(test_percentiles),
		cmocka_unit_test(test_who_is_foreign),
		cmocka_unit_test(test_sums_and_differences),
		cmocka_unit_test(test_preemptions),
		cmocka_unit_test(test_contention_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
