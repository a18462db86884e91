/* SPDX-License-Identifier: GPL-2.0 */
/* hp_lruk.h: LRU-K, the ranking of pages by how far back their K-th last use lies. */
#ifndef HP_LRUK_H
#define HP_LRUK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/hp_err.h"

/*
 * E. J. O'Neil, P. E. O'Neil, G. Weikum: The LRU-K Page Replacement Algorithm
 * For Database Disk Buffering, SIGMOD 1993.
 *
 * The engine is pure: no system calls, no clock of its own, and no allocation
 * after hp_lruk_new(). A page is any 64-bit number; to the simulator it is a
 * page of a trace, to the tuner a region of memory. Time is the caller's: a
 * 64-bit count in any unit that never runs backwards (reference numbers,
 * milliseconds, sampling windows). CRP, RIP and distances have the same unit.
 *
 * HIST(p,i)	time of the i-th most recent uncorrelated reference to p
 * LAST(p)	time of the most recent reference to p, correlated or not
 * b_t(p,K)	backward K-distance: t - HIST(p,K); infinite when p was
 *		referenced fewer than K times
 *
 * A reference at t with t - LAST(p) <= CRP is correlated: it only sets LAST(p).
 * The next uncorrelated one moves HIST(p,1..K-1) one place on, from the oldest
 * to the newest as otherwise they would all become HIST(p,1), and adds
 * LAST(p) - HIST(p,1) to each: the whole correlated period counts as one point
 * in time. A history that does not exist stays so: an infinite distance never
 * becomes finite by that addition.
 *
 * The victim is the resident page with the largest b_t(p,K) among those with
 * t - LAST(p) > CRP. Equal ones (all infinite ones are) go by classical LRU:
 * the page whose last reference of any kind is the oldest; of references with
 * the same time the one that was told first.
 *
 * The history of a page that is not resident is kept while
 * t - LAST(p) <= RIP. When the page comes back in that time, its history goes
 * on as in the paper's Figure 2.1: places move on, without the addition.
 *
 * What the paper leaves open, decided here:
 * - Every resident page is inside its CRP: the period is waived for this
 *   choice, and the same order over all pages picks the victim.
 * - A page comes back inside its own CRP, which takes such a choice or
 *   hp_lruk_evict(): the reference is correlated, it counts once.
 * - There are more histories than history_max: the one with the oldest LAST
 *   is dropped first, whatever its RIP.
 */

#define HP_LRUK_K_MAX 8
#define HP_LRUK_FOREVER UINT64_MAX	/* as rip: no history ends by age */
#define HP_LRUK_INFINITE UINT64_MAX	/* as distance: fewer than K references are known */

struct hp_lruk_config {
	unsigned int k;		/* 1 to HP_LRUK_K_MAX; 1 with crp 0 is classical LRU */
	uint32_t capacity;	/* resident pages at most, at least 1 */
	uint32_t history_max;	/* histories of pages that are not resident, at most; 0 = none */
	uint64_t crp;		/* Correlated Reference Period; 0 = references at the same time only */
	uint64_t rip;		/* Retained Information Period */
};

struct hp_lruk;

/*
 * Takes all memory that the engine ever uses: hp_lruk_bytes(), about 190 bytes for
 * each resident page and 120 for each history, with K = 3. -EINVAL (exit status
 * 2: the message names the field), -ENOMEM. The caller frees *lruk.
 */
int hp_lruk_new(const struct hp_lruk_config *config, struct hp_lruk **lruk, struct hp_err *err);
void hp_lruk_free(struct hp_lruk *lruk);
size_t hp_lruk_bytes(const struct hp_lruk *lruk);

static inline void hp_lruk_freep(struct hp_lruk **lruk)
{
	hp_lruk_free(*lruk);
}
#define hp_autolruk __attribute__((cleanup(hp_lruk_freep))) struct hp_lruk

/* What a reference did. */
struct hp_lruk_outcome {
	bool is_hit;		/* it was resident */
	bool has_victim;
	uint64_t victim;	/* no longer resident, when has_victim */
};

/*
 * The page is referenced at `time` and is resident from now on; when that takes
 * a place that is not free, the victim loses its own. O(K + log n) amortized:
 * each reference is sorted in at most once, by the first choice that it matters
 * to. Returns 0, or -EINVAL and nothing done when the time is before that of an
 * earlier call (or UINT64_MAX, which no time is). `outcome` may be NULL.
 */
int hp_lruk_reference(struct hp_lruk *lruk, uint64_t id, uint64_t time, struct hp_lruk_outcome *outcome);

/* What is known of one page. */
struct hp_lruk_page {
	uint64_t id;
	uint64_t distance;	/* b_t(p,K), or HP_LRUK_INFINITE */
	uint64_t last;		/* LAST(p) */
	unsigned int references;	/* uncorrelated ones that are known, 1 to K */
	bool is_resident;
	bool is_correlated;	/* inside its CRP: no victim */
};

/*
 * The calls below that take a time look at the state at that time, or at the
 * time of the latest reference when that is later. They change no ranking.
 */

/* The page that would have to go now; false when none is resident. O(log n) amortized. */
bool hp_lruk_victim(struct hp_lruk *lruk, uint64_t time, struct hp_lruk_page *page);
/*
 * The coldest resident pages outside their CRP, coldest first: the order in
 * which victims would be taken. Fills at most `max` of `pages`, returns how
 * many. O(max log n).
 */
size_t hp_lruk_rank(struct hp_lruk *lruk, uint64_t time, struct hp_lruk_page *pages, size_t max);
/* One page, resident or with a history; false when nothing is known of it. O(1). */
bool hp_lruk_find(const struct hp_lruk *lruk, uint64_t id, uint64_t time, struct hp_lruk_page *page);
/* HIST(p,i), i from 1 to K; false when it does not exist. */
bool hp_lruk_hist(const struct hp_lruk *lruk, uint64_t id, unsigned int i, uint64_t *time);

/* The page is no longer resident, by the caller's own choice; its history is kept. -ENOENT. O(log n). */
int hp_lruk_evict(struct hp_lruk *lruk, uint64_t id);
/* Nothing is known of the page any more: it has ended or changed its meaning. -ENOENT. O(log n). */
int hp_lruk_forget(struct hp_lruk *lruk, uint64_t id);

/*
 * A page that turns out to be two: `copy`, of which nothing may be known, gets
 * the history and the place of `id`, next to it in the order of victims.
 * -ENOENT, -EEXIST, -ENOSPC (as many are resident, or have histories, as may be). O(log n).
 */
int hp_lruk_copy(struct hp_lruk *lruk, uint64_t id, uint64_t copy);
/*
 * Two pages that turn out to be one: `id` gets the newer of both LAST and of
 * each HIST(p,i), so that it is never colder than either was, and `other` is
 * forgotten. -ENOENT, -EINVAL when they are the same or only one is resident. O(log n).
 */
int hp_lruk_merge(struct hp_lruk *lruk, uint64_t id, uint64_t other);

uint32_t hp_lruk_resident_count(const struct hp_lruk *lruk);
/* Histories of pages that are not resident, as of the latest reference that missed. */
uint32_t hp_lruk_history_count(const struct hp_lruk *lruk);

#endif
