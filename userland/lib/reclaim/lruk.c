// SPDX-License-Identifier: GPL-2.0
/* lruk.c: the LRU-K engine: histories, victims, ranking. */
#include "hp_lruk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "heap.h"
#include "idmap.h"

/* Where a page is. Each of the last three has a heap. */
enum state { UNUSED, CANDIDATE, SPARED, GONE };

struct block {
	uint64_t id;
	uint64_t last;		/* LAST(p) */
	uint64_t order;		/* of its last reference among all: classical LRU, also among equal times */
	enum state state;
	uint32_t depth;		/* how many HIST(p,i) exist; the next unused block, when UNUSED */
};

/*
 * A reference moves no entry of a heap: keys only grow, so a stale entry is
 * found on top and corrected before anybody trusts it. A page inside its CRP is
 * set aside only when it comes to the top of `candidates`: into `spared`, by
 * the same keys, for the case that every page is inside its CRP, and into
 * `spared_until`, by LAST, from which it returns as its period ends.
 */
struct hp_lruk {
	struct hp_lruk_config config;
	uint64_t now, references;
	struct block *blocks;
	uint64_t *hist;			/* [block * K + i - 1] is HIST(p,i) */
	uint32_t *place, *place_until;
	struct heap candidates, spared, spared_until, gone;	/* gone: not resident, by LAST; never stale */
	struct idmap map;
	uint32_t blocks_used, unused;	/* never used from blocks_used on; head of those given back */
	size_t bytes;
};

static uint64_t *hist_of(const struct hp_lruk *lruk, uint32_t b)
{
	return &lruk->hist[(size_t)b * lruk->config.k];
}

/* The rank of a page: infinite distances first, then the oldest HIST(p,K). Times end before UINT64_MAX. */
static uint64_t rank_of(const struct hp_lruk *lruk, uint32_t b)
{
	return lruk->blocks[b].depth < lruk->config.k ? 0 : hist_of(lruk, b)[lruk->config.k - 1] + 1;
}

static bool is_correlated_at(const struct hp_lruk *lruk, uint32_t b, uint64_t time)
{
	return time - lruk->blocks[b].last <= lruk->config.crp;
}

/* ---- making and freeing ---- */

static int check_config(const struct hp_lruk_config *config, struct hp_err *err)
{
	if (config->k < 1 || config->k > HP_LRUK_K_MAX)
		return hp_err_usage(err, "K is %u; it goes from 1 to %d", config->k, HP_LRUK_K_MAX);
	if (!config->capacity)
		return hp_err_usage(err, "the capacity is 0; it takes one page at least");
	if ((uint64_t)config->capacity + config->history_max >= IDMAP_NONE)
		return hp_err_usage(err, "capacity and histories together are %llu; at most %u",
				    (unsigned long long)config->capacity + config->history_max, IDMAP_NONE - 1);
	return 0;
}

/* calloc: what is not used yet costs no memory. */
static void *take(struct hp_lruk *lruk, size_t count, size_t size, bool *failed)
{
	void *memory = calloc(count ? count : 1, size);

	lruk->bytes += count * size;
	*failed |= !memory;
	return memory;
}

static int take_all(struct hp_lruk *lruk)
{
	size_t resident = lruk->config.capacity, blocks = resident + lruk->config.history_max;
	bool failed = false;

	lruk->blocks = take(lruk, blocks, sizeof(*lruk->blocks), &failed);
	lruk->hist = take(lruk, blocks, sizeof(*lruk->hist) * lruk->config.k, &failed);
	lruk->place = take(lruk, blocks, sizeof(*lruk->place), &failed);
	lruk->place_until = take(lruk, blocks, sizeof(*lruk->place_until), &failed);
	lruk->candidates.entries = take(lruk, resident, sizeof(struct heap_entry), &failed);
	lruk->spared.entries = take(lruk, resident, sizeof(struct heap_entry), &failed);
	lruk->spared_until.entries = take(lruk, resident, sizeof(struct heap_entry), &failed);
	lruk->gone.entries = take(lruk, lruk->config.history_max, sizeof(struct heap_entry), &failed);
	if (failed || idmap_init(&lruk->map, &lruk->blocks->id, sizeof(*lruk->blocks), (uint32_t)blocks) < 0)
		return -ENOMEM;
	lruk->bytes += idmap_bytes(&lruk->map);
	lruk->candidates.place = lruk->spared.place = lruk->gone.place = lruk->place;
	lruk->spared_until.place = lruk->place_until;
	return 0;
}

int hp_lruk_new(const struct hp_lruk_config *config, struct hp_lruk **lruk, struct hp_err *err)
{
	hp_autolruk *made = NULL;
	int ret = check_config(config, err);

	if (ret < 0)
		return ret;
	made = calloc(1, sizeof(*made));
	if (!made)
		return hp_err_set(err, ENOMEM, "out of memory for an LRU-K engine");
	made->config = *config;
	made->unused = IDMAP_NONE;
	made->bytes = sizeof(*made);
	if (take_all(made) < 0)
		return hp_err_set(err, ENOMEM, "out of memory for an LRU-K engine of %u pages and %u histories",
				  config->capacity, config->history_max);
	*lruk = hp_take(made);
	return 0;
}

void hp_lruk_free(struct hp_lruk *lruk)
{
	if (!lruk)
		return;
	idmap_clear(&lruk->map);
	free(lruk->gone.entries);
	free(lruk->spared_until.entries);
	free(lruk->spared.entries);
	free(lruk->candidates.entries);
	free(lruk->place_until);
	free(lruk->place);
	free(lruk->hist);
	free(lruk->blocks);
	free(lruk);
}

size_t hp_lruk_bytes(const struct hp_lruk *lruk)
{
	return lruk->bytes;
}

/* ---- blocks ---- */

static uint32_t block_new(struct hp_lruk *lruk, uint64_t id)
{
	uint32_t b = lruk->unused;

	if (b == IDMAP_NONE)
		b = lruk->blocks_used++;
	else
		lruk->unused = lruk->blocks[b].depth;
	lruk->blocks[b] = (struct block){ .id = id };
	idmap_add(&lruk->map, b);	/* has room for all blocks: cannot fail */
	return b;
}

static void block_free(struct hp_lruk *lruk, uint32_t b)
{
	idmap_remove(&lruk->map, b);
	lruk->blocks[b].state = UNUSED;
	lruk->blocks[b].depth = lruk->unused;
	lruk->unused = b;
}

static void leave_heaps(struct hp_lruk *lruk, uint32_t b)
{
	switch (lruk->blocks[b].state) {
	case CANDIDATE:
		heap_remove(&lruk->candidates, b);
		break;
	case SPARED:
		heap_remove(&lruk->spared, b);
		heap_remove(&lruk->spared_until, b);
		break;
	case GONE:
		heap_remove(&lruk->gone, b);
		break;
	case UNUSED:
		break;
	}
}

static void become_candidate(struct hp_lruk *lruk, uint32_t b)
{
	heap_push(&lruk->candidates, rank_of(lruk, b), lruk->blocks[b].order, b);
	lruk->blocks[b].state = CANDIDATE;
}

static void become_spared(struct hp_lruk *lruk, uint32_t b)
{
	heap_remove(&lruk->candidates, b);
	heap_push(&lruk->spared, rank_of(lruk, b), lruk->blocks[b].order, b);
	heap_push(&lruk->spared_until, lruk->blocks[b].last, lruk->blocks[b].order, b);
	lruk->blocks[b].state = SPARED;
}

/* ---- histories beyond residence ---- */

static bool is_expired(const struct hp_lruk *lruk, uint64_t last)
{
	return lruk->now - last > lruk->config.rip;
}

static void drop_history(struct hp_lruk *lruk, uint32_t b)
{
	heap_remove(&lruk->gone, b);
	block_free(lruk, b);
}

static void drop_expired(struct hp_lruk *lruk)
{
	while (lruk->gone.count && is_expired(lruk, lruk->gone.entries[0].major))
		drop_history(lruk, lruk->gone.entries[0].item);
}

/* Of a resident page: it keeps its history when that is worth more than the oldest there is. */
static void become_gone(struct hp_lruk *lruk, uint32_t b)
{
	const struct block *block = &lruk->blocks[b];
	const struct heap *gone = &lruk->gone;
	bool is_full = gone->count == lruk->config.history_max;

	leave_heaps(lruk, b);
	if (is_expired(lruk, block->last) ||
	    (is_full && (!gone->count || block->order < gone->entries[0].minor))) {
		block_free(lruk, b);
		return;
	}
	if (is_full)
		drop_history(lruk, gone->entries[0].item);
	heap_push(&lruk->gone, block->last, block->order, b);
	lruk->blocks[b].state = GONE;
}

/* ---- choosing ---- */

/* The block on top of a heap that is sorted by rank, once no stale entry hides it. The heap is not empty. */
static uint32_t top_by_rank(struct hp_lruk *lruk, struct heap *heap)
{
	for (;;) {
		uint32_t b = heap->entries[0].item;

		if (heap->entries[0].minor == lruk->blocks[b].order)
			return b;
		heap_update(heap, rank_of(lruk, b), lruk->blocks[b].order, b);
	}
}

/* Pages whose CRP is over by now are candidates again. */
static void release_spared(struct hp_lruk *lruk, uint64_t time)
{
	struct heap *until = &lruk->spared_until;

	while (until->count) {
		uint32_t b = until->entries[0].item;

		if (until->entries[0].minor != lruk->blocks[b].order) {
			heap_update(until, lruk->blocks[b].last, lruk->blocks[b].order, b);
			continue;
		}
		if (is_correlated_at(lruk, b, time))
			break;
		leave_heaps(lruk, b);
		become_candidate(lruk, b);
	}
}

/* The coldest page outside its CRP, or IDMAP_NONE. */
static uint32_t coldest(struct hp_lruk *lruk, uint64_t time)
{
	release_spared(lruk, time);
	while (lruk->candidates.count) {
		uint32_t b = top_by_rank(lruk, &lruk->candidates);

		if (!is_correlated_at(lruk, b, time))
			return b;
		become_spared(lruk, b);
	}
	return IDMAP_NONE;
}

/* The page to evict; some page is resident. */
static uint32_t choose(struct hp_lruk *lruk, uint64_t time)
{
	uint32_t b = coldest(lruk, time);

	return b != IDMAP_NONE ? b : top_by_rank(lruk, &lruk->spared);
}

/* ---- references ---- */

/* An uncorrelated reference: the others move on, later by the length of the correlated period that ended. */
static void shift_history(struct hp_lruk *lruk, uint32_t b, uint64_t period)
{
	struct block *block = &lruk->blocks[b];
	uint64_t *hist = hist_of(lruk, b);

	if (block->depth < lruk->config.k)
		block->depth++;
	for (uint32_t i = block->depth - 1; i > 0; i--)
		hist[i] = hist[i - 1] + period;
	hist[0] = lruk->now;
}

static void note_reference(struct hp_lruk *lruk, uint32_t b)
{
	lruk->blocks[b].last = lruk->now;
	lruk->blocks[b].order = ++lruk->references;
}

static void refer_resident(struct hp_lruk *lruk, uint32_t b)
{
	if (!is_correlated_at(lruk, b, lruk->now))
		shift_history(lruk, b, lruk->blocks[b].last - hist_of(lruk, b)[0]);
	note_reference(lruk, b);
}

/* b: the page's history, or IDMAP_NONE. */
static void refer_absent(struct hp_lruk *lruk, uint64_t id, uint32_t b, struct hp_lruk_outcome *outcome)
{
	/* First of all, as it must not be dropped for the victim's history. */
	if (b != IDMAP_NONE)
		leave_heaps(lruk, b);
	if (hp_lruk_resident_count(lruk) == lruk->config.capacity) {
		uint32_t victim = choose(lruk, lruk->now);

		outcome->has_victim = true;
		outcome->victim = lruk->blocks[victim].id;
		become_gone(lruk, victim);
	}
	if (b == IDMAP_NONE) {
		b = block_new(lruk, id);
		shift_history(lruk, b, 0);
	} else if (!is_correlated_at(lruk, b, lruk->now)) {
		shift_history(lruk, b, 0);
	}
	note_reference(lruk, b);
	become_candidate(lruk, b);
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
	outcome->is_hit = b != IDMAP_NONE && lruk->blocks[b].state != GONE;
	if (outcome->is_hit) {
		refer_resident(lruk, b);
		return 0;
	}
	if (b != IDMAP_NONE && is_expired(lruk, lruk->blocks[b].last)) {
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
	const struct block *block = &lruk->blocks[b];

	*page = (struct hp_lruk_page){
		.id = block->id, .last = block->last, .references = block->depth,
		.distance = HP_LRUK_INFINITE, .is_resident = block->state != GONE,
		.is_correlated = is_correlated_at(lruk, b, time),
	};
	if (block->depth == lruk->config.k)
		page->distance = time - hist_of(lruk, b)[lruk->config.k - 1];
}

bool hp_lruk_victim(struct hp_lruk *lruk, uint64_t time, struct hp_lruk_page *page)
{
	time = later_of(lruk, time);
	if (!hp_lruk_resident_count(lruk))
		return false;
	describe(lruk, choose(lruk, time), time, page);
	return true;
}

/* Takes the coldest out one by one, then puts them back. */
size_t hp_lruk_rank(struct hp_lruk *lruk, uint64_t time, struct hp_lruk_page *pages, size_t max)
{
	size_t count;

	time = later_of(lruk, time);
	for (count = 0; count < max; count++) {
		uint32_t b = coldest(lruk, time);

		if (b == IDMAP_NONE)
			break;
		describe(lruk, b, time, &pages[count]);
		heap_remove(&lruk->candidates, b);
	}
	for (size_t i = 0; i < count; i++)
		become_candidate(lruk, idmap_find(&lruk->map, pages[i].id));
	return count;
}

/* The block of a page, unless its history has ended by this time. */
static uint32_t find_at(const struct hp_lruk *lruk, uint64_t id, uint64_t time)
{
	uint32_t b = idmap_find(&lruk->map, id);

	if (b != IDMAP_NONE && lruk->blocks[b].state == GONE && time - lruk->blocks[b].last > lruk->config.rip)
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

	if (b == IDMAP_NONE || i < 1 || i > lruk->blocks[b].depth)
		return false;
	*time = hist_of(lruk, b)[i - 1];
	return true;
}

int hp_lruk_evict(struct hp_lruk *lruk, uint64_t id)
{
	uint32_t b = idmap_find(&lruk->map, id);

	if (b == IDMAP_NONE || lruk->blocks[b].state == GONE)
		return -ENOENT;
	become_gone(lruk, b);
	return 0;
}

int hp_lruk_forget(struct hp_lruk *lruk, uint64_t id)
{
	uint32_t b = idmap_find(&lruk->map, id);

	if (b == IDMAP_NONE)
		return -ENOENT;
	leave_heaps(lruk, b);
	block_free(lruk, b);
	return 0;
}

uint32_t hp_lruk_resident_count(const struct hp_lruk *lruk)
{
	return lruk->candidates.count + lruk->spared.count;
}

uint32_t hp_lruk_history_count(const struct hp_lruk *lruk)
{
	return lruk->gone.count;
}
