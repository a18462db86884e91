// SPDX-License-Identifier: GPL-2.0
/* test_inventory.c: cores, nodes and memory of machines of many shapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "machine.h"

#define GIB (1024ull * 1024 * 1024)

static void assert_cpus(hwloc_const_bitmap_t cpus, const char *list)
{
	hp_autofree char *text = hp_cpulist_format(cpus);

	assert_string_equal(text, list);
}

static void assert_core(const struct hp_inventory *inv, size_t index, const char *cpus, int package,
			int l3, int node, int kind)
{
	const struct hp_inv_core *core = &inv->cores[index];

	assert_true(index < inv->cores_count);
	assert_cpus(core->cpus, cpus);
	assert_int_equal(core->package, package);
	assert_int_equal(core->l3, l3);
	assert_int_equal(core->node, node);
	assert_int_equal(core->kind, kind);
}

static void assert_node(const struct hp_inventory *inv, size_t index, unsigned int os,
			uint64_t bytes, const char *cpus)
{
	assert_true(index < inv->nodes_count);
	assert_int_equal(inv->nodes[index].os, os);
	assert_true(inv->nodes[index].total_bytes == bytes);
	assert_cpus(inv->nodes[index].cpus, cpus);
}

static void two_sockets_with_smt(void **state)
{
	hp_autoinventory *inv = machine_inventory("two-socket");

	(void)state;
	assert_int_equal(inv->cores_count, 4);
	assert_core(inv, 0, "0-1", 0, 0, 0, -1);
	assert_core(inv, 1, "2-3", 0, 0, 0, -1);
	assert_core(inv, 2, "4-5", 1, 1, 1, -1);
	assert_core(inv, 3, "6-7", 1, 1, 1, -1);
	assert_int_equal(inv->nodes_count, 2);
	assert_node(inv, 0, 0, 2 * GIB, "0-3");
	assert_node(inv, 1, 1, 2 * GIB, "4-7");
	assert_cpus(inv->online, "0-7");
	assert_cpus(inv->offline, "");
	assert_true(inv->memory_bytes == 4 * GIB);
	assert_true(inv->swap_bytes == GIB);
	assert_true(inv->has_smt);
	assert_false(inv->is_hybrid);
	assert_true(inv->has_systemd);
	assert_false(inv->has_module);
	assert_string_equal(inv->kernel, "6.12.117+deb13-amd64");
	assert_string_equal(inv->local_subnets[0], "10.0.2.0/24");
	assert_null(inv->local_subnets[1]);
}

static void hybrid_cores_are_ranked(void **state)
{
	hp_autoinventory *inv = machine_inventory("hybrid");

	(void)state;
	assert_int_equal(inv->cores_count, 12);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(inv->cores[i].kind, 1);
		assert_int_equal(hwloc_bitmap_weight(inv->cores[i].cpus), 2);
	}
	for (size_t i = 4; i < 12; i++) {
		assert_int_equal(inv->cores[i].kind, 0);
		assert_int_equal(hwloc_bitmap_weight(inv->cores[i].cpus), 1);
	}
	assert_core(inv, 3, "6-7", 0, 0, 0, 1);
	assert_core(inv, 11, "15", 0, 0, 0, 0);
	assert_true(inv->is_hybrid);
	assert_true(inv->has_smt);
}

static void sparse_numbers_and_offline_cpus(void **state)
{
	hp_autoinventory *inv = machine_inventory("sparse");

	(void)state;
	assert_int_equal(inv->cores_count, 4);
	assert_core(inv, 0, "0,2", 0, 0, 0, -1);
	assert_core(inv, 1, "3", 0, 0, 0, -1);		/* its sibling 5 is offline */
	assert_core(inv, 2, "8-9", 0, 0, 0, -1);
	assert_core(inv, 3, "70-71", 1, 1, 4, -1);
	assert_cpus(inv->online, "0,2-3,8-9,70-71");
	assert_cpus(inv->offline, "5,10-11");
	assert_int_equal(inv->nodes_count, 2);
	assert_node(inv, 1, 4, 4 * GIB, "70-71");
}

static void memory_only_node(void **state)
{
	hp_autoinventory *inv = machine_inventory("cxl");

	(void)state;
	assert_int_equal(inv->nodes_count, 3);
	assert_node(inv, 0, 0, 16 * GIB, "0-7");
	assert_node(inv, 1, 1, 16 * GIB, "8-15");
	assert_node(inv, 2, 2, 64 * GIB, "");
	for (size_t i = 0; i < inv->cores_count; i++)
		assert_int_equal(inv->cores[i].node, i < 4 ? 0 : 1);
	assert_true(inv->memory_bytes == 96 * GIB);
}

static void no_smt_no_l3_no_numa(void **state)
{
	hp_autoinventory *inv = machine_inventory("no-smt");

	(void)state;
	assert_int_equal(inv->cores_count, 4);
	assert_core(inv, 3, "3", 0, -1, 0, -1);
	assert_false(inv->has_smt);
	assert_int_equal(inv->nodes_count, 1);
	assert_node(inv, 0, 0, 8 * GIB, "0-3");
	assert_int_equal(inv->pci_count, 0);
	assert_null(inv->local_subnets[0]);
	assert_false(inv->has_systemd);
}

static void several_l3_groups_per_node(void **state)
{
	hp_autoinventory *inv = machine_inventory("ccx128");

	(void)state;
	assert_int_equal(inv->cores_count, 64);
	for (int i = 0; i < 64; i++) {
		assert_int_equal(inv->cores[i].l3, i / 8);
		assert_int_equal(inv->cores[i].node, i / 32);
	}
	assert_core(inv, 0, "0,64", 0, 0, 0, -1);
	assert_core(inv, 63, "63,127", 1, 7, 1, -1);
}

static void thousands_of_cpus(void **state)
{
	hp_autoinventory *inv = machine_inventory("cpus4096");

	(void)state;
	assert_cpus(inv->online, "0-4095");
	assert_int_equal(inv->cores_count, 2048);
	assert_int_equal(inv->nodes_count, 32);
	assert_core(inv, 0, "0-1", 0, 0, 0, -1);
	assert_core(inv, 2047, "4094-4095", 31, 31, 31, -1);
	assert_node(inv, 31, 31, 64 * GIB, "3968-4095");
	assert_true(inv->memory_bytes == 32 * 64 * GIB);
}

static void synthetic_machines(void **state)
{
	hp_autoinventory *inv = NULL;
	hp_autoinventory *flat = NULL;

	(void)state;
	assert_int_equal(
		hp_inventory_synthetic("pack:2 [numa] l3:2 core:4 pu:2", 8 * GIB + 1, &inv, NULL),
		0);
	assert_int_equal(inv->cores_count, 16);
	assert_core(inv, 15, "30-31", 1, 3, 1, -1);
	assert_int_equal(inv->nodes_count, 2);
	assert_true(inv->nodes[0].total_bytes == 4 * GIB + 1);
	assert_true(inv->nodes[1].total_bytes == 4 * GIB);
	assert_true(inv->memory_bytes == 8 * GIB + 1);
	assert_int_equal(inv->pci_count, 0);
	assert_int_equal(hp_inventory_synthetic("core:3 pu:1", GIB, &flat, NULL), 0);
	assert_int_equal(flat->cores_count, 3);
	assert_core(flat, 2, "2", -1, -1, 0, -1);
	assert_int_equal(flat->nodes_count, 1);
	assert_false(flat->has_smt);
}

static void synthetic_refuses_nonsense(void **state)
{
	hp_autoinventory *inv = NULL;
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	assert_int_equal(hp_inventory_synthetic("two sockets please", GIB, &inv, &err), -EINVAL);
	assert_null(inv);
	assert_int_equal(err.exit, HP_EXIT_USAGE);
	assert_non_null(strstr(err.text, "two sockets please"));
}

/* A person may use hwloc's own variables for other work; they must neither steer us nor be lost. */
static void environment_neither_steers_nor_changes(void **state)
{
	hp_autoinventory *inv = NULL;

	(void)state;
	setenv("HWLOC_SYNTHETIC", "core:7 pu:1", 1);
	setenv("HWLOC_XMLFILE", "/nonexistent.xml", 1);
	setenv("HWLOC_THISSYSTEM", "0", 1);
	unsetenv("HWLOC_FSROOT");
	inv = machine_inventory("no-smt");
	assert_int_equal(inv->cores_count, 4);
	assert_string_equal(getenv("HWLOC_SYNTHETIC"), "core:7 pu:1");
	assert_string_equal(getenv("HWLOC_XMLFILE"), "/nonexistent.xml");
	assert_string_equal(getenv("HWLOC_THISSYSTEM"), "0");
	assert_null(getenv("HWLOC_FSROOT"));
	unsetenv("HWLOC_SYNTHETIC");
	unsetenv("HWLOC_XMLFILE");
	unsetenv("HWLOC_THISSYSTEM");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_sockets_with_smt),
		cmocka_unit_test(hybrid_cores_are_ranked),
		cmocka_unit_test(sparse_numbers_and_offline_cpus),
		cmocka_unit_test(memory_only_node),
		cmocka_unit_test(no_smt_no_l3_no_numa),
		cmocka_unit_test(several_l3_groups_per_node),
		cmocka_unit_test(thousands_of_cpus),
		cmocka_unit_test(synthetic_machines),
		cmocka_unit_test(synthetic_refuses_nonsense),
		cmocka_unit_test(environment_neither_steers_nor_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
