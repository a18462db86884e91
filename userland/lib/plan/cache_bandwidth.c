// SPDX-License-Identifier: GPL-2.0
/* cache_bandwidth.c: limits of memory bandwidth in the machine's own unit. */
#include "plan/cache_run.h"

#include <errno.h>
#include "base/hp_text.h"

/* The kernel rounds percentages up to its steps (resctrl.rst); doing so here makes them read back as written. */
static unsigned int round_percent(const struct hp_inv_resctrl *it, unsigned int milli)
{
	unsigned int percent = (milli + 999) / 1000;

	percent = (percent + it->bandwidth_step - 1) / it->bandwidth_step * it->bandwidth_step;
	if (percent < it->bandwidth_min)
		percent = it->bandwidth_min;
	return percent > it->bandwidth_max ? it->bandwidth_max : percent;
}

/* 0 = it cannot be said in the machine's unit. A limit is never above what was asked, unless it would be nothing. */
static unsigned int limit_of(const struct hp_inv_resctrl *it, const struct hp_cache_spec *spec)
{
	uint64_t value = 0;

	if (it->bandwidth == HP_BANDWIDTH_PERCENT)
		return spec->bandwidth_milli ? round_percent(it, spec->bandwidth_milli) : 0;
	if (!spec->bandwidth_mbps)
		return 0;
	if (it->bandwidth == HP_BANDWIDTH_EIGHTHS)
		value = (uint64_t)spec->bandwidth_mbps * 8 / 1000;
	else
		value = (uint64_t)spec->bandwidth_mbps * 1000000 >> 20;
	if (value < it->bandwidth_min || !value)
		value = it->bandwidth_min ? it->bandwidth_min : 1;
	return value > it->bandwidth_max ? it->bandwidth_max : (unsigned int)value;
}

static int limit_one(struct cache_run *run, size_t domain)
{
	const struct hp_inv_resctrl *it = &run->inv->resctrl;
	const struct hp_cache_spec *spec = &run->policy->domains[domain].cache;
	struct plan_cache_group *group = &run->out->groups[domain];
	bool asks = spec->bandwidth_milli || spec->bandwidth_mbps;
	unsigned int limit = asks ? limit_of(it, spec) : it->bandwidth_max;

	for (size_t i = 0; i < it->l3s_count; i++)
		group->bandwidth[i] = limit && hwloc_bitmap_intersects(it->l3s[i].cpus, run->assignment->domains[domain].cpus) ?
				      limit : it->bandwidth_max;
	if (limit)
		return 0;
	return cache_note(run, (int)domain, "its memory bandwidth is not limited|this processor takes %s",
			  it->bandwidth == HP_BANDWIDTH_PERCENT ? "shares (50%), not amounts" : "amounts (20GB/s), not shares");
}

int cache_limit_bandwidth(struct cache_run *run)
{
	int rc = 0;

	if (run->inv->resctrl.bandwidth == HP_BANDWIDTH_NONE)
		return 0;
	for (size_t n = 0; !rc && n < run->order_count; n++)
		rc = limit_one(run, run->order[n]);
	return rc;
}
