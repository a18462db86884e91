// SPDX-License-Identifier: GPL-2.0
/* emit_caches.c: settings of resctrl: the mount, the base's ways, and a group for each domain. */
#include "plan/emit.h"

#include <errno.h>
#include <stdlib.h>
#include "base/hp_auto.h"
#include "base/hp_schemata.h"
#include "base/hp_text.h"
#include "plan/cache.h"

static int emit_one(struct emit *emit, int domain, const char *object, const char *attr, const char *want)
{
	struct hp_loc loc = domain < 0 ? emit->policy->base.loc : emit->policy->domains[domain].cache.loc;
	struct emit_for whose = { domain, domain >= 0 && !loc.line ? emit->policy->domains[domain].loc : loc };

	if (!want || emit_text(emit, whose, "resctrl", object, attr, want))
		return -ENOMEM;
	/* What the kernel refuses in the end is a gap, with its own words. */
	emit->out->items[emit->out->count - 1].is_optional = true;
	return 0;
}

static int emit_group(struct emit *emit, const struct plan_cache *cache, int domain)
{
	const struct plan_cache_group *group = &cache->groups[domain];
	hp_autofree char *object = hp_format("%s" HP_RESCTRL_PREFIX "%s", group->has_class ? "" : "mon_groups/",
					     emit->policy->domains[domain].name);
	hp_autofree char *schemata = plan_cache_schemata(cache, emit->inv, domain);

	if (!group->has_class && !group->has_monitor)
		return 0;
	if (!object || emit_one(emit, domain, object, "", "present"))
		return -ENOMEM;
	if (group->has_class && emit_one(emit, domain, object, "schemata", schemata))
		return -ENOMEM;
	return emit_one(emit, domain, object, "cpus_list", emit->cpus[domain]);
}

/* Last of all: exclusive mode is refused while any other mask still meets the group's. */
static int emit_mode(struct emit *emit, const struct plan_cache *cache, int domain)
{
	hp_autofree char *object = NULL, *masks = NULL, *want = NULL;

	if (!cache->groups[domain].is_exclusive)
		return 0;
	object = hp_format(HP_RESCTRL_PREFIX "%s", emit->policy->domains[domain].name);
	masks = plan_cache_masks(cache, emit->inv, domain);
	want = masks ? hp_format("exclusive %s", masks) : NULL;
	return object ? emit_one(emit, domain, object, "mode", want) : -ENOMEM;
}

static int emit_base(struct emit *emit, const struct plan_cache *cache)
{
	hp_autofree char *schemata = plan_cache_schemata(cache, emit->inv, -1);

	if (!schemata)
		return -ENOMEM;
	return *schemata ? emit_one(emit, -1, "/", "schemata", schemata) : 0;
}

int emit_caches(struct emit *emit)
{
	plan_autocache cache = PLAN_CACHE_INIT;
	int rc = plan_cache_make(emit->policy, emit->inv, emit->assignment, &cache);

	if (rc || !cache.is_wanted)
		return rc;
	rc = emit_one(emit, -1, "/", "", "present");
	/* What it can do shows only then: the rest comes when the machine is looked at again. */
	if (rc || !emit->inv->resctrl.is_mounted)
		return rc;
	rc = emit_base(emit, &cache);
	for (int i = 0; !rc && i < (int)cache.groups_count; i++)
		rc = emit_group(emit, &cache, i);
	for (int i = 0; !rc && i < (int)cache.groups_count; i++)
		rc = emit_mode(emit, &cache, i);
	return rc;
}
