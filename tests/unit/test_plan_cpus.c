// SPDX-License-Identifier: GPL-2.0
/* test_plan_cpus.c: who gets which CPUs on machines of every shape, and what is refused in which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/hp_auto.h"
#include "plan_fixture.h"

struct expected {
	const char *base, *alpha, *beta;
};

static void check_placed(struct hp_inventory *inv, const char *text, const struct expected *want)
{
	hp_autopolicy *policy = fixture_policy(text);
	hp_autoassignment *out = fixture_assign(policy, inv, NULL);

	assert_string_equal(fixture_list(out->base_cpus), want->base);
	assert_string_equal(fixture_list(out->domains[0].cpus), want->alpha);
	if (want->beta)
		assert_string_equal(fixture_list(out->domains[1].cpus), want->beta);
}

/* Takes the inventory. */
static void check_refused(struct hp_inventory *inv, const char *text, const char *words)
{
	hp_autofree char *refusal = fixture_refusal(text, inv);

	if (strcmp(refusal, words))
		fail_msg("\nsaid:     %s\nexpected: %s", refusal, words);
	hp_inventory_free(inv);
}

static void two_hosts_on_the_test_vm(void **state)
{
	hp_autoinventory *inv = fixture_vm();

	(void)state;
	check_placed(inv, "domains:\n  alpha: {cpus: 1, memory: 1GiB}\n  beta: {cpus: 2, memory: 1GiB}\n",
		     &(struct expected){ "0-1", "2-3", "4-7" });
	check_placed(inv, "domains:\n  alpha: {cpus: 2, memory: 1GiB}\n  beta: {cpus: 1, memory: 1GiB}\n",
		     &(struct expected){ "0-1", "4-7", "2-3" });
	/* One core each: a node each rather than one node together. */
	check_placed(inv, "domains:\n  alpha: {cpus: 1, memory: 1GiB}\n  beta: {cpus: 1, memory: 1GiB}\n",
		     &(struct expected){ "0-1,6-7", "2-3", "4-5" });
	check_placed(inv, "domains:\n  alpha: {cpus: 50%, memory: 1GiB}\n  beta: {cpus: 25%, memory: 1GiB}\n",
		     &(struct expected){ "0-1", "4-7", "2-3" });
	/* 13 % of 4 cores is less than one: one it is. */
	check_placed(inv, "domains:\n  alpha: {cpus: 13%, memory: 1GiB}\n",
		     &(struct expected){ "0-1,4-7", "2-3", NULL });
}

static void lists_come_first(void **state)
{
	hp_autoinventory *inv = fixture_vm();

	(void)state;
	check_placed(inv,
		     "domains:\n  alpha: {cpus: 2, memory: 1GiB}\n  beta: {cpus: {list: \"4-5\"}, memory: 1GiB}\n",
		     &(struct expected){ "0-1", "2-3,6-7", "4-5" });
	/* The boot core can be listed: the base takes another. */
	check_placed(inv, "domains:\n  alpha: {cpus: {list: \"0-1\"}, memory: 1GiB}\n  beta: {cpus: 2, memory: 1GiB}\n",
		     &(struct expected){ "2-3", "0-1", "4-7" });
	check_placed(inv,
		     "base: {cpus: {list: \"6-7\"}}\ndomains:\n  alpha: {cpus: 2, memory: 1GiB}\n  beta: {cpus: 1, memory: "
		     "1GiB}\n",
		     &(struct expected){ "6-7", "0-3", "4-5" });
	check_placed(inv, "base: {cpus: 2}\ndomains:\n  alpha: {cpus: 2, memory: 1GiB}\n",
		     &(struct expected){ "0-3", "4-7", NULL });
}

static void l3_groups_and_nodes_stay_whole(void **state)
{
	/* Two packages of two L3 groups of four cores. */
	hp_autoinventory *inv = fixture_regular(2, 2, 4, 1, 16 * GIB);

	(void)state;
	check_placed(inv, "domains:\n  alpha: {cpus: 4, memory: 1GiB}\n  beta: {cpus: 8, memory: 1GiB}\n",
		     &(struct expected){ "0-3", "4-7", "8-15" });
	check_placed(inv, "domains:\n  alpha: {cpus: 3, memory: 1GiB}\n  beta: {cpus: 4, memory: 1GiB}\n",
		     &(struct expected){ "0-3,11-15", "8-10", "4-7" });
	/* Nine cores span packages whatever one does: one whole package and one core beside the base's. */
	check_placed(inv, "domains:\n  alpha: {cpus: 9, memory: 1GiB}\n",
		     &(struct expected){ "0,2-7", "1,8-15", NULL });
}

static struct hp_inventory *hybrid(void)
{
	struct hp_inventory *inv = fixture_machine(16 * GIB);

	/* Two fast cores with two threads each, four slow ones in one cluster. */
	fixture_core(inv, "0-1", 0, 0, 0, 1);
	fixture_core(inv, "2-3", 0, 0, 0, 1);
	fixture_core(inv, "4", 0, 0, 0, 0);
	fixture_core(inv, "5", 0, 0, 0, 0);
	fixture_core(inv, "6", 0, 0, 0, 0);
	fixture_core(inv, "7", 0, 0, 0, 0);
	fixture_node(inv, 0, 16 * GIB);
	return inv;
}

static void kinds_are_respected(void **state)
{
	hp_autoinventory *inv = hybrid();

	(void)state;
	check_placed(inv,
		     "domains:\n  alpha: {cpus: {cores: 1, kind: performance}, memory: 1GiB}\n"
		     "  beta: {cpus: {cores: 3, kind: efficiency}, memory: 1GiB}\n",
		     &(struct expected){ "0-1,7", "2-3", "4-6" });
	/* "any" comes first in the file and must not take what only beta can use. */
	check_placed(inv,
		     "domains:\n  alpha: {cpus: 3, memory: 1GiB}\n"
		     "  beta: {cpus: {cores: 2, kind: performance}, memory: 1GiB}\n",
		     &(struct expected){ "7", "4-6", "0-3" });
	check_placed(inv,
		     "base: {cpus: {cores: 1, kind: efficiency}}\ndomains:\n  alpha: {cpus: 3, memory: 1GiB}\n"
		     "  beta: {cpus: {cores: 2, kind: performance}, memory: 1GiB}\n",
		     &(struct expected){ "7", "4-6", "0-3" });
}

static void odd_numbering(void **state)
{
	struct hp_inventory *inv = fixture_machine(16 * GIB);

	(void)state;
	/* Siblings far apart, holes, an offline CPU, a core that lost one thread, no L3, a node number gap. */
	fixture_core(inv, "0,64", 0, -1, 0, -1);
	fixture_core(inv, "2,66", 0, -1, 0, -1);
	fixture_core(inv, "5", 1, -1, 4, -1);
	fixture_core(inv, "130,1030", 1, -1, 4, -1);
	fixture_node(inv, 0, 8 * GIB);
	fixture_node(inv, 4, 8 * GIB);
	fixture_offline(inv, "69");
	check_placed(inv, "domains:\n  alpha: {cpus: 2, memory: 1GiB}\n  beta: {cpus: 1, memory: 1GiB}\n",
		     &(struct expected){ "0,64", "5,130,1030", "2,66" });
	check_placed(inv, "domains:\n  alpha: {cpus: {list: \"130,1030\"}, memory: 1GiB}\n",
		     &(struct expected){ "0,2,5,64,66", "130,1030", NULL });
	check_refused(inv, "domains:\n  alpha: {cpus: {list: \"5,69\"}, memory: 1GiB}\n",
		      "p.yaml:3:11: alpha lists CPU 69, which is offline; the CPUs online are 0,2,5,64,66,130,1030");
}

static void no_smt_and_many_cpus(void **state)
{
	hp_autoinventory *inv = fixture_regular(4, 16, 20, 1, 1024 * GIB);	/* 1280 CPUs */
	hp_autopolicy *policy = fixture_policy("domains:\n  alpha: {cpus: 640, memory: 1GiB}\n"
					       "  beta: {cpus: {list: \"1260-1279\"}, memory: 1GiB}\n");
	hp_autoassignment *out = fixture_assign(policy, inv, NULL);

	(void)state;
	/* Two whole packages that are neither the base's nor beta's. */
	assert_string_equal(fixture_list(out->domains[0].cpus), "320-959");
	assert_string_equal(fixture_list(out->domains[1].cpus), "1260-1279");
	assert_string_equal(fixture_list(out->base_cpus), "0-319,960-1259");
}

static void lists_are_refused_in_words(void **state)
{
	(void)state;
	check_refused(fixture_vm(), "domains:\n  alpha: {cpus: {list: \"2\"}, memory: 1GiB}\n",
		      "p.yaml:3:11: alpha's list splits cores: the sibling 3 is missing; \"2-3\" would take whole cores");
	check_refused(fixture_vm(), "domains:\n  alpha: {cpus: {list: \"1-4\"}, memory: 1GiB}\n",
		      "p.yaml:3:11: alpha's list splits cores: the siblings 0,5 are missing; \"0-5\" or \"2-3\" would take "
		      "whole cores");
	check_refused(fixture_vm(), "domains:\n  alpha: {cpus: {list: \"6-9\"}, memory: 1GiB}\n",
		      "p.yaml:3:11: alpha lists CPUs 8-9, which this machine does not have; the CPUs online are 0-7");
	check_refused(fixture_vm(), "domains:\n  alpha: {cpus: {list: \"0-7\"}, memory: 1GiB}\n",
		      "p.yaml: the base needs at least 1 core; the lists leave it none (machine 4, alpha 4 by list)");
}

static void counts_are_refused_in_words(void **state)
{
	(void)state;
	check_refused(fixture_regular(1, 1, 8, 1, GIB * 8),
		      "domains:\n  alpha: {cpus: 4, memory: 1GiB}\n  beta: {cpus: 4, memory: 1GiB}\n",
		      "p.yaml:4:10: beta wants 4 cores; 3 are left (machine 8, base 1, alpha 4); at most 3 fit");
	check_refused(fixture_vm(), "domains:\n  alpha: {cpus: 4, memory: 1GiB}\n",
		      "p.yaml:3:11: alpha wants 4 cores; 3 are left (machine 4, base 1); at most 3 fit");
	check_refused(fixture_vm(),
		      "domains:\n  alpha: {cpus: 3, memory: 1GiB}\n  beta: {cpus: 1, memory: 1GiB}\n",
		      "p.yaml:4:10: beta wants 1 core; none is left (machine 4, base 1, alpha 3)");
	/* A list counts wherever it stands. */
	check_refused(fixture_vm(),
		      "domains:\n  alpha: {cpus: 2, memory: 1GiB}\n  beta: {cpus: {list: \"4-7\"}, memory: 1GiB}\n",
		      "p.yaml:3:11: alpha wants 2 cores; 1 is left (machine 4, base 1, beta 2 by list); at most 1 fits");
	check_refused(fixture_vm(), "base: {cpus: 9}\ndomains:\n  alpha: {cpus: 1, memory: 1GiB}\n",
		      "p.yaml:2:8: base wants 9 cores; 4 are left (machine 4); at most 4 fit");
	check_refused(hybrid(),
		      "domains:\n  alpha: {cpus: {cores: 1, kind: performance}, memory: 1GiB}\n"
		      "  beta: {cpus: {cores: 2, kind: performance}, memory: 1GiB}\n",
		      "p.yaml:4:10: beta wants 2 performance cores; 1 is left (machine 6 = 2 performance + 4 efficiency, "
		      "base 1, alpha 1 performance); at most 1 fits");
}

static void what_is_elastic_holds_the_placement(void **state)
{
	hp_autoinventory *inv = fixture_vm();

	(void)state;
	check_placed(inv, "domains:\n  alpha: {cpus: 1, memory: 1GiB, elastic: {cpus: \"2-5\", memory: {min: 1GiB, max: 2GiB}}}\n",
		     &(struct expected){ "0-1,4-7", "2-3", NULL });
	check_refused(fixture_vm(), "domains:\n  alpha: {cpus: 1, memory: 1GiB, elastic: {cpus: \"4-5\"}}\n",
		      "p.yaml:3:50: alpha gets CPUs 2-3, which its elastic CPUs 4-5 leave out; add them, or place it with "
		      "cpus: {list: \"...\"}");
	check_refused(fixture_vm(),
		      "domains:\n  alpha: {cpus: 1, memory: 1GiB, elastic: {memory: {min: 16MiB, max: 512MiB}}}\n",
		      "p.yaml:3:44: alpha gets 1GiB of memory, which is not within its elastic 16MiB to 512MiB");
}

static void placements_stay(void **state)
{
	hp_autoinventory *inv = fixture_vm();
	hp_autopolicy *before = fixture_policy("domains:\n  alpha: {cpus: 1, memory: 1GiB}\n");
	hp_autopolicy *after = fixture_policy("domains:\n  alpha: {cpus: 1, memory: 1GiB}\n"
					      "  beta: {cpus: 2, memory: 1GiB}\n");
	hp_autoassignment *was = fixture_assign(before, inv, NULL);
	hp_autoassignment *kept = NULL, *forced = NULL;
	hp_autopolicy *lists = fixture_policy("domains:\n  alpha: {cpus: 1, memory: 1GiB}\n"
					      "  beta: {cpus: {list: \"4-5\"}, memory: 1GiB}\n");

	(void)state;
	assert_int_equal(hwloc_bitmap_copy(was->domains[0].cpus, inv->cores[2].cpus), 0);
	/* Where alpha is (core 4-5) is not where it would be put, but it stays. */
	kept = fixture_assign(after, inv, was);
	assert_string_equal(fixture_list(kept->domains[0].cpus), "4-5");
	assert_string_equal(fixture_list(kept->domains[1].cpus), "2-3,6-7");
	/* Unless the policy gives its place to another. */
	forced = fixture_assign(lists, inv, was);
	assert_string_equal(fixture_list(forced->domains[0].cpus), "2-3");
	assert_string_equal(fixture_list(forced->domains[1].cpus), "4-5");
}

/* A domain of any kind that sits on the fast cores gives way to one that needs them. */
static void placements_give_way_to_kinds(void **state)
{
	hp_autoinventory *inv = hybrid();
	hp_autopolicy *policy = fixture_policy("domains:\n  alpha: {cpus: 1, memory: 1GiB}\n"
					       "  beta: {cpus: {cores: 2, kind: performance}, memory: 1GiB}\n");
	hp_autopolicy *before = fixture_policy("domains:\n  alpha: {cpus: 1, memory: 1GiB}\n");
	hp_autoassignment *was = fixture_assign(before, inv, NULL);
	hp_autoassignment *out = NULL;

	(void)state;
	assert_int_equal(hwloc_bitmap_copy(was->domains[0].cpus, inv->cores[1].cpus), 0);
	out = fixture_assign(policy, inv, was);
	assert_string_equal(fixture_list(out->domains[1].cpus), "0-3");
	assert_string_equal(fixture_list(out->domains[0].cpus), "4");
}

static void synthetic_machines(void **state)
{
	static const char *const shapes[] = {
		"pack:1 core:4 pu:1", "pack:2 [numa] l3:2 core:4 pu:2", "pack:1 l3:8 core:8 pu:2",
		"[numa(memory=1GB)] pack:2 l3:1 core:6 pu:1", "pack:8 [numa] l3:16 core:16 pu:2",
	};

	(void)state;
	for (size_t i = 0; i < hp_array_size(shapes); i++) {
		hp_autoinventory *inv = NULL;
		hp_autopolicy *policy = fixture_policy("domains:\n  alpha: {cpus: 25%, memory: 1GiB}\n"
						       "  beta: {cpus: 50%, memory: 1GiB}\n");
		hp_autoassignment *out = NULL;
		hp_autoerr err = HP_ERR_INIT;

		assert_int_equal(hp_inventory_synthetic(shapes[i], 64 * GIB, &inv, &err), 0);
		out = fixture_assign(policy, inv, NULL);
		assert_int_equal(out->domains[0].cores, inv->cores_count / 4);
		assert_int_equal(out->domains[1].cores, inv->cores_count / 2);
		assert_true(hwloc_bitmap_isset(out->base_cpus, 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_hosts_on_the_test_vm),
		cmocka_unit_test(lists_come_first),
		cmocka_unit_test(l3_groups_and_nodes_stay_whole),
		cmocka_unit_test(kinds_are_respected),
		cmocka_unit_test(odd_numbering),
		cmocka_unit_test(no_smt_and_many_cpus),
		cmocka_unit_test(lists_are_refused_in_words),
		cmocka_unit_test(counts_are_refused_in_words),
		cmocka_unit_test(what_is_elastic_holds_the_placement),
		cmocka_unit_test(placements_stay),
		cmocka_unit_test(placements_give_way_to_kinds),
		cmocka_unit_test(synthetic_machines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
