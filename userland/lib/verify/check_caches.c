// SPDX-License-Identifier: GPL-2.0
/* check_caches.c: each domain's share of cache and memory bandwidth, read back from the kernel's resctrl. */
#include "verify/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_schemata.h"
#include "base/hp_text.h"
#include "plan/cache.h"

struct caches {
	struct verify *verify;
	const struct plan_cache *plan;
	int domain;
	char *group;			/* path of the domain's group */
};

static char *read_group(const struct caches *caches, const char *file)
{
	return hp_root_readf(caches->verify->ctx->root, "%s/%s", caches->group, file);
}

/* "L3 0: 4 of 11 ways, L3 1: 4 of 11 ways", where the domain has CPUs. */
static char *describe_ways(const struct caches *caches)
{
	const struct hp_inv_resctrl *it = &caches->verify->inv->resctrl;
	const struct plan_cache_group *group = &caches->plan->groups[caches->domain];
	const char *before = "";
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; out && i < it->l3s_count; i++) {
		if (!group->is_own[i])
			continue;
		fprintf(out, "%sL3 %u: %d of %d ways (%x)", before, it->l3s[i].id, __builtin_popcount(group->ways[i]),
			__builtin_popcount(it->l3_mask), group->ways[i]);
		before = ", ";
	}
	if (!out || fclose(out))
		abort();
	return text;
}

/* Of all L3 caches, as the hardware counts; false where it does not. */
static bool sum_occupancy(const struct caches *caches, uint64_t *bytes)
{
	const struct hp_inv_resctrl *it = &caches->verify->inv->resctrl;
	bool any = false;

	*bytes = 0;
	for (size_t i = 0; i < it->l3s_count; i++) {
		hp_autofree char *file = hp_format("mon_data/mon_L3_%02u/llc_occupancy", it->l3s[i].id);
		hp_autofree char *text = file ? read_group(caches, file) : NULL;

		if (!text || *text < '0' || *text > '9')
			continue;
		*bytes += strtoull(text, NULL, 10);
		any = true;
	}
	return any;
}

static void check_schemata(const struct caches *caches)
{
	struct verify *verify = caches->verify;
	hp_autofree char *want = plan_cache_schemata(caches->plan, verify->inv, caches->domain);
	hp_autofree char *live = read_group(caches, "schemata"), *tidy = live ? hp_schemata_tidy(live) : NULL;
	hp_autofree char *ways = describe_ways(caches);

	if (!want)
		abort();
	if (live && hp_schemata_holds(live, want))
		verify_say(verify, caches->domain, "cache", HP_KEPT, "%s",
			   *ways ? ways : "no ways of its own; its limit of memory bandwidth holds");
	else
		verify_say(verify, caches->domain, "cache", HP_BROKEN, "its masks and limits should be %s, and are %s", want,
			   tidy ? tidy : "not there");
}

static void check_cpus(const struct caches *caches)
{
	struct verify *verify = caches->verify;
	hp_autofree char *want = hp_cpulist_format(verify->assignment->domains[caches->domain].cpus);
	hp_autofree char *live = read_group(caches, "cpus_list");
	uint64_t bytes;

	if (!want)
		abort();
	if (!live || strcmp(live, want)) {
		verify_say(verify, caches->domain, "cache", HP_BROKEN, "CPUs %s should be in its resctrl group; %s are", want,
			   live && *live ? live : "none");
	} else if (sum_occupancy(caches, &bytes)) {
		hp_autofree char *human = hp_size_human(bytes);

		verify_say(verify, caches->domain, "cache", HP_KEPT, "CPUs %s count for it: it holds %s of L3 now", want, human);
	} else {
		verify_say(verify, caches->domain, "cache", HP_KEPT, "CPUs %s run in its resctrl group", want);
	}
}

static void check_mode(const struct caches *caches)
{
	hp_autofree char *live = read_group(caches, "mode");

	if (!caches->plan->groups[caches->domain].is_exclusive)
		return;
	if (live && !strcmp(live, "exclusive"))
		verify_say(caches->verify, caches->domain, "cache", HP_KEPT, "the kernel refuses its ways to other groups");
	else
		verify_say(caches->verify, caches->domain, "cache", HP_BROKEN, "its group should be exclusive, and is %s",
			   live ? live : "not there");
}

static void check_domain(struct verify *verify, const struct plan_cache *plan, int domain)
{
	const struct plan_cache_group *group = &plan->groups[domain];
	struct caches caches = { verify, plan, domain, NULL };
	hp_autofree char *path = hp_format(HP_RESCTRL "/%s" HP_RESCTRL_PREFIX "%s", group->has_class ? "" : "mon_groups/",
					   verify_name(verify, domain));

	if (!path)
		abort();
	caches.group = path;
	for (size_t i = 0; i < plan->notes_count; i++)
		if (plan->notes[i].domain == domain)
			verify_say(verify, domain, "cache", HP_GAP, "%s: %s", plan->notes[i].what, plan->notes[i].why);
	if (group->has_class)
		check_schemata(&caches);
	if (group->has_class || group->has_monitor)
		check_cpus(&caches);
	check_mode(&caches);
}

void verify_caches(struct verify *verify)
{
	plan_autocache plan = PLAN_CACHE_INIT;

	/* Out of memory: a promise that goes missing would look kept. */
	if (plan_cache_make(verify->policy, verify->inv, verify->assignment, &plan))
		abort();
	for (size_t i = 0; i < plan.groups_count; i++)
		if (verify_wants(verify, i))
			check_domain(verify, &plan, (int)i);
}
