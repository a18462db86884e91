// SPDX-License-Identifier: GPL-2.0
/* lruk_place.c: makes an LRU-K engine and moves its pages from place to place. */
#include "lruk_internal.h"

#include <errno.h>
#include <stdlib.h>
#include "base/hp_auto.h"

/* ---- making and freeing ---- */

static int check_config(const struct hp_lruk_config *config, struct hp_err *err)
{
	if (config->k < 1 || config->k > HP_LRUK_K_MAX)
		return hp_err_usage(err, "K is %u; it goes from 1 to %d", config->k, HP_LRUK_K_MAX);
	if (!config->capacity)
		return hp_err_usage(err, "the capacity is 0; it takes one page at least");
	if ((uint64_t)config->capacity + config->history_max >= IDMAP_NONE)
		return hp_err_usage(err, "capacity and histories together are %llu; at most %u",
				    (unsigned long long)config->capacity + config->history_max, IDMAP_NONE - 1);
	return 0;
}

/* calloc: what is not used yet costs no memory. */
static void *take(struct hp_lruk *lruk, size_t count, size_t size, bool *failed)
{
	void *memory = calloc(count ? count : 1, size);

	lruk->bytes += count * size;
	*failed |= !memory;
	return memory;
}

static void take_heap(struct hp_lruk *lruk, struct heap *heap, size_t entries, size_t blocks, bool *failed)
{
	heap->entries = take(lruk, entries, sizeof(*heap->entries), failed);
	heap->place = take(lruk, blocks, sizeof(*heap->place), failed);
}

static int take_all(struct hp_lruk *lruk)
{
	size_t resident = lruk->config.capacity, blocks = resident + lruk->config.history_max;
	bool failed = false;

	lruk->block_bytes = sizeof(struct lruk_block) + lruk->config.k * sizeof(uint64_t);
	lruk->blocks = take(lruk, blocks, lruk->block_bytes, &failed);
	take_heap(lruk, &lruk->candidates, resident, blocks, &failed);
	take_heap(lruk, &lruk->spared, resident, blocks, &failed);
	take_heap(lruk, &lruk->spared_until, resident, blocks, &failed);
	take_heap(lruk, &lruk->gone, blocks, blocks, &failed);
	if (failed || idmap_init(&lruk->map, lruk->blocks + offsetof(struct lruk_block, id), lruk->block_bytes, (uint32_t)blocks) < 0)
		return -ENOMEM;
	lruk->bytes += idmap_bytes(&lruk->map);
	return 0;
}

int hp_lruk_new(const struct hp_lruk_config *config, struct hp_lruk **lruk, struct hp_err *err)
{
	hp_autolruk *made = NULL;
	int ret = check_config(config, err);

	if (ret < 0)
		return ret;
	made = calloc(1, sizeof(*made));
	if (!made)
		return hp_err_set(err, ENOMEM, "out of memory for an LRU-K engine");
	made->config = *config;
	made->unused = made->fresh_first = made->fresh_last = IDMAP_NONE;
	made->bytes = sizeof(*made);
	if (take_all(made) < 0)
		return hp_err_set(err, ENOMEM, "out of memory for an LRU-K engine of %u pages and %u histories",
				  config->capacity, config->history_max);
	*lruk = hp_take(made);
	return 0;
}

static void free_heap(struct heap *heap)
{
	free(heap->entries);
	free(heap->place);
}

void hp_lruk_free(struct hp_lruk *lruk)
{
	if (!lruk)
		return;
	idmap_clear(&lruk->map);
	free_heap(&lruk->gone);
	free_heap(&lruk->spared_until);
	free_heap(&lruk->spared);
	free_heap(&lruk->candidates);
	free(lruk->blocks);
	free(lruk);
}

size_t hp_lruk_bytes(const struct hp_lruk *lruk)
{
	return lruk->bytes;
}

/* ---- blocks ---- */

uint32_t lruk_block_new(struct hp_lruk *lruk, uint64_t id)
{
	uint32_t b = lruk->unused;

	if (b == IDMAP_NONE)
		b = lruk->blocks_used++;
	else
		lruk->unused = lruk_at(lruk, b)->next;
	*lruk_at(lruk, b) = (struct lruk_block){ .id = id, .state = LRUK_ARRIVING };
	idmap_add(&lruk->map, b);	/* has room for all blocks: cannot fail */
	return b;
}

void lruk_block_free(struct hp_lruk *lruk, uint32_t b)
{
	if (lruk_at(lruk, b)->is_in_gone)
		heap_remove(&lruk->gone, b);
	idmap_remove(&lruk->map, b);
	lruk_at(lruk, b)->state = LRUK_UNUSED;
	lruk_at(lruk, b)->next = lruk->unused;
	lruk->unused = b;
}

static void fresh_append(struct hp_lruk *lruk, uint32_t b)
{
	struct lruk_block *block = lruk_at(lruk, b);

	block->next = IDMAP_NONE;
	block->previous = lruk->fresh_last;
	if (lruk->fresh_last != IDMAP_NONE)
		lruk_at(lruk, lruk->fresh_last)->next = b;
	else
		lruk->fresh_first = b;
	lruk->fresh_last = b;
}

static void fresh_insert_after(struct hp_lruk *lruk, uint32_t place, uint32_t b)
{
	struct lruk_block *before = lruk_at(lruk, place), *block = lruk_at(lruk, b);

	block->previous = place;
	block->next = before->next;
	if (before->next != IDMAP_NONE)
		lruk_at(lruk, before->next)->previous = b;
	else
		lruk->fresh_last = b;
	before->next = b;
}

static void fresh_remove(struct hp_lruk *lruk, uint32_t b)
{
	const struct lruk_block *block = lruk_at(lruk, b);

	if (block->next != IDMAP_NONE)
		lruk_at(lruk, block->next)->previous = block->previous;
	else
		lruk->fresh_last = block->previous;
	if (block->previous != IDMAP_NONE)
		lruk_at(lruk, block->previous)->next = block->next;
	else
		lruk->fresh_first = block->next;
}

void lruk_become_candidate(struct hp_lruk *lruk, uint32_t b)
{
	heap_push(&lruk->candidates, lruk_rank_of(lruk, b), lruk_at(lruk, b)->order, b);
	lruk_at(lruk, b)->state = LRUK_CANDIDATE;
}

void lruk_become_spared(struct hp_lruk *lruk, uint32_t b)
{
	struct lruk_block *block = lruk_at(lruk, b);

	heap_remove(&lruk->candidates, b);
	heap_push(&lruk->spared, lruk_rank_of(lruk, b), block->order, b);
	heap_push(&lruk->spared_until, block->last, block->order, b);
	block->state = LRUK_SPARED;
}

void lruk_become_fresh_after(struct hp_lruk *lruk, uint32_t place, uint32_t b)
{
	fresh_insert_after(lruk, place, b);
	lruk_at(lruk, b)->state = LRUK_FRESH;
}

void lruk_become_gone(struct hp_lruk *lruk, uint32_t b)
{
	struct lruk_block *block = lruk_at(lruk, b);

	if (!block->is_in_gone)
		heap_push(&lruk->gone, block->last, block->order, b);
	block->is_in_gone = true;
	block->state = LRUK_GONE;
	lruk->gone_count++;
}

void lruk_become_resident(struct hp_lruk *lruk, uint32_t b)
{
	if (lruk_at(lruk, b)->depth == lruk->config.k) {
		lruk_become_candidate(lruk, b);
	} else {
		fresh_append(lruk, b);
		lruk_at(lruk, b)->state = LRUK_FRESH;
	}
}

void lruk_leave(struct hp_lruk *lruk, uint32_t b)
{
	struct lruk_block *block = lruk_at(lruk, b);

	switch ((enum lruk_state)block->state) {
	case LRUK_FRESH:
		fresh_remove(lruk, b);
		break;
	case LRUK_CANDIDATE:
		heap_remove(&lruk->candidates, b);
		break;
	case LRUK_SPARED:
		heap_remove(&lruk->spared, b);
		heap_remove(&lruk->spared_until, b);
		break;
	case LRUK_GONE:
		lruk->gone_count--;
		break;
	case LRUK_ARRIVING:
	case LRUK_UNUSED:
		break;
	}
	block->state = LRUK_ARRIVING;
}
