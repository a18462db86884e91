/* SPDX-License-Identifier: GPL-2.0 */
/* tuner_internal.h: what the files of the tuner share. */
#ifndef RECLAIM_TUNER_INTERNAL_H
#define RECLAIM_TUNER_INTERNAL_H

#include <pthread.h>
#include "hp_free.h"
#include "hp_pace.h"
#include "hp_tuner.h"
#include "hp_watched.h"
#include "hp_regions.h"

enum { PROBLEM_MAX = 256, WINDOW_MAX = 4096, TUNER_REGIONS_MAX = 2000 };

/* A window of one target that is coming in. */
struct tuner_batch {
	struct hp_window windows[WINDOW_MAX];
	size_t count;
	uint64_t target;
};

/* Taken memory of which a part was used again: the rest may follow when what uses it goes on. */
struct tuner_return {
	uint64_t space, start, end, distance;
	uint64_t taken_bytes, back_bytes;	/* back_bytes are counted already */
	uint64_t due_ms;
};
enum { RETURNS_MAX = 64 };

/*
 * The thread alone changes anything here, with the lock; others read with the
 * lock. Without the lock the thread reads and blocks.
 */
struct hp_tuner {
	struct hp_root *root;
	char *domain, *cgroup;
	struct hp_reclaim_spec spec;
	struct hp_damon *damon;
	unsigned int slot;
	pthread_t thread;
	pthread_mutex_t lock;
	int wake;			/* eventfd */
	bool is_stopping;
	enum hp_reclaim_mode mode;

	enum hp_tuner_source source;
	char problem[PROBLEM_MAX];	/* "" = none */
	struct hp_watched watched;
	struct hp_regions *regions;
	struct hp_damon_events *events;
	pid_t kdamond;
	uint64_t targets[HP_WATCHED_MAX];	/* address spaces, by number of the target */
	unsigned int warm_up[HP_WATCHED_MAX];	/* of each target: windows still to be left out */
	size_t targets_count;
	struct tuner_batch batch;
	bool is_stale;			/* the set of processes changed since the source was started */

	struct hp_pace pace;
	struct hp_learn learn;
	struct hp_look look;
	struct hp_domain_memory memory;	/* as of the last turn */
	struct hp_pace_plan plan;
	bool has_memory, knows_swappiness;
	struct hp_tuner_sums sums;
	/*
	 * Taken from processes, but not known to have left memory: MADV_PAGEOUT does not wait
	 * for the disk, and what has been written stays in the swap cache, charged to the
	 * domain, until the kernel's reclaim comes by.
	 */
	uint64_t leaving_bytes;
	struct tuner_return returns[RETURNS_MAX];
	size_t returns_count;
	uint64_t working_set[HP_TUNER_BANDS];	/* as of banded_ms */

	uint64_t started_ms, turned_ms, turned_us, scanned_ms, restarted_ms, adapted_ms, cooled_ms, smaps_ms, retry_ms, banded_ms;
	uint64_t kdamond_ns, thread_ns;		/* processor time as of the last reading */
	uint64_t kdamond_cost_ns, turn_cost_ns, adapt_cost_ns;	/* not counted yet; since the last turn; since the last adaptation */
};

uint64_t tuner_now_ms(void);
uint64_t tuner_now_us(void);

/* tuner_sample.c: keeps the source going and takes in what it saw. */
void tuner_sample_look(struct hp_tuner *tuner, uint64_t now_ms);
void tuner_sample_drain(struct hp_tuner *tuner);
void tuner_sample_smaps(struct hp_tuner *tuner, uint64_t now_ms);
/* Looks again at what had come back in part. */
void tuner_sample_returns(struct hp_tuner *tuner, uint64_t now_ms);
/* The level changed. */
void tuner_sample_retune(struct hp_tuner *tuner);
void tuner_sample_stop(struct hp_tuner *tuner);
uint64_t tuner_sample_cost_ns(struct hp_tuner *tuner);	/* since the last call: the thread's and its kdamond's */

/*
 * The distance from which memory is freed now: what was learnt, but never so
 * short that memory used in every window would be as far.
 */
uint64_t tuner_threshold_ms(const struct hp_tuner *tuner);

/* tuner_free.c: does what the plan says, or in mode observe says so. */
void tuner_free_planned(struct hp_tuner *tuner, const struct hp_pace_plan *plan);

/* ---- tuner_copy.c: a copy of the regions with what makes them hot or cold, so that nobody waits while files are read ---- */

struct told_region {
	struct hp_region region;
	struct hp_lruk_page page;
	uint64_t score, hist[HP_LRUK_K_MAX];
	bool has_page;
};

struct told {
	struct told_region *items;	/* owned */
	size_t count, capacity;
	const struct hp_tuner *tuner;
	uint64_t now_ms, threshold_ms;
	struct hp_learn learn;
	struct hp_watched watched;	/* its pidfds are not to be used */
};

/* With the lock; the caller frees the items. */
void told_copy(const struct hp_tuner *tuner, struct told *told);
/* The rest without it. */
const struct hp_process *told_process(struct told *told, const struct hp_region *region);
/* Estimated from at most so many pages. */
uint64_t told_resident(struct told *told, const struct hp_region *region, unsigned int samples);
void told_bands(struct told *told, unsigned int samples, uint64_t bands[HP_TUNER_BANDS]);

#endif
