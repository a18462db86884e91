/* SPDX-License-Identifier: GPL-2.0 */
/* regions_internal.h: what the files of the regions share: a pool of them, and each space's in order. */
#ifndef RECLAIM_REGIONS_INTERNAL_H
#define RECLAIM_REGIONS_INTERNAL_H

#include "reclaim/hp_regions.h"

/* An address space: places in the pool, by address. */
struct region_space {
	uint64_t key;
	uint32_t *items;
	size_t count, capacity;
};

/* A region's history has its place in the pool as id, so that the engine's answers are found at once. */
struct hp_regions {
	struct hp_regions_config config;
	struct hp_lruk *lruk;
	struct hp_region *pool;		/* pool_size of them */
	uint32_t *unused;		/* places in the pool, a stack */
	uint32_t pool_size, unused_count;
	struct region_space *spaces;	/* by key */
	size_t spaces_count;
	uint64_t now;
};

static inline struct hp_region *region_at(const struct hp_regions *regions, uint32_t i)
{
	return &regions->pool[i];
}

/* A region without a history; UINT32_MAX when the pool is used up. */
uint32_t region_new(struct hp_regions *regions, uint64_t space, uint64_t start, uint64_t end);
/* Of a region that is in no space's list. */
void region_free(struct hp_regions *regions, uint32_t i);
/* The part of region i from `at` on, with a copy of the history; UINT32_MAX when there is no room. In no list yet. */
uint32_t region_split(struct hp_regions *regions, uint32_t i, uint64_t at);
/* The space with that key, or NULL. */
struct region_space *region_space_find(const struct hp_regions *regions, uint64_t key);
/* -ENOMEM */
int region_space_reserve(struct region_space *space, size_t count);

/* regions_merge.c: merges equal neighbours in a space, then the closest ones of all until no more than allowed are left. */
void regions_merge_equal(struct hp_regions *regions, struct region_space *space);
void regions_limit(struct hp_regions *regions);

#endif
