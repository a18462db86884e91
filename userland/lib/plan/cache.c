// SPDX-License-Identifier: GPL-2.0
/* cache.c: who gets a group in resctrl, in which order. */
#include "plan/cache_run.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

void plan_cache_clear(struct plan_cache *cache)
{
	for (size_t i = 0; i < cache->groups_count; i++) {
		free(cache->groups[i].ways);
		free(cache->groups[i].is_own);
		free(cache->groups[i].bandwidth);
	}
	for (size_t i = 0; i < cache->notes_count; i++) {
		free(cache->notes[i].what);
		free(cache->notes[i].why);
	}
	free(cache->groups);
	free(cache->notes);
	free(cache->base_ways);
	*cache = (struct plan_cache)PLAN_CACHE_INIT;
}

int cache_note(struct cache_run *run, int domain, const char *fmt, ...)
{
	struct plan_cache *out = run->out;
	hp_autofree char *text = NULL;
	struct plan_cache_note *notes, *note;
	const char *bar;
	va_list ap;

	va_start(ap, fmt);
	text = hp_vformat(fmt, ap);
	va_end(ap);
	notes = text ? reallocarray(out->notes, out->notes_count + 1, sizeof(*notes)) : NULL;
	if (!notes)
		return -ENOMEM;
	out->notes = notes;
	note = &notes[out->notes_count++];
	bar = strchr(text, '|');
	*note = (struct plan_cache_note){ domain, strndup(text, (size_t)(bar - text)), strdup(bar + 1) };
	return note->what && note->why ? 0 : -ENOMEM;
}

static const struct hp_cache_spec *spec_of(const struct cache_run *run, size_t domain)
{
	return &run->policy->domains[domain].cache;
}

static bool asks_l3(const struct hp_cache_spec *spec)
{
	return spec->l3_milli || spec->l3_mask;
}

static bool asks_bandwidth(const struct hp_cache_spec *spec)
{
	return spec->bandwidth_milli || spec->bandwidth_mbps;
}

static int make_groups(struct cache_run *run)
{
	struct plan_cache *out = run->out;
	size_t l3s = run->inv->resctrl.l3s_count;

	out->l3s_count = l3s;
	out->base_ways = calloc(l3s + 1, sizeof(*out->base_ways));
	out->groups = calloc(run->policy->domains_count + 1, sizeof(*out->groups));
	run->order = calloc(run->policy->domains_count + 1, sizeof(*run->order));
	if (!out->base_ways || !out->groups || !run->order)
		return -ENOMEM;
	for (size_t i = 0; i < run->policy->domains_count; i++) {
		struct plan_cache_group *group = &out->groups[out->groups_count++];

		group->ways = calloc(l3s + 1, sizeof(*group->ways));
		group->is_own = calloc(l3s + 1, sizeof(*group->is_own));
		group->bandwidth = calloc(l3s + 1, sizeof(*group->bandwidth));
		if (!group->ways || !group->is_own || !group->bandwidth)
			return -ENOMEM;
		group->asks = spec_of(run, i)->loc.line;
	}
	return 0;
}

/* What the machine has not, whoever asks; those who still ask for something go into the order. */
static int refuse_absent(struct cache_run *run, size_t domain)
{
	const struct hp_cache_spec *spec = spec_of(run, domain);
	const struct hp_inv_resctrl *it = &run->inv->resctrl;
	bool lacks_l3 = asks_l3(spec) && !it->has_l3;
	bool lacks_bandwidth = asks_bandwidth(spec) && it->bandwidth == HP_BANDWIDTH_NONE;
	size_t at = run->order_count;

	if (lacks_l3 && cache_note(run, (int)domain, "its L3 share is not set|this processor cannot divide its L3 "
				   "cache (resctrl has no info/L3)"))
		return -ENOMEM;
	if (lacks_bandwidth && cache_note(run, (int)domain, "its memory bandwidth is not limited|this processor cannot "
					  "limit it (resctrl has no info/MB)"))
		return -ENOMEM;
	if (!(asks_l3(spec) && !lacks_l3) && !(asks_bandwidth(spec) && !lacks_bandwidth))
		return 0;
	for (; at && spec_of(run, run->order[at - 1])->priority < spec->priority; at--)
		run->order[at] = run->order[at - 1];
	run->order[at] = domain;
	run->order_count++;
	return 0;
}

/* One class is the default group's. */
static unsigned int classes_left(const struct hp_inv_resctrl *it)
{
	unsigned int used = 1 + it->foreign_classes;

	return it->classes > used ? it->classes - used : 0;
}

static unsigned int monitors_left(const struct hp_inv_resctrl *it)
{
	unsigned int used = 1 + it->foreign_monitors;

	return it->monitors > used ? it->monitors - used : 0;
}

/* A machine that counts takes a number for counting from each group, too. */
static int hand_out_classes(struct cache_run *run)
{
	const struct hp_inv_resctrl *it = &run->inv->resctrl;
	unsigned int classes = classes_left(it), monitors = monitors_left(it);
	size_t served = it->monitors && monitors < classes ? monitors : classes;

	for (size_t i = 0; i < run->order_count; i++) {
		run->out->groups[run->order[i]].has_class = i < served;
		if (i >= served && cache_note(run, (int)run->order[i],
					      "its cache share is not set|the hardware tells %u groups apart (%u monitored), "
					      "other programs have %u, and %zu went to domains before it",
					      it->classes, it->monitors, it->foreign_classes, served))
			return -ENOMEM;
	}
	if (run->order_count > served)
		run->order_count = served;
	return 0;
}

static int hand_out_monitors(struct cache_run *run)
{
	unsigned int left = monitors_left(&run->inv->resctrl);

	left -= left < run->order_count ? left : (unsigned int)run->order_count;
	for (size_t i = 0; i < run->out->groups_count; i++) {
		struct plan_cache_group *group = &run->out->groups[i];

		if (group->has_class)
			continue;
		group->has_monitor = left > 0;
		if (left)
			left--;
		else if (group->asks && cache_note(run, (int)i, "what it uses of cache and bandwidth is not counted|%s",
				    run->inv->resctrl.monitors ? "the hardware counts no more groups"
							       : "this processor cannot count it (resctrl has no info/L3_MON)"))
			return -ENOMEM;
	}
	return 0;
}

static int note_all(struct cache_run *run, const char *why)
{
	for (size_t i = 0; i < run->policy->domains_count; i++)
		if (run->out->groups[i].asks && cache_note(run, (int)i, "its share of cache and memory bandwidth is not set|%s", why))
			return -ENOMEM;
	return 0;
}

/*
 * Exclusive mode holds in all caches at once, L2 included, and refuses ways that devices may use: it is for a
 * group that meets nobody anywhere.
 */
static int judge_exclusive(struct cache_run *run, size_t domain)
{
	const struct hp_inv_resctrl *it = &run->inv->resctrl;
	struct plan_cache_group *group = &run->out->groups[domain];
	bool is_divided = it->l3s_count > 0;
	const char *why = NULL;

	if (!asks_l3(spec_of(run, domain)) || !it->has_l3)
		return 0;
	for (size_t i = 0; i < it->l3s_count; i++) {
		is_divided = is_divided && group->is_own[i];
		if (group->is_own[i] && group->ways[i] & it->shareable_mask)
			why = "devices may use some of them";
	}
	if (!is_divided)
		why = "it has no ways of its own in some L3 cache, and exclusive mode counts in all";
	else if (it->has_l2)
		why = "exclusive mode counts for L2 caches too, which are not divided";
	group->is_exclusive = !why;
	return why ? cache_note(run, (int)domain, "the kernel does not keep other resctrl groups from its L3 ways|%s", why) : 0;
}

static int divide(struct cache_run *run)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < run->policy->domains_count; i++)
		rc = refuse_absent(run, i);
	if (!rc)
		rc = hand_out_classes(run);
	if (!rc)
		rc = hand_out_monitors(run);
	if (!rc)
		rc = cache_divide_ways(run);
	if (!rc)
		rc = cache_limit_bandwidth(run);
	for (size_t i = 0; !rc && i < run->order_count; i++)
		rc = judge_exclusive(run, run->order[i]);
	return rc;
}

int plan_cache_make(const struct hp_policy *policy, const struct hp_inventory *inv,
		    const struct hp_assignment *assignment, struct plan_cache *out)
{
	struct cache_run run = { .policy = policy, .inv = inv, .assignment = assignment, .out = out };
	bool any = false;
	int rc;

	*out = (struct plan_cache)PLAN_CACHE_INIT;
	for (size_t i = 0; i < policy->domains_count; i++)
		any = any || policy->domains[i].cache.loc.line;
	if (!any)
		return 0;
	out->is_wanted = inv->resctrl.is_supported;
	rc = make_groups(&run);
	if (!rc && !inv->resctrl.is_supported)
		rc = note_all(&run, "this machine has no resctrl: its processor or its kernel cannot divide them (there is no "
			      "/sys/fs/resctrl)");
	else if (!rc && !inv->resctrl.is_mounted)
		rc = note_all(&run, "resctrl is not mounted, so what it can divide is not known yet; 'apply' mounts it and "
			      "then goes on by itself");
	else if (!rc)
		rc = divide(&run);
	free(run.order);
	if (rc)
		plan_cache_clear(out);
	return rc;
}

bool plan_cache_is_divided(const struct plan_cache *cache, const struct hp_inventory *inv,
			   const struct hp_assignment *assignment, size_t domain)
{
	const struct plan_cache_group *group = domain < cache->groups_count ? &cache->groups[domain] : NULL;
	bool any = false;

	for (size_t i = 0; group && i < cache->l3s_count; i++) {
		if (!hwloc_bitmap_intersects(inv->resctrl.l3s[i].cpus, assignment->domains[domain].cpus))
			continue;
		if (!group->is_own[i])
			return false;
		any = true;
	}
	return any;
}

static void print_masks(FILE *out, const struct plan_cache *cache, const struct hp_inv_resctrl *it, const char *resource,
			const uint32_t *ways, const char *before)
{
	fprintf(out, "%s%s:", before, resource);
	for (size_t i = 0; i < cache->l3s_count; i++)
		fprintf(out, "%s%u=%x", i ? ";" : "", it->l3s[i].id, ways[i]);
}

static char *print_schemata(const struct plan_cache *cache, const struct hp_inventory *inv, int domain, bool masks_only)
{
	const struct hp_inv_resctrl *it = &inv->resctrl;
	const uint32_t *ways = domain < 0 ? cache->base_ways : cache->groups[domain].ways;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (it->has_l3 && it->l3s_count)
		print_masks(out, cache, it, it->is_cdp ? "L3DATA" : "L3", ways, "");
	if (it->has_l3 && it->l3s_count && it->is_cdp)
		print_masks(out, cache, it, "L3CODE", ways, "\n");
	if (domain >= 0 && !masks_only && it->bandwidth != HP_BANDWIDTH_NONE && it->l3s_count) {
		fprintf(out, "%sMB:", it->has_l3 ? "\n" : "");
		for (size_t i = 0; i < cache->l3s_count; i++)
			fprintf(out, "%s%u=%u", i ? ";" : "", it->l3s[i].id, cache->groups[domain].bandwidth[i]);
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

char *plan_cache_schemata(const struct plan_cache *cache, const struct hp_inventory *inv, int domain)
{
	return print_schemata(cache, inv, domain, false);
}

char *plan_cache_masks(const struct plan_cache *cache, const struct hp_inventory *inv, int domain)
{
	return print_schemata(cache, inv, domain, true);
}
