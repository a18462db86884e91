// SPDX-License-Identifier: GPL-2.0
/* test_plan_star.c: addresses of the star, and the gaps that a plan must admit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/hp_auto.h"
#include "plan_fixture.h"

#define HOST(name, more) "  " name ": {cpus: 1, memory: 512MiB" more "}\n"

static void check_refused(const char *text, const char *subnet, const char *words)
{
	hp_autoinventory *inv = fixture_vm();
	hp_autofree char *refusal = NULL;

	if (subnet)
		fixture_subnet(inv, subnet);
	refusal = fixture_refusal(text, inv);
	if (strcmp(refusal, words))
		fail_msg("\nsaid:     %s\nexpected: %s", refusal, words);
}

static void addresses_are_given_in_order(void **state)
{
	hp_autoinventory *inv = fixture_vm();
	hp_autopolicy *policy = fixture_policy(
		"network: {subnet: 192.168.7.0/29}\ndomains:\n" HOST("a", "")
		HOST("b", ", network: {address: 192.168.7.2}") HOST("c", ", network: {link: false}"));
	hp_autoassignment *out = fixture_assign(policy, inv, NULL);

	(void)state;
	assert_string_equal(out->base_link_address, "192.168.7.1");
	assert_string_equal(out->domains[0].link_address, "192.168.7.3");
	assert_string_equal(out->domains[1].link_address, "192.168.7.2");
	assert_null(out->domains[2].link_address);
}

static void subnets_are_checked(void **state)
{
	(void)state;
	check_refused("domains:\n" HOST("a", ""), "10.203.0.0/16",
		      "p.yaml: subnet 10.203.0.0/24 overlaps 10.203.0.0/16, which this machine uses; 10.204.0.0/24 is free");
	check_refused("network: {subnet: 10.0.2.0/24}\ndomains:\n" HOST("a", ""), "10.0.0.0/8",
		      "p.yaml:2:19: subnet 10.0.2.0/24 overlaps 10.0.0.0/8, which this machine uses");
	check_refused("network: {subnet: 10.0.0.0/8}\ndomains:\n" HOST("a", ""), "10.0.2.0/24",
		      "p.yaml:2:19: subnet 10.0.0.0/8 overlaps 10.0.2.0/24, which this machine uses");
}

/* Neighbours, a default route and a star that nobody uses are no conflict. */
static void subnets_beside_each_other(void **state)
{
	hp_autoinventory *inv = fixture_vm();
	hp_autopolicy *policy = fixture_policy("domains:\n" HOST("a", ""));
	hp_autopolicy *unlinked = fixture_policy("domains:\n" HOST("a", ", network: {link: false}"));
	hp_autoassignment *out = NULL, *alone = NULL;

	(void)state;
	fixture_subnet(inv, "0.0.0.0/0");
	fixture_subnet(inv, "10.202.255.0/24");
	fixture_subnet(inv, "10.203.1.0/24");
	out = fixture_assign(policy, inv, NULL);
	assert_string_equal(out->domains[0].link_address, "10.203.0.2");
	fixture_subnet(inv, "10.203.0.0/24");
	alone = fixture_assign(unlinked, inv, NULL);
	assert_null(alone->base_link_address);
}

/* Once applied, the star's own network is in use here; that is no conflict with itself. */
static void the_star_does_not_overlap_itself(void **state)
{
	hp_autoinventory *inv = fixture_vm();
	hp_autopolicy *policy = fixture_policy("domains:\n" HOST("a", ""));
	hp_autoassignment *was = fixture_assign(policy, inv, NULL), *is = NULL;

	(void)state;
	fixture_subnet(inv, "10.203.0.0/24");
	is = fixture_assign(policy, inv, was);
	assert_string_equal(is->domains[0].link_address, "10.203.0.2");
}

/* Who has an address keeps it when another comes before it in the file. */
static void addresses_stay(void **state)
{
	hp_autoinventory *inv = fixture_vm();
	hp_autopolicy *before = fixture_policy("domains:\n" HOST("b", "")), *after = NULL;
	hp_autoassignment *was = fixture_assign(before, inv, NULL), *current = NULL, *is = NULL;
	hp_autosettings settings = HP_SETTINGS_INIT;

	(void)state;
	after = fixture_policy("domains:\n" HOST("a", "") HOST("b", ""));
	assert_int_equal(hp_plan_settings(before, inv, was, &settings, NULL), 0);
	assert_int_equal(hp_assignment_from_settings(after, &settings, &current, NULL), 0);
	is = fixture_assign(after, inv, current);
	assert_string_equal(is->domains[0].link_address, "10.203.0.3");
	assert_string_equal(is->domains[1].link_address, "10.203.0.2");
}

/* ---- gaps ---- */

static const struct hp_gap *find_gap(const struct hp_assignment *out, int domain, const char *what)
{
	for (size_t i = 0; i < out->gaps_count; i++) {
		if (out->gaps[i].domain == domain && strstr(out->gaps[i].what, what))
			return &out->gaps[i];
	}
	return NULL;
}

static void check_gap(const struct hp_assignment *out, int domain, const char *what, const char *why)
{
	const struct hp_gap *gap = find_gap(out, domain, what);

	if (!gap)
		fail_msg("no gap \"%s\" of domain %d", what, domain);
	if (!strstr(gap->why, why))
		fail_msg("gap \"%s\" is because of: %s", what, gap->why);
}

static void a_clean_machine_has_few_gaps(void **state)
{
	hp_autoinventory *inv = fixture_vm();
	hp_autopolicy *policy = fixture_policy("base: {cpus: {list: \"0-3\"}}\ndomains:\n  a:\n    cpus: 2\n"
					       "    memory: 1GiB\n    devices:\n      - serial: disk-1\n");
	hp_autoassignment *out = fixture_assign(policy, inv, NULL);

	(void)state;
	/* A node of its own, a cache of its own: only that the base may allocate there is left. */
	assert_int_equal(out->gaps_count, 1);
	check_gap(out, 0, "separate by amount", "memory node 1 also serves the base");
}

static void gaps_are_admitted(void **state)
{
	hp_autoinventory *inv = fixture_vm();
	struct hp_inv_irq *irq;
	hp_autopolicy *policy = fixture_policy(
		"domains:\n  a:\n    cpus: {cores: 1, kind: performance}\n    memory: {size: 512MiB, nodes: \"1\"}\n    "
		"devices:\n"
		"      - {serial: disk-0, force: true}\n      - {bdf: \"0000:00:1f.2\", allow_shared_group: true}\n"
		"      - bdf: \"0000:04:00.0\"\n  b: {cpus: 2, memory: 512MiB}\n");
	hp_autoassignment *out = NULL;

	(void)state;
	inv->has_module = false;
	fixture_offline(inv, "8-9");
	inv->pci[8].iommu_group = -1;	/* 0000:04:00.0 */
	free(inv->pci[8].driver);
	inv->pci[8].driver = NULL;
	irq = fixture_irq(inv, 30, "nvme0q1", 5);
	irq->is_managed = true;
	irq = fixture_irq(inv, 31, "acpi", -1);
	irq->is_movable = false;
	out = fixture_assign(policy, inv, NULL);
	check_gap(out, -1, "taken offline by root", "module hostpart is not loaded");
	check_gap(out, -1, "knows no claims", "module hostpart is not loaded");
	check_gap(out, -1, "while CPU 8-9 stays offline", "may be the sibling");
	check_gap(out, 0, "no special kind", "performance");
	check_gap(out, 0, "L3 cache", "the base");
	check_gap(out, 0, "separate by amount", "memory node 1 also serves b and the base");
	check_gap(out, 0, "far from its CPUs", "names nodes");
	check_gap(out, 0, "DMA is not confined", "0000:04:00.0");
	check_gap(out, 0, "others in their IOMMU group", "0000:00:1f.2");
	check_gap(out, 0, "the base needs", "0000:01:00.0");
	check_gap(out, 0, "of no use yet", "0000:04:00.0");
	check_gap(out, 0, "interrupt CPUs of others", "1 interrupt of its functions is managed");
	check_gap(out, 1, "devices of others interrupt its CPUs", "1 managed interrupt");
	check_gap(out, 1, "fixed interrupts", "1 interrupt of the platform");
	assert_null(find_gap(out, 1, "L3 cache"));
	assert_null(find_gap(out, 1, "far from its CPUs"));
}

static void set_affinity(struct hp_inventory *inv, const char *cpus)
{
	for (size_t i = 0; i < inv->irqs_count; i++) {
		free(inv->irqs[i].affinity);
		inv->irqs[i].affinity = strdup(cpus);
	}
}

static void the_module_brings_managed_interrupts_home(void **state)
{
	hp_autoinventory *inv = fixture_vm();
	hp_autopolicy *policy = fixture_policy("base: {cpus: {list: \"0-3\"}}\ndomains:\n  a:\n    cpus: {list: \"4-5\"}\n"
					       "    memory: 512MiB\n    devices:\n      - serial: disk-1\n"
					       "  b: {cpus: {list: \"6-7\"}, memory: 512MiB}\n");
	hp_autoassignment *without = NULL, *with = NULL, *elsewhere = NULL, *at_home = NULL;

	(void)state;
	fixture_irq(inv, 30, "nvme1q1", 6)->is_managed = true;	/* a's disk, on all CPUs */
	fixture_irq(inv, 31, "nvme0q1", 5)->is_managed = true;	/* the machine's */
	without = fixture_assign(policy, inv, NULL);
	check_gap(without, 0, "interrupt CPUs of others", "1 interrupt of its functions is managed");
	check_gap(without, 1, "devices of others interrupt its CPUs", "2 managed interrupts");

	inv->module_moves_irqs = true;
	with = fixture_assign(policy, inv, NULL);
	assert_null(find_gap(with, 0, "interrupt CPUs of others"));
	assert_null(find_gap(with, 1, "interrupt its CPUs"));

	/* A vector moves within its own CPUs only. */
	set_affinity(inv, "6");
	elsewhere = fixture_assign(policy, inv, NULL);
	check_gap(elsewhere, 0, "interrupt CPUs of others", "when the driver starts anew");
	check_gap(elsewhere, 1, "devices of others interrupt its CPUs", "2 managed interrupts");
	set_affinity(inv, "0,5");
	at_home = fixture_assign(policy, inv, NULL);
	assert_null(find_gap(at_home, 0, "interrupt CPUs of others"));
	assert_null(find_gap(at_home, 1, "interrupt its CPUs"));
}

static void unknown_topology_is_admitted(void **state)
{
	hp_autoinventory *inv = fixture_machine(8 * GIB);
	hp_autopolicy *policy = fixture_policy("domains:\n" HOST("a", ""));
	hp_autoassignment *out = NULL;

	(void)state;
	fixture_core(inv, "0", 0, 0, 0, -1);
	fixture_core(inv, "1", 0, -1, 0, -1);
	fixture_core(inv, "2", 0, -1, -1, -1);
	fixture_node(inv, 0, 4 * GIB);
	fixture_node(inv, 1, 4 * GIB);
	out = fixture_assign(policy, inv, NULL);
	check_gap(out, -1, "share an L3 cache is not known", "2 of its 3 cores");
	check_gap(out, -1, "memory is near is not known", "1 of its 3 cores");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_given_in_order),
		cmocka_unit_test(subnets_are_checked),
		cmocka_unit_test(subnets_beside_each_other),
		cmocka_unit_test(the_star_does_not_overlap_itself),
		cmocka_unit_test(addresses_stay),
		cmocka_unit_test(a_clean_machine_has_few_gaps),
		cmocka_unit_test(gaps_are_admitted),
		cmocka_unit_test(the_module_brings_managed_interrupts_home),
		cmocka_unit_test(unknown_topology_is_admitted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
