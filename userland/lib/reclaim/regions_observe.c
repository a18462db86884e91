// SPDX-License-Identifier: GPL-2.0
/* regions_observe.c: takes in what one window saw of an address space. */
#include "regions_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"

/* One walk over a window and the regions that were there. */
struct walk {
	struct hp_regions *regions;
	uint64_t key, now;
	uint64_t edge;			/* all below is settled */
	struct region_space fresh;	/* what the space becomes; items owned */
	hp_refault_fn refault;
	void *arg;
};

static void append(struct walk *walk, uint32_t i)
{
	walk->fresh.items[walk->fresh.count++] = i;
}

/* Something that was not there before. Without room it stays unknown until there is. */
static void arrive(struct walk *walk, uint64_t start, uint64_t end)
{
	uint32_t i;

	if (start >= end)
		return;
	i = region_new(walk->regions, walk->key, start, end);
	if (i == UINT32_MAX)
		return;
	hp_lruk_reference(walk->regions->lruk, i, walk->now, NULL);
	append(walk, i);
}

static void use(struct walk *walk, uint32_t i)
{
	struct hp_region *region = region_at(walk->regions, i);

	if (region->is_taken && walk->refault)
		walk->refault(walk->arg, &(struct hp_refault){ region->taken_bytes, region->taken_distance, region->space, region->start,
							       region->end });
	region->is_taken = false;
	region->taken_bytes = 0;
	hp_lruk_reference(walk->regions->lruk, i, walk->now, NULL);
}

/* Whether two ranges of a window say the same of what lies across their border. */
static bool is_alike(const struct hp_window *a, const struct hp_window *b)
{
	return a->end == b->start && a->is_used == b->is_used;
}

/* Everything in region i was used alike. */
static void keep(struct walk *walk, uint32_t i, bool is_used)
{
	if (is_used)
		use(walk, i);
	append(walk, i);
	walk->edge = region_at(walk->regions, i)->end;
}

/*
 * The ranges of the window, alike neighbours joined, from *at on: the next one.
 * False when there is none.
 */
static bool next_range(const struct hp_window *windows, size_t count, size_t *at, struct hp_window *range)
{
	if (*at >= count)
		return false;
	*range = windows[(*at)++];
	while (*at < count && is_alike(range, &windows[*at]))
		range->end = windows[(*at)++].end;
	return true;
}

/* The old regions, one after another, each perhaps with its lower part gone already. */
struct olds {
	const uint32_t *items;
	size_t count, at;
	uint32_t current;	/* UINT32_MAX = none left */
};

static void olds_next(struct olds *olds)
{
	olds->current = olds->at < olds->count ? olds->items[olds->at++] : UINT32_MAX;
}

/* Forgets what lies below `to`. */
static void forget_below(struct walk *walk, struct olds *olds, uint64_t to)
{
	while (olds->current != UINT32_MAX && region_at(walk->regions, olds->current)->start < to) {
		uint32_t i = olds->current;

		if (region_at(walk->regions, i)->end > to) {
			/* In place: the history stays with the part that is left. */
			region_at(walk->regions, i)->start = to;
			return;
		}
		region_free(walk->regions, i);
		olds_next(olds);
	}
}

/* One range of the window over the old regions that it covers. */
static void cover(struct walk *walk, struct olds *olds, const struct hp_window *range)
{
	/* Beyond the start when there was no room to cut the region below. */
	uint64_t at = range->start > walk->edge ? range->start : walk->edge;

	forget_below(walk, olds, range->start);
	while (olds->current != UINT32_MAX && region_at(walk->regions, olds->current)->start < range->end) {
		uint32_t i = olds->current, upper = UINT32_MAX;
		bool is_cut;

		arrive(walk, at, region_at(walk->regions, i)->start);
		is_cut = region_at(walk->regions, i)->end > range->end;
		/* Where there is no room for one more, the whole of it counts for what its lower part is found to be. */
		if (is_cut)
			upper = region_split(walk->regions, i, range->end);
		at = region_at(walk->regions, i)->end;
		keep(walk, i, range->is_used);
		if (is_cut && upper != UINT32_MAX) {
			olds->current = upper;
			return;
		}
		olds_next(olds);
	}
	arrive(walk, at, range->end);
}

static bool is_ordered(const struct hp_window *windows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (windows[i].start >= windows[i].end || (i && windows[i].start < windows[i - 1].end))
			return false;
	return true;
}

static struct region_space *space_make(struct hp_regions *regions, uint64_t key)
{
	struct region_space *space = region_space_find(regions, key), *spaces;
	size_t place = 0;

	if (space)
		return space;
	spaces = reallocarray(regions->spaces, regions->spaces_count + 1, sizeof(*spaces));
	if (!spaces)
		return NULL;
	regions->spaces = spaces;
	while (place < regions->spaces_count && spaces[place].key < key)
		place++;
	memmove(&spaces[place + 1], &spaces[place], (regions->spaces_count - place) * sizeof(*spaces));
	spaces[place] = (struct region_space){ .key = key };
	regions->spaces_count++;
	return &spaces[place];
}

int hp_regions_observe(struct hp_regions *regions, uint64_t key, const struct hp_window *windows, size_t count,
		       uint64_t now_ms, hp_refault_fn refault, void *arg)
{
	struct walk walk = { .regions = regions, .key = key, .now = now_ms, .refault = refault, .arg = arg };
	struct region_space *space;
	struct hp_window range;
	struct olds olds;
	size_t at = 0;

	if (!is_ordered(windows, count) || now_ms < regions->now)
		return -EINVAL;
	space = space_make(regions, key);
	/* Each range cuts one region at most at its end and lets two arrive beside each old one. */
	if (!space || region_space_reserve(&walk.fresh, 2 * space->count + 2 * count + 2) < 0)
		return -ENOMEM;
	regions->now = now_ms;
	olds = (struct olds){ .items = space->items, .count = space->count };
	olds_next(&olds);
	while (next_range(windows, count, &at, &range))
		cover(&walk, &olds, &range);
	forget_below(&walk, &olds, UINT64_MAX);
	free(space->items);
	walk.fresh.key = key;
	*space = walk.fresh;
	regions_merge_equal(regions, space);
	regions_limit(regions);
	return 0;
}
