/* SPDX-License-Identifier: GPL-2.0 */
/* hp_regions.h: ranges of address spaces, each with an LRU-K history, that split and merge as they are used. */
#ifndef HP_REGIONS_H
#define HP_REGIONS_H

#include "reclaim/hp_lruk.h"

/*
 * A sampler says of whole address spaces, window after window, which ranges
 * were used. Those ranges differ from window to window, so histories belong to
 * addresses: every address has the history that a page of its own would have
 * in the LRU-K engine, and a region is a range whose addresses share one. A
 * window that used only a part of a region splits it; neighbours whose
 * histories are equal merge. That loses nothing.
 *
 * When there are more regions than allowed, the neighbours whose last uses are
 * the closest in time merge too, and get the newer of each time: merged memory
 * may look hotter than it is, and colder by a correlated period at most (a use
 * of one half may be correlated to one of the other).
 *
 * Pure: no system calls, no clock. Times are milliseconds of the caller's clock.
 */

struct hp_region {
	uint64_t start, end;	/* bytes, [start, end) */
	uint64_t space;		/* the caller's number of the address space */
	/* Taken out of memory (or would have been), and not used since. */
	bool is_taken;
	uint64_t taken_distance;	/* its distance then, see hp_regions_score() */
	uint64_t taken_bytes;	/* what was resident of it then */
	uint64_t id;		/* of its history in the engine */
};

struct hp_regions;

struct hp_regions_config {
	unsigned int k;
	uint64_t crp_ms, rip_ms;
	uint32_t max;		/* regions, at least 16 */
};

/* -EINVAL (exit status 2), -ENOMEM. The caller frees. */
int hp_regions_new(const struct hp_regions_config *config, struct hp_regions **regions, struct hp_err *err);
void hp_regions_free(struct hp_regions *regions);
static inline void hp_regions_freep(struct hp_regions **regions)
{
	hp_regions_free(*regions);
}
#define hp_autoregions __attribute__((cleanup(hp_regions_freep))) struct hp_regions

/* One range of a window; those of a window ascend and do not overlap. */
struct hp_window {
	uint64_t start, end;
	bool is_used;
};

/* What a window brought back of what had been taken. */
struct hp_refault {
	uint64_t bytes, distance;	/* taken_bytes and taken_distance of the region */
	uint64_t space, start, end;	/* what of it was used */
};
typedef void (*hp_refault_fn)(void *arg, const struct hp_refault *refault);

/*
 * The window covers the whole address space: what it leaves out is forgotten,
 * what is new in it arrives as used now, what it calls used is referenced. What
 * is used of a taken region is split off and comes back; `refault` (may be NULL)
 * is called for it, with its share of the bytes. 0, -EINVAL (ranges out of order, time running
 * backwards: nothing done), -ENOMEM.
 */
int hp_regions_observe(struct hp_regions *regions, uint64_t space, const struct hp_window *windows, size_t count,
		       uint64_t now_ms, hp_refault_fn refault, void *arg);
/* The address space has ended, or is another program's now. */
void hp_regions_drop(struct hp_regions *regions, uint64_t space);

/*
 * How cold a region is, in milliseconds: its backward K-distance; with fewer
 * than K references, for which that is infinite, the time since the last one.
 */
uint64_t hp_regions_score(const struct hp_regions *regions, const struct hp_region *region, uint64_t now_ms);
/* What the engine knows of it; false for a taken region whose history has ended. */
bool hp_regions_page(const struct hp_regions *regions, const struct hp_region *region, uint64_t now_ms,
		     struct hp_lruk_page *page);
/* HIST(p,i) of it, see hp_lruk_hist(). */
bool hp_regions_hist(const struct hp_regions *regions, const struct hp_region *region, unsigned int i, uint64_t *time);

/* The coldest regions outside their CRP and not taken, in the order of victims. Returns how many; copies. */
size_t hp_regions_rank(struct hp_regions *regions, uint64_t now_ms, struct hp_region *coldest, size_t max);
/*
 * The first `bytes` of the region that starts there (all of it when it has no
 * more) have been taken: it is split off. `resident_bytes` of it were in memory.
 * -ENOENT when no region starts there, -ENOSPC.
 */
int hp_regions_take(struct hp_regions *regions, uint64_t space, uint64_t start, uint64_t bytes, uint64_t resident_bytes,
		    uint64_t now_ms);

uint32_t hp_regions_count(const struct hp_regions *regions);
/* The region that holds an address, or NULL; valid until the next change. */
const struct hp_region *hp_regions_find(const struct hp_regions *regions, uint64_t space, uint64_t address);
/* Calls fn for each region, by space and address; fn changes nothing. */
void hp_regions_each(const struct hp_regions *regions, void (*fn)(void *arg, const struct hp_region *region), void *arg);

#endif
