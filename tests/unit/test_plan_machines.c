// SPDX-License-Identifier: GPL-2.0
/* test_plan_machines.c: plans for made-up and recorded machines, read the way the live one is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "machine.h"
#include "plan_fixture.h"

/* Whole cores, one owner each, nobody without, memory that fits, every setting well formed. */
static void check_sound(const struct hp_policy *policy, const struct hp_inventory *inv,
			const struct hp_assignment *out)
{
	hp_autobitmap all = hwloc_bitmap_dup(out->base_cpus);
	hp_autosettings settings = HP_SETTINGS_INIT;
	uint64_t bytes = out->base_memory_bytes;

	assert_false(hwloc_bitmap_iszero(out->base_cpus));
	for (size_t i = 0; i < out->domains_count; i++) {
		const struct hp_assigned_domain *domain = &out->domains[i];

		assert_false(hwloc_bitmap_intersects(all, domain->cpus));
		assert_false(hwloc_bitmap_iszero(domain->cpus));
		assert_false(hwloc_bitmap_iszero(domain->nodes));
		assert_int_equal(hwloc_bitmap_or(all, all, domain->cpus), 0);
		bytes += domain->memory_bytes;
		for (size_t j = 0; j < inv->cores_count; j++)
			assert_true(hwloc_bitmap_isincluded(inv->cores[j].cpus, domain->cpus) ||
				    !hwloc_bitmap_intersects(inv->cores[j].cpus, domain->cpus));
	}
	assert_true(hwloc_bitmap_isequal(all, inv->online));
	assert_true(bytes == inv->memory_bytes);
	assert_int_equal(hp_plan_settings(policy, inv, out, &settings, NULL), 0);
	assert_true(settings.count > 20);
	for (size_t i = 0; i < settings.count; i++)
		assert_non_null(settings.items[i].want);
}

static void every_machine_takes_two_hosts(void **state)
{
	static const char *const names[] = {
		"two-socket", "two-socket-6.1", "hybrid", "sparse", "cxl", "no-smt", "ccx128",
		"cpus2048", "stacked",
	};

	(void)state;
	for (size_t i = 0; i < hp_array_size(names); i++) {
		hp_autoinventory *inv = machine_inventory(names[i]);
		hp_autopolicy *policy = fixture_policy("domains:\n  alpha: {cpus: 25%, memory: 25%}\n"
						       "  beta: {cpus: 50%, memory: 50%}\n");
		hp_autoassignment *out = fixture_assign(policy, inv, NULL);

		check_sound(policy, inv, out);
		assert_int_equal(out->domains[0].cores, inv->cores_count / 4);
		assert_int_equal(out->domains[1].cores, inv->cores_count / 2);
	}
}

struct placed {
	const char *machine, *policy, *base, *alpha, *nodes;
};

static const struct placed cases[] = {
	{ "hybrid", "{cpus: {cores: 8, kind: efficiency}, memory: 1GiB}", "0-7", "8-15", "0" },
	{ "hybrid", "{cpus: {cores: 3, kind: performance}, memory: 1GiB}", "0-1,8-15", "2-7", "0" },
	{ "hybrid", "{cpus: {cores: 4, kind: performance}, memory: 1GiB}", "8-15", "0-7", "0" },
	{ "sparse", "{cpus: 1, memory: 1GiB}", "0,2-3,8-9", "70-71", "4" },
	{ "sparse", "{cpus: {list: \"3,8-9\"}, memory: 1GiB}", "0,2,70-71", "3,8-9", "0" },
	{ "cxl", "{cpus: 4, memory: 16GiB}", "0-7", "8-15", "1" },
	{ "cxl", "{cpus: 4, memory: 48GiB}", "0-7", "8-15", "1-2" },
	{ "cxl", "{cpus: 4, memory: 88GiB}", "0-7", "8-15", "0-2" },
	{ "no-smt", "{cpus: 3, memory: 1GiB}", "0", "1-3", "0" },
	/* A whole core complex; a whole socket: the second threads come along. */
	{ "ccx128", "{cpus: 8, memory: 1GiB}", "0-7,16-71,80-127", "8-15,72-79", "0" },
	{ "ccx128", "{cpus: 32, memory: 1GiB}", "0-31,64-95", "32-63,96-127", "1" },
};

static void odd_machines(void **state)
{
	(void)state;
	for (size_t i = 0; i < hp_array_size(cases); i++) {
		hp_autoinventory *inv = machine_inventory(cases[i].machine);
		hp_autopolicy *policy = NULL;
		hp_autoassignment *out = NULL;
		hp_autofree char *text = NULL;

		assert_true(asprintf(&text, "domains:\n  alpha: %s\n", cases[i].policy) > 0);
		policy = fixture_policy(text);
		out = fixture_assign(policy, inv, NULL);
		check_sound(policy, inv, out);
		assert_string_equal(fixture_list(out->domains[0].cpus), cases[i].alpha);
		assert_string_equal(fixture_list(out->base_cpus), cases[i].base);
		assert_string_equal(fixture_list(out->domains[0].nodes), cases[i].nodes);
	}
}

/* 4096 CPUs with the 4096 functions of another machine, 64 domains that take nearly all. */
static struct hp_inventory *largest_machine(void)
{
	struct hp_inventory *inv = machine_inventory("cpus4096");
	hp_autoinventory *pci = machine_inventory("pci4096");

	assert_int_equal(inv->pci_count, 0);
	inv->pci = hp_take(pci->pci);
	inv->pci_count = pci->pci_count;
	pci->pci_count = 0;
	return inv;
}

/* By address, by position, by serial and by MAC in turn. */
static void print_claim(FILE *out, const struct hp_inv_pci *pci, size_t nth)
{
	const struct hp_inv_dev *dev = pci->devs_count ? &pci->devs[pci->devs_count - 1] : NULL;

	for (size_t i = 0; nth % 2 && i < pci->devs_count; i++) {
		if (pci->devs[i].serial || pci->devs[i].mac)
			dev = &pci->devs[i];
	}
	if (nth % 2 && dev && dev->serial)
		fprintf(out, "      - serial: \"%s\"\n", dev->serial);
	else if (nth % 2 && dev && dev->mac)
		fprintf(out, "      - mac: \"%s\"\n", dev->mac);
	else
		fprintf(out, "      - bdf: \"%s\"\n", pci->bdf);
}

static char *largest_policy(const struct hp_inventory *inv)
{
	char *text = NULL;
	size_t size, next = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	fputs("domains:\n", out);
	for (size_t i = 0; i < 64; i++) {
		fprintf(out, "  d%zu:\n    cpus: 31\n    memory: 64MiB\n    devices:\n", i);
		for (size_t taken = 0; taken < 63 && next < inv->pci_count; next++) {
			if (inv->pci[next].is_bridge)
				continue;
			print_claim(out, &inv->pci[next], next / 2);
			taken++;
		}
	}
	assert_int_equal(fclose(out), 0);
	return text;
}

static void the_largest_machine(void **state)
{
	hp_autoinventory *inv = largest_machine();
	hp_autofree char *text = largest_policy(inv);
	hp_autofree unsigned char *taken = calloc(inv->pci_count, 1);
	hp_autopolicy *policy = fixture_policy(text);
	hp_autoassignment *out = fixture_assign(policy, inv, NULL);
	size_t claimed = 0;

	(void)state;
	check_sound(policy, inv, out);
	assert_int_equal(out->domains_count, 64);
	for (size_t i = 0; i < 64; i++) {
		assert_int_equal(out->domains[i].cores, 31);
		for (size_t j = 0; j < out->domains[i].pci_count; j++) {
			size_t pci = out->domains[i].pci[j];

			assert_false(taken[pci]);
			assert_false(inv->pci[pci].is_bridge);
			/* In file order, which is the order of addresses. */
			assert_true(!j || out->domains[i].pci[j - 1] < pci);
			taken[pci] = 1;
			claimed++;
		}
	}
	assert_int_equal(claimed, 64 * 63);
	/* Nobody's memory or cores lie in more than one socket: 64 cores each, two domains fit one. */
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(hwloc_bitmap_weight(out->domains[i].nodes), 1);
}

static void a_recorded_test_vm(void **state)
{
	static const char *const names[] = { "testbed-6.1", "testbed-6.12" };

	(void)state;
	for (size_t i = 0; i < hp_array_size(names); i++) {
		hp_autoinventory *inv = machine_recorded(names[i]);
		hp_autopolicy *policy = fixture_policy(
			"base: {memory: 1GiB}\ndomains:\n"
			"  alpha:\n    cpus: 1\n    memory: 1GiB\n    devices:\n"
			"      - serial: SERIAL-02\n      - mac: \"02:00:00:00:00:02\"\n"
			"  beta:\n    cpus: 2\n    memory: 1GiB\n    devices:\n"
			"      - serial: SERIAL-03\n      - mac: \"02:00:00:00:00:03\"\n");
		hp_autoassignment *out = fixture_assign(policy, inv, NULL);

		check_sound(policy, inv, out);
		assert_string_equal(fixture_list(out->domains[0].cpus), "2-3");
		assert_string_equal(fixture_list(out->domains[1].cpus), "4-7");
		assert_string_equal(fixture_list(out->domains[0].nodes), "0");
		assert_string_equal(fixture_list(out->domains[1].nodes), "1");
		assert_string_equal(inv->pci[out->domains[0].pci[0]].driver, "nvme");
		assert_string_equal(inv->pci[out->domains[0].pci[1]].driver, "e1000e");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_machine_takes_two_hosts),
		cmocka_unit_test(odd_machines),
		cmocka_unit_test(the_largest_machine),
		cmocka_unit_test(a_recorded_test_vm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
