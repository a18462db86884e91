// SPDX-License-Identifier: GPL-2.0
/* regions_merge.c: merges regions: those with equal histories always, the closest ones when there are too many. */
#include "regions_internal.h"

#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"

static bool is_adjacent(const struct hp_region *a, const struct hp_region *b)
{
	return a->end == b->start && a->is_taken == b->is_taken;
}

static bool has_equal_history(const struct hp_regions *regions, const struct hp_region *a, const struct hp_region *b)
{
	struct hp_lruk_page one, two;
	bool has_one = hp_lruk_find(regions->lruk, a->id, regions->now, &one);
	bool has_two = hp_lruk_find(regions->lruk, b->id, regions->now, &two);

	if (!has_one || !has_two)
		return has_one == has_two;
	if (one.last != two.last || one.references != two.references)
		return false;
	for (unsigned int i = 1; i <= one.references; i++) {
		uint64_t x = 0, y = 0;

		hp_lruk_hist(regions->lruk, a->id, i, &x);
		hp_lruk_hist(regions->lruk, b->id, i, &y);
		if (x != y)
			return false;
	}
	return true;
}

/* b, which lies right above a, becomes a part of it. */
static void join(struct hp_regions *regions, uint32_t a, uint32_t b)
{
	struct hp_region *lower = region_at(regions, a), *upper = region_at(regions, b);

	/* -ENOENT: one history has ended; what is known of the other stays. */
	if (hp_lruk_merge(regions->lruk, a, b) < 0)
		hp_lruk_copy(regions->lruk, b, a);
	lower->end = upper->end;
	lower->taken_bytes += upper->taken_bytes;
	if (lower->taken_distance < upper->taken_distance)
		lower->taken_distance = upper->taken_distance;
	region_free(regions, b);
}

void regions_merge_equal(struct hp_regions *regions, struct region_space *space)
{
	size_t kept = 0;

	for (size_t i = 1; i < space->count; i++) {
		struct hp_region *a = region_at(regions, space->items[kept]), *b = region_at(regions, space->items[i]);

		if (is_adjacent(a, b) && a->taken_distance == b->taken_distance && has_equal_history(regions, a, b))
			join(regions, space->items[kept], space->items[i]);
		else
			space->items[++kept] = space->items[i];
	}
	if (space->count)
		space->count = kept + 1;
}

/* Two neighbours, and what their merging would blur: bytes of the colder one times the time it gets younger. */
struct pair {
	long double cost;
	uint32_t space, item;	/* item: place of the lower one */
};

static int compare_pairs(const void *a, const void *b)
{
	const struct pair *one = a, *two = b;

	if (one->cost != two->cost)
		return one->cost < two->cost ? -1 : 1;
	if (one->space != two->space)
		return one->space < two->space ? -1 : 1;
	return one->item < two->item ? -1 : one->item > two->item;
}

static long double cost_of(const struct hp_regions *regions, const struct hp_region *a, const struct hp_region *b)
{
	uint64_t one = hp_regions_score(regions, a, regions->now), two = hp_regions_score(regions, b, regions->now);
	const struct hp_region *colder = one > two ? a : b;
	uint64_t difference = one > two ? one - two : two - one;

	/* Equal ones in the order of their size: small ones first. */
	return ((long double)difference + 1) * (colder->end - colder->start);
}

static size_t list_pairs(const struct hp_regions *regions, struct pair *pairs)
{
	size_t count = 0;

	for (size_t s = 0; s < regions->spaces_count; s++) {
		const struct region_space *space = &regions->spaces[s];

		for (size_t i = 0; i + 1 < space->count; i++) {
			const struct hp_region *a = region_at(regions, space->items[i]);
			const struct hp_region *b = region_at(regions, space->items[i + 1]);

			if (is_adjacent(a, b))
				pairs[count++] = (struct pair){ cost_of(regions, a, b), (uint32_t)s, (uint32_t)i };
		}
	}
	qsort(pairs, count, sizeof(*pairs), compare_pairs);
	return count;
}

static void drop_holes(struct region_space *space)
{
	size_t kept = 0;

	for (size_t i = 0; i < space->count; i++)
		if (space->items[i] != UINT32_MAX)
			space->items[kept++] = space->items[i];
	space->count = kept;
}

/* Merges the cheapest pairs; false when there is none to merge. */
static bool merge_cheapest(struct hp_regions *regions, uint32_t surplus)
{
	hp_autofree struct pair *pairs = calloc(hp_regions_count(regions), sizeof(*pairs));
	size_t count = pairs ? list_pairs(regions, pairs) : 0;
	uint32_t merged = 0;

	for (size_t i = 0; i < count && merged < surplus; i++) {
		struct region_space *space = &regions->spaces[pairs[i].space];
		uint32_t *lower = &space->items[pairs[i].item], *upper = lower + 1;

		/* One that became a part of its neighbour waits for the next turn. */
		if (*lower == UINT32_MAX || *upper == UINT32_MAX)
			continue;
		join(regions, *lower, *upper);
		*upper = UINT32_MAX;
		merged++;
	}
	for (size_t s = 0; s < regions->spaces_count; s++)
		drop_holes(&regions->spaces[s]);
	return merged;
}

/* Nothing is left to merge: the smallest region of all is forgotten until it is seen again. */
static void forget_smallest(struct hp_regions *regions)
{
	uint64_t least = UINT64_MAX;
	uint32_t *smallest = NULL;
	struct region_space *from = NULL;

	for (size_t s = 0; s < regions->spaces_count; s++) {
		for (size_t i = 0; i < regions->spaces[s].count; i++) {
			const struct hp_region *region = region_at(regions, regions->spaces[s].items[i]);

			if (region->end - region->start >= least)
				continue;
			least = region->end - region->start;
			smallest = &regions->spaces[s].items[i];
			from = &regions->spaces[s];
		}
	}
	if (!smallest)
		return;
	region_free(regions, *smallest);
	*smallest = UINT32_MAX;
	drop_holes(from);
}

void regions_limit(struct hp_regions *regions)
{
	while (hp_regions_count(regions) > regions->config.max)
		if (!merge_cheapest(regions, hp_regions_count(regions) - regions->config.max))
			forget_smallest(regions);
}
