// SPDX-License-Identifier: GPL-2.0
/* gaps_shares.c: shares of cache and bandwidth that the policy asks for and this machine does not give. */
#include "plan/gaps.h"

#include "plan/cache.h"

int gaps_of_shares(struct plan_run *run)
{
	plan_autocache cache = PLAN_CACHE_INIT;
	int rc = plan_cache_make(run->policy, run->inv, run->out, &cache);

	for (size_t i = 0; !rc && i < cache.notes_count; i++)
		rc = plan_gap(run->out, cache.notes[i].domain, "%s|%s", cache.notes[i].what, cache.notes[i].why);
	return rc;
}
