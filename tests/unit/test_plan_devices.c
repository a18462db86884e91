// SPDX-License-Identifier: GPL-2.0
/* test_plan_devices.c: selectors, owners, IOMMU groups, roles and ports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/hp_auto.h"
#include "plan_fixture.h"

#define ALPHA "domains:\n  alpha:\n    cpus: 1\n    memory: 1GiB\n    devices:\n"
#define BETA "  beta:\n    cpus: 1\n    memory: 1GiB\n    devices:\n"

static void check_taken(const char *text, const char *alpha)
{
	hp_autoinventory *inv = fixture_vm();
	hp_autopolicy *policy = fixture_policy(text);
	hp_autoassignment *out = fixture_assign(policy, inv, NULL);
	char have[256] = "";

	for (size_t i = 0; i < out->domains[0].pci_count; i++)
		snprintf(have + strlen(have), sizeof(have) - strlen(have), "%s%s", i ? " " : "",
			 inv->pci[out->domains[0].pci[i]].bdf);
	assert_string_equal(have, alpha);
	for (size_t i = 0; i < out->domains[0].pci_count; i++)
		assert_ptr_equal(out->domains[0].pci_specs[i], &policy->domains[0].devices[i]);
}

static void check_refused(const char *text, const char *words)
{
	hp_autoinventory *inv = fixture_vm();
	hp_autofree char *refusal = fixture_refusal(text, inv);

	if (strcmp(refusal, words))
		fail_msg("\nsaid:     %s\nexpected: %s", refusal, words);
}

static void selectors_find_functions(void **state)
{
	(void)state;
	check_taken(ALPHA "      - bdf: \"0000:03:00.0\"\n", "0000:03:00.0");
	check_taken(ALPHA "      - {class: nvme, index: 1}\n      - {class: nvme, index: 2}\n",
		    "0000:02:00.0 0000:03:00.0");
	check_taken(ALPHA "      - serial: disk-2\n", "0000:03:00.0");
	check_taken(ALPHA "      - mac: \"52:54:00:00:00:05\"\n", "0000:05:00.0");
	check_taken(ALPHA "      - {id: \"1b36:0010\", index: 1}\n", "0000:02:00.0");
	/* 8086:10d3 is also what the fixture's bridges are: these do not count. */
	check_taken(ALPHA "      - {id: \"8086:10d3\", index: 3}\n", "0000:04:00.0");
	check_taken(ALPHA "      - {bdf: \"0000:01:00.0\", force: true}\n", "0000:01:00.0");
}

static void what_is_parked_is_known_by_what_was_below_it(void **state)
{
	hp_autoinventory *inv = fixture_vm();
	hp_autopolicy *policy = fixture_policy(ALPHA "      - serial: was-below\n      - mac: \"52:54:00:00:00:99\"\n");
	hp_autoassignment *out = NULL;

	(void)state;
	for (size_t i = 0; i < inv->pci_count; i++) {
		if (!strcmp(inv->pci[i].bdf, "0000:03:00.0"))
			inv->pci[i].parked_serial = strdup("was-below");
		if (!strcmp(inv->pci[i].bdf, "0000:05:00.0"))
			inv->pci[i].parked_mac = strdup("52:54:00:00:00:99");
	}
	out = fixture_assign(policy, inv, NULL);
	assert_int_equal(out->domains[0].pci_count, 2);
	assert_string_equal(inv->pci[out->domains[0].pci[0]].bdf, "0000:03:00.0");
	assert_string_equal(inv->pci[out->domains[0].pci[1]].bdf, "0000:05:00.0");
}

static void the_base_keeps_its_own(void **state)
{
	(void)state;
	/* A selector means the same function whether or not the base keeps some. */
	check_taken("base:\n  devices:\n    - bdf: \"0000:00:02.0\"\n    - {class: nvme, index: 0}\n" ALPHA
		    "      - {class: net, index: 1}\n      - {class: nvme, index: 1}\n",
		    "0000:04:00.0 0000:02:00.0");
	check_refused("base:\n  devices:\n    - bdf: \"0000:04:00.0\"\n" ALPHA "      - mac: \"52:54:00:00:00:04\"\n",
		      "p.yaml:10:9: alpha claims 0000:04:00.0 (enp4s0), which base has already (p.yaml:4:7)");
	check_refused("base:\n  devices:\n    - bdf: \"0000:09:00.0\"\ndomains:\n  alpha: {cpus: 1, memory: 1GiB}\n",
		      "p.yaml:4:7: this machine has no function 0000:09:00.0; there is 0000:00:02.0 (enp0s0), 0000:00:1f.2, "
		      "0000:00:1f.3, 0000:01:00.0 (nvme0n1), 0000:02:00.0 (nvme1n1), 0000:03:00.0 (nvme2n1), 0000:04:00.0 "
		      "(enp4s0), 0000:05:00.0 (enp5s0)");
}

static void what_is_not_there_is_refused(void **state)
{
	(void)state;
	check_refused(ALPHA "      - {class: nvme, index: 3}\n",
		      "p.yaml:7:9: this machine has no class nvme index 3; index 0 is 0000:01:00.0 (nvme0n1), index 1 is "
		      "0000:02:00.0 (nvme1n1), index 2 is 0000:03:00.0 (nvme2n1)");
	check_refused(ALPHA "      - {class: gpu, index: 0}\n",
		      "p.yaml:7:9: this machine has no class gpu index 0; there is none to claim");
	check_refused(ALPHA "      - serial: disk-9\n",
		      "p.yaml:7:9: this machine has no serial disk-9; did you mean disk-0?; disk-0 is below 0000:01:00.0, "
		      "disk-1 is below 0000:02:00.0, disk-2 is below 0000:03:00.0");
	check_refused(ALPHA "      - mac: \"02:00:00:aa:bb:cc\"\n",
		      "p.yaml:7:9: this machine has no mac 02:00:00:aa:bb:cc; 52:54:00:00:00:00 is below 0000:00:02.0, "
		      "52:54:00:00:00:04 is below 0000:04:00.0, 52:54:00:00:00:05 is below 0000:05:00.0");
	check_refused(ALPHA "      - {id: \"1b36:0010\", index: 7}\n",
		      "p.yaml:7:9: this machine has no id 1b36:0010 index 7; index 0 is 0000:01:00.0 (nvme0n1), index 1 is "
		      "0000:02:00.0 (nvme1n1), index 2 is 0000:03:00.0 (nvme2n1)");
	check_refused(ALPHA "      - bdf: \"0000:00:00.0\"\n",
		      "p.yaml:7:9: 0000:00:00.0 is a bridge; bridges stay with the base, claim the functions behind it");
}

static void a_missing_bdf_lists_what_there_is(void **state)
{
	hp_autoinventory *inv = fixture_vm();
	hp_autofree char *refusal = fixture_refusal(ALPHA "      - bdf: \"0000:08:00.0\"\n", inv);

	(void)state;
	assert_non_null(strstr(refusal, "p.yaml:7:9: this machine has no function 0000:08:00.0; there is "));
	assert_non_null(strstr(refusal, "there is 0000:00:02.0 (enp0s0), 0000:00:1f.2, "));
}

static void one_function_has_one_owner(void **state)
{
	(void)state;
	check_refused(ALPHA "      - bdf: \"0000:03:00.0\"\n" BETA "      - serial: disk-2\n",
		      "p.yaml:12:9: beta claims 0000:03:00.0 (nvme2n1), which alpha has already (p.yaml:7:9)");
	check_refused(ALPHA "      - {class: nvme, index: 1}\n      - serial: disk-1\n",
		      "p.yaml:8:9: alpha claims 0000:02:00.0 (nvme1n1), which alpha has already (p.yaml:7:9)");
}

static void groups_stay_together(void **state)
{
	(void)state;
	check_refused(ALPHA "      - bdf: \"0000:00:1f.2\"\n",
		      "p.yaml:7:9: alpha cannot have 0000:00:1f.2 alone: it shares IOMMU group 2 with 0000:00:1f.3 (base); "
		      "claim them all for alpha, or write allow_shared_group: true");
	check_refused(ALPHA "      - {bdf: \"0000:00:1f.2\", allow_shared_group: true}\n" BETA
		      "      - bdf: \"0000:00:1f.3\"\n",
		      "p.yaml:12:9: beta cannot have 0000:00:1f.3 alone: it shares IOMMU group 2 with 0000:00:1f.2 (alpha); "
		      "claim them all for beta, or write allow_shared_group: true");
	/* The bridge 1f.0 of the group counts for nobody. */
	check_taken(ALPHA "      - bdf: \"0000:00:1f.2\"\n      - bdf: \"0000:00:1f.3\"\n",
		    "0000:00:1f.2 0000:00:1f.3");
	check_taken(ALPHA "      - {bdf: \"0000:00:1f.2\", allow_shared_group: true}\n", "0000:00:1f.2");
}

static void what_the_base_needs_stays(void **state)
{
	(void)state;
	check_refused(ALPHA "      - {class: nvme, index: 0}\n",
		      "p.yaml:7:9: alpha may not take 0000:01:00.0 (nvme0n1): it holds the running system: /, /boot or /usr "
		      "and holds swap in use; choose another function, or write force: true");
	check_refused(ALPHA "      - {class: net, index: 0}\n",
		      "p.yaml:7:9: alpha may not take 0000:00:02.0 (enp0s0): it carries the default route or your own "
		      "session; choose another function, or write force: true");
}

static void ports_need_a_network_function(void **state)
{
	(void)state;
	check_refused(ALPHA "      - {bdf: \"0000:02:00.0\", port: {name: eth0}}\n",
		      "p.yaml:7:9: port: 0000:02:00.0 (nvme1n1) is not a network function (other class); remove port, or "
		      "choose class: net");
}

/* Conflicts that do not follow from each other are told together, in the order of the phases. */
static void several_conflicts_are_told_at_once(void **state)
{
	hp_autoinventory *inv = fixture_vm();
	hp_autofree char *refusal = fixture_refusal(
		"domains:\n  alpha:\n    cpus: 9\n    memory: 8GiB\n    devices:\n      - {class: gpu, index: 0}\n"
		"      - {class: nvme, index: 0}\n", inv);
	size_t lines = 1;

	(void)state;
	for (const char *at = refusal; *at; at++)
		lines += *at == '\n';
	assert_int_equal(lines, 4);
	assert_non_null(strstr(refusal, "p.yaml:4:5: alpha wants 9 cores"));
	assert_non_null(strstr(refusal, "\np.yaml:5:"));
	assert_non_null(strstr(refusal, "\np.yaml:7:9: this machine has no class gpu"));
	assert_non_null(strstr(refusal, "\np.yaml:8:9: alpha may not take"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selectors_find_functions),
		cmocka_unit_test(what_is_parked_is_known_by_what_was_below_it),
		cmocka_unit_test(the_base_keeps_its_own),
		cmocka_unit_test(what_is_not_there_is_refused),
		cmocka_unit_test(a_missing_bdf_lists_what_there_is),
		cmocka_unit_test(one_function_has_one_owner),
		cmocka_unit_test(groups_stay_together),
		cmocka_unit_test(what_the_base_needs_stays),
		cmocka_unit_test(ports_need_a_network_function),
		cmocka_unit_test(several_conflicts_are_told_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
