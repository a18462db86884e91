// SPDX-License-Identifier: GPL-2.0
/* gaps_frequency.c: frequencies and wake-up latencies that the policy asks for and this machine cannot set. */
#include "plan/gaps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "plan/frequency.h"

/* CPUs that miss the same thing for the same reason are one gap. */
struct lack {
	char *what, *why;
	hwloc_bitmap_t cpus;
};

struct lacks {
	struct lack *items;
	size_t count;
	hwloc_const_bitmap_t own;	/* the domain's CPUs */
};

static void free_lacks(struct lacks *lacks)
{
	for (size_t i = 0; i < lacks->count; i++) {
		free(lacks->items[i].what);
		free(lacks->items[i].why);
		hwloc_bitmap_free(lacks->items[i].cpus);
	}
	free(lacks->items);
}

static struct lack *find_lack(struct lacks *lacks, const char *what, const char *why)
{
	struct lack *items;

	for (size_t i = 0; i < lacks->count; i++)
		if (!strcmp(lacks->items[i].what, what) && !strcmp(lacks->items[i].why, why))
			return &lacks->items[i];
	items = reallocarray(lacks->items, lacks->count + 1, sizeof(*items));
	if (!items)
		return NULL;
	lacks->items = items;
	items += lacks->count++;
	*items = (struct lack){ strdup(what), strdup(why), hwloc_bitmap_alloc() };
	return items->what && items->why && items->cpus ? items : NULL;
}

static int note(void *arg, const struct plan_freq_item *item)
{
	struct lacks *lacks = arg;
	hp_autofree char *what = NULL;
	hp_autobitmap own = NULL;
	struct lack *lack;

	if (!*item->why)
		return 0;
	what = hp_format("its %s is not %s", item->what, item->shown);
	own = hwloc_bitmap_alloc();
	lack = what ? find_lack(lacks, what, item->why) : NULL;
	if (!lack || !own || hwloc_bitmap_and(own, item->cpus, lacks->own) ||
	    hwloc_bitmap_or(lack->cpus, lack->cpus, own))
		return -ENOMEM;
	return 0;
}

static int gaps_of_domain(struct plan_run *run, size_t domain)
{
	__attribute__((cleanup(free_lacks))) struct lacks lacks = { .own = run->out->domains[domain].cpus };
	int rc = plan_freq_each(run->policy, run->inv, run->out, domain, note, &lacks);

	for (size_t i = 0; !rc && i < lacks.count; i++) {
		hp_autofree char *list = hp_cpulist_format(lacks.items[i].cpus);

		rc = list ? plan_gap(run->out, (int)domain, "%s|CPU%s %s: %s", lacks.items[i].what,
				     hwloc_bitmap_weight(lacks.items[i].cpus) == 1 ? "" : "s", list,
				     lacks.items[i].why) : -ENOMEM;
	}
	if (!rc && run->policy->domains[domain].wake_latency.is_set && !run->inv->idle_driver)
		rc = plan_gap(run->out, (int)domain,
			      "its wake-up latency is the hypervisor's or the firmware's|no cpuidle driver is in use, so "
			      "the kernel knows no idle states to keep its CPUs out of; the limit is set all the same");
	return rc;
}

int gaps_of_frequencies(struct plan_run *run)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < run->policy->domains_count; i++)
		rc = gaps_of_domain(run, i);
	return rc;
}
