// SPDX-License-Identifier: GPL-2.0
/* test_lruk_policies.c: each policy of the simulator against a brute-force one, written from its definition with plain lists. */
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
#include "reclaim/random.h"

#define CASES 2500
#define REFS_MAX 120
#define PAGES_MAX 14

struct scene {
	uint32_t refs[REFS_MAX], count, pages, capacity;
	unsigned int k;
	bool expected[REFS_MAX];	/* is it a hit? */
};

static uint64_t random_state[4];

static uint32_t below(uint32_t n)
{
	return (uint32_t)random_below(random_state, n);
}

/* Pages are numbered as they appear first, as in every trace. */
static void make_scene(struct scene *scene, uint32_t refs_max, uint32_t pages_max)
{
	uint32_t wanted = 1 + below(pages_max), style = below(3);

	memset(scene, 0, sizeof(*scene));
	scene->count = 1 + below(refs_max);
	for (uint32_t i = 0; i < scene->count; i++) {
		uint32_t page = below(style == 1 ? 1 + below(wanted) : wanted);

		if (style == 2 && below(4))
			page = i % wanted;
		scene->refs[i] = page < scene->pages ? page : scene->pages;
		scene->pages += scene->refs[i] == scene->pages;
	}
	scene->capacity = 1 + below(scene->pages);
	scene->k = 1 + below(4);
}

static uint32_t run_policy(struct scene *scene, const struct hp_cache_policy *policy, bool *is_hit)
{
	struct hp_trace trace = { .pages = scene->refs, .count = scene->count, .pages_count = scene->pages };
	struct hp_cache_config config = { scene->capacity, scene->k, 0, HP_LRUK_FOREVER, &trace };
	uint32_t hits = 0;
	void *cache = NULL;

	assert_int_equal(policy->create(&config, &cache), 0);
	for (uint32_t i = 0; i < scene->count; i++) {
		is_hit[i] = policy->reference(cache, scene->refs[i], i + 1);
		hits += is_hit[i];
	}
	policy->destroy(cache);
	return hits;
}

/* ---- lists: the oldest first ---- */

struct list {
	uint32_t pages[REFS_MAX];
	uint32_t count;
};

static int position(const struct list *list, uint32_t page)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (list->pages[i] == page)
			return (int)i;
	return -1;
}

static bool take(struct list *list, uint32_t page)
{
	int at = position(list, page);

	if (at < 0)
		return false;
	list->count--;
	memmove(&list->pages[at], &list->pages[at + 1], (list->count - (uint32_t)at) * sizeof(*list->pages));
	return true;
}

static uint32_t take_oldest(struct list *list)
{
	uint32_t page = list->pages[0];

	take(list, page);
	return page;
}

static void append(struct list *list, uint32_t page)
{
	list->pages[list->count++] = page;
}

/* ---- policies that rank the resident pages by what was referenced so far ---- */

typedef bool (*is_worse)(const struct scene *scene, uint32_t now, uint32_t a, uint32_t b);

/* The n-th last reference to a page before `now`, from 1; 0 = none. */
static uint32_t nth_last(const struct scene *scene, uint32_t now, uint32_t page, unsigned int n)
{
	for (uint32_t i = now; i-- > 0;)
		if (scene->refs[i] == page && --n == 0)
			return i + 1;
	return 0;
}

static bool worse_lru(const struct scene *scene, uint32_t now, uint32_t a, uint32_t b)
{
	return nth_last(scene, now, a, 1) < nth_last(scene, now, b, 1);
}

static bool worse_lruk(const struct scene *scene, uint32_t now, uint32_t a, uint32_t b)
{
	uint32_t x = nth_last(scene, now, a, scene->k), y = nth_last(scene, now, b, scene->k);

	return x != y ? x < y : worse_lru(scene, now, a, b);
}

static bool worse_lfu(const struct scene *scene, uint32_t now, uint32_t a, uint32_t b)
{
	uint32_t x = 0, y = 0;

	for (uint32_t i = 0; i < now; i++) {
		x += scene->refs[i] == a;
		y += scene->refs[i] == b;
	}
	return x != y ? x < y : worse_lru(scene, now, a, b);
}

static void brute_ranking(struct scene *scene, is_worse worse)
{
	struct list in = { .count = 0 };

	for (uint32_t i = 0; i < scene->count; i++) {
		uint32_t victim = 0;

		scene->expected[i] = position(&in, scene->refs[i]) >= 0;
		if (scene->expected[i])
			continue;
		for (uint32_t j = 1; j < in.count; j++)
			if (worse(scene, i, in.pages[j], in.pages[victim]))
				victim = j;
		if (in.count == scene->capacity)
			take(&in, in.pages[victim]);
		append(&in, scene->refs[i]);
	}
}

static void brute_lru(struct scene *scene)
{
	brute_ranking(scene, worse_lru);
}

static void brute_lruk(struct scene *scene)
{
	brute_ranking(scene, worse_lruk);
}

static void brute_lfu(struct scene *scene)
{
	brute_ranking(scene, worse_lfu);
}

/* ---- 2Q, the full version of its paper ---- */

static void brute_2q(struct scene *scene)
{
	struct list a1in = { .count = 0 }, a1out = { .count = 0 }, am = { .count = 0 };
	uint32_t kin = scene->capacity / 4 ? scene->capacity / 4 : 1, kout = scene->capacity / 2 ? scene->capacity / 2 : 1;

	for (uint32_t i = 0; i < scene->count; i++) {
		uint32_t page = scene->refs[i];
		bool was_out;

		scene->expected[i] = true;
		if (take(&am, page)) {
			append(&am, page);
			continue;
		}
		if (position(&a1in, page) >= 0)
			continue;
		scene->expected[i] = false;
		was_out = position(&a1out, page) >= 0;
		if (a1in.count + am.count == scene->capacity) {
			if (a1in.count > kin || am.count == 0) {
				append(&a1out, take_oldest(&a1in));
				if (a1out.count > kout)
					take_oldest(&a1out);
			} else {
				take_oldest(&am);
			}
		}
		if (was_out) {
			take(&a1out, page);
			append(&am, page);
		} else {
			append(&a1in, page);
		}
	}
}

/* ---- ARC, case by case as in its paper ---- */

struct brute_arc {
	struct list t1, t2, b1, b2;
	double p;
	uint32_t c;
};

static void arc_replace(struct brute_arc *arc, bool in_b2)
{
	if (arc->t1.count >= 1 && ((in_b2 && (double)arc->t1.count == arc->p) || (double)arc->t1.count > arc->p))
		append(&arc->b1, take_oldest(&arc->t1));
	else
		append(&arc->b2, take_oldest(&arc->t2));
}

static void arc_miss(struct brute_arc *arc, uint32_t page)
{
	uint32_t l1 = arc->t1.count + arc->b1.count, all = l1 + arc->t2.count + arc->b2.count;

	if (l1 == arc->c && arc->t1.count < arc->c) {
		take_oldest(&arc->b1);
		arc_replace(arc, false);
	} else if (l1 == arc->c) {
		take_oldest(&arc->t1);
	} else if (all >= arc->c) {
		if (all == 2 * arc->c)
			take_oldest(&arc->b2);
		arc_replace(arc, false);
	}
	append(&arc->t1, page);
}

static bool arc_reference(struct brute_arc *arc, uint32_t page)
{
	double b1 = arc->b1.count, b2 = arc->b2.count;

	if (take(&arc->t1, page) || take(&arc->t2, page)) {
		append(&arc->t2, page);
		return true;
	}
	if (position(&arc->b1, page) >= 0) {
		double wider = arc->p + (b1 >= b2 ? 1 : b2 / b1);

		arc->p = wider < arc->c ? wider : arc->c;
		arc_replace(arc, false);
		take(&arc->b1, page);
		append(&arc->t2, page);
	} else if (position(&arc->b2, page) >= 0) {
		double narrower = arc->p - (b2 >= b1 ? 1 : b1 / b2);

		arc->p = narrower > 0 ? narrower : 0;
		arc_replace(arc, true);
		take(&arc->b2, page);
		append(&arc->t2, page);
	} else {
		arc_miss(arc, page);
	}
	return false;
}

static void brute_arc(struct scene *scene)
{
	struct brute_arc arc = { .c = scene->capacity };

	for (uint32_t i = 0; i < scene->count; i++)
		scene->expected[i] = arc_reference(&arc, scene->refs[i]);
}

/* ---- tests ---- */

static void is_as_brute_force(const struct hp_cache_policy *policy, void (*brute)(struct scene *))
{
	static struct scene scene;
	bool got[REFS_MAX];

	for (uint32_t i = 0; i < CASES; i++) {
		random_seed(random_state, i);
		make_scene(&scene, REFS_MAX, PAGES_MAX);
		brute(&scene);
		run_policy(&scene, policy, got);
		if (memcmp(got, scene.expected, scene.count * sizeof(*got)) != 0)
			fail_msg("%s differs in case %u (%u pages, capacity %u, K %u)", policy->name, i, scene.pages,
				 scene.capacity, scene.k);
	}
}

static void policies_are_as_brute_force(void **state)
{
	(void)state;
	is_as_brute_force(&hp_cache_lru, brute_lru);
	is_as_brute_force(&hp_cache_lruk, brute_lruk);
	is_as_brute_force(&hp_cache_lfu, brute_lfu);
	is_as_brute_force(&hp_cache_2q, brute_2q);
	is_as_brute_force(&hp_cache_arc, brute_arc);
}

/*
 * The most hits that any choice of victims gives, by trying all: best[set] is
 * the most so far that ends with this set of pages in memory, -1 = impossible.
 */
#define SETS_PAGES 8
static int best_possible(const struct scene *scene)
{
	int best[1 << SETS_PAGES], next[1 << SETS_PAGES], most = 0;

	memset(best, -1, sizeof(best));
	best[0] = 0;
	for (uint32_t i = 0; i < scene->count; i++) {
		uint32_t page = 1u << scene->refs[i];

		memset(next, -1, sizeof(next));
		for (uint32_t set = 0; set < 1u << SETS_PAGES; set++) {
			uint32_t room = scene->capacity - (uint32_t)__builtin_popcount(set);

			if (best[set] < 0)
				continue;
			if (set & page) {
				next[set] = best[set] + 1 > next[set] ? best[set] + 1 : next[set];
				continue;
			}
			for (uint32_t out = 0; out < SETS_PAGES; out++) {
				uint32_t to = (room ? set : set & ~(1u << out)) | page;

				if ((room || set & 1u << out) && best[set] > next[to])
					next[to] = best[set];
			}
		}
		memcpy(best, next, sizeof(best));
	}
	for (uint32_t set = 0; set < 1u << SETS_PAGES; set++)
		most = best[set] > most ? best[set] : most;
	return most;
}

static void opt_is_the_best_possible(void **state)
{
	static struct scene scene;
	bool got[REFS_MAX];

	(void)state;
	for (uint32_t i = 0; i < 600; i++) {
		random_seed(random_state, i);
		make_scene(&scene, 50, SETS_PAGES);
		assert_int_equal(run_policy(&scene, &hp_cache_opt, got), best_possible(&scene));
	}
}

static void nobody_beats_opt(void **state)
{
	static struct scene scene;
	bool got[REFS_MAX];

	(void)state;
	for (uint32_t i = 0; i < CASES; i++) {
		uint32_t most;

		random_seed(random_state, 1000000 + i);
		make_scene(&scene, REFS_MAX, PAGES_MAX);
		most = run_policy(&scene, &hp_cache_opt, got);
		for (size_t p = 0; hp_cache_policies[p]; p++)
			assert_true(run_policy(&scene, hp_cache_policies[p], got) <= most);
	}
}

static void k_of_one_is_lru(void **state)
{
	static struct scene scene;
	bool lru[REFS_MAX], lruk[REFS_MAX];

	(void)state;
	for (uint32_t i = 0; i < CASES; i++) {
		random_seed(random_state, 2000000 + i);
		make_scene(&scene, REFS_MAX, PAGES_MAX);
		scene.k = 1;
		run_policy(&scene, &hp_cache_lru, lru);
		run_policy(&scene, &hp_cache_lruk, lruk);
		assert_memory_equal(lru, lruk, scene.count * sizeof(*lru));
	}
}

static void counts_only_what_is_measured(void **state)
{
	uint32_t refs[] = { 0, 1, 0, 1, 0, 2, 0, 0 };
	struct hp_trace trace = { .pages = refs, .count = 8, .pages_count = 3 };
	struct hp_sim_run run = { .policy = &hp_cache_lru, .capacity = 2, .k = 1, .measure = UINT64_MAX };
	struct hp_sim_result result;

	(void)state;
	assert_int_equal(hp_sim_run(&trace, &run, &result, NULL), 0);
	assert_int_equal(result.references, 8);
	assert_int_equal(result.hits, 5);
	run.warmup = 3;
	run.measure = 2;
	assert_int_equal(hp_sim_run(&trace, &run, &result, NULL), 0);
	assert_int_equal(result.references, 2);
	assert_int_equal(result.hits, 2);
	run.measure = 100;	/* more than there is */
	run.capacity = UINT64_MAX;
	assert_int_equal(hp_sim_run(&trace, &run, &result, NULL), 0);
	assert_int_equal(result.references, 5);
	assert_int_equal(result.hits, 4);
}

static void refuses_what_cannot_be_measured(void **state)
{
	uint32_t refs[] = { 0, 0 };
	struct hp_trace trace = { .pages = refs, .count = 2, .pages_count = 1 }, empty = { 0 };
	const struct hp_sim_run good = { .policy = &hp_cache_lru, .capacity = 1, .k = 1, .measure = 1 };
	struct hp_sim_run bad[] = { good, good, good, good, good };
	struct hp_sim_result result;

	(void)state;
	bad[0].capacity = 0;
	bad[1].k = 0;
	bad[2].k = 9;
	bad[3].warmup = 2;
	bad[4].measure = 0;
	for (size_t i = 0; i < hp_array_size(bad); i++) {
		hp_autoerr err = HP_ERR_INIT;

		assert_int_equal(hp_sim_run(&trace, &bad[i], &result, &err), -EINVAL);
		assert_int_equal(err.exit, HP_EXIT_USAGE);
	}
	assert_int_equal(hp_sim_run(&empty, &good, &result, NULL), -EINVAL);
	assert_int_equal(hp_sim_run(&trace, &good, &result, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies_are_as_brute_force),
		cmocka_unit_test(opt_is_the_best_possible),
		cmocka_unit_test(nobody_beats_opt),
		cmocka_unit_test(k_of_one_is_lru),
		cmocka_unit_test(counts_only_what_is_measured),
		cmocka_unit_test(refuses_what_cannot_be_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
