// SPDX-License-Identifier: GPL-2.0
/* lruk_share.c: pages that turn out to be two, or one: copies and merges their histories. */
#include "lruk_internal.h"

#include <errno.h>
#include <string.h>

static bool is_resident(const struct lruk_block *block)
{
	return block->state != LRUK_GONE;
}

int hp_lruk_copy(struct hp_lruk *lruk, uint64_t id, uint64_t copy)
{
	uint32_t from = idmap_find(&lruk->map, id), b;
	const struct lruk_block *source;
	struct lruk_block *block;

	if (from == IDMAP_NONE)
		return -ENOENT;
	if (idmap_find(&lruk->map, copy) != IDMAP_NONE)
		return -EEXIST;
	source = lruk_at(lruk, from);
	if (is_resident(source) ? lruk->resident == lruk->config.capacity : lruk->gone_count >= lruk->config.history_max)
		return -ENOSPC;
	b = lruk_block_new(lruk, copy);
	block = lruk_at(lruk, b);
	block->last = source->last;
	block->order = source->order;
	block->depth = source->depth;
	memcpy(block->hist, source->hist, lruk->config.k * sizeof(*block->hist));
	lruk->resident += is_resident(source);
	if (source->state == LRUK_FRESH)
		lruk_become_fresh_after(lruk, from, b);
	else if (is_resident(source))
		lruk_become_candidate(lruk, b);
	else
		lruk_become_gone(lruk, b);
	return 0;
}

static void take_newer(struct lruk_block *block, const struct lruk_block *other)
{
	for (unsigned int i = 0; i < other->depth; i++)
		if (i >= block->depth || block->hist[i] < other->hist[i])
			block->hist[i] = other->hist[i];
	if (block->depth < other->depth)
		block->depth = other->depth;
	if (block->last < other->last)
		block->last = other->last;
	if (block->order < other->order)
		block->order = other->order;
}

int hp_lruk_merge(struct hp_lruk *lruk, uint64_t id, uint64_t other)
{
	uint32_t b = idmap_find(&lruk->map, id), gone = idmap_find(&lruk->map, other);
	struct lruk_block *block, *lost;
	bool was_resident, is_older;

	if (b == IDMAP_NONE || gone == IDMAP_NONE)
		return -ENOENT;
	block = lruk_at(lruk, b);
	lost = lruk_at(lruk, gone);
	was_resident = is_resident(block);
	if (b == gone || was_resident != is_resident(lost))
		return -EINVAL;
	is_older = block->order < lost->order;
	take_newer(block, lost);
	/* The list of fresh pages is sorted by nothing but where each one stands: the younger one's place it is. */
	if (block->state == LRUK_FRESH && block->depth < lruk->config.k) {
		if (is_older) {
			lruk_leave(lruk, b);
			lruk_become_fresh_after(lruk, gone, b);
		}
	} else {
		lruk_leave(lruk, b);
		if (was_resident)
			lruk_become_candidate(lruk, b);
		else
			lruk_become_gone(lruk, b);
	}
	lruk->resident -= was_resident;
	lruk_leave(lruk, gone);
	lruk_block_free(lruk, gone);
	return 0;
}
