// SPDX-License-Identifier: GPL-2.0
/* test_cache.c: shares of L3 and memory bandwidth on machines as resctrl shows them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include "base/hp_auto.h"
#include "machine.h"
#include "plan_fixture.h"
#include "resctrl_fixture.h"

static bool is_about_shares(const struct hp_gap *gap)
{
	return strstr(gap->what, "L3") || strstr(gap->what, "bandwidth is not limited") ||
	       strstr(gap->what, "cache") || strstr(gap->what, "counted");
}

/* The settings of resctrl, one a line with ";" for line ends inside, then the gaps about shares. */
static char *plan(const struct hp_inventory *inv, const char *domains)
{
	hp_autofree char *yaml = NULL;
	hp_autopolicy *policy = NULL;
	hp_autoassignment *assignment = NULL;
	hp_autosettings settings = HP_SETTINGS_INIT;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_true(asprintf(&yaml, "base: {memory: 1GiB}\ndomains:\n%s", domains) > 0);
	policy = fixture_policy(yaml);
	assignment = fixture_assign(policy, inv, NULL);
	assert_int_equal(hp_plan_settings(policy, inv, assignment, &settings, NULL), 0);
	for (size_t i = 0; i < settings.count; i++) {
		const struct hp_setting *item = &settings.items[i];

		if (strcmp(item->backend, "resctrl"))
			continue;
		assert_true(item->is_optional);
		fprintf(out, "%s %s=", item->object, item->attr);
		for (const char *at = item->want; *at; at++)
			fputc(*at == '\n' ? ' ' : *at, out);
		fputc('\n', out);
	}
	for (size_t i = 0; i < assignment->gaps_count; i++)
		if (is_about_shares(&assignment->gaps[i]))
			fprintf(out, "%s: %s|%s\n", assignment->domains[assignment->gaps[i].domain].name,
				assignment->gaps[i].what, assignment->gaps[i].why);
	fclose(out);
	return text;
}

static void expect(const struct hp_inventory *inv, const char *domains, const char *want)
{
	hp_autofree char *got = plan(inv, domains);

	assert_string_equal(got, want);
}

static void expect_part(const struct hp_inventory *inv, const char *domains, const char *part)
{
	hp_autofree char *got = plan(inv, domains);

	if (!strstr(got, part))
		fail_msg("no \"%s\" in:\n%s", part, got);
}

#define ALPHA(cpus, cache) "  alpha: {cpus: {list: \"" cpus "\"}, memory: 256MiB, cache: {" cache "}}\n"
#define BETA(cpus, cache) "  beta: {cpus: {list: \"" cpus "\"}, memory: 256MiB, cache: {" cache "}}\n"
#define GAMMA(cpus, cache) "  gamma: {cpus: {list: \"" cpus "\"}, memory: 256MiB, cache: {" cache "}}\n"
#define PLAIN(name, cpus) "  " name ": {cpus: {list: \"" cpus "\"}, memory: 256MiB}\n"

static void inventory_reads_a_xeon(void **state)
{
	hp_autoinventory *inv = resctrl_finish(resctrl_xeon());
	const struct hp_inv_resctrl *it = &inv->resctrl;

	(void)state;
	assert_true(it->is_supported && it->is_mounted && it->has_l3);
	assert_false(it->has_l2 || it->is_cdp || it->takes_holes);
	assert_int_equal(it->l3_mask, 0x7ff);
	assert_int_equal(it->shareable_mask, 0x600);
	assert_int_equal(it->bandwidth, HP_BANDWIDTH_PERCENT);
	assert_int_equal(it->bandwidth_step, 10);
	assert_int_equal(it->classes, 8);	/* the least of all resources */
	assert_int_equal(it->monitors, 176);
	assert_int_equal(it->l3s_count, 2);
	assert_int_equal(it->l3s[1].id, 1);
	assert_string_equal(fixture_list(it->l3s[1].cpus), "4-7");
}

static void inventory_reads_an_epyc(void **state)
{
	hp_autoinventory *inv = resctrl_epyc();
	const struct hp_inv_resctrl *it = &inv->resctrl;

	(void)state;
	assert_true(it->takes_holes);
	assert_int_equal(it->l3_min_ways, 1);
	assert_int_equal(it->bandwidth, HP_BANDWIDTH_EIGHTHS);
	assert_int_equal(it->l3s[1].id, 16);
	assert_string_equal(fixture_list(it->l3s[1].cpus), "4-7");
}

#define NOT_GUARDED(name) name ": the kernel does not keep other resctrl groups from its L3 ways|it has no ways of its own " \
	"in some L3 cache, and exclusive mode counts in all\n"

/* Each L3 is divided among those who are there; elsewhere a group has what the base has. */
static void shares_become_ways_in_a_row(void **state)
{
	hp_autoinventory *inv = resctrl_finish(resctrl_xeon());

	(void)state;
	expect(inv, ALPHA("2-3", "l3: 50%, bandwidth: 35%") BETA("4-7", "l3: 100%"),
	       "/ =present\n"
	       "/ schemata=L3:0=7c0;1=7ff\n"
	       "hostpart-alpha =present\n"
	       "hostpart-alpha schemata=L3:0=3f;1=7ff MB:0=40;1=100\n"
	       "hostpart-alpha cpus_list=2-3\n"
	       "hostpart-beta =present\n"
	       "hostpart-beta schemata=L3:0=7c0;1=7ff MB:0=100;1=100\n"
	       "hostpart-beta cpus_list=4-7\n"
	       NOT_GUARDED("alpha") NOT_GUARDED("beta"));
}

/* With one L3 the groups meet nobody: the kernel guards them, after all masks are set. */
static void groups_that_meet_nobody_are_exclusive(void **state)
{
	hp_autoinventory *inv = resctrl_finish(resctrl_one_l3());

	(void)state;
	expect(inv, ALPHA("2-3", "l3: 25%") BETA("4-5", "l3: \"0x0c0\", bandwidth: 5%"),
	       "/ =present\n"
	       "/ schemata=L3:0=700\n"
	       "hostpart-alpha =present\n"
	       "hostpart-alpha schemata=L3:0=7 MB:0=100\n"
	       "hostpart-alpha cpus_list=2-3\n"
	       "hostpart-beta =present\n"
	       "hostpart-beta schemata=L3:0=c0 MB:0=10\n"
	       "hostpart-beta cpus_list=4-5\n"
	       "hostpart-alpha mode=exclusive L3:0=7\n"
	       "hostpart-beta mode=exclusive L3:0=c0\n");
}

/* Who has no share is on the base's ways and shares them; it is counted all the same. */
static void the_others_are_counted(void **state)
{
	hp_autoinventory *inv = resctrl_finish(resctrl_one_l3());

	(void)state;
	expect(inv, ALPHA("2-3", "l3: 50%") PLAIN("beta", "4-5"),
	       "/ =present\n"
	       "/ schemata=L3:0=7c0\n"
	       "hostpart-alpha =present\n"
	       "hostpart-alpha schemata=L3:0=3f MB:0=100\n"
	       "hostpart-alpha cpus_list=2-3\n"
	       "mon_groups/hostpart-beta =present\n"
	       "mon_groups/hostpart-beta cpus_list=4-5\n"
	       "hostpart-alpha mode=exclusive L3:0=3f\n"
	       "beta: its L3 cache is not its own|cores of one L3 group belong to it and to the base; they can evict each "
	       "other's lines\n");
	expect(inv, PLAIN("alpha", "2-3"),
	       "alpha: its L3 cache is not its own|cores of one L3 group belong to it and to the base; they can evict each "
	       "other's lines\n");
}

/* Eleven ways, three who want seven each: the base keeps one, the last get what is left but at least one. */
static void the_higher_priority_is_served_first(void **state)
{
	hp_autoinventory *inv = resctrl_finish(resctrl_one_l3());
	hp_autofree char *got = plan(inv, ALPHA("2-3", "l3: 60%") BETA("4-5", "l3: 60%, priority: 10") GAMMA("6-7", "l3: 60%"));

	(void)state;
	assert_non_null(strstr(got, "hostpart-beta schemata=L3:0=7f "));
	assert_non_null(strstr(got, "hostpart-alpha schemata=L3:0=180 "));
	assert_non_null(strstr(got, "hostpart-gamma schemata=L3:0=200 "));
	assert_non_null(strstr(got, "/ schemata=L3:0=400\n"));
	assert_non_null(strstr(got, "alpha: it has 2 of the 11 ways of L3 cache 0, not the 7 of its share|"));
	assert_non_null(strstr(got, "gamma: it has 1 of the 11 ways of L3 cache 0, not the 7 of its share|"));
	assert_null(strstr(got, "beta: it has"));
	/* gamma's way is one that devices use too. */
	assert_non_null(strstr(got, "gamma: the kernel does not keep other resctrl groups from its L3 ways|devices may use"));
	assert_null(strstr(got, "hostpart-gamma mode"));
}

static void masks_that_cannot_be_are_refused(void **state)
{
	static const char *const cases[][2] = {
		{ ALPHA("2-3", "l3: \"0x1800\""), "mask 1800 has ways that the cache has not (all are 7ff)" },
		{ ALPHA("2-3", "l3: \"0x5\""), "mask 5 has a hole, and this processor takes only ways in a row" },
		{ ALPHA("2-3", "l3: \"0x7ff\""), "mask 7ff leaves the base fewer ways than it needs (1)" },
		{ ALPHA("2-3", "l3: \"0xf\"") BETA("4-5", "l3: \"0x1c\""), "beta: it has no ways of L3 cache 0 to itself|ways c of "
		  "mask 1c are somebody else's" },
	};
	hp_autoinventory *intel = resctrl_finish(resctrl_one_l3()), *amd = resctrl_epyc();

	(void)state;
	for (size_t i = 0; i < hp_array_size(cases); i++)
		expect_part(intel, cases[i][0], cases[i][1]);
	/* Its group is there, with the base's ways: it is limited and counted. */
	expect_part(intel, ALPHA("2-3", "l3: \"0x5\", bandwidth: 50%"), "hostpart-alpha schemata=L3:0=7ff MB:0=50\n");
	expect_part(amd, ALPHA("2-3", "l3: \"0x5\""), "hostpart-alpha schemata=L3:0=5;16=ffff MB:0=2048;16=2048\n");
	expect_part(amd, ALPHA("2-3", "l3: \"0x5\""), "/ schemata=L3:0=fffa;16=ffff\n");
}

static void two_ways_at_least_where_the_processor_says_so(void **state)
{
	char *dir = resctrl_one_l3();
	hp_autoinventory *inv = NULL;

	(void)state;
	machine_put(dir, "/sys/fs/resctrl/info/L3/min_cbm_bits", "2");
	inv = resctrl_finish(dir);
	expect_part(inv, ALPHA("2-3", "l3: 1%"), "hostpart-alpha schemata=L3:0=3 ");
	expect_part(inv, ALPHA("2-3", "l3: \"0x10\""), "mask 10 has fewer than the 2 ways that the processor asks for");
	expect_part(inv, ALPHA("2-3", "l3: 100%"), "hostpart-alpha schemata=L3:0=1ff ");
}

/* Where devices use the lower ways, the domains sit at the upper end. */
static void domains_stay_away_from_device_ways(void **state)
{
	char *dir = resctrl_one_l3();
	hp_autoinventory *inv = NULL;

	(void)state;
	machine_put(dir, "/sys/fs/resctrl/info/L3/shareable_bits", "3");
	inv = resctrl_finish(dir);
	expect_part(inv, ALPHA("2-3", "l3: 25%"), "hostpart-alpha schemata=L3:0=700 ");
	expect_part(inv, ALPHA("2-3", "l3: 25%"), "hostpart-alpha mode=exclusive L3:0=700\n");
	expect_part(inv, ALPHA("2-3", "l3: 25%"), "/ schemata=L3:0=ff\n");
}

static void amounts_and_shares_of_bandwidth(void **state)
{
	hp_autoinventory *intel = resctrl_finish(resctrl_xeon()), *amd = resctrl_epyc();

	(void)state;
	expect_part(amd, ALPHA("2-3", "bandwidth: 20GB/s"), "hostpart-alpha schemata=L3:0=ffff;16=ffff MB:0=160;16=2048\n");
	expect_part(amd, ALPHA("2-3", "bandwidth: 1.1GB/s"), " MB:0=8;16=2048\n");
	expect_part(amd, ALPHA("2-3", "bandwidth: 10MB/s"), " MB:0=1;16=2048\n");
	expect_part(amd, ALPHA("2-3", "bandwidth: 900GB/s"), " MB:0=2048;16=2048\n");
	expect_part(amd, ALPHA("2-3", "bandwidth: 50%"),
		    "alpha: its memory bandwidth is not limited|this processor takes amounts (20GB/s), not shares\n");
	expect_part(intel, ALPHA("2-3", "bandwidth: 20GB/s"),
		    "alpha: its memory bandwidth is not limited|this processor takes shares (50%), not amounts\n");
	expect_part(intel, ALPHA("2-3", "bandwidth: 0.5%"), " MB:0=10;1=100\n");
	expect_part(intel, ALPHA("4-7", "bandwidth: 50%"), " MB:0=100;1=50\n");
}

/* The software controller of Intel's, mounted with mba_MBps. */
static void amounts_on_intel(void **state)
{
	char *dir = resctrl_one_l3();
	hp_autoinventory *inv = NULL;

	(void)state;
	machine_put(dir, "/proc/1/mountinfo",
		    "22 1 0:20 / / rw - ext4 /dev/root rw\n"
		    "40 22 0:35 / /sys/fs/resctrl rw,relatime - resctrl resctrl rw,mba_MBps");
	inv = resctrl_finish(dir);
	assert_int_equal(inv->resctrl.bandwidth, HP_BANDWIDTH_MBPS);
	expect_part(inv, ALPHA("2-3", "bandwidth: 10GB/s"), " MB:0=9536\n");
	expect_part(inv, ALPHA("2-3", "l3: 20%"), " MB:0=4294967295\n");
}

static void code_and_data_get_the_same_ways(void **state)
{
	hp_autoinventory *inv = resctrl_finish(resctrl_cdp());

	(void)state;
	assert_true(inv->resctrl.is_cdp);
	assert_int_equal(inv->resctrl.classes, 8);
	expect(inv, ALPHA("2-3", "l3: 25%, bandwidth: 50%"),
	       "/ =present\n"
	       "/ schemata=L3DATA:0=fffe0;1=fffff L3CODE:0=fffe0;1=fffff\n"
	       "hostpart-alpha =present\n"
	       "hostpart-alpha schemata=L3DATA:0=1f;1=fffff L3CODE:0=1f;1=fffff\n"
	       "hostpart-alpha cpus_list=2-3\n"
	       "alpha: its memory bandwidth is not limited|this processor cannot limit it (resctrl has no info/MB)\n"
	       NOT_GUARDED("alpha"));
}

static void classes_and_counters_run_out(void **state)
{
	char *dir = resctrl_one_l3();
	hp_autoinventory *inv = NULL;
	hp_autofree char *got = NULL;

	(void)state;
	machine_put(dir, "/sys/fs/resctrl/info/MB/num_closids", "3");
	machine_put(dir, "/sys/fs/resctrl/info/L3_MON/num_rmids", "4");
	machine_put(dir, "/sys/fs/resctrl/containers/tasks", "77");
	machine_put(dir, "/sys/fs/resctrl/containers/mode", "shareable");
	machine_put(dir, "/sys/fs/resctrl/hostpart-old/tasks", "");
	inv = resctrl_finish(dir);
	assert_int_equal(inv->resctrl.foreign_classes, 1);
	assert_int_equal(inv->resctrl.foreign_monitors, 1);
	got = plan(inv, ALPHA("2-3", "l3: 20%") BETA("4-5", "l3: 20%, priority: 1") PLAIN("gamma", "6-7"));
	assert_non_null(strstr(got, "hostpart-beta schemata="));
	assert_null(strstr(got, "\nhostpart-alpha "));
	assert_non_null(strstr(got, "mon_groups/hostpart-alpha =present"));
	assert_null(strstr(got, "mon_groups/hostpart-gamma"));
	assert_non_null(strstr(got, "alpha: its cache share is not set|the hardware tells 3 groups apart (4 monitored), other "
			       "programs have 1, and 1 went to domains before it\n"));
}

/* Another program's exclusive group keeps its ways. */
static void foreign_ways_are_left_alone(void **state)
{
	char *dir = resctrl_one_l3();
	hp_autoinventory *inv = NULL;

	(void)state;
	machine_put(dir, "/sys/fs/resctrl/locked/tasks", "77");
	machine_put(dir, "/sys/fs/resctrl/locked/mode", "exclusive");
	machine_put(dir, "/sys/fs/resctrl/locked/schemata", "    MB:0=100\n    L3:0=003");
	inv = resctrl_finish(dir);
	assert_int_equal(inv->resctrl.l3s[0].taken, 3);
	expect_part(inv, ALPHA("2-3", "l3: 25%"), "hostpart-alpha schemata=L3:0=1c ");
	expect_part(inv, ALPHA("2-3", "l3: 25%"), "/ schemata=L3:0=7e0\n");
	expect_part(inv, ALPHA("2-3", "l3: \"0x7\""), "ways 3 of mask 7 are somebody else's");
}

static void without_resctrl_it_is_said(void **state)
{
	hp_autoinventory *inv = machine_inventory("two-socket");

	(void)state;
	expect_part(inv, ALPHA("2-3", "l3: 50%"), "alpha: its share of cache and memory bandwidth is not set|this machine has no "
		    "resctrl: its processor or its kernel cannot divide them (there is no /sys/fs/resctrl)\n");
	expect_part(inv, ALPHA("2-3", "priority: 1"), "this machine has no resctrl");
}

/* Then apply mounts it, and plans again with what shows. */
static void unmounted_it_is_mounted_first(void **state)
{
	char *dir = resctrl_two("1");
	hp_autoinventory *inv = NULL;
	hp_autofree char *got = NULL;

	(void)state;
	machine_put(dir, "/sys/fs/resctrl/.keep", "");
	inv = resctrl_finish(dir);
	assert_true(inv->resctrl.is_supported);
	assert_false(inv->resctrl.is_mounted);
	got = plan(inv, ALPHA("2-3", "l3: 50%"));
	assert_true(!strncmp(got, "/ =present\nalpha: ", 18));
	assert_non_null(strstr(got, "|resctrl is not mounted, so what it can divide is not known yet; 'apply' mounts it and then "
			       "goes on by itself\n"));
}

/* What cannot be is an answer, never a crash: no numbers, no CPUs, a mask of nothing. */
static void broken_trees(void **state)
{
	static const char *const broken[][2] = {
		{ "/sys/fs/resctrl/info/L3/cbm_mask", "" },
		{ "/sys/fs/resctrl/info/L3/num_closids", "x" },
		{ "/sys/fs/resctrl/schemata", "    L3:0=;x\nMB:" },
	};
	char *dir = machine_make("two-socket");
	hp_autoinventory *inv = NULL;
	hp_autofree char *got = NULL;

	(void)state;
	for (size_t i = 0; i < hp_array_size(broken); i++)
		machine_put(dir, broken[i][0], broken[i][1]);
	inv = resctrl_finish(dir);
	got = plan(inv, ALPHA("2-3", "l3: 50%, bandwidth: 20%"));
	assert_non_null(strstr(got, "alpha: its cache share is not set|"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inventory_reads_a_xeon),
		cmocka_unit_test(inventory_reads_an_epyc),
		cmocka_unit_test(shares_become_ways_in_a_row),
		cmocka_unit_test(groups_that_meet_nobody_are_exclusive),
		cmocka_unit_test(the_others_are_counted),
		cmocka_unit_test(the_higher_priority_is_served_first),
		cmocka_unit_test(masks_that_cannot_be_are_refused),
		cmocka_unit_test(two_ways_at_least_where_the_processor_says_so),
		cmocka_unit_test(domains_stay_away_from_device_ways),
		cmocka_unit_test(amounts_and_shares_of_bandwidth),
		cmocka_unit_test(amounts_on_intel),
		cmocka_unit_test(code_and_data_get_the_same_ways),
		cmocka_unit_test(classes_and_counters_run_out),
		cmocka_unit_test(foreign_ways_are_left_alone),
		cmocka_unit_test(without_resctrl_it_is_said),
		cmocka_unit_test(unmounted_it_is_mounted_first),
		cmocka_unit_test(broken_trees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
