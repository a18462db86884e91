// SPDX-License-Identifier: GPL-2.0
/* sim.c: runs a trace through a policy and counts the hits. */
#include "hp_sim.h"

#include <errno.h>
#include <string.h>
#include "hp_lruk.h"

#define PROGRESS_EVERY (UINT64_C(1) << 20)

const struct hp_cache_policy *const hp_cache_policies[] = {
	&hp_cache_lru, &hp_cache_lruk, &hp_cache_lfu, &hp_cache_2q, &hp_cache_arc, &hp_cache_opt, NULL,
};

const struct hp_cache_policy *hp_cache_policy_find(const char *name)
{
	for (size_t i = 0; hp_cache_policies[i]; i++)
		if (strcmp(hp_cache_policies[i]->name, name) == 0)
			return hp_cache_policies[i];
	return NULL;
}

static int check(const struct hp_trace *trace, const struct hp_sim_run *run, struct hp_err *err)
{
	if (run->capacity < 1)
		return hp_err_usage(err, "the capacity is 0; it takes one page at least");
	if (run->k < 1 || run->k > HP_LRUK_K_MAX)
		return hp_err_usage(err, "K is %u; it goes from 1 to %d", run->k, HP_LRUK_K_MAX);
	if (!trace->count)
		return hp_err_usage(err, "the trace has no references");
	if (run->warmup >= trace->count || !run->measure)
		return hp_err_usage(err, "nothing is left to measure: %zu references, of which %llu are for warming up",
				    trace->count, (unsigned long long)run->warmup);
	return 0;
}

/* The reference after the last one that matters. */
static uint64_t end_of(const struct hp_trace *trace, const struct hp_sim_run *run)
{
	uint64_t left = trace->count - run->warmup;

	return run->warmup + (run->measure < left ? run->measure : left);
}

static void count_hits(const struct hp_trace *trace, const struct hp_sim_run *run, void *cache,
		       struct hp_sim_result *result)
{
	uint64_t end = end_of(trace, run);

	*result = (struct hp_sim_result){ .references = end - run->warmup };
	for (uint64_t i = 0; i < end; i++) {
		if (run->policy->reference(cache, trace->pages[i], i + 1) && i >= run->warmup)
			result->hits++;
		if (run->progress && (i + 1) % PROGRESS_EVERY == 0)
			run->progress(run->progress_arg, i + 1, end);
	}
}

int hp_sim_run(const struct hp_trace *trace, const struct hp_sim_run *run, struct hp_sim_result *result, struct hp_err *err)
{
	struct hp_cache_config config = { .k = run->k, .crp = run->crp, .rip = run->rip, .trace = trace };
	void *cache = NULL;
	int ret = check(trace, run, err);

	if (ret < 0)
		return ret;
	/* With room for every page nothing is ever replaced: more room changes nothing. */
	config.capacity = run->capacity < trace->pages_count ? (uint32_t)run->capacity : trace->pages_count;
	if (run->policy->create(&config, &cache) < 0)
		return hp_err_set(err, ENOMEM, "out of memory for %s with %u pages", run->policy->name, config.capacity);
	count_hits(trace, run, cache, result);
	run->policy->destroy(cache);
	return 0;
}
