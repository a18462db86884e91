// SPDX-License-Identifier: GPL-2.0
/* policy_lruk.c: the LRU-K engine as a policy of the simulator. */
#include "hp_sim.h"

#include "hp_lruk.h"

static void destroy(void *cache)
{
	hp_lruk_free(cache);
}

static int create(const struct hp_cache_config *config, void **cache)
{
	struct hp_lruk_config engine = {
		.k = config->k, .capacity = config->capacity, .crp = config->crp, .rip = config->rip,
		/* Every page may have one, so that only the RIP ends it. */
		.history_max = config->trace->pages_count - config->capacity,
	};
	struct hp_lruk *lruk = NULL;
	int ret = hp_lruk_new(&engine, &lruk, NULL);

	*cache = lruk;
	return ret;
}

static bool reference(void *cache, uint32_t page, uint64_t number)
{
	struct hp_lruk_outcome outcome;

	return hp_lruk_reference(cache, page, number, &outcome) == 0 && outcome.is_hit;
}

const struct hp_cache_policy hp_cache_lruk = { "lru-k", true, create, reference, destroy };
