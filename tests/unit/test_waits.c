// SPDX-License-Identifier: GPL-2.0
/* test_waits.c: the division of a station's time against a naive oracle, and what user space makes of the counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "bpf/hp_waits.h"
#include "contention_station.h"
#include "draw.h"

enum { ROWS = 9, SERVED_MAX = 40, WAITS = 6 };

static uint64_t sum_of(const uint64_t *values)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < ROWS; i++)
		sum += values[i];
	return sum;
}

/* Who is served, one by one, and what each had: in fractions of nanoseconds, at every step anew. */
struct oracle {
	size_t row[SERVED_MAX];
	uint64_t amount[SERVED_MAX];
	size_t count;
	uint64_t now;
	long double had[ROWS];
};

static void oracle_pass(struct oracle *oracle, uint64_t now)
{
	uint64_t whole = 0, passed = now > oracle->now ? now - oracle->now : 0;

	for (size_t i = 0; i < oracle->count; i++)
		whole += oracle->amount[i];
	for (size_t i = 0; i < oracle->count; i++)
		oracle->had[oracle->row[i]] += (long double)passed * (long double)oracle->amount[i] / (long double)whole;
	if (!oracle->count)
		oracle->had[HP_ROW_IDLE] += passed;
	oracle->now += passed;
}

/* A wait: what was noted by both when it began. */
struct wait {
	uint64_t began, noted[ROWS];
	long double had[ROWS];
	size_t steps;
};

static void begin(struct wait *wait, const struct hp_station *station, const struct oracle *oracle)
{
	wait->began = station->since_ns;
	wait->steps = 0;
	hp_station_note(station, ROWS, (__u64 *)wait->noted);
	memcpy(wait->had, oracle->had, sizeof(wait->had));
}

/* The parts add up to the wait exactly, and none is further off than a nanosecond for each step. */
static void end(struct wait *wait, const struct hp_station *station, const struct oracle *oracle)
{
	hp_station_settle(station, ROWS, (__u64 *)wait->noted);
	assert_int_equal(sum_of(wait->noted), station->since_ns - wait->began);
	for (size_t i = 0; i < ROWS; i++) {
		long double off = (long double)wait->noted[i] - (oracle->had[i] - wait->had[i]);

		assert_true(off <= (long double)wait->steps + 1 && -off <= (long double)wait->steps + 1);
	}
}

static void step(struct hp_station *station, struct oracle *oracle, uint64_t now, uint64_t heaviest)
{
	assert_int_equal(hp_station_advance(station, ROWS, now), now > oracle->now ? now : oracle->now);
	oracle_pass(oracle, now);
	if (oracle->count && (oracle->count == SERVED_MAX || draw(2))) {
		size_t leaves = draw(oracle->count);

		hp_station_remove(station, oracle->row[leaves], oracle->amount[leaves]);
		oracle->count--;
		oracle->row[leaves] = oracle->row[oracle->count];
		oracle->amount[leaves] = oracle->amount[oracle->count];
	} else if (draw(8)) {
		oracle->row[oracle->count] = draw(2) ? HP_ROW_DOMAIN : HP_ROW_BASE + draw(ROWS - HP_ROW_BASE);
		oracle->amount[oracle->count] = 1 + draw(heaviest);
		hp_station_add(station, oracle->row[oracle->count], oracle->amount[oracle->count]);
		oracle->count++;
	} else {
		hp_station_empty(station, ROWS);
		oracle->count = 0;
	}
}

static void run_schedule(size_t steps, uint64_t longest, uint64_t heaviest)
{
	struct hp_station station = { 0 };
	struct oracle oracle = { 0 };
	struct wait waits[WAITS];
	uint64_t now = 5 + draw(100);

	hp_station_advance(&station, ROWS, now);
	oracle_pass(&oracle, now);
	for (size_t i = 0; i < WAITS; i++)
		begin(&waits[i], &station, &oracle);
	for (size_t i = 0; i < steps; i++) {
		size_t which = draw(WAITS);

		/* Another processor's clock may be a little behind. */
		now += draw(longest + 1);
		step(&station, &oracle, draw(10) ? now : now - draw(3), heaviest);
		for (size_t j = 0; j < WAITS; j++)
			waits[j].steps++;
		if (draw(3) == 0) {
			end(&waits[which], &station, &oracle);
			begin(&waits[which], &station, &oracle);
		}
	}
}

static void test_random_schedules(void **unused)
{
	(void)unused;
	for (int i = 0; i < 200; i++)
		run_schedule(1 + draw(300), 1 + draw(1000), 1);
	run_schedule(20000, 1, 1);		/* many at the same time */
	run_schedule(5000, 1000000000, 1);
	run_schedule(5000, 100000, 1500);	/* packets, by their bytes */
	run_schedule(100, 1ull << 45, 1u << 26);	/* hours, with all the weight there may be */
}

static void test_nobody_served(void **unused)
{
	struct hp_station station = { 0 };
	__u64 used[ROWS];

	(void)unused;
	hp_station_advance(&station, ROWS, 1000);
	hp_station_note(&station, ROWS, used);
	hp_station_advance(&station, ROWS, 1500);
	hp_station_settle(&station, ROWS, used);
	assert_int_equal(used[HP_ROW_IDLE], 500);
	assert_int_equal(sum_of((uint64_t *)used), 500);
	/* Who is not served cannot leave; the station is not thrown off by it. */
	hp_station_remove(&station, HP_ROW_DOMAIN, 1);
	hp_station_add(&station, HP_ROWS_MAX, 1);
	assert_int_equal(station.weight, 0);
}

/* Two requests of one row and one of another: 2 to 1, for as long as all three are there. */
static void test_equal_parts(void **unused)
{
	struct hp_station station = { 0 };
	__u64 used[ROWS];

	(void)unused;
	hp_station_advance(&station, ROWS, 1000);
	hp_station_note(&station, ROWS, used);
	hp_station_add(&station, HP_ROW_DOMAIN, 1);
	hp_station_add(&station, HP_ROW_DOMAIN, 1);
	hp_station_add(&station, HP_ROW_DOMAIN + 1, 1);
	hp_station_advance(&station, ROWS, 1300);
	hp_station_remove(&station, HP_ROW_DOMAIN, 1);
	hp_station_remove(&station, HP_ROW_DOMAIN, 1);
	hp_station_advance(&station, ROWS, 1350);
	hp_station_settle(&station, ROWS, used);
	assert_int_equal(used[HP_ROW_DOMAIN], 200);
	assert_int_equal(used[HP_ROW_DOMAIN + 1], 150);
}

static void fill(struct hp_wait_row *rows, uint64_t factor)
{
	memset(rows, 0, ROWS * sizeof(*rows));
	for (size_t v = 0; v < ROWS; v++) {
		for (size_t a = 0; a < ROWS; a++) {
			rows[v].by_ns[a] = factor * (v * ROWS + a);
			rows[v].events[a] = factor * (v + a);
		}
		for (size_t phase = 0; phase < HP_WAIT_PHASES; phase++) {
			rows[v].phase_ns[phase] = factor * 1000 * phase;
			rows[v].latency[phase][v + phase] = factor;
		}
	}
}

static void test_matrices(void **unused)
{
	struct hp_wait_matrix one = HP_WAIT_MATRIX_INIT, two = HP_WAIT_MATRIX_INIT;
	static struct hp_wait_row rows[ROWS];

	(void)unused;
	assert_int_equal(hp_wait_matrix_init(&one, ROWS) | hp_wait_matrix_init(&two, ROWS), 0);
	fill(rows, 2);
	hp_wait_matrix_add(&one, rows);
	hp_wait_matrix_add(&one, rows);		/* a second processor */
	fill(rows, 1);
	hp_wait_matrix_add(&two, rows);
	one.lost[HP_WAIT_LOST_ROOM] = 7;
	one.skipped = 2;
	two.lost[HP_WAIT_LOST_ROOM] = 3;
	one.time_ns = 100;
	two.time_ns = 40;
	hp_wait_matrix_subtract(&one, &two);
	assert_int_equal(one.by_ns[7 * ROWS + 8], 3 * (7 * ROWS + 8));
	assert_int_equal(one.events[7 * ROWS + 8], 3 * 15);
	assert_int_equal(one.phase_ns[4][2], 3 * 2000);
	assert_int_equal(one.latency[4][2][6], 3);
	assert_int_equal(hp_wait_phase_count(&one, 4, 2), 3);
	assert_int_equal(hp_wait_lost_count(&one), 4 + 2);
	assert_int_equal(one.time_ns, 60);
	hp_wait_matrix_accumulate(&one, &two);
	assert_int_equal(one.by_ns[7 * ROWS + 8], 4 * (7 * ROWS + 8));
	assert_int_equal(one.time_ns, 100);
	hp_wait_matrix_clear(&one);
	hp_wait_matrix_clear(&two);
	assert_null(one.by_ns);
}

static void test_totals(void **unused)
{
	struct hp_wait_matrix matrix = HP_WAIT_MATRIX_INIT;

	(void)unused;
	assert_int_equal(hp_wait_matrix_init(&matrix, ROWS), 0);
	for (size_t a = 0; a < ROWS; a++)
		matrix.by_ns[HP_ROW_DOMAIN * ROWS + a] = 1u << a;
	assert_int_equal(hp_wait_total_ns(&matrix, HP_ROW_DOMAIN), (1u << ROWS) - 1);
	assert_int_equal(hp_wait_foreign_ns(&matrix, HP_ROW_DOMAIN),
			 (1u << ROWS) - 1 - (1u << HP_ROW_IDLE) - (1u << HP_ROW_UNKNOWN) - (1u << HP_ROW_DOMAIN));
	assert_int_equal(hp_wait_total_ns(&matrix, HP_ROW_BASE), 0);
	assert_int_equal(hp_wait_percentile_ns(&matrix, HP_ROW_DOMAIN, 1, 990), 0);
	matrix.latency[HP_ROW_DOMAIN][1][11] = 10;	/* 1024..2047 ns */
	assert_in_range(hp_wait_percentile_ns(&matrix, HP_ROW_DOMAIN, 1, 500), 1500, 1600);
	hp_wait_matrix_clear(&matrix);
}

static void test_names(void **unused)
{
	(void)unused;
	assert_string_equal(hp_wait_resource(HP_WAIT_BLOCK), "block");
	assert_string_equal(hp_wait_phase(HP_WAIT_BLOCK, 0), "queue");
	assert_string_equal(hp_wait_phase(HP_WAIT_BLOCK, 1), "device");
	assert_null(hp_wait_phase(HP_WAIT_BLOCK, 2));
	assert_null(hp_wait_phase(HP_WAIT_BLOCK, HP_WAIT_PHASES));
	assert_null(hp_wait_events(HP_WAIT_BLOCK));
	assert_string_equal(hp_wait_resource(HP_WAIT_NETWORK), "network");
	assert_string_equal(hp_wait_events(HP_WAIT_NETWORK), "drops");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_schedules),
		cmocka_unit_test(test_nobody_served),
		cmocka_unit_test(test_equal_parts),
		cmocka_unit_test(test_matrices),
		cmocka_unit_test(test_totals),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
