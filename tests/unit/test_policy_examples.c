// SPDX-License-Identifier: GPL-2.0
/* test_policy_examples.c: each example policy fits the test VM, as its comments say. */
#include "plan/hp_plan.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "machine.h"

/* A recording replaces serial numbers and addresses; these are what the VM really has. */
static void rename_all(struct hp_inventory *inv)
{
	static const struct {
		const char *recorded, *real;
	} table[] = {
		{ "SERIAL-02", "hp-nvme-0" },
		{ "SERIAL-03", "hp-nvme-1" },
		{ "02:00:00:00:00:02", "52:54:00:10:00:01" },
		{ "02:00:00:00:00:03", "52:54:00:10:00:02" },
	};
	unsigned int renamed = 0;

	for (size_t i = 0; i < inv->pci_count; i++) {
		for (size_t j = 0; j < inv->pci[i].devs_count; j++) {
			struct hp_inv_dev *dev = &inv->pci[i].devs[j];
			char **slot = dev->mac ? &dev->mac : &dev->serial;

			for (size_t k = 0; *slot && k < hp_array_size(table); k++) {
				if (strcmp(*slot, table[k].recorded))
					continue;
				free(*slot);
				*slot = strdup(table[k].real);
				renamed |= 1u << k;
			}
		}
	}
	assert_int_equal(renamed, (1u << hp_array_size(table)) - 1);
}

static struct hp_assignment *assign(const char *file, struct hp_policy **policy)
{
	hp_autoinventory *inv = machine_recorded("testbed-6.12");
	struct hp_assignment *assignment = NULL;
	hp_autoerr err = HP_ERR_INIT;

	rename_all(inv);
	if (hp_policy_load(file, policy, &err) ||
	    hp_assign(*policy, inv, NULL, &assignment, &err))
		fail_msg("%s", err.text);
	return assignment;
}

static void every_example_fits(void **state)
{
	glob_t files;

	(void)state;
	assert_int_equal(glob("policies/*.yaml", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		hp_autopolicy *policy = NULL;
		hp_autoassignment *result = assign(files.gl_pathv[i], &policy);

		assert_true(hwloc_bitmap_weight(result->base_cpus) >= 2);
		for (size_t j = 0; j < result->domains_count; j++) {
			assert_true(result->domains[j].cores >= 1);
			assert_int_equal(result->domains[j].pci_count,
					 policy->domains[j].devices_count);
		}
	}
	globfree(&files);
}

static void two_hosts_are_a_node_apart(void **state)
{
	hp_autopolicy *policy = NULL;
	hp_autoassignment *result = assign("policies/two-hosts.yaml", &policy);
	const struct hp_assigned_domain *alpha = &result->domains[0], *beta = &result->domains[1];

	(void)state;
	assert_int_equal(alpha->cores, 1);
	assert_int_equal(beta->cores, 2);
	assert_int_equal(hwloc_bitmap_weight(alpha->nodes), 1);
	assert_int_equal(hwloc_bitmap_weight(beta->nodes), 1);
	assert_false(hwloc_bitmap_intersects(alpha->nodes, beta->nodes));
}

static void latency_critical_is_where_it_says(void **state)
{
	hp_autopolicy *policy = NULL;
	hp_autoassignment *result = assign("policies/latency-critical.yaml", &policy);
	hp_autofree char *cpus = hp_cpulist_format(result->domains[0].cpus);
	hp_autofree char *nodes = hp_cpulist_format(result->domains[0].nodes);
	hp_autofree char *base = hp_cpulist_format(result->base_cpus);

	(void)state;
	assert_string_equal(cpus, "6-7");
	assert_string_equal(nodes, "1");
	assert_string_equal(base, "0-1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_example_fits),
		cmocka_unit_test(two_hosts_are_a_node_apart),
		cmocka_unit_test(latency_critical_is_where_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
