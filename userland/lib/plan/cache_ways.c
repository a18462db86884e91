// SPDX-License-Identifier: GPL-2.0
/* cache_ways.c: divides the ways of each L3 cache. */
#include "plan/cache_run.h"

#include <errno.h>
#include <stdio.h>
#include "base/hp_text.h"

/* One L3 while it is being divided. */
struct part {
	struct cache_run *run;
	const struct hp_inv_resctrl *it;
	size_t l3;
	uint32_t free;			/* ways that nobody has yet */
	unsigned int keep;		/* what the base must have in the end */
	bool from_top;			/* domains sit at the high end */
};

static unsigned int count_ways(uint32_t mask)
{
	return (unsigned int)__builtin_popcount(mask);
}

static uint32_t run_of(unsigned int first, unsigned int length)
{
	return length >= 32 ? UINT32_MAX : ((UINT32_C(1) << length) - 1) << first;
}

/* `length` ways in a row out of `free`, nearest to the end; 0 when there is no such row. */
static uint32_t find_run(uint32_t free, unsigned int length, bool from_top)
{
	for (unsigned int i = 0; length && i + length <= 32; i++) {
		uint32_t mask = run_of(from_top ? 32 - length - i : i, length);

		if ((free & mask) == mask)
			return mask;
	}
	return 0;
}

static uint32_t longest_run(uint32_t free, bool from_top)
{
	uint32_t mask = 0;

	for (unsigned int length = count_ways(free); length && !mask; length--)
		mask = find_run(free, length, from_top);
	return mask;
}

static bool has_hole(uint32_t mask)
{
	return longest_run(mask, false) != mask;
}

static const struct hp_cache_spec *spec_of(const struct part *part, size_t n)
{
	return &part->run->policy->domains[part->run->order[n]].cache;
}

/* Who has CPUs here and asks for ways. */
static bool is_member(const struct part *part, size_t n)
{
	const struct hp_cache_spec *spec = spec_of(part, n);

	return (spec->l3_milli || spec->l3_mask) &&
	       hwloc_bitmap_intersects(part->it->l3s[part->l3].cpus,
				       part->run->assignment->domains[part->run->order[n]].cpus);
}

/* Whether anybody runs here on the default group's ways. */
static int find_keep(struct part *part)
{
	hp_autobitmap rest = hwloc_bitmap_dup(part->it->l3s[part->l3].cpus);

	if (!rest)
		return -ENOMEM;
	for (size_t n = 0; n < part->run->order_count; n++)
		if (is_member(part, n) &&
		    hwloc_bitmap_andnot(rest, rest, part->run->assignment->domains[part->run->order[n]].cpus))
			return -ENOMEM;
	part->keep = hwloc_bitmap_iszero(rest) ? 0 : part->it->l3_min_ways;
	return 0;
}

/* The base's mask has no holes either, where the processor takes none. */
static bool leaves_base(const struct part *part, uint32_t mask)
{
	uint32_t rest = part->free & ~mask;

	return count_ways(part->it->takes_holes ? rest : longest_run(rest, false)) >= part->keep;
}

static void give(struct part *part, size_t n, uint32_t mask)
{
	struct plan_cache_group *group = &part->run->out->groups[part->run->order[n]];

	group->ways[part->l3] = mask;
	group->is_own[part->l3] = true;
	part->free &= ~mask;
}

static int refuse(struct part *part, size_t n, const char *why)
{
	return cache_note(part->run, (int)part->run->order[n], "it has no ways of L3 cache %u to itself|%s",
			  part->it->l3s[part->l3].id, why);
}

static int give_mask(struct part *part, size_t n)
{
	uint32_t mask = spec_of(part, n)->l3_mask;
	char why[160] = "";

	if (mask & ~part->it->l3_mask)
		snprintf(why, sizeof(why), "mask %x has ways that the cache has not (all are %x)", mask, part->it->l3_mask);
	else if (count_ways(mask) < part->it->l3_min_ways)
		snprintf(why, sizeof(why), "mask %x has fewer than the %u ways that the processor asks for", mask,
			 part->it->l3_min_ways);
	else if (!part->it->takes_holes && has_hole(mask))
		snprintf(why, sizeof(why), "mask %x has a hole, and this processor takes only ways in a row", mask);
	else if (mask & ~part->free)
		snprintf(why, sizeof(why), "ways %x of mask %x are somebody else's", mask & ~part->free, mask);
	else if (!leaves_base(part, mask))
		snprintf(why, sizeof(why), "mask %x leaves the base fewer ways than it needs (%u)", mask, part->keep);
	if (*why)
		return refuse(part, n, why);
	give(part, n, mask);
	return 0;
}

/* The next lower priorities keep at least a mask's least each. */
static unsigned int room_for(const struct part *part, size_t n)
{
	unsigned int left = count_ways(part->free), reserved = part->keep;

	for (size_t i = n + 1; i < part->run->order_count; i++)
		if (is_member(part, i) && spec_of(part, i)->l3_milli)
			reserved += part->it->l3_min_ways;
	return left > reserved ? left - reserved : 0;
}

static int give_share(struct part *part, size_t n)
{
	unsigned int total = count_ways(part->it->l3_mask), least = part->it->l3_min_ways;
	unsigned int want = (unsigned int)(((uint64_t)spec_of(part, n)->l3_milli * total + 50000) / 100000);
	unsigned int room = room_for(part, n), got;
	uint32_t mask = 0;

	want = want < least ? least : want;
	for (got = want < room ? want : room; got >= least; got--) {
		mask = find_run(part->free, got, part->from_top);
		if (mask && leaves_base(part, mask))
			break;
		mask = 0;
	}
	if (!mask)
		return refuse(part, n, "those before it and the least of those after it take them all");
	give(part, n, mask);
	if (got == want)
		return 0;
	return cache_note(part->run, (int)part->run->order[n],
			  "it has %u of the %u ways of L3 cache %u, not the %u of its share|the others, and the base's least, "
			  "leave no more", got, total, part->it->l3s[part->l3].id, want);
}

/* The base has what is left. Where nobody is left to use it, it may meet the others' ways. */
static void settle_base(struct part *part)
{
	struct plan_cache *out = part->run->out;
	uint32_t rest = part->it->takes_holes ? part->free : longest_run(part->free, !part->from_top);

	if (count_ways(rest) < part->it->l3_min_ways)
		rest = part->it->l3_mask & ~part->it->l3s[part->l3].taken;
	out->base_ways[part->l3] = rest;
	for (size_t i = 0; i < out->groups_count; i++)
		if (!out->groups[i].is_own[part->l3])
			out->groups[i].ways[part->l3] = rest;
}

static int divide_one(struct part *part)
{
	uint32_t all = part->it->l3_mask, low = all & run_of(0, count_ways(all) / 2);
	int rc = find_keep(part);

	part->free = all & ~part->it->l3s[part->l3].taken;
	part->from_top = count_ways(part->it->shareable_mask & low) > count_ways(part->it->shareable_mask & all & ~low);
	for (size_t n = 0; !rc && n < part->run->order_count; n++)
		if (is_member(part, n) && spec_of(part, n)->l3_mask)
			rc = give_mask(part, n);
	for (size_t n = 0; !rc && n < part->run->order_count; n++)
		if (is_member(part, n) && spec_of(part, n)->l3_milli)
			rc = give_share(part, n);
	if (!rc)
		settle_base(part);
	return rc;
}

int cache_divide_ways(struct cache_run *run)
{
	const struct hp_inv_resctrl *it = &run->inv->resctrl;
	int rc = 0;

	for (size_t i = 0; !rc && it->has_l3 && i < it->l3s_count; i++) {
		struct part part = { .run = run, .it = it, .l3 = i };

		rc = divide_one(&part);
	}
	return rc;
}
