// SPDX-License-Identifier: GPL-2.0
/* lruk.c: the LRU-K engine: what a reference does, who goes, how cold the others are. */
#include "lruk_internal.h"

#include <errno.h>

static bool is_correlated_at(const struct hp_lruk *lruk, uint32_t b, uint64_t time)
{
	return time - lruk_at(lruk, b)->last <= lruk->config.crp;
}

/* ---- histories beyond residence ---- */

/* A history beyond residence whose last reference was at `last`. */
static bool is_expired_at(const struct hp_lruk *lruk, uint64_t last, uint64_t time)
{
	return time - last > lruk->config.rip;
}

static void drop_history(struct hp_lruk *lruk, uint32_t b)
{
	lruk_leave(lruk, b);
	lruk_block_free(lruk, b);
}

/* Corrects the entry on top of `gone`; true when there was nothing to correct. */
static bool is_gone_top_true(struct hp_lruk *lruk)
{
	uint32_t b = lruk->gone.entries[0].item;
	struct lruk_block *block = lruk_at(lruk, b);

	if (block->state != LRUK_GONE) {
		heap_remove(&lruk->gone, b);
		block->is_in_gone = false;
		return false;
	}
	if (lruk->gone.entries[0].minor == block->order)
		return true;
	heap_update(&lruk->gone, block->last, block->order, b);
	return false;
}

/* Some page is gone. */
static uint32_t oldest_gone(struct hp_lruk *lruk)
{
	while (!is_gone_top_true(lruk))
		;
	return lruk->gone.entries[0].item;
}

static void drop_expired(struct hp_lruk *lruk)
{
	/* A stale entry is too early, never too late. */
	while (lruk->gone.count && is_expired_at(lruk, lruk->gone.entries[0].major, lruk->now))
		if (is_gone_top_true(lruk))
			drop_history(lruk, lruk->gone.entries[0].item);
}

/* Whether a page that goes has a history worth keeping, making room for it. */
static bool has_room_for_history(struct hp_lruk *lruk, const struct lruk_block *block)
{
	uint32_t oldest;

	if (is_expired_at(lruk, block->last, lruk->now) || !lruk->config.history_max)
		return false;
	if (lruk->gone_count < lruk->config.history_max)
		return true;
	oldest = oldest_gone(lruk);
	if (block->order < lruk_at(lruk, oldest)->order)
		return false;
	drop_history(lruk, oldest);
	return true;
}

/* Of a resident page. */
static void become_gone(struct hp_lruk *lruk, uint32_t b)
{
	struct lruk_block *block = lruk_at(lruk, b);

	lruk_leave(lruk, b);
	lruk->resident--;
	if (!has_room_for_history(lruk, block)) {
		lruk_block_free(lruk, b);
		return;
	}
	lruk_become_gone(lruk, b);
}

/* ---- choosing ---- */

/* The block on top of a heap that is sorted by rank, once no stale entry hides it. The heap is not empty. */
static uint32_t top_by_rank(struct hp_lruk *lruk, struct heap *heap)
{
	for (;;) {
		uint32_t b = heap->entries[0].item;

		if (heap->entries[0].minor == lruk_at(lruk, b)->order)
			return b;
		heap_update(heap, lruk_rank_of(lruk, b), lruk_at(lruk, b)->order, b);
	}
}

/* Pages whose CRP is over by now are candidates again. */
static void release_spared(struct hp_lruk *lruk, uint64_t time)
{
	struct heap *until = &lruk->spared_until;

	while (until->count) {
		uint32_t b = until->entries[0].item;

		if (until->entries[0].minor != lruk_at(lruk, b)->order) {
			heap_update(until, lruk_at(lruk, b)->last, lruk_at(lruk, b)->order, b);
			continue;
		}
		if (is_correlated_at(lruk, b, time))
			break;
		lruk_leave(lruk, b);
		lruk_become_candidate(lruk, b);
	}
}

/* The coldest page outside its CRP whose distance is finite, or IDMAP_NONE. */
static uint32_t coldest_finite(struct hp_lruk *lruk, uint64_t time)
{
	release_spared(lruk, time);
	while (lruk->candidates.count) {
		uint32_t b = top_by_rank(lruk, &lruk->candidates);

		if (!is_correlated_at(lruk, b, time))
			return b;
		lruk_become_spared(lruk, b);
	}
	return IDMAP_NONE;
}

/* The page to evict; some page is resident. The first of the fresh pages is the first that leaves its CRP. */
static uint32_t choose(struct hp_lruk *lruk, uint64_t time)
{
	uint32_t b;

	if (lruk->fresh_first != IDMAP_NONE && !is_correlated_at(lruk, lruk->fresh_first, time))
		return lruk->fresh_first;
	b = coldest_finite(lruk, time);
	if (b != IDMAP_NONE)
		return b;
	return lruk->fresh_first != IDMAP_NONE ? lruk->fresh_first : top_by_rank(lruk, &lruk->spared);
}

/* ---- references ---- */

/* An uncorrelated reference: the others move on, later by the length of the correlated period that ended. */
static void shift_history(const struct hp_lruk *lruk, struct lruk_block *block, uint64_t period)
{
	if (block->depth < lruk->config.k)
		block->depth++;
	for (unsigned int i = block->depth - 1u; i > 0; i--)
		block->hist[i] = block->hist[i - 1] + period;
	block->hist[0] = lruk->now;
}

static void note_reference(struct hp_lruk *lruk, struct lruk_block *block)
{
	block->last = lruk->now;
	block->order = ++lruk->references;
}

static void refer_resident(struct hp_lruk *lruk, uint32_t b)
{
	struct lruk_block *block = lruk_at(lruk, b);

	if (!is_correlated_at(lruk, b, lruk->now))
		shift_history(lruk, block, block->last - block->hist[0]);
	note_reference(lruk, block);
	if (block->state == LRUK_FRESH) {
		lruk_leave(lruk, b);
		lruk_become_resident(lruk, b);
	}
}

/* b: the page's history, or IDMAP_NONE. */
static void refer_absent(struct hp_lruk *lruk, uint64_t id, uint32_t b, struct hp_lruk_outcome *outcome)
{
	/* First of all, as it must not be dropped for the victim's history. */
	if (b != IDMAP_NONE)
		lruk_leave(lruk, b);
	if (lruk->resident == lruk->config.capacity) {
		uint32_t victim = choose(lruk, lruk->now);

		outcome->has_victim = true;
		outcome->victim = lruk_at(lruk, victim)->id;
		become_gone(lruk, victim);
	}
	if (b == IDMAP_NONE) {
		b = lruk_block_new(lruk, id);
		shift_history(lruk, lruk_at(lruk, b), 0);
	} else if (!is_correlated_at(lruk, b, lruk->now)) {
		shift_history(lruk, lruk_at(lruk, b), 0);
	}
	note_reference(lruk, lruk_at(lruk, b));
	lruk_become_resident(lruk, b);
	lruk->resident++;
}

int hp_lruk_reference(struct hp_lruk *lruk, uint64_t id, uint64_t time, struct hp_lruk_outcome *outcome)
{
	struct hp_lruk_outcome unused;
	uint32_t b;

	if (time < lruk->now || time == UINT64_MAX)
		return -EINVAL;
	if (!outcome)
		outcome = &unused;
	*outcome = (struct hp_lruk_outcome){ 0 };
	lruk->now = time;
	b = idmap_find(&lruk->map, id);
	outcome->is_hit = b != IDMAP_NONE && lruk_at(lruk, b)->state != LRUK_GONE;
	if (outcome->is_hit) {
		refer_resident(lruk, b);
		return 0;
	}
	if (b != IDMAP_NONE && is_expired_at(lruk, lruk_at(lruk, b)->last, time)) {
		drop_history(lruk, b);
		b = IDMAP_NONE;
	}
	drop_expired(lruk);
	refer_absent(lruk, id, b, outcome);
	return 0;
}

/* ---- asking ---- */

static uint64_t later_of(const struct hp_lruk *lruk, uint64_t time)
{
	return time > lruk->now ? time : lruk->now;
}

static void describe(const struct hp_lruk *lruk, uint32_t b, uint64_t time, struct hp_lruk_page *page)
{
	const struct lruk_block *block = lruk_at(lruk, b);

	*page = (struct hp_lruk_page){
		.id = block->id, .last = block->last, .references = block->depth,
		.distance = HP_LRUK_INFINITE, .is_resident = block->state != LRUK_GONE,
		.is_correlated = is_correlated_at(lruk, b, time),
	};
	if (block->depth == lruk->config.k)
		page->distance = time - lruk_rank_of(lruk, b);
}

bool hp_lruk_victim(struct hp_lruk *lruk, uint64_t time, struct hp_lruk_page *page)
{
	time = later_of(lruk, time);
	if (!lruk->resident)
		return false;
	describe(lruk, choose(lruk, time), time, page);
	return true;
}

/* Those with infinite distances in their order, as far as they are outside their CRP. */
static size_t rank_fresh(const struct hp_lruk *lruk, uint64_t time, struct hp_lruk_page *pages, size_t max)
{
	size_t count = 0;

	for (uint32_t b = lruk->fresh_first; b != IDMAP_NONE && count < max && !is_correlated_at(lruk, b, time); b = lruk_at(lruk, b)->next)
		describe(lruk, b, time, &pages[count++]);
	return count;
}

/* The others are taken out one by one, the coldest first, and then put back. */
size_t hp_lruk_rank(struct hp_lruk *lruk, uint64_t time, struct hp_lruk_page *pages, size_t max)
{
	size_t fresh, count;

	time = later_of(lruk, time);
	fresh = rank_fresh(lruk, time, pages, max);
	for (count = fresh; count < max; count++) {
		uint32_t b = coldest_finite(lruk, time);

		if (b == IDMAP_NONE)
			break;
		describe(lruk, b, time, &pages[count]);
		heap_remove(&lruk->candidates, b);
	}
	for (size_t i = fresh; i < count; i++)
		lruk_become_candidate(lruk, idmap_find(&lruk->map, pages[i].id));
	return count;
}

/* The block of a page, unless its history has ended by this time. */
static uint32_t find_at(const struct hp_lruk *lruk, uint64_t id, uint64_t time)
{
	uint32_t b = idmap_find(&lruk->map, id);

	if (b != IDMAP_NONE && lruk_at(lruk, b)->state == LRUK_GONE && is_expired_at(lruk, lruk_at(lruk, b)->last, time))
		return IDMAP_NONE;
	return b;
}

bool hp_lruk_find(const struct hp_lruk *lruk, uint64_t id, uint64_t time, struct hp_lruk_page *page)
{
	uint32_t b = find_at(lruk, id, later_of(lruk, time));

	if (b == IDMAP_NONE)
		return false;
	describe(lruk, b, later_of(lruk, time), page);
	return true;
}

bool hp_lruk_hist(const struct hp_lruk *lruk, uint64_t id, unsigned int i, uint64_t *time)
{
	uint32_t b = find_at(lruk, id, lruk->now);

	if (b == IDMAP_NONE || i < 1 || i > lruk_at(lruk, b)->depth)
		return false;
	*time = lruk_at(lruk, b)->hist[i - 1];
	return true;
}

int hp_lruk_evict(struct hp_lruk *lruk, uint64_t id)
{
	uint32_t b = idmap_find(&lruk->map, id);

	if (b == IDMAP_NONE || lruk_at(lruk, b)->state == LRUK_GONE)
		return -ENOENT;
	become_gone(lruk, b);
	return 0;
}

int hp_lruk_forget(struct hp_lruk *lruk, uint64_t id)
{
	uint32_t b = idmap_find(&lruk->map, id);

	if (b == IDMAP_NONE)
		return -ENOENT;
	lruk->resident -= lruk_at(lruk, b)->state != LRUK_GONE;
	lruk_leave(lruk, b);
	lruk_block_free(lruk, b);
	return 0;
}

uint32_t hp_lruk_resident_count(const struct hp_lruk *lruk)
{
	return lruk->resident;
}

uint32_t hp_lruk_history_count(const struct hp_lruk *lruk)
{
	return lruk->gone_count;
}
