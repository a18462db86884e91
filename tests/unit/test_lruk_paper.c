// SPDX-License-Identifier: GPL-2.0
/* test_lruk_paper.c: the two-pool and the Zipfian experiment of the LRU-K paper. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/hp_auto.h"
#include "reclaim/hp_lruk.h"
#include "reclaim/hp_sim.h"
#include "reclaim/hp_tracegen.h"

/*
 * Sections 4.1 and 4.2 of E. J. O'Neil, P. E. O'Neil, G. Weikum, SIGMOD 1993:
 * 10 * N1 references are dropped, the next 30 * N1 are counted. The figures of
 * LRU-1, LRU-2 and LRU-3 below are the paper's Tables 4.1 and 4.2 as they are
 * commonly quoted; the paper itself could not be consulted for this file. So
 * they are not trusted alone: A0 (the pages with the highest probability stay)
 * follows from the definition of the experiment, LRU from H. Che's
 * approximation, and both are computed here.
 */
#define SEEDS_MAX 32

/* The traces of an experiment, one for each seed. */
struct experiment {
	struct hp_trace *traces[SEEDS_MAX];
	uint64_t seeds, warmup, measure;
};

static struct hp_trace *make_trace(struct hp_tracegen_config config, uint64_t seed, uint64_t count)
{
	struct hp_tracegen gen;
	struct hp_trace *trace = NULL;
	hp_autofree char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	config.seed = seed;
	assert_non_null(out);
	assert_int_equal(hp_tracegen_init(&gen, &config, NULL), 0);
	for (uint64_t i = 0; i < count; i++)
		fprintf(out, "%llu\n", (unsigned long long)hp_tracegen_next(&gen));
	fclose(out);
	assert_int_equal(hp_trace_parse("made", text, length, &trace, NULL), 0);
	return trace;
}

static void begin(struct experiment *experiment, struct hp_tracegen_config config, uint64_t n1, uint64_t seeds)
{
	*experiment = (struct experiment){ .seeds = seeds, .warmup = 10 * n1, .measure = 30 * n1 };
	for (uint64_t i = 0; i < seeds; i++)
		experiment->traces[i] = make_trace(config, i + 1, experiment->warmup + experiment->measure);
}

static void end(struct experiment *experiment)
{
	for (uint64_t i = 0; i < experiment->seeds; i++)
		hp_trace_free(experiment->traces[i]);
}

static double measured(const struct experiment *experiment, const struct hp_cache_policy *policy, unsigned int k,
		       uint64_t capacity)
{
	uint64_t hits = 0;

	for (uint64_t i = 0; i < experiment->seeds; i++) {
		struct hp_sim_run run = {
			.policy = policy, .capacity = capacity, .k = k, .rip = HP_LRUK_FOREVER,
			.warmup = experiment->warmup, .measure = experiment->measure,
		};
		struct hp_sim_result result;

		assert_int_equal(hp_sim_run(experiment->traces[i], &run, &result, NULL), 0);
		assert_int_equal(result.references, experiment->measure);
		hits += result.hits;
	}
	return (double)hits / (double)(experiment->measure * experiment->seeds);
}

static void is_near(const char *what, uint64_t capacity, double got, double expected, double tolerance)
{
	if (fabs(got - expected) > tolerance)
		fail_msg("%s with %llu pages: %.4f, expected %.4f within %.4f", what, (unsigned long long)capacity, got,
			 expected, tolerance);
}

/* ---- what follows from the definitions of the experiments ---- */

static double two_pool_probability(uint64_t page)
{
	return page < 100 ? 1.0 / 200 : 1.0 / 20000;
}

static double zipf_probability(uint64_t page)
{
	const double theta = log(0.8) / log(0.2);

	return pow((double)(page + 1) / 1000, theta) - pow((double)page / 1000, theta);
}

/* Pages are numbered by falling probability. */
static double a0(double (*probability)(uint64_t), uint64_t capacity)
{
	double sum = 0;

	for (uint64_t page = 0; page < capacity; page++)
		sum += probability(page);
	return sum;
}

/* Che: a page stays for the time in which as many others as there is room for are referenced. */
static double che_lru(double (*probability)(uint64_t), uint64_t pages, uint64_t capacity)
{
	double low = 0, high = 1e9, hits = 0;

	for (int i = 0; i < 100; i++) {
		double middle = (low + high) / 2, resident = 0;

		for (uint64_t page = 0; page < pages; page++)
			resident += 1 - exp(-probability(page) * middle);
		if (resident < (double)capacity)
			low = middle;
		else
			high = middle;
	}
	for (uint64_t page = 0; page < pages; page++)
		hits += probability(page) * (1 - exp(-probability(page) * low));
	return hits;
}

/* ---- Table 4.1 ---- */

static const struct { uint64_t capacity; double lru1, lru2, lru3, a0; } table_4_1[] = {
	{ 60, 0.14, 0.291, 0.300, 0.300 },
	{ 80, 0.18, 0.382, 0.400, 0.400 },
	{ 100, 0.22, 0.459, 0.495, 0.500 },
	{ 120, 0.26, 0.496, 0.501, 0.501 },
	{ 140, 0.29, 0.502, 0.502, 0.502 },
	{ 160, 0.32, 0.503, 0.503, 0.503 },
	{ 180, 0.34, 0.504, 0.504, 0.504 },
	{ 200, 0.37, 0.505, 0.505, 0.505 },
	{ 250, 0.42, 0.508, 0.508, 0.508 },
	{ 300, 0.45, 0.510, 0.510, 0.510 },
	{ 350, 0.48, 0.513, 0.513, 0.513 },
	{ 400, 0.49, 0.515, 0.515, 0.515 },
	{ 450, 0.50, 0.517, 0.518, 0.518 },
};

static void two_pool_is_as_in_the_paper(void **state)
{
	const struct hp_tracegen_config config = { .kind = HP_TRACEGEN_TWO_POOL, .n1 = 100, .n2 = 10000 };
	struct experiment experiment;

	(void)state;
	begin(&experiment, config, 100, SEEDS_MAX);
	for (size_t i = 0; i < hp_array_size(table_4_1); i++) {
		uint64_t capacity = table_4_1[i].capacity;
		double lru1 = measured(&experiment, &hp_cache_lruk, 1, capacity);

		is_near("A0", capacity, a0(two_pool_probability, capacity), table_4_1[i].a0, 0.0006);
		is_near("LRU-1", capacity, lru1, table_4_1[i].lru1, 0.01);
		is_near("LRU-1 by Che", capacity, lru1, che_lru(two_pool_probability, 10100, capacity), 0.005);
		is_near("LRU-2", capacity, measured(&experiment, &hp_cache_lruk, 2, capacity), table_4_1[i].lru2, 0.01);
		is_near("LRU-3", capacity, measured(&experiment, &hp_cache_lruk, 3, capacity), table_4_1[i].lru3, 0.01);
	}
	end(&experiment);
}

/* ---- Table 4.2: two places, so one run of the paper's is all there is ---- */

static const struct { uint64_t capacity; double lru1, lru2; } table_4_2[] = {
	{ 40, 0.53, 0.61 }, { 60, 0.57, 0.65 }, { 80, 0.61, 0.67 }, { 100, 0.63, 0.68 },
	{ 120, 0.64, 0.71 }, { 140, 0.67, 0.72 }, { 160, 0.70, 0.74 }, { 180, 0.71, 0.73 },
	{ 200, 0.72, 0.76 }, { 300, 0.78, 0.80 }, { 500, 0.87, 0.87 },
};

static void zipf_is_as_in_the_paper(void **state)
{
	const struct hp_tracegen_config config = { .kind = HP_TRACEGEN_ZIPF, .n = 1000, .alpha = 800000, .beta = 200000 };
	struct experiment experiment;

	(void)state;
	begin(&experiment, config, 1000, 8);
	for (size_t i = 0; i < hp_array_size(table_4_2); i++) {
		uint64_t capacity = table_4_2[i].capacity;
		double lru1 = measured(&experiment, &hp_cache_lruk, 1, capacity), best = a0(zipf_probability, capacity);
		double lru2 = measured(&experiment, &hp_cache_lruk, 2, capacity);
		double lru3 = measured(&experiment, &hp_cache_lruk, 3, capacity);

		is_near("LRU-1", capacity, lru1, table_4_2[i].lru1, 0.02);
		is_near("LRU-1 by Che", capacity, lru1, che_lru(zipf_probability, 1000, capacity), 0.004);
		is_near("LRU-2", capacity, lru2, table_4_2[i].lru2, 0.02);
		/* The more references are known, the nearer to knowing the probabilities, as LFU does in the end. */
		assert_true(lru1 < lru2 && lru2 < lru3 && lru3 < best);
		is_near("LFU", capacity, measured(&experiment, &hp_cache_lfu, 1, capacity), best, 0.012);
	}
	end(&experiment);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_pool_is_as_in_the_paper),
		cmocka_unit_test(zipf_is_as_in_the_paper),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
