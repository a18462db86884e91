// SPDX-License-Identifier: GPL-2.0
/* policy_opt.c: Belady's optimum, which knows every page's next use. */
#include "hp_sim.h"

#include <errno.h>
#include <stdlib.h>
#include "heap.h"

#define NEVER UINT32_MAX

struct opt {
	uint32_t *next_use;	/* of the page that reference i goes to: the reference after i, or NEVER */
	bool *is_resident;	/* one for each page */
	struct heap heap;	/* resident ones, the farthest next use first */
	uint32_t capacity;
};

static void destroy(void *cache)
{
	struct opt *opt = cache;

	if (!opt)
		return;
	free(opt->next_use);
	free(opt->is_resident);
	free(opt->heap.entries);
	free(opt->heap.place);
	free(opt);
}

/* From the end, where `seen` is the nearest use of each page so far. */
static int look_ahead(struct opt *opt, const struct hp_trace *trace)
{
	uint32_t *seen = malloc(trace->pages_count * sizeof(*seen));

	if (!seen)
		return -ENOMEM;
	for (uint32_t page = 0; page < trace->pages_count; page++)
		seen[page] = NEVER;
	for (size_t i = trace->count; i-- > 0;) {
		opt->next_use[i] = seen[trace->pages[i]];
		seen[trace->pages[i]] = (uint32_t)i;
	}
	free(seen);
	return 0;
}

static int create(const struct hp_cache_config *config, void **cache)
{
	const struct hp_trace *trace = config->trace;
	struct opt *opt = calloc(1, sizeof(*opt));

	if (!opt)
		return -ENOMEM;
	opt->capacity = config->capacity;
	opt->next_use = malloc(trace->count * sizeof(*opt->next_use));
	opt->is_resident = calloc(trace->pages_count, sizeof(*opt->is_resident));
	opt->heap.entries = calloc(config->capacity, sizeof(*opt->heap.entries));
	opt->heap.place = calloc(trace->pages_count, sizeof(*opt->heap.place));
	if (!opt->next_use || !opt->is_resident || !opt->heap.entries || !opt->heap.place || look_ahead(opt, trace) < 0) {
		destroy(opt);
		return -ENOMEM;
	}
	*cache = opt;
	return 0;
}

static bool reference(void *cache, uint32_t page, uint64_t number)
{
	struct opt *opt = cache;
	uint32_t nearness = NEVER - opt->next_use[number - 1];
	bool is_hit = opt->is_resident[page];

	if (is_hit) {
		heap_update(&opt->heap, nearness, 0, page);
		return true;
	}
	if (opt->heap.count == opt->capacity) {
		uint32_t victim = opt->heap.entries[0].item;

		heap_remove(&opt->heap, victim);
		opt->is_resident[victim] = false;
	}
	heap_push(&opt->heap, nearness, 0, page);
	opt->is_resident[page] = true;
	return false;
}

const struct hp_cache_policy hp_cache_opt = { "opt", false, create, reference, destroy };
