/* SPDX-License-Identifier: GPL-2.0 */
/* lruk_internal.h: what the files of the LRU-K engine share: where each page is, and its way from place to place. */
#ifndef RECLAIM_LRUK_INTERNAL_H
#define RECLAIM_LRUK_INTERNAL_H

#include "hp_lruk.h"
#include "heap.h"
#include "idmap.h"

/*
 * Where a page is. Resident ones whose distance is infinite are in the list
 * `fresh`, by LAST. The others are in one of two heaps by rank: a reference
 * moves no entry of a heap, as keys only grow, so a stale entry is found on top
 * and corrected before anybody trusts it. A page inside its CRP is set aside
 * only when it comes to the top of `candidates`: into `spared`, by rank as well
 * for the case that every page is inside its CRP, and into `spared_until`, by
 * LAST, from which it returns as its period ends.
 */
enum lruk_state { LRUK_UNUSED, LRUK_ARRIVING, LRUK_FRESH, LRUK_CANDIDATE, LRUK_SPARED, LRUK_GONE };

struct lruk_block {
	uint64_t id;
	uint64_t last;		/* LAST(p) */
	uint64_t order;		/* of its last reference among all: classical LRU, also among equal times */
	uint32_t next, previous;	/* in `fresh`; next also chains unused blocks */
	uint8_t state, depth;	/* depth: how many HIST(p,i) exist */
	bool is_in_gone;	/* has an entry in `gone`, though maybe resident again */
	uint64_t hist[];	/* [i - 1] is HIST(p,i) */
};

struct hp_lruk {
	struct hp_lruk_config config;
	uint64_t now, references;
	char *blocks;			/* of block_bytes each */
	size_t block_bytes;
	uint32_t fresh_first, fresh_last, resident, gone_count;
	struct heap candidates, spared, spared_until, gone;	/* gone: not resident, by LAST, stale as well */
	struct idmap map;
	uint32_t blocks_used, unused;	/* never used from blocks_used on; head of those given back */
	size_t bytes;
};

static inline struct lruk_block *lruk_at(const struct hp_lruk *lruk, uint32_t b)
{
	return (struct lruk_block *)(lruk->blocks + b * lruk->block_bytes);
}

/* The rank of a page whose HIST(p,K) exists. */
static inline uint64_t lruk_rank_of(const struct hp_lruk *lruk, uint32_t b)
{
	return lruk_at(lruk, b)->hist[lruk->config.k - 1];
}

/* A block for a page that has none; there is one unused. It is in no place yet. */
uint32_t lruk_block_new(struct hp_lruk *lruk, uint64_t id);
/* Of a page that has left its place. */
void lruk_block_free(struct hp_lruk *lruk, uint32_t b);
/* From wherever it is; an entry in `gone` stays and becomes stale. */
void lruk_leave(struct hp_lruk *lruk, uint32_t b);
/* Of a page in no place that was referenced last of all: to the end of the fresh ones, or a candidate. */
void lruk_become_resident(struct hp_lruk *lruk, uint32_t b);
/* Among the fresh ones, behind a page that is there. */
void lruk_become_fresh_after(struct hp_lruk *lruk, uint32_t place, uint32_t b);
void lruk_become_gone(struct hp_lruk *lruk, uint32_t b);
void lruk_become_candidate(struct hp_lruk *lruk, uint32_t b);
/* Of a candidate. */
void lruk_become_spared(struct hp_lruk *lruk, uint32_t b);

#endif
