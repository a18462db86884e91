/* SPDX-License-Identifier: GPL-2.0 */
/* hp_sim.h: what a replacement policy makes of a trace. */
#ifndef HP_SIM_H
#define HP_SIM_H

#include <stdbool.h>
#include <stdint.h>
#include "base/hp_err.h"
#include "reclaim/hp_trace.h"

/* What a policy is made from. */
struct hp_cache_config {
	uint32_t capacity;	/* pages, at least 1 and at most trace->pages_count */
	unsigned int k;		/* lru-k */
	uint64_t crp, rip;	/* lru-k, in references */
	const struct hp_trace *trace;	/* outlives the cache; only opt looks ahead in it */
};

/*
 * A replacement policy. Every policy fetches on demand: a page that is missed
 * is always taken in, and at most one page goes for it.
 *
 * lru-k	hp_lruk.h, with room for the history of every page of the trace
 * lru	the page that was not used for the longest time goes
 * lfu	the page that was used least often goes, by LRU among equals. A page's count is never forgotten, also when the
 *	page is not resident, as in the LRU-K paper
 * 2q	T. Johnson, D. Shasha: 2Q: A Low Overhead High Performance Buffer Management Replacement Algorithm, VLDB 1994,
 *	"full version": Kin = 1/4 and Kout = 1/2 of the capacity, rounded down, at least 1
 * arc	N. Megiddo, D. S. Modha: ARC: A Self-Tuning, Low Overhead Replacement Cache, FAST 2003; p is a real number
 * opt	L. A. Belady: A study of replacement algorithms for a virtual-storage computer, IBM Systems Journal 5, 1966:
 *	the page whose next use is the farthest away goes
 */
struct hp_cache_policy {
	const char *name;
	bool has_k;
	int (*create)(const struct hp_cache_config *config, void **cache);	/* 0 or -ENOMEM */
	/* The reference with this number (from 1) goes to this page; true when it is resident. */
	bool (*reference)(void *cache, uint32_t page, uint64_t number);
	void (*destroy)(void *cache);	/* of NULL: nothing */
};

extern const struct hp_cache_policy hp_cache_lru, hp_cache_lruk, hp_cache_lfu, hp_cache_2q, hp_cache_arc, hp_cache_opt;
/* All of them, NULL-terminated. */
extern const struct hp_cache_policy *const hp_cache_policies[];
/* By its name, or NULL. */
const struct hp_cache_policy *hp_cache_policy_find(const char *name);

struct hp_sim_run {
	const struct hp_cache_policy *policy;
	uint64_t capacity;	/* pages; may be more than there are */
	unsigned int k;		/* 1 to HP_LRUK_K_MAX */
	uint64_t crp, rip;
	uint64_t warmup;	/* references that are made but not counted */
	uint64_t measure;	/* references that are counted, UINT64_MAX = all the rest; fewer when the trace ends */
	/* Told about every millionth reference, and how many there will be; may be NULL. */
	void (*progress)(void *arg, uint64_t done, uint64_t total);
	void *progress_arg;
};

struct hp_sim_result {
	uint64_t references, hits;	/* counted ones */
};

/* 0, -EINVAL with exit status 2 (capacity or K out of range, nothing left to measure), or -ENOMEM. */
int hp_sim_run(const struct hp_trace *trace, const struct hp_sim_run *run, struct hp_sim_result *result, struct hp_err *err);

#endif
