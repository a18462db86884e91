// SPDX-License-Identifier: GPL-2.0
/* test_kernel_text.c: the registry's table as text, and what its backend makes of it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "apply/hp_backend.h"
#include "base/hp_auto.h"
#include "kernel/hp_kernel.h"

static const char two_hosts[] =
	"domain alpha\n"
	"cpus alpha 2-3,6-7\n"
	"memory alpha 1073741824 nodes 0\n"
	"pci alpha 0000:03:00.0\n"
	"pci alpha 0000:03:00.1\n"
	"domain beta base cgroup 4242\n"
	"cpus beta 4\n"
	"memory beta 536870912";

static void table_reads(const char *text, struct hp_kernel_table *table)
{
	hp_autoerr err = HP_ERR_INIT;

	if (hp_kernel_table_parse(text, table, &err))
		fail_msg("%s", err.text);
}

static void canonical_text_comes_back_unchanged(void **state)
{
	static const char *const texts[] = {
		two_hosts, "", "domain a", "domain a\ncpus a 0-65535", "domain a\npci a 10000:ff:1f.7",
		"domain a\nmemory a 18446744073709551615",
		"domain a base cgroup 7 active elastic-cpus 2-5,8 elastic-memory 0-4096", "domain a active",
		"domain a elastic-memory 4096-18446744073709551615",
		"domain a\npci a 0000:03:00.0 driver nvme port eth0 shared-group",
		"domain a\npci a 0000:03:00.0 shared-group\npci a 8086:10d3/4294967295 port lan"
		"\npci a 0000:00:1c.0/00.0/1f.7 driver vfio-pci",
	};

	(void)state;
	for (size_t i = 0; i < hp_array_size(texts); i++) {
		hp_autokerneltable table = HP_KERNEL_TABLE_INIT;
		hp_autofree char *text = NULL;

		table_reads(texts[i], &table);
		text = hp_kernel_table_format(&table);
		assert_non_null(text);
		assert_string_equal(text, texts[i]);
	}
}

static void text_becomes_typed_claims(void **state)
{
	hp_autokerneltable table = HP_KERNEL_TABLE_INIT;

	(void)state;
	table_reads(two_hosts, &table);
	assert_int_equal(table.domains_count, 2);
	assert_int_equal(table.claims_count, 6);
	assert_string_equal(table.domains[0].name, "alpha");
	assert_false(table.domains[0].is_base);
	assert_true(table.domains[1].is_base);
	assert_int_equal(table.domains[1].cgroup_id, 4242);
	assert_int_equal(table.claims[0].type, HP_KERNEL_CPU);
	assert_int_equal(table.claims[0].ranges_count, 2);
	assert_int_equal(table.claims[0].ranges[1].first, 6);
	assert_int_equal(table.claims[0].ranges[1].last, 7);
	assert_int_equal(table.claims[1].memory_bytes, 1073741824);
	assert_int_equal(table.claims[3].pci_bus, 3);
	assert_int_equal(table.claims[3].pci_function, 1);
	assert_int_equal(table.claims[5].domain, 1);
}

static void any_order_becomes_the_canonical_one(void **state)
{
	hp_autokerneltable table = HP_KERNEL_TABLE_INIT;
	hp_autofree char *text = NULL;

	(void)state;
	table_reads("domain alpha\ndomain beta base cgroup 4242\nmemory beta 536870912\npci alpha 0000:03:00.1\n"
		    "cpus alpha 7\npci alpha 0000:03:00.0\ncpus beta 4\ncpus alpha 2-3\n"
		    "memory alpha 1073741824 nodes 0\ncpus alpha 6\n", &table);
	text = hp_kernel_table_format(&table);
	assert_string_equal(text, two_hosts);
}

static void what_stays_is_what_nobody_else_takes(void **state)
{
	static const struct {
		const char *live, *want, *stays;	/* NULL = nothing */
	} cases[] = {
		{ two_hosts, two_hosts, two_hosts },
		/* Growth lets go of nothing. */
		{ "domain a active\ncpus a 2-3\npci a 0000:03:00.0 driver nvme",
		  "domain a active\ncpus a 2-5\npci a 0000:03:00.0\npci a 0000:04:00.0\ndomain b\ncpus b 6",
		  "domain a active\ncpus a 2-3\npci a 0000:03:00.0 driver nvme" },
		/* A function and a core change hands; the memory stays until the end. */
		{ "domain a\ncpus a 2-5\nmemory a 4096\npci a 0000:03:00.0\npci a 0000:04:00.0\ndomain b active\ncpus b 6,8",
		  "domain b active\ncpus b 4-6\npci b 0000:04:00.0\ndomain a\ncpus a 2-3\nmemory a 1\npci a 0000:03:00.0",
		  "domain a\ncpus a 2-3\nmemory a 4096\npci a 0000:03:00.0\ndomain b active\ncpus b 6" },
		/* From a running domain a function goes by way of the base, also when the domain goes. */
		{ "domain a active\ncpus a 2\npci a 0000:03:00.0 driver nvme\npci a 0000:04:00.0 driver e1000e port wan\n"
		  "pci a 0000:05:00.0\ndomain b active\ncpus b 3\npci b 0000:06:00.0",
		  "domain b active\ncpus b 3\npci b 0000:03:00.0 driver nvme\npci b 0000:04:00.0 port lan\npci b 0000:06:00.0",
		  "domain b active\ncpus b 3\npci b 0000:06:00.0\n"
		  "domain base base\npci base 0000:03:00.0 driver nvme\npci base 0000:04:00.0 driver e1000e" },
		/* The base is there already; what it has is not taken from it twice. */
		{ "domain m base\npci m 0000:05:00.0\ndomain a active\npci a 0000:03:00.0",
		  "domain m base\ndomain b\npci b 0000:03:00.0\npci b 0000:05:00.0",
		  "domain m base\npci m 0000:03:00.0" },
		/* No CPU is kept; a segment is part of an address; a domain is gone. */
		{ "domain a\ncpus a 1\npci a 0001:03:00.0\ndomain c\ncpus c 4", "domain a\ncpus a 2\npci a 0000:03:00.0",
		  "domain a" },
		{ "domain a\ncpus a 1", "domain b\ncpus b 1", NULL },
		/* A name that is no address may mean any function. */
		{ "domain a\npci a 8086:10d3/0", "domain a\npci a 0000:03:00.0", "domain a\npci a 8086:10d3/0" },
		{ "domain a\npci a 0000:03:00.0", "domain a\npci a 8086:10d3/0", "domain a\npci a 0000:03:00.0" },
		{ "domain a\npci a 8086:10d3/0", "domain b\npci b 8086:10d3/0", NULL },
	};

	(void)state;
	for (size_t i = 0; i < hp_array_size(cases); i++) {
		hp_autofree char *stays = NULL;
		hp_autoerr err = HP_ERR_INIT;

		assert_int_equal(hp_backend_registry.meet(cases[i].live, cases[i].want, &stays, &err), 0);
		if (cases[i].stays)
			assert_string_equal(stays, cases[i].stays);
		else
			assert_null(stays);
	}
}

static void other_text_is_refused(void **state)
{
	static const char *const bad[] = {
		"cpus alpha 2-3", "domain", "domain ", "domain a b", "domain a cgroup", "domain a cgroup x",
		"domain a base base", "domain abcdefghijklmnopqrstuvwxyz0123456", "domain a\ncpus a",
		"domain a\ncpus a 3-2", "domain a\ncpus a 1 2", "domain a\nmemory a", "domain a\nmemory a 1KiB",
		"domain a\nmemory a -1", "domain a\nmemory a 18446744073709551616", "domain a\nmemory a 1 nodes",
		"domain a\nmemory a 1 node 0", "domain a\npci a 3:00.0", "domain a\npci a 0000:03:20.0",
		"domain a\npci a 0000:03:00.8", "domain a\npci a 0000:03:00.0x", "domain a\nport a eth0",
		"domain a\n\ncpus a 1", "nonsense", " ", "domain a active base", "domain a elastic-cpus",
		"domain a elastic-cpus 3-2", "domain a elastic-memory 4096", "domain a elastic-memory 2-1",
		"domain a elastic-memory 0-0", "domain a elastic-memory 1-2-3", "domain a\npci a 8086:10d3",
		"domain a\npci a 8086:10d3/", "domain a\npci a 8086:10d3/x", "domain a\npci a 8086:10d3/4294967296",
		"domain a\npci a 86:10d3/0", "domain a\npci a 0000:00:1c.0/x", "domain a\npci a 0000:00:1c.0 driver",
		"domain a\npci a 0000:00:1c.0 port", "domain a\npci a 0000:00:1c.0 port abcdefghijklmnop",
		"domain a\npci a 0000:00:1c.0 shared-group driver e1000e",
	};

	(void)state;
	for (size_t i = 0; i < hp_array_size(bad); i++) {
		hp_autokerneltable table = HP_KERNEL_TABLE_INIT;
		hp_autoerr err = HP_ERR_INIT;

		if (hp_kernel_table_parse(bad[i], &table, &err) != -EINVAL)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(table.domains_count, 0);
		assert_non_null(err.text);
	}
}

static void backend_compares_meaning(void **state)
{
	const struct hp_backend *backend = &hp_backend_registry;

	(void)state;
	assert_true(backend->satisfies("", two_hosts, two_hosts));
	assert_true(backend->satisfies("", "domain a\ncpus a 1\ndomain b\ncpus b 2",
				       "domain b\ncpus b 2\ndomain a\ncpus a 1"));
	assert_false(backend->satisfies("", "domain a\ncpus a 1\ndomain b\ncpus b 2",
					"domain a\ncpus a 2\ndomain b\ncpus b 1"));
	assert_false(backend->satisfies("", "domain a\ncpus a 1-2", "domain a\ncpus a 1-3"));
	assert_false(backend->satisfies("", "domain a cgroup 1", "domain a"));
}

static void without_the_module_it_says_so(void **state)
{
	hp_autokernelevents *events = NULL;
	hp_autokernel *kernel = NULL;
	hp_autoerr err = HP_ERR_INIT;
	hp_autoroot *root = NULL;
	struct hp_ctx ctx = { 0 };

	(void)state;
	if (access("/sys/kernel/hostpart", F_OK) == 0)
		skip();
	assert_int_equal(hp_kernel_open(&kernel, &err), -ENOENT);
	assert_null(kernel);
	assert_non_null(strstr(err.text, "not loaded"));
	assert_int_equal(hp_kernel_events_open(&events, &err), -ENOENT);
	root = hp_root_open("/", &err);
	assert_non_null(root);
	ctx.root = root;
	assert_int_equal(hp_backend_registry.probe(&ctx, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "not loaded"));
}

static void backend_has_one_setting(void **state)
{
	hp_autoerr err = HP_ERR_INIT;
	hp_autofree char *value = NULL;
	struct hp_ctx ctx = { 0 };

	(void)state;
	assert_int_equal(hp_backend_registry.read(&ctx, "tables", "", &value, &err), -EINVAL);
	assert_int_equal(hp_backend_registry.write(&ctx, "table", "cpus", "domain a", &err), -EINVAL);
	assert_int_equal(hp_backend_registry.write(&ctx, "table", "", "domain", &err), -EINVAL);
	assert_non_null(strstr(err.text, "\"domain\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(canonical_text_comes_back_unchanged),
		cmocka_unit_test(text_becomes_typed_claims),
		cmocka_unit_test(any_order_becomes_the_canonical_one),
		cmocka_unit_test(what_stays_is_what_nobody_else_takes),
		cmocka_unit_test(other_text_is_refused),
		cmocka_unit_test(backend_compares_meaning),
		cmocka_unit_test(without_the_module_it_says_so),
		cmocka_unit_test(backend_has_one_setting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
