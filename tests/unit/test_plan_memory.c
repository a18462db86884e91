// SPDX-License-Identifier: GPL-2.0
/* test_plan_memory.c: amounts, sums and memory nodes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "plan_fixture.h"

static void check_refused(const char *text, struct hp_inventory *inv, const char *words)
{
	hp_autofree char *refusal = fixture_refusal(text, inv);

	if (strcmp(refusal, words))
		fail_msg("\nsaid:     %s\nexpected: %s", refusal, words);
	hp_inventory_free(inv);
}

static struct hp_inventory *with_swap(uint64_t bytes)
{
	struct hp_inventory *inv = fixture_vm();

	inv->swap_bytes = bytes;
	return inv;
}

static void amounts_are_bytes(void **state)
{
	hp_autoinventory *inv = with_swap(GIB);
	hp_autopolicy *policy = fixture_policy(
		"domains:\n"
		"  alpha: {cpus: 1, memory: {size: 25%, guarantee: 50%, swap: 1GiB}}\n"
		"  beta: {cpus: 1, memory: 1.3GiB}\n");
	hp_autoassignment *out = fixture_assign(policy, inv, NULL);

	(void)state;
	assert_true(out->domains[0].memory_bytes == GIB);
	assert_true(out->domains[0].guarantee_bytes == GIB / 2);
	assert_true(out->domains[0].swap_bytes == GIB);
	/* 1.3 GiB is 1395864371.2 bytes; the kernel keeps whole pages. */
	assert_true(out->domains[1].memory_bytes == 1395864371 / 4096 * 4096);
	assert_true(out->domains[1].guarantee_bytes == out->domains[1].memory_bytes);
	assert_true(out->domains[1].swap_bytes == 0);
	assert_true(out->base_memory_bytes ==
		    4 * GIB - out->domains[0].memory_bytes - out->domains[1].memory_bytes);
}

static void what_fits_exactly_is_accepted(void **state)
{
	hp_autoinventory *inv = fixture_vm();
	hp_autopolicy *policy = fixture_policy("base: {memory: 1GiB}\ndomains:\n  alpha: {cpus: 1, memory: 2GiB}\n"
					       "  beta: {cpus: 1, memory: 1GiB}\n");
	hp_autoassignment *out = fixture_assign(policy, inv, NULL);

	(void)state;
	assert_true(out->base_memory_bytes == GIB);
}

static void too_much_is_refused(void **state)
{
	(void)state;
	/* The default reserve of 4 GiB: 5 % is 204.8 MiB, so 256 MiB. */
	check_refused("domains:\n  alpha: {cpus: 1, memory: 3GiB}\n  beta: {cpus: 1, memory: 1GiB}\n", fixture_vm(),
		      "p.yaml:4:27: beta wants 1GiB of memory; 768MiB is left (machine 4GiB, base reserve 256MiB, alpha "
		      "3GiB); at most 768MiB fits");
	check_refused("base: {memory: 2GiB}\ndomains:\n  alpha: {cpus: 1, memory: 75%}\n", fixture_vm(),
		      "p.yaml:4:28: alpha wants 3GiB of memory; 2GiB is left (machine 4GiB, base reserve 2GiB); at most 2GiB "
		      "fits");
	check_refused("base: {memory: 4GiB}\ndomains:\n  alpha: {cpus: 1, memory: 1GiB}\n", fixture_vm(),
		      "p.yaml:2:16: the base reserves 4GiB; this machine has 4GiB, and the domains need some of it");
	check_refused("domains:\n  alpha: {cpus: 1, memory: {size: 25%, guarantee: 2GiB}}\n", fixture_vm(),
		      "p.yaml:3:51: alpha is guaranteed 2GiB but limited to 1GiB; a guarantee of at most 1GiB fits");
}

static void swap_is_checked(void **state)
{
	(void)state;
	check_refused("domains:\n  alpha: {cpus: 1, memory: {size: 1GiB, swap: 1GiB}}\n", fixture_vm(),
		      "p.yaml:3:47: alpha wants 1GiB of swap; this machine has none, so only 0 fits");
	check_refused("domains:\n  alpha: {cpus: 1, memory: {size: 1GiB, swap: 2GiB}}\n", with_swap(GIB),
		      "p.yaml:3:47: alpha wants 2GiB of swap; this machine has 1GiB; at most 1GiB fits");
	check_refused("domains:\n  alpha: {cpus: 1, memory: {size: 1GiB, swap: 768MiB}}\n"
		      "  beta: {cpus: 1, memory: {size: 1GiB, swap: 512MiB}}\n", with_swap(GIB),
		      "p.yaml:4:46: beta wants 512MiB of swap; the domains before it leave 256MiB of this machine's 1GiB; at "
		      "most 256MiB fits");
}

struct nodes_case {
	const char *policy, *alpha, *beta;
};

static void check_nodes(struct hp_inventory *inv, const struct nodes_case *want)
{
	hp_autopolicy *policy = fixture_policy(want->policy);
	hp_autoassignment *out = fixture_assign(policy, inv, NULL);

	assert_string_equal(fixture_list(out->domains[0].nodes), want->alpha);
	assert_string_equal(fixture_list(out->domains[1].nodes), want->beta);
	hp_inventory_free(inv);
}

/* Two nodes of 4 GiB with two cores each, memory without CPUs as node 5. */
static struct hp_inventory *three_nodes(void)
{
	struct hp_inventory *inv = fixture_machine(16 * GIB);

	fixture_core(inv, "0", 0, 0, 0, -1);
	fixture_core(inv, "1", 0, 0, 0, -1);
	fixture_core(inv, "2", 1, 1, 2, -1);
	fixture_core(inv, "3", 1, 1, 2, -1);
	fixture_node(inv, 0, 4 * GIB);
	fixture_node(inv, 2, 4 * GIB);
	fixture_node(inv, 5, 8 * GIB);
	return inv;
}

static void memory_is_near_the_cpus(void **state)
{
	static const struct nodes_case cases[] = {
		/* Each fits its own. */
		{ "domains:\n  a: {cpus: {list: \"1\"}, memory: 4GiB}\n  b: {cpus: {list: \"2\"}, memory: 4GiB}\n",
		  "0", "2" },
		/* Too large for node 0: memory without CPUs before another domain's node. */
		{ "domains:\n  a: {cpus: {list: \"1\"}, memory: 5GiB}\n  b: {cpus: {list: \"2\"}, memory: 1GiB}\n",
		  "0,5", "2" },
		/* Both on one node that cannot hold both: the second goes on. */
		{ "domains:\n  a: {cpus: {list: \"2\"}, memory: 3GiB}\n  b: {cpus: {list: \"3\"}, memory: 3GiB}\n",
		  "2", "2,5" },
		/* CPUs on both nodes, memory on both. */
		{ "domains:\n  a: {cpus: {list: \"1-2\"}, memory: 1GiB}\n  b: {cpus: {list: \"3\"}, memory: 1GiB}\n",
		  "0,2", "2" },
		/* Explicit nodes are kept, and others make room: a could use node 2 but b needs it. */
		{ "domains:\n  a: {cpus: {list: \"1-2\"}, memory: 4GiB}\n"
		  "  b: {cpus: {list: \"3\"}, memory: {size: 4GiB, nodes: \"2\"}}\n",
		  "0,2", "2" },
		/* Rerouting: a filled node 0 first, then b on node 0 only moves it to node 2. */
		{ "domains:\n  a: {cpus: {list: \"1-2\"}, memory: 4GiB}\n  b: {cpus: {list: \"0\"}, memory: 4GiB}\n",
		  "0,2", "0" },
	};

	(void)state;
	for (size_t i = 0; i < hp_array_size(cases); i++)
		check_nodes(three_nodes(), &cases[i]);
}

static void nodes_are_refused_in_words(void **state)
{
	(void)state;
	check_refused("domains:\n  alpha: {cpus: 1, memory: {size: 1GiB, nodes: \"1\"}}\n", three_nodes(),
		      "p.yaml:3:48: alpha names memory node 1, which this machine does not have; nodes with memory are "
		      "0,2,5");
	check_refused("domains:\n  alpha: {cpus: 1, memory: {size: 5GiB, nodes: \"0\"}}\n", three_nodes(),
		      "p.yaml:3:48: alpha wants 5GiB on memory node 0, which has 4GiB in all; beside the other domains at "
		      "most 4GiB fits there");
	check_refused("domains:\n  alpha: {cpus: 1, memory: {size: 3GiB, nodes: \"0\"}}\n"
		      "  beta: {cpus: 1, memory: {size: 6GiB, nodes: \"0,2\"}}\n", three_nodes(),
		      "p.yaml:4:47: beta wants 6GiB on memory nodes 0,2, which have 8GiB in all; beside the other domains at "
		      "most 5GiB fits there");
}

/* Pages move when cpuset.mems changes: what is in force stays as long as it holds the home node. */
static void nodes_in_force_stay(void **state)
{
	hp_autoinventory *inv = three_nodes();
	hp_autopolicy *large = fixture_policy("domains:\n  a: {cpus: {list: \"1\"}, memory: 5GiB}\n");
	hp_autopolicy *small = fixture_policy("domains:\n  a: {cpus: {list: \"1\"}, memory: 1GiB}\n");
	hp_autoassignment *was = fixture_assign(large, inv, NULL);
	hp_autoassignment *is = fixture_assign(small, inv, was);
	hp_autoassignment *fresh = fixture_assign(small, inv, NULL);

	(void)state;
	assert_string_equal(fixture_list(was->domains[0].nodes), "0,5");
	assert_string_equal(fixture_list(is->domains[0].nodes), "0,5");
	assert_string_equal(fixture_list(fresh->domains[0].nodes), "0");
}

/* Random demands: the chosen nodes must be able to hold all demands together (checked by Hall's condition). */
static void chosen_nodes_hold_all_demands(void **state)
{
	uint64_t seed = 5;
	unsigned int done = 0;

	(void)state;
	for (unsigned int run = 0; run < 300; run++) {
		hp_autoinventory *inv = fixture_machine(0);
		char text[1024] = "domains:\n";
		unsigned int nodes = 1 + fixture_random(&seed, 4), domains = 1 + fixture_random(&seed, 4);
		hp_autopolicy *policy = NULL;
		hp_autoassignment *out = NULL;
		hp_autoerr err = HP_ERR_INIT;

		for (unsigned int i = 0; i < nodes * 3; i++) {
			char cpu[16];

			snprintf(cpu, sizeof(cpu), "%u", i);
			fixture_core(inv, cpu, (int)i / 6, (int)i / 3, (int)i / 3, -1);
		}
		for (unsigned int i = 0; i < nodes; i++) {
			fixture_node(inv, i, (1 + fixture_random(&seed, 8)) * GIB);
			inv->memory_bytes += inv->nodes[i].total_bytes;
		}
		for (unsigned int i = 0; i < domains; i++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text),
				 "  d%u: {cpus: %u, memory: %uMiB}\n", i, 1 + fixture_random(&seed, 3),
				 256 * (1 + fixture_random(&seed, 24)));
		policy = fixture_policy(text);
		if (hp_assign(policy, inv, NULL, &out, &err))
			continue;
		done++;
		for (unsigned int subset = 1; subset < 1u << domains; subset++) {
			hp_autobitmap reach = hwloc_bitmap_alloc();
			uint64_t demand = 0, room = 0;

			for (unsigned int i = 0; i < domains; i++) {
				if (!(subset >> i & 1))
					continue;
				demand += out->domains[i].memory_bytes;
				assert_int_equal(hwloc_bitmap_or(reach, reach, out->domains[i].nodes), 0);
			}
			for (unsigned int i = 0; i < nodes; i++)
				room += hwloc_bitmap_isset(reach, i) ? inv->nodes[i].total_bytes : 0;
			assert_true(demand <= room);
		}
	}
	assert_in_range(done, 100, 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amounts_are_bytes),
		cmocka_unit_test(what_fits_exactly_is_accepted),
		cmocka_unit_test(too_much_is_refused),
		cmocka_unit_test(swap_is_checked),
		cmocka_unit_test(memory_is_near_the_cpus),
		cmocka_unit_test(nodes_are_refused_in_words),
		cmocka_unit_test(nodes_in_force_stay),
		cmocka_unit_test(chosen_nodes_hold_all_demands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
