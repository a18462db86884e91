// SPDX-License-Identifier: GPL-2.0
/* regions.c: the regions of address spaces: making, finding, ranking and taking them. */
#include "regions_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"

/* A window may split every region before the limit is applied. */
enum { POOL_FACTOR = 4, REGIONS_MIN = 16, REGIONS_MAX = 1 << 20 };

int hp_regions_new(const struct hp_regions_config *config, struct hp_regions **regions, struct hp_err *err)
{
	hp_autoregions *made = NULL;
	struct hp_lruk_config engine = { .k = config->k, .crp = config->crp_ms, .rip = config->rip_ms };
	int ret;

	if (config->max < REGIONS_MIN || config->max > REGIONS_MAX)
		return hp_err_usage(err, "%u regions are allowed; it takes %d to %d", config->max, REGIONS_MIN, REGIONS_MAX);
	made = calloc(1, sizeof(*made));
	if (!made)
		return hp_err_set(err, ENOMEM, "out of memory for regions");
	made->config = *config;
	made->pool_size = config->max * POOL_FACTOR;
	engine.capacity = engine.history_max = made->pool_size;
	ret = hp_lruk_new(&engine, &made->lruk, err);
	if (ret < 0)
		return ret;
	made->pool = calloc(made->pool_size, sizeof(*made->pool));
	made->unused = calloc(made->pool_size, sizeof(*made->unused));
	if (!made->pool || !made->unused)
		return hp_err_set(err, ENOMEM, "out of memory for %u regions", config->max);
	while (made->unused_count < made->pool_size) {
		made->unused[made->unused_count] = made->pool_size - 1 - made->unused_count;
		made->unused_count++;
	}
	*regions = hp_take(made);
	return 0;
}

void hp_regions_free(struct hp_regions *regions)
{
	if (!regions)
		return;
	for (size_t i = 0; i < regions->spaces_count; i++)
		free(regions->spaces[i].items);
	free(regions->spaces);
	free(regions->pool);
	free(regions->unused);
	hp_lruk_free(regions->lruk);
	free(regions);
}

/* ---- the pool ---- */

uint32_t region_new(struct hp_regions *regions, uint64_t space, uint64_t start, uint64_t end)
{
	uint32_t i;

	if (!regions->unused_count)
		return UINT32_MAX;
	i = regions->unused[--regions->unused_count];
	*region_at(regions, i) = (struct hp_region){ .start = start, .end = end, .space = space, .id = i };
	return i;
}

void region_free(struct hp_regions *regions, uint32_t i)
{
	hp_lruk_forget(regions->lruk, i);
	regions->unused[regions->unused_count++] = i;
}

uint32_t region_split(struct hp_regions *regions, uint32_t i, uint64_t at)
{
	struct hp_region *region = region_at(regions, i), *upper;
	uint32_t made = region_new(regions, region->space, at, region->end);
	int ret;

	if (made == UINT32_MAX)
		return made;
	ret = hp_lruk_copy(regions->lruk, i, made);
	/* The history of a taken region may have ended. */
	if (ret < 0 && ret != -ENOENT) {
		region_free(regions, made);
		return UINT32_MAX;
	}
	upper = region_at(regions, made);
	upper->is_taken = region->is_taken;
	upper->taken_distance = region->taken_distance;
	upper->taken_bytes = (uint64_t)((long double)region->taken_bytes * (region->end - at) / (region->end - region->start));
	region->taken_bytes -= upper->taken_bytes;
	region->end = at;
	return made;
}

/* ---- spaces ---- */

/* The first space whose key is not less. */
static size_t space_place(const struct hp_regions *regions, uint64_t key)
{
	size_t low = 0, high = regions->spaces_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (regions->spaces[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct region_space *region_space_find(const struct hp_regions *regions, uint64_t key)
{
	size_t place = space_place(regions, key);

	return place < regions->spaces_count && regions->spaces[place].key == key ? &regions->spaces[place] : NULL;
}

int region_space_reserve(struct region_space *space, size_t count)
{
	uint32_t *items;

	if (count <= space->capacity)
		return 0;
	items = reallocarray(space->items, count, sizeof(*items));
	if (!items)
		return -ENOMEM;
	space->items = items;
	space->capacity = count;
	return 0;
}

void hp_regions_drop(struct hp_regions *regions, uint64_t key)
{
	struct region_space *space = region_space_find(regions, key);

	if (!space)
		return;
	for (size_t i = 0; i < space->count; i++)
		region_free(regions, space->items[i]);
	free(space->items);
	regions->spaces_count--;
	memmove(space, space + 1, (size_t)(regions->spaces + regions->spaces_count - space) * sizeof(*space));
}

/* Place in the space of the region that holds the address, or of the first one above it. */
static size_t region_place(const struct hp_regions *regions, const struct region_space *space, uint64_t address)
{
	size_t low = 0, high = space->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (region_at(regions, space->items[middle])->end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct hp_region *hp_regions_find(const struct hp_regions *regions, uint64_t key, uint64_t address)
{
	const struct region_space *space = region_space_find(regions, key);
	size_t place = space ? region_place(regions, space, address) : 0;
	const struct hp_region *region;

	if (!space || place == space->count)
		return NULL;
	region = region_at(regions, space->items[place]);
	return region->start <= address ? region : NULL;
}

uint32_t hp_regions_count(const struct hp_regions *regions)
{
	return regions->pool_size - regions->unused_count;
}

void hp_regions_each(const struct hp_regions *regions, void (*fn)(void *arg, const struct hp_region *region), void *arg)
{
	for (size_t s = 0; s < regions->spaces_count; s++)
		for (size_t i = 0; i < regions->spaces[s].count; i++)
			fn(arg, region_at(regions, regions->spaces[s].items[i]));
}

/* ---- asking and taking ---- */

bool hp_regions_page(const struct hp_regions *regions, const struct hp_region *region, uint64_t now_ms,
		     struct hp_lruk_page *page)
{
	return hp_lruk_find(regions->lruk, region->id, now_ms, page);
}

bool hp_regions_hist(const struct hp_regions *regions, const struct hp_region *region, unsigned int i, uint64_t *time)
{
	return hp_lruk_hist(regions->lruk, region->id, i, time);
}

static uint64_t score_of(const struct hp_lruk_page *page, uint64_t now_ms)
{
	if (page->distance != HP_LRUK_INFINITE)
		return page->distance;
	return now_ms > page->last ? now_ms - page->last : 0;
}

uint64_t hp_regions_score(const struct hp_regions *regions, const struct hp_region *region, uint64_t now_ms)
{
	struct hp_lruk_page page;

	return hp_lruk_find(regions->lruk, region->id, now_ms, &page) ? score_of(&page, now_ms) : region->taken_distance;
}

size_t hp_regions_rank(struct hp_regions *regions, uint64_t now_ms, struct hp_region *coldest, size_t max)
{
	hp_autofree struct hp_lruk_page *pages = calloc(max ? max : 1, sizeof(*pages));
	size_t count = pages ? hp_lruk_rank(regions->lruk, now_ms, pages, max) : 0;

	for (size_t i = 0; i < count; i++)
		coldest[i] = *region_at(regions, (uint32_t)pages[i].id);
	return count;
}

int hp_regions_take(struct hp_regions *regions, uint64_t key, uint64_t start, uint64_t bytes, uint64_t resident_bytes,
		    uint64_t now_ms)
{
	struct region_space *space = region_space_find(regions, key);
	size_t place = space ? region_place(regions, space, start) : 0;
	struct hp_region *region;

	if (!space || place == space->count || region_at(regions, space->items[place])->start != start)
		return -ENOENT;
	region = region_at(regions, space->items[place]);
	if (bytes < region->end - region->start) {
		uint32_t upper;

		if (region_space_reserve(space, space->count + 1) < 0)
			return -ENOMEM;
		upper = region_split(regions, space->items[place], start + bytes);
		if (upper == UINT32_MAX)
			return -ENOSPC;
		memmove(&space->items[place + 2], &space->items[place + 1], (space->count - place - 1) * sizeof(*space->items));
		space->items[place + 1] = upper;
		space->count++;
	}
	region->taken_distance = hp_regions_score(regions, region, now_ms);
	region->taken_bytes = resident_bytes;
	region->is_taken = true;
	hp_lruk_evict(regions->lruk, region->id);
	return 0;
}
