// SPDX-License-Identifier: GPL-2.0
/* check.c: checks claims of different domains against each other, without a machine. */
#include "policy/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/hp_auto.h"
#include "base/hp_text.h"

/* Number -1 is the base. */
static const struct hp_cpus_spec *get_cpus(const struct hp_policy *policy, int number)
{
	return number < 0 ? &policy->base.cpus : &policy->domains[number].cpus;
}

static const char *get_name(const struct hp_policy *policy, int number)
{
	const char *name = number < 0 ? "base" : policy->domains[number].name;

	return name ? name : "?";
}

static void check_cpu_pair(const struct hp_policy *policy, int one, int two,
			   struct hp_complaints *bad)
{
	const struct hp_cpus_spec *first = get_cpus(policy, one), *second = get_cpus(policy, two);
	hp_autobitmap both = NULL;
	hp_autofree char *list = NULL;

	if (!first->list || !second->list || !hwloc_bitmap_intersects(first->list, second->list))
		return;
	both = hwloc_bitmap_alloc();
	if (both && !hwloc_bitmap_and(both, first->list, second->list))
		list = hp_cpulist_format(both);
	if (!list) {
		bad->is_out_of_memory = true;
		return;
	}
	/* The later line of the two is the one to change. */
	if (first->loc.line > second->loc.line) {
		check_cpu_pair(policy, two, one, bad);
		return;
	}
	hp_complain(
		bad, second->loc,
		"CPU %s of %s is also in the list of %s (line %u); a CPU belongs to one of them",
		list, get_name(policy, two), get_name(policy, one), first->loc.line);
}

static void check_cpu_lists(const struct hp_policy *policy, struct hp_complaints *bad)
{
	int count = policy->domains_count;

	for (int two = 0; two < count; two++) {
		for (int one = -1; one < two; one++)
			check_cpu_pair(policy, one, two, bad);
	}
}

/* A sum of shares that is complained about once, where it passes the whole. */
struct share_sum {
	const char *what;
	uint64_t milli;
	struct hp_loc loc;	/* of the last share in the text */
};

static void add_share(struct share_sum *sum, unsigned int milli, struct hp_loc loc)
{
	sum->milli += milli;
	if (loc.line >= sum->loc.line)
		sum->loc = loc;
}

static void check_share(const struct share_sum *sum, struct hp_complaints *bad)
{
	if (sum->milli > 100000)
		hp_complain(
			bad, sum->loc,
			"the shares of the machine's %s add up to %g%%; at most 100%% is allowed",
			sum->what, sum->milli / 1000.0);
}

static void check_shares(const struct hp_policy *policy, struct hp_complaints *bad)
{
	struct share_sum cpus = { .what = "cores" }, memory = { .what = "memory" };

	for (int i = -1; i < (int)policy->domains_count; i++) {
		const struct hp_cpus_spec *spec = get_cpus(policy, i);
		const struct hp_amount *size = i < 0 ? &policy->base.memory
						     : &policy->domains[i].memory.size;

		if (spec->how == HP_CPUS_FRACTION)
			add_share(&cpus, spec->fraction_milli, spec->loc);
		if (size->is_set && size->is_fraction)
			add_share(&memory, size->fraction_milli, size->loc);
	}
	check_share(&cpus, bad);
	check_share(&memory, bad);
}

static int compare_devices(const void *a, const void *b)
{
	const struct hp_device_spec *one = *(const struct hp_device_spec *const *)a;
	const struct hp_device_spec *two = *(const struct hp_device_spec *const *)b;
	int order;

	if (one->how != two->how)
		return one->how < two->how ? -1 : 1;
	if (one->how == HP_SELECT_CLASS)
		order = (int)one->dev_class - (int)two->dev_class;
	else
		order = strcmp(one->text, two->text);
	if (!order)
		order = one->index < two->index ? -1 : one->index > two->index;
	return order;
}

/* Equal selectors in the order of the text, so that the later one is complained about. */
static int compare_places(const void *a, const void *b)
{
	const struct hp_device_spec *one = *(const struct hp_device_spec *const *)a;
	const struct hp_device_spec *two = *(const struct hp_device_spec *const *)b;
	int order = compare_devices(a, b);

	if (order)
		return order;
	if (one->loc.line != two->loc.line)
		return one->loc.line < two->loc.line ? -1 : 1;
	return one->loc.column < two->loc.column ? -1 : one->loc.column > two->loc.column;
}

static size_t collect(const struct hp_device_spec *devices, size_t count,
		      const struct hp_device_spec **all)
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		if (devices[i].how == HP_SELECT_CLASS || devices[i].text)
			all[used++] = &devices[i];
	}
	return used;
}

static void check_devices(const struct hp_policy *policy, struct hp_complaints *bad)
{
	hp_autofree const struct hp_device_spec **all = NULL;
	size_t count = policy->base.devices_count;

	for (size_t i = 0; i < policy->domains_count; i++)
		count += policy->domains[i].devices_count;
	if (count < 2)
		return;
	all = calloc(count, sizeof(*all));
	if (!all) {
		bad->is_out_of_memory = true;
		return;
	}
	count = collect(policy->base.devices, policy->base.devices_count, all);
	for (size_t i = 0; i < policy->domains_count; i++)
		count += collect(policy->domains[i].devices, policy->domains[i].devices_count,
				 all + count);
	qsort(all, count, sizeof(*all), compare_places);
	for (size_t i = 1; i < count; i++) {
		if (!compare_devices(&all[i - 1], &all[i]))
			hp_complain(bad, all[i]->loc,
				    "the same device is already claimed on line %u; remove one",
				    all[i - 1]->loc.line);
	}
}

static void check_port_names(const struct hp_domain_spec *domain, struct hp_complaints *bad)
{
	for (size_t i = 0; i < domain->devices_count; i++) {
		const struct hp_port_spec *two = domain->devices[i].port;

		for (size_t j = 0; two && two->name && j < i; j++) {
			const struct hp_port_spec *one = domain->devices[j].port;

			if (!one || !one->name || strcmp(one->name, two->name))
				continue;
			hp_complain(
				bad, two->loc,
				"port name %s is already used on line %u; names in a domain differ",
				two->name, one->loc.line);
			break;
		}
	}
}

void hp_policy_check(const struct hp_policy *policy, struct hp_complaints *bad)
{
	check_cpu_lists(policy, bad);
	check_shares(policy, bad);
	check_devices(policy, bad);
	for (size_t i = 0; i < policy->domains_count; i++)
		check_port_names(&policy->domains[i], bad);
	hp_policy_check_star(policy, bad);
	hp_policy_check_links(policy, bad);
	hp_policy_check_uplinks(policy, bad);
}
