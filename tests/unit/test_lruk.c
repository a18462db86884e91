// SPDX-License-Identifier: GPL-2.0
/* test_lruk.c: the LRU-K engine against the paper's definitions, computed naively from every reference made. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/hp_auto.h"
#include "reclaim/hp_lruk.h"
#include "reclaim/random.h"

#define CASES 4000
#define STEPS 160
#define PAGES_MAX 14

/* ---- the oracle: keeps every reference of the current history and works everything out from them ---- */

struct reference {
	uint64_t time;
	uint64_t order;		/* among all references */
	bool was_fetched;	/* the page was not resident */
};

struct page {
	uint64_t id;
	struct reference references[STEPS];
	size_t count;		/* 0 = no history */
	bool is_resident;
};

struct oracle {
	struct hp_lruk_config config;
	struct page pages[PAGES_MAX];
	size_t pages_count;
	uint64_t now, references;
};

static const struct reference *last_of(const struct page *page)
{
	return &page->references[page->count - 1];
}

static bool is_correlated(const struct oracle *oracle, const struct page *page, uint64_t time)
{
	return time - last_of(page)->time <= oracle->config.crp;
}

/*
 * HIST(p,i): the beginning of the i-th correlated period from the end, moved on
 * by the length of each later-ended period between it and now that ended with
 * the page in memory, as if that period had taken no time.
 */
static bool hist_of(const struct oracle *oracle, const struct page *page, unsigned int i, uint64_t *hist)
{
	uint64_t moved = 0, begin, end = 0;
	size_t at = page->count;

	if (!page->count)
		return false;
	for (unsigned int period = 1; at; period++) {
		bool ends_before_fetch = at < page->count && page->references[at].was_fetched;

		end = page->references[at - 1].time;
		for (at--; at && page->references[at].time - page->references[at - 1].time <= oracle->config.crp;)
			at--;
		begin = page->references[at].time;
		if (period > 1 && !ends_before_fetch)
			moved += end - begin;
		if (period == i) {
			*hist = begin + moved;
			return true;
		}
	}
	return false;
}

static uint64_t distance_of(const struct oracle *oracle, const struct page *page, uint64_t time)
{
	uint64_t hist;

	return hist_of(oracle, page, oracle->config.k, &hist) ? time - hist : HP_LRUK_INFINITE;
}

static bool is_colder(const struct oracle *oracle, const struct page *a, const struct page *b, uint64_t time)
{
	uint64_t x = distance_of(oracle, a, time), y = distance_of(oracle, b, time);

	return x != y ? x > y : last_of(a)->order < last_of(b)->order;
}

/* The next page in the order of victims that is not among `skip`. */
static const struct page *coldest(const struct oracle *oracle, uint64_t time, bool also_correlated, const bool *skip)
{
	const struct page *best = NULL;

	for (size_t i = 0; i < oracle->pages_count; i++) {
		const struct page *page = &oracle->pages[i];

		if (!page->is_resident || (skip && skip[i]) || (!also_correlated && is_correlated(oracle, page, time)))
			continue;
		if (!best || is_colder(oracle, page, best, time))
			best = page;
	}
	return best;
}

static const struct page *victim_of(const struct oracle *oracle, uint64_t time)
{
	const struct page *page = coldest(oracle, time, false, NULL);

	return page ? page : coldest(oracle, time, true, NULL);
}

static size_t resident_count(const struct oracle *oracle)
{
	size_t count = 0;

	for (size_t i = 0; i < oracle->pages_count; i++)
		count += oracle->pages[i].is_resident;
	return count;
}

static size_t history_count(const struct oracle *oracle)
{
	size_t count = 0;

	for (size_t i = 0; i < oracle->pages_count; i++)
		count += !oracle->pages[i].is_resident && oracle->pages[i].count;
	return count;
}

static void drop_expired(struct oracle *oracle)
{
	for (size_t i = 0; i < oracle->pages_count; i++) {
		struct page *page = &oracle->pages[i];

		if (!page->is_resident && page->count && oracle->now - last_of(page)->time > oracle->config.rip)
			page->count = 0;
	}
}

static void drop_oldest(struct oracle *oracle)
{
	struct page *oldest = NULL;

	for (size_t i = 0; i < oracle->pages_count; i++) {
		struct page *page = &oracle->pages[i];

		if (!page->is_resident && page->count && (!oldest || last_of(page)->order < last_of(oldest)->order))
			oldest = page;
	}
	oldest->count = 0;
}

static void evict(struct oracle *oracle, struct page *page)
{
	page->is_resident = false;
	drop_expired(oracle);
	while (history_count(oracle) > oracle->config.history_max)
		drop_oldest(oracle);
}

static void refer(struct oracle *oracle, struct page *page, uint64_t time, struct hp_lruk_outcome *outcome)
{
	*outcome = (struct hp_lruk_outcome){ .is_hit = page->is_resident };
	oracle->now = time;
	if (!page->is_resident) {
		drop_expired(oracle);
		if (resident_count(oracle) == oracle->config.capacity) {
			const struct page *victim = victim_of(oracle, time);

			outcome->has_victim = true;
			outcome->victim = victim->id;
			/* The page that comes takes its history out first. */
			page->is_resident = true;
			evict(oracle, &oracle->pages[victim - oracle->pages]);
		}
		page->is_resident = true;
	}
	page->references[page->count++] = (struct reference){ time, ++oracle->references, !outcome->is_hit };
}

/* ---- random cases ---- */

static uint64_t random_state[4];

static uint64_t below(uint64_t n)
{
	return random_below(random_state, n);
}

static uint64_t pick_period(void)
{
	static const uint64_t periods[] = { 0, 0, 1, 2, 5, 20, 60, 1000, HP_LRUK_FOREVER };

	return periods[below(hp_array_size(periods))];
}

static void make_case(struct oracle *oracle)
{
	memset(oracle, 0, sizeof(*oracle));
	oracle->pages_count = 1 + below(PAGES_MAX);
	oracle->config = (struct hp_lruk_config){
		.k = 1 + (unsigned int)below(HP_LRUK_K_MAX), .capacity = 1 + (uint32_t)below(oracle->pages_count + 1),
		.history_max = below(2) ? PAGES_MAX : (uint32_t)below(4), .crp = pick_period(), .rip = pick_period(),
	};
	/* Small numbers are the likely ones for a high K to be reached. */
	if (below(2))
		oracle->config.k = 1 + (unsigned int)below(3);
	for (size_t i = 0; i < oracle->pages_count; i++)
		oracle->pages[i].id = below(2) ? i : random_next(random_state);
	oracle->now = below(3) ? 0 : UINT64_MAX / 2;
}

static void same_page(const struct oracle *oracle, const struct page *page, uint64_t time, const struct hp_lruk_page *got)
{
	assert_int_equal(got->id, page->id);
	assert_int_equal(got->distance, distance_of(oracle, page, time));
	assert_int_equal(got->last, last_of(page)->time);
	assert_int_equal(got->is_resident, page->is_resident);
	assert_int_equal(got->is_correlated, is_correlated(oracle, page, time));
}

static void same_histories(const struct oracle *oracle, struct hp_lruk *lruk)
{
	for (size_t i = 0; i < oracle->pages_count; i++) {
		const struct page *page = &oracle->pages[i];
		struct hp_lruk_page got;
		bool is_known = page->count && (page->is_resident || oracle->now - last_of(page)->time <= oracle->config.rip);
		uint64_t expected = 0, hist = 0;
		unsigned int known = 0;

		assert_int_equal(hp_lruk_find(lruk, page->id, oracle->now, &got), is_known);
		for (unsigned int k = 1; k <= oracle->config.k; k++) {
			bool exists = is_known && hist_of(oracle, page, k, &expected);

			assert_int_equal(hp_lruk_hist(lruk, page->id, k, &hist), exists);
			if (exists)
				assert_int_equal(hist, expected);
			known += exists;
		}
		if (!is_known)
			continue;
		same_page(oracle, page, oracle->now, &got);
		assert_int_equal(got.references, known);
	}
}

static void same_ranking(const struct oracle *oracle, struct hp_lruk *lruk, uint64_t time, size_t max)
{
	struct hp_lruk_page got[PAGES_MAX];
	bool skip[PAGES_MAX] = { false };
	size_t count = hp_lruk_rank(lruk, time, got, max);

	for (size_t i = 0; i < count; i++) {
		const struct page *page = coldest(oracle, time, false, skip);

		assert_non_null(page);
		same_page(oracle, page, time, &got[i]);
		skip[page - oracle->pages] = true;
	}
	assert_true(count == max || !coldest(oracle, time, false, skip));
}

static void same_victim(const struct oracle *oracle, struct hp_lruk *lruk, uint64_t time)
{
	const struct page *page = victim_of(oracle, time);
	struct hp_lruk_page got;

	assert_int_equal(hp_lruk_victim(lruk, time, &got), page != NULL);
	if (page)
		same_page(oracle, page, time, &got);
}

static void step_reference(struct oracle *oracle, struct hp_lruk *lruk, struct page *page)
{
	static const uint64_t steps[] = { 0, 1, 1, 1, 2, 3, 7, 25 };
	struct hp_lruk_outcome expected, got;
	uint64_t time = oracle->now + steps[below(hp_array_size(steps))] + (below(50) ? 0 : 2000);

	refer(oracle, page, time, &expected);
	assert_int_equal(hp_lruk_reference(lruk, page->id, time, &got), 0);
	assert_int_equal(got.is_hit, expected.is_hit);
	assert_int_equal(got.has_victim, expected.has_victim);
	if (expected.has_victim)
		assert_int_equal(got.victim, expected.victim);
	if (!expected.is_hit)
		assert_int_equal(hp_lruk_history_count(lruk), history_count(oracle));
}

static void step(struct oracle *oracle, struct hp_lruk *lruk)
{
	struct page *page = &oracle->pages[below(oracle->pages_count)];

	/* Some pages are used more, or all distances would be alike. */
	if (below(2))
		page = &oracle->pages[below(oracle->pages_count / 3 + 1)];
	switch (below(12)) {
	case 0:
		drop_expired(oracle);
		assert_int_equal(hp_lruk_evict(lruk, page->id), page->is_resident ? 0 : -ENOENT);
		if (page->is_resident)
			evict(oracle, page);
		break;
	case 1:
		if (page->is_resident)
			assert_int_equal(hp_lruk_forget(lruk, page->id), 0);
		else
			hp_lruk_forget(lruk, page->id);
		page->is_resident = false;
		page->count = 0;
		break;
	default:
		step_reference(oracle, lruk, page);
	}
}

static void run_case(struct oracle *oracle)
{
	hp_autolruk *lruk = NULL;
	uint64_t start = oracle->now;

	make_case(oracle);
	start = oracle->now;
	assert_int_equal(hp_lruk_new(&oracle->config, &lruk, NULL), 0);
	for (int i = 0; i < STEPS; i++) {
		uint64_t ahead = below(3) ? 0 : below(100);

		step(oracle, lruk);
		assert_int_equal(hp_lruk_resident_count(lruk), resident_count(oracle));
		same_histories(oracle, lruk);
		if (oracle->now == start)
			ahead = 0;
		/* Looking ahead must not disturb what is true now. */
		same_ranking(oracle, lruk, oracle->now + ahead, below(2) ? oracle->pages_count : below(4));
		same_victim(oracle, lruk, oracle->now + ahead);
		same_victim(oracle, lruk, oracle->now);
	}
}

static void follows_the_definitions(void **state)
{
	static struct oracle oracle;

	(void)state;
	for (uint64_t i = 0; i < CASES; i++) {
		random_seed(random_state, i);
		run_case(&oracle);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(follows_the_definitions) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
