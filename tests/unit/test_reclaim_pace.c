// SPDX-License-Identifier: GPL-2.0
/* test_reclaim_pace.c: when memory is freed, how much, how far back, and how closely a domain is looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "base/hp_auto.h"
#include "reclaim/hp_free.h"
#include "reclaim/hp_pace.h"
#include "reclaim/random.h"

#define MIB (UINT64_C(1) << 20)

static const struct hp_pace_config config = { .pressure_milli = 500, .budget_milli = 1000, .is_ranked = true };

/* A second in which nobody waited, in a domain with much to free. */
static struct hp_pace_input calm(uint64_t now_ms)
{
	return (struct hp_pace_input){
		.now_ms = now_ms, .elapsed_us = 1000000, .current_bytes = 1000 * MIB, .min_bytes = 100 * MIB,
		.inactive_file_bytes = 400 * MIB, .swap_free_bytes = 500 * MIB, .has_pressure = true,
	};
}

static void frees_more_while_it_is_calm(void **state)
{
	struct hp_pace pace = { 0 };
	uint64_t last = 0;

	(void)state;
	for (uint64_t i = 0; i < 20; i++) {
		struct hp_pace_input input = calm(i * 1000);
		struct hp_pace_plan plan = hp_pace_decide(&pace, &config, &input);

		assert_int_equal(plan.why, HP_PACE_FREEING);
		assert_true(plan.anon_bytes >= last && plan.anon_bytes <= HP_PACE_CHUNK_MAX);
		assert_false(plan.is_cold_only);
		last = plan.anon_bytes;
	}
	assert_int_equal(last, HP_PACE_CHUNK_MAX);
}

static void pressure_stops_it_at_once(void **state)
{
	struct hp_pace pace = { 0 };
	struct hp_pace_input input = calm(0);
	uint64_t wait_ms = 0;

	(void)state;
	hp_pace_decide(&pace, &config, &input);
	for (uint64_t turn = 1; turn <= 8; turn++) {
		struct hp_pace_plan plan;
		uint64_t stopped_ms = turn * 1000000;

		input = calm(stopped_ms);
		input.stalled_us = 5001;	/* of a second: just above half a percent is what counts */
		plan = hp_pace_decide(&pace, &config, &input);
		assert_int_equal(plan.why, input.stalled_us * 100 / 1000 > config.pressure_milli ? HP_PACE_PRESSURE : HP_PACE_FREEING);
		input.stalled_us = 20000;
		plan = hp_pace_decide(&pace, &config, &input);
		assert_int_equal(plan.why, HP_PACE_PRESSURE);
		assert_int_equal(plan.anon_bytes + plan.file_bytes, 0);
		/* Then nothing for a while, and after that small chunks again. */
		input = calm(stopped_ms + HP_PACE_BACKOFF_MIN_MS - 1);
		assert_int_equal(hp_pace_decide(&pace, &config, &input).why, HP_PACE_BACKOFF);
		assert_true(pace.backoff_ms >= HP_PACE_BACKOFF_MIN_MS && pace.backoff_ms <= HP_PACE_BACKOFF_MAX_MS);
		input = calm(stopped_ms + HP_PACE_BACKOFF_MAX_MS);
		plan = hp_pace_decide(&pace, &config, &input);
		assert_int_equal(plan.why, HP_PACE_FREEING);
		assert_true(plan.anon_bytes <= 2 * HP_PACE_CHUNK_MIN);
		wait_ms = pace.backoff_ms;
	}
	assert_true(wait_ms >= HP_PACE_BACKOFF_MIN_MS);
}

static void repeated_pressure_waits_longer(void **state)
{
	struct hp_pace pace = { 0 };
	uint64_t last = 0;

	(void)state;
	for (uint64_t i = 0; i < 10; i++) {
		struct hp_pace_input input = calm(i * 1000);

		input.stalled_us = 900000;
		hp_pace_decide(&pace, &config, &input);
		assert_true(pace.backoff_ms >= last);
		last = pace.backoff_ms;
	}
	assert_int_equal(last, HP_PACE_BACKOFF_MAX_MS);
}

static void some_pressure_means_no_io(void **state)
{
	struct hp_pace pace = { 0 };
	struct hp_pace_input input = calm(0);
	struct hp_pace_plan plan;

	(void)state;
	input.stalled_us = 4000;
	plan = hp_pace_decide(&pace, &config, &input);
	assert_int_equal(plan.why, HP_PACE_FREEING);
	assert_true(plan.is_cold_only);
	assert_true(plan.anon_bytes > 0);
	assert_int_equal(plan.file_bytes, 0);
}

static void without_pressure_file_nothing_is_freed(void **state)
{
	struct hp_pace pace = { 0 };
	struct hp_pace_input input = calm(0);

	(void)state;
	input.has_pressure = false;
	assert_int_equal(hp_pace_decide(&pace, &config, &input).why, HP_PACE_NO_PRESSURE_FILE);
}

static void the_budget_holds_in_the_mean(void **state)
{
	struct hp_pace pace = { 0 };
	uint64_t cost_ns = 0, next_ns = 0;
	unsigned int freeing = 0;

	(void)state;
	/* Each turn that frees takes 50 ms: five times the hundredth of a second that is allowed. */
	for (uint64_t i = 0; i < 1000; i++) {
		struct hp_pace_input input = calm(i * 1000);

		input.cost_ns = next_ns;
		cost_ns += next_ns;
		next_ns = 0;
		if (hp_pace_decide(&pace, &config, &input).why == HP_PACE_FREEING) {
			next_ns = 50000000;
			freeing++;
		}
	}
	assert_in_range(cost_ns, UINT64_C(9000000000), UINT64_C(10100000000));
	assert_in_range(freeing, 180, 202);
}

static void page_cache_that_comes_back_is_left_alone(void **state)
{
	struct hp_pace pace = { 0 };
	struct hp_pace_input input = calm(0);
	uint64_t before;

	(void)state;
	for (uint64_t i = 0; i < 30; i++) {
		input = calm(i * 1000);
		hp_pace_freed(&pace, hp_pace_decide(&pace, &config, &input).file_bytes);
	}
	before = pace.file_chunk;
	assert_true(before > 8 * HP_PACE_CHUNK_MIN);
	input.refault_file_bytes = pace.file_freed;
	hp_pace_decide(&pace, &config, &input);
	assert_int_equal(pace.file_chunk, before / 2);
	for (int i = 0; i < 10; i++)
		hp_pace_decide(&pace, &config, &input);
	assert_int_equal(pace.file_chunk, HP_PACE_CHUNK_MIN);
}

/* Memory of processes that comes back was ranking's doing, and is learnt from; without ranking it was the chunk's. */
static void without_ranking_all_that_comes_back_counts(void **state)
{
	struct hp_pace_config plain = config;

	(void)state;
	for (int is_ranked = 0; is_ranked < 2; is_ranked++) {
		struct hp_pace pace = { .file_chunk = 16 * MIB, .file_freed = 16 * MIB };
		struct hp_pace_input input = calm(1000);

		plain.is_ranked = is_ranked;
		input.refault_anon_bytes = 8 * MIB;
		hp_pace_decide(&pace, &plain, &input);
		assert_int_equal(pace.file_chunk, is_ranked ? 20 * MIB : 8 * MIB);
	}
}

/* Whatever comes in: never below the guarantee, never more than there is, never more than the chunks. */
static void the_guarantee_is_never_touched(void **state)
{
	uint64_t random[4];
	struct hp_pace pace = { 0 };

	(void)state;
	random_seed(random, 7);
	for (uint64_t i = 0; i < 200000; i++) {
		struct hp_pace_config any = { .pressure_milli = 1 + (unsigned int)random_below(random, 100000),
					      .budget_milli = 1 + (unsigned int)random_below(random, 100000),
					      .is_ranked = random_below(random, 2) };
		struct hp_pace_input input = {
			.now_ms = i * 1000, .elapsed_us = random_below(random, 3000000), .has_pressure = random_below(random, 10),
			.current_bytes = random_next(random) >> random_below(random, 64),
			.min_bytes = random_next(random) >> random_below(random, 64),
			.inactive_file_bytes = random_next(random) >> random_below(random, 64),
			.swap_free_bytes = random_next(random) >> random_below(random, 64),
			.stalled_us = random_below(random, 2) ? 0 : random_below(random, 100000),
			.refault_file_bytes = random_below(random, 100) * MIB, .cost_ns = random_below(random, 20000000),
		};
		struct hp_pace_plan plan = hp_pace_decide(&pace, &any, &input);
		uint64_t sum = plan.file_bytes + (plan.is_cold_only ? 0 : plan.anon_bytes);

		assert_true(sum == 0 || input.current_bytes - sum >= input.min_bytes);
		assert_true(sum == 0 || input.current_bytes > input.min_bytes);
		assert_true(plan.anon_bytes <= input.swap_free_bytes || !any.is_ranked);
		assert_true(plan.anon_bytes <= HP_PACE_CHUNK_MAX && plan.file_bytes <= HP_PACE_CHUNK_MAX);
		assert_true(plan.why == HP_PACE_FREEING || plan.anon_bytes + plan.file_bytes == 0);
	}
}

/* ---- learning ---- */

static void bands_double(void **state)
{
	struct hp_learn learn;

	(void)state;
	hp_learn_start(&learn, 60000, 0);
	assert_int_equal(hp_learn_band(&learn, 0), 0);
	assert_int_equal(hp_learn_band(&learn, 119999), 0);
	assert_int_equal(hp_learn_band(&learn, 120000), 1);
	assert_int_equal(hp_learn_band(&learn, 480000), 3);
	assert_int_equal(hp_learn_band(&learn, UINT64_MAX), HP_LEARN_BANDS - 1);
	assert_int_equal(hp_learn_threshold_ms(&learn), 60000);
}

static void what_comes_back_moves_the_threshold_out(void **state)
{
	struct hp_learn learn;

	(void)state;
	hp_learn_start(&learn, 60000, 0);
	hp_learn_took(&learn, 70000, 100 * MIB);
	hp_learn_took(&learn, 300000, 100 * MIB);
	hp_learn_step(&learn, 1000);
	assert_int_equal(hp_learn_threshold_ms(&learn), 60000);
	/* One in ten is what it may cost; one in five is not. */
	hp_learn_returned(&learn, 70000, 10 * MIB);
	hp_learn_step(&learn, 2000);
	assert_int_equal(hp_learn_threshold_ms(&learn), 60000);
	hp_learn_returned(&learn, 70000, 10 * MIB);
	hp_learn_step(&learn, 3000);
	assert_int_equal(hp_learn_threshold_ms(&learn), 120000);
	/* A farther band that is bad takes the nearer ones with it. */
	hp_learn_returned(&learn, 300000, 50 * MIB);
	hp_learn_step(&learn, 4000);
	assert_int_equal(hp_learn_threshold_ms(&learn), 480000);
}

static void calm_moves_it_back_step_by_step(void **state)
{
	struct hp_learn learn;
	uint64_t now_ms = 0;

	(void)state;
	hp_learn_start(&learn, 60000, 0);
	hp_learn_took(&learn, 300000, 8 * MIB);
	hp_learn_returned(&learn, 300000, 8 * MIB);
	hp_learn_step(&learn, 0);
	assert_int_equal(hp_learn_threshold_ms(&learn), 480000);
	for (unsigned int i = 0; i < 2000; i++)
		hp_learn_step(&learn, now_ms += 1000);
	/* What is held against a band fades, and each step back waits five minutes. */
	assert_true(hp_learn_threshold_ms(&learn) < 480000);
	for (unsigned int i = 0; i < 8000; i++)
		hp_learn_step(&learn, now_ms += 1000);
	assert_int_equal(hp_learn_threshold_ms(&learn), 60000);
}

static void a_little_proves_nothing(void **state)
{
	struct hp_learn learn;

	(void)state;
	hp_learn_start(&learn, 60000, 0);
	hp_learn_took(&learn, 70000, MIB / 2);
	hp_learn_returned(&learn, 70000, MIB / 2);
	hp_learn_step(&learn, 1000);
	assert_int_equal(hp_learn_threshold_ms(&learn), 60000);
}

/* ---- looking ---- */

static void each_level_costs_less(void **state)
{
	(void)state;
	for (unsigned int level = 1; level < HP_LOOK_LEVELS; level++) {
		struct hp_look_values closer = hp_look_values(level - 1), values = hp_look_values(level);

		assert_true((uint64_t)values.regions_max * closer.sample_us < (uint64_t)closer.regions_max * values.sample_us);
		assert_true(values.regions_max >= 30 && values.window_us >= 20 * values.sample_us);
	}
}

/* A kernel in which a sample of a region costs so much: the mean settles within the budget. */
static void looking_settles_within_the_budget(void **state)
{
	static const uint64_t sample_ns[] = { 50, 500, 5000, 20000 };

	(void)state;
	for (size_t i = 0; i < hp_array_size(sample_ns); i++) {
		struct hp_look look = { .level = HP_LOOK_LEVEL_START };
		unsigned int changes = 0;
		uint64_t cost_ns = 0;

		for (int turn = 0; turn < 100; turn++) {
			struct hp_look_values values = hp_look_values(look.level);

			cost_ns = 5000000000 / 1000 / values.sample_us * values.regions_max * sample_ns[i];
			changes += hp_look_adapt(&look, 1000, cost_ns, 5000000000) && turn > 50;
		}
		assert_int_equal(changes, 0);
		assert_true(look.cost_milli <= 1000 || look.level == HP_LOOK_LEVELS - 1);
	}
}

/* ---- what has left memory ---- */

static void what_is_being_written_has_not_left(void **state)
{
	struct hp_domain_memory before = { .swap_bytes = 0 }, now = { .swap_bytes = 10 * MIB, .swap_cached_bytes = 10 * MIB };
	uint64_t leaving = 10 * MIB;

	(void)state;
	assert_int_equal(hp_leaving_settle(&leaving, &before, &now), 0);
	assert_int_equal(leaving, 10 * MIB);
	before = now;
	now.swap_cached_bytes = 4 * MIB;
	assert_int_equal(hp_leaving_settle(&leaving, &before, &now), 6 * MIB);
	assert_int_equal(leaving, 4 * MIB);
}

static void what_others_swapped_out_is_not_ours(void **state)
{
	struct hp_domain_memory before = { .swap_bytes = 5 * MIB, .swap_cached_bytes = MIB }, now = before;
	uint64_t leaving = 3 * MIB;

	(void)state;
	now.swap_bytes = 50 * MIB;
	assert_int_equal(hp_leaving_settle(&leaving, &before, &now), 3 * MIB);
	assert_int_equal(leaving, 0);
	before = now;
	now.swap_bytes = 80 * MIB;
	assert_int_equal(hp_leaving_settle(&leaving, &before, &now), 0);
}

static void what_comes_back_hides_nothing(void **state)
{
	/* 6 MiB left while 5 MiB that had left before were read back. */
	struct hp_domain_memory before = { .swap_bytes = 20 * MIB }, now = { .swap_bytes = 21 * MIB, .refault_anon_bytes = 5 * MIB };
	uint64_t leaving = 8 * MIB;

	(void)state;
	assert_int_equal(hp_leaving_settle(&leaving, &before, &now), 6 * MIB);
	/* The other two are neither in memory nor on their way: they were used again. */
	assert_int_equal(leaving, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frees_more_while_it_is_calm),
		cmocka_unit_test(pressure_stops_it_at_once),
		cmocka_unit_test(repeated_pressure_waits_longer),
		cmocka_unit_test(some_pressure_means_no_io),
		cmocka_unit_test(without_pressure_file_nothing_is_freed),
		cmocka_unit_test(the_budget_holds_in_the_mean),
		cmocka_unit_test(page_cache_that_comes_back_is_left_alone),
		cmocka_unit_test(without_ranking_all_that_comes_back_counts),
		cmocka_unit_test(the_guarantee_is_never_touched),
		cmocka_unit_test(bands_double),
		cmocka_unit_test(what_comes_back_moves_the_threshold_out),
		cmocka_unit_test(calm_moves_it_back_step_by_step),
		cmocka_unit_test(a_little_proves_nothing),
		cmocka_unit_test(each_level_costs_less),
		cmocka_unit_test(looking_settles_within_the_budget),
		cmocka_unit_test(what_is_being_written_has_not_left),
		cmocka_unit_test(what_others_swapped_out_is_not_ours),
		cmocka_unit_test(what_comes_back_hides_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
