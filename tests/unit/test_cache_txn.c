// SPDX-License-Identifier: GPL-2.0
/* test_cache_txn.c: changes of cache shares against a resctrl in memory that refuses what the kernel refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "apply/hp_txn.h"
#include "base/hp_auto.h"
#include "base/hp_schemata.h"
#include "base/hp_text.h"
#include "fake_machine.h"
#include "machine.h"
#include "plan_fixture.h"
#include "resctrl_fixture.h"

#define GROUPS 8
#define ROUNDS 300
#define CACHES 2

/*
 * Rules of fs/resctrl as far as they depend on order: a mask is one run of ways; it may not meet an exclusive
 * group's; an exclusive group's may meet nobody's; a new group gets what no exclusive group has; a CPU is in one group.
 */
static struct group {
	char name[32];		/* "" = free; "/" = the default group */
	uint32_t ways[CACHES];
	unsigned int limit[CACHES];
	bool is_exclusive;
	hwloc_bitmap_t cpus;
} groups[GROUPS];

static const struct hp_inventory *machine;
static bool is_mounted;
static unsigned int refusals;

static struct group *find(const char *name)
{
	for (size_t i = 0; i < GROUPS; i++)
		if (!strcmp(groups[i].name, name))
			return &groups[i];
	return NULL;
}

static bool meets(const struct group *group, size_t cache, uint32_t ways, bool only_exclusive)
{
	for (size_t i = 0; i < GROUPS; i++)
		if (&groups[i] != group && *groups[i].name && !strstr(groups[i].name, "mon_groups") &&
		    (!only_exclusive || groups[i].is_exclusive) && groups[i].ways[cache] & ways)
			return true;
	return false;
}

static uint32_t free_ways(size_t cache)
{
	uint32_t ways = machine->resctrl.l3_mask;

	for (size_t i = 0; i < GROUPS; i++)
		if (*groups[i].name && groups[i].is_exclusive)
			ways &= ~groups[i].ways[cache];
	return ways;
}

static int make_group(const char *name)
{
	struct group *group = find("");

	assert_non_null(group);
	*group = (struct group){ .cpus = hwloc_bitmap_alloc() };
	snprintf(group->name, sizeof(group->name), "%s", name);
	for (size_t i = 0; i < machine->resctrl.l3s_count; i++) {
		group->ways[i] = free_ways(i);
		group->limit[i] = 100;
		if (!group->ways[i])
			return -ENOSPC;
	}
	return 0;
}

static void drop_group(struct group *group)
{
	hwloc_bitmap_free(group->cpus);
	*group = (struct group){ .name = "" };
}

/* All of a write or nothing of it. */
static int set_schemata(struct group *group, const char *text)
{
	struct group fresh = *group;
	unsigned long value;

	for (size_t i = 0; i < machine->resctrl.l3s_count; i++) {
		if (hp_schemata_get(text, "L3", machine->resctrl.l3s[i].id, &value)) {
			uint32_t ways = (uint32_t)value, run = ways ? ways >> __builtin_ctz(ways) : 0;

			if (!ways || ways & ~machine->resctrl.l3_mask || run & (run + 1))
				return -EINVAL;
			if (meets(group, i, ways, !group->is_exclusive))
				return -EINVAL;
			fresh.ways[i] = ways;
		}
		if (hp_schemata_get(text, "MB", machine->resctrl.l3s[i].id, &value))
			fresh.limit[i] = (unsigned int)value;
	}
	*group = fresh;
	return 0;
}

static int set_mode(struct group *group, const char *mode)
{
	bool is_exclusive = !strncmp(mode, "exclusive", 9);

	for (size_t i = 0; is_exclusive && i < machine->resctrl.l3s_count; i++)
		if (meets(group, i, group->ways[i], false) || group->ways[i] & machine->resctrl.shareable_mask)
			return -EINVAL;
	group->is_exclusive = is_exclusive;
	return 0;
}

static int set_cpus(struct group *group, const char *list)
{
	hp_autobitmap cpus = hwloc_bitmap_alloc();

	assert_int_equal(hp_cpulist_parse(list, cpus), 0);
	for (size_t i = 0; i < GROUPS; i++)
		if (groups[i].cpus)
			hwloc_bitmap_andnot(groups[i].cpus, groups[i].cpus, cpus);
	hwloc_bitmap_copy(group->cpus, cpus);
	return 0;
}

static char *show_schemata(const struct group *group)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < machine->resctrl.l3s_count; i++)
		fprintf(out, "%s%u=%x", i ? ";" : "L3:", machine->resctrl.l3s[i].id, group->ways[i]);
	for (size_t i = 0; i < machine->resctrl.l3s_count; i++)
		fprintf(out, "%s%u=%u", i ? ";" : "\nMB:", machine->resctrl.l3s[i].id, group->limit[i]);
	fclose(out);
	return text;
}

static int fake_read(struct hp_ctx *ctx, const char *object, const char *attr, char **value, struct hp_err *err)
{
	const struct group *group = find(object);
	hp_autofree char *schemata = group ? show_schemata(group) : NULL;

	(void)ctx;
	(void)err;
	*value = NULL;
	if (!is_mounted || !group)
		return 0;
	if (!*attr)
		*value = strdup("present");
	else if (!strcmp(attr, "schemata"))
		*value = strdup(schemata);
	else if (!strcmp(attr, "cpus_list"))
		*value = hp_cpulist_format(group->cpus);
	else if (group->is_exclusive)
		*value = hp_format("exclusive %.*s", (int)strcspn(schemata, "\n"), schemata);
	else
		*value = strdup("shareable");
	return 0;
}

static int change(struct group *group, const char *object, const char *attr, const char *value)
{
	if (!*attr && !value) {
		if (group)
			drop_group(group);
		return 0;
	}
	if (!*attr)
		return group ? 0 : make_group(object);
	if (!group)
		return value ? -ENOENT : 0;
	if (!strcmp(attr, "mode"))
		return set_mode(group, value ? value : "shareable");
	if (!value)
		return 0;
	return !strcmp(attr, "schemata") ? set_schemata(group, value) : set_cpus(group, value);
}

static int fake_write(struct hp_ctx *ctx, const char *object, const char *attr, const char *value, struct hp_err *err)
{
	struct group *group = find(object);
	int ret = 0;

	(void)ctx;
	if (!strcmp(object, "/") && !*attr)
		is_mounted = value != NULL;
	else
		ret = change(group, object, attr, value);
	if (!ret)
		return 0;
	refusals++;
	return hp_err_set(err, EIO, "the kernel refuses %s of %s: %s", attr, object, value ? value : "(absent)");
}

static const struct hp_backend *const *table(void)
{
	static struct hp_backend fake;
	static const struct hp_backend *const list[] = { &fake, NULL };

	fake = hp_backend_resctrl;
	fake.read = fake_read;
	fake.write = fake_write;
	return list;
}

static void reset(const struct hp_inventory *inv)
{
	fake_machine_reset();
	hp_backends_override(table());
	for (size_t i = 0; i < GROUPS; i++)
		drop_group(&groups[i]);
	machine = inv;
	refusals = 0;
	is_mounted = true;
	assert_int_equal(make_group("/"), 0);
}

/* Only what is for resctrl; the list owns its texts. */
static void plan(const char *domains, struct hp_settings *out)
{
	hp_autofree char *yaml = NULL;
	hp_autopolicy *policy = NULL;
	hp_autoassignment *assignment = NULL;
	hp_autosettings all = HP_SETTINGS_INIT;

	assert_true(asprintf(&yaml, "base: {cpus: {list: \"0-1\"}, memory: 512MiB}\ndomains:\n%s", domains) > 0);
	policy = fixture_policy(yaml);
	assignment = fixture_assign(policy, machine, NULL);
	assert_int_equal(hp_plan_settings(policy, machine, assignment, &all, NULL), 0);
	for (size_t i = 0; i < all.count; i++) {
		const struct hp_setting *from = &all.items[i];
		struct hp_setting *to;

		if (strcmp(from->backend, "resctrl"))
			continue;
		to = hp_settings_add(out, "resctrl", from->object, from->attr, from->want);
		to->domain = from->domain;
		to->is_optional = true;
	}
}

static void apply(const struct hp_settings *want)
{
	struct hp_txn_request request = { .policy_file = "p", .policy_text = "t", .want = want };
	hp_autoerr err = HP_ERR_INIT;
	size_t changed;

	if (hp_txn_run(fake_ctx, &request, &changed, &err))
		fail_msg("%s", err.text);
	assert_int_equal(refusals, 0);
	for (size_t i = 0; i < want->count; i++) {
		hp_autofree char *live = NULL;

		fake_read(NULL, want->items[i].object, want->items[i].attr, &live, NULL);
		assert_non_null(live);
		assert_true(hp_backend_satisfies(&hp_backend_resctrl, want->items[i].attr, live, want->items[i].want));
	}
	/* Again there is nothing to do. */
	assert_int_equal(hp_txn_run(fake_ctx, &request, &changed, &err), 0);
	assert_int_equal(changed, 0);
}

static void apply_policy(const char *domains)
{
	hp_autosettings want = HP_SETTINGS_INIT;

	plan(domains, &want);
	apply(&want);
}

static void assert_as_found(void)
{
	for (size_t i = 0; i < GROUPS; i++)
		assert_true(!*groups[i].name || !strcmp(groups[i].name, "/"));
	for (size_t i = 0; i < machine->resctrl.l3s_count; i++)
		assert_int_equal(find("/")->ways[i], machine->resctrl.l3_mask);
}

/* The way from one to the other leads through masks that meet. */
static void exclusive_groups_exchange_their_ways(void **state)
{
	hp_autoinventory *inv = resctrl_finish(resctrl_one_l3());
	struct hp_settings nothing = HP_SETTINGS_INIT;

	(void)state;
	reset(inv);
	apply_policy("  alpha: {cpus: {list: \"2-3\"}, memory: 256MiB, cache: {l3: \"0xf\"}}\n"
		     "  beta: {cpus: {list: \"4-5\"}, memory: 256MiB, cache: {l3: \"0xf0\"}}\n");
	assert_true(find("hostpart-alpha")->is_exclusive && find("hostpart-beta")->is_exclusive);
	assert_int_equal(find("/")->ways[0], 0x700);
	apply_policy("  alpha: {cpus: {list: \"4-5\"}, memory: 256MiB, cache: {l3: \"0xf0\"}}\n"
		     "  beta: {cpus: {list: \"2-3\"}, memory: 256MiB, cache: {l3: \"0xf\"}}\n");
	assert_true(find("hostpart-alpha")->is_exclusive && find("hostpart-beta")->is_exclusive);
	assert_int_equal(find("hostpart-alpha")->ways[0], 0xf0);
	apply_policy("  alpha: {cpus: {list: \"2-3\"}, memory: 256MiB, cache: {l3: 70%}}\n"
		     "  beta: {cpus: {list: \"4-5\"}, memory: 256MiB}\n");
	assert_int_equal(find("hostpart-alpha")->ways[0], 0xff);
	assert_non_null(find("mon_groups/hostpart-beta"));
	apply(&nothing);
	assert_as_found();
}

/* Somebody else opened the guard and moved a mask: applying again mends both. */
static void drift_is_mended(void **state)
{
	hp_autoinventory *inv = resctrl_finish(resctrl_one_l3());
	const char *policy = "  alpha: {cpus: {list: \"2-3\"}, memory: 256MiB, cache: {l3: 30%, bandwidth: 50%}}\n";

	(void)state;
	reset(inv);
	apply_policy(policy);
	find("hostpart-alpha")->is_exclusive = false;
	find("/")->ways[0] = 0x7ff;
	find("hostpart-alpha")->limit[0] = 100;
	apply_policy(policy);
	assert_true(find("hostpart-alpha")->is_exclusive);
	assert_int_equal(find("hostpart-alpha")->limit[0], 50);
	assert_int_equal(find("/")->ways[0], 0x7f8);
}

static void print_domain(FILE *out, const char *name, const char *cpus)
{
	fprintf(out, "  %s: {cpus: {list: \"%s\"}, memory: 64MiB", name, cpus);
	switch (rand() % 4) {
	case 0:
		break;
	case 1:
		fprintf(out, ", cache: {bandwidth: %d%%}", 1 + rand() % 100);
		break;
	case 2:
		fprintf(out, ", cache: {l3: \"0x%x\"}", (1 + rand() % 15) << rand() % 8);
		break;
	default:
		fprintf(out, ", cache: {l3: %d%%, priority: %d}", 1 + rand() % 100, rand() % 3);
	}
	fputs("}\n", out);
}

/* Any policy after any other: the kernel refuses no step, and in the end everything is as it was found. */
static void walk(const struct hp_inventory *inv)
{
	static const char *const cpus[] = { "2-3", "4-5", "6-7" };
	static const char *const names[] = { "alpha", "beta", "gamma" };
	struct hp_settings nothing = HP_SETTINGS_INIT;

	reset(inv);
	for (int round = 0; round < ROUNDS; round++) {
		hp_autofree char *domains = NULL;
		unsigned int turn = (unsigned int)rand();
		size_t size;
		FILE *out = open_memstream(&domains, &size);

		for (unsigned int i = 0; i < 3; i++)
			if (rand() % 4)
				print_domain(out, names[i], cpus[(i + turn) % 3]);
		fclose(out);
		if (*domains)
			apply_policy(domains);
	}
	apply(&nothing);
	assert_as_found();
}

static void random_changes_are_never_refused(void **state)
{
	hp_autoinventory *one = resctrl_finish(resctrl_one_l3()), *two = resctrl_finish(resctrl_xeon());

	(void)state;
	srand(7);
	walk(one);
	walk(two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exclusive_groups_exchange_their_ways),
		cmocka_unit_test(drift_is_mended),
		cmocka_unit_test(random_changes_are_never_refused),
	};

	return cmocka_run_group_tests(tests, fake_machine_setup, fake_machine_teardown);
}
