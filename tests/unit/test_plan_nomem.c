// SPDX-License-Identifier: GPL-2.0
/* test_plan_nomem.c: each allocation of the planner fails once; nothing crashes or leaks. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/hp_auto.h"
#include "plan_fixture.h"

#define FAILURES_MAX 5000

static const char bad[] =
	"domains:\n"
	"  alpha:\n"
	"    cpus: {list: \"1-2\"}\n"
	"    memory: {size: 25%, guarantee: 2GiB, swap: 1GiB}\n"
	"    devices:\n"
	"      - serial: disk-x\n"
	"      - {class: nvme, index: 0}\n"
	"      - {class: gpu, index: 4}\n"
	"      - bdf: \"0000:00:1f.2\"\n"
	"  beta:\n"
	"    cpus: 9\n"
	"    memory: 4GiB\n"
	"    devices: [{bdf: \"0000:01:00.0\"}]\n";

#ifdef __SANITIZE_ADDRESS__
/* The sanitizer brings its own allocator; the other tests look for leaks under it. */
static void each_allocation_fails_once(void **state)
{
	(void)state;
	skip();
}
#else
#include "nomem.h"

static const char good[] =
	"base: {memory: 1GiB, devices: [{class: net, index: 0}]}\n"
	"domains:\n"
	"  alpha:\n"
	"    cpus: {list: \"2-3\"}\n"
	"    memory: {size: 1GiB, nodes: \"1\"}\n"
	"    cache: {l3: 50%, bandwidth: 20%}\n"
	"    frequency: {governor: performance}\n"
	"    wake_latency: 20us\n"
	"    devices:\n"
	"      - {serial: disk-1, allow_shared_group: true}\n"
	"      - {serial: disk-0, force: true}\n"
	"      - mac: \"52:54:00:00:00:04\"\n"
	"        port: {name: eth0, addresses: [192.0.2.1/24], gateway: 192.0.2.254, mtu: 9000}\n"
	"  beta: {cpus: 2, memory: 1GiB}\n"
	"links:\n"
	"  - {from: beta, to: alpha, protocol: tcp, ports: [8080]}\n";

/* Assigns, writes down and reads back; the first thing that fails ends it. */
static int plan(const struct hp_policy *policy, const struct hp_inventory *inv,
		const struct hp_assignment *current, struct hp_err *err)
{
	hp_autoassignment *out = NULL, *back = NULL;
	hp_autosettings settings = HP_SETTINGS_INIT;
	int rc = hp_assign(policy, inv, current, &out, err);

	if (!rc)
		rc = hp_plan_settings(policy, inv, out, &settings, err);
	if (!rc)
		rc = hp_assignment_from_settings(policy, &settings, &back, err);
	return rc;
}

/* With the number-th allocation failing; true when there were fewer. */
static bool try_once(const struct hp_policy *policy, const struct hp_inventory *inv,
		     const struct hp_assignment *current, unsigned int number, int expected)
{
	struct hp_err err = HP_ERR_INIT;
	long before = living;
	int rc;

	has_failed = false;
	countdown = number;
	rc = plan(policy, inv, current, &err);
	countdown = 0;
	/* A name in a message may go missing; the verdict on a bad policy stays. */
	if (!has_failed)
		assert_int_equal(rc, expected);
	else if (rc != -ENOMEM && rc != expected)
		fail_msg("allocation %u failed, and the answer is %d: %s", number, rc, err.text);
	assert_int_equal(err.errnum, -rc);
	hp_err_clear(&err);
	assert_int_equal(living, before);
	return !has_failed;
}

static unsigned int try_all(const struct hp_policy *policy, const struct hp_inventory *inv,
			    const struct hp_assignment *current, int expected)
{
	unsigned int number = 1;

	/* The first time, libraries allocate what they keep. */
	try_once(policy, inv, current, 0, expected);
	while (!try_once(policy, inv, current, number, expected))
		assert_true(++number < FAILURES_MAX);
	return number - 1;
}

/* One L3 to divide, one frequency for CPUs 2-3, and latencies. */
static void add_shares(struct hp_inventory *inv)
{
	struct hp_inv_resctrl *it = &inv->resctrl;

	inv->freqs = calloc(1, sizeof(*inv->freqs));
	inv->freqs_count = 1;
	inv->freqs[0].cpus = hwloc_bitmap_alloc();
	hwloc_bitmap_set_range(inv->freqs[0].cpus, 2, 3);
	inv->freqs[0].governors = strdup("performance powersave");
	inv->wake_cpus = hwloc_bitmap_dup(inv->online);
	*it = (struct hp_inv_resctrl){
		.is_supported = true, .is_mounted = true, .has_l3 = true, .l3_mask = 0x7ff, .shareable_mask = 0x600,
		.l3_min_ways = 1, .bandwidth = HP_BANDWIDTH_PERCENT, .bandwidth_min = 10, .bandwidth_step = 10,
		.bandwidth_max = 100, .classes = 8, .monitors = 9, .l3s_count = 1,
	};
	it->l3s = calloc(1, sizeof(*it->l3s));
	it->l3s[0].cpus = hwloc_bitmap_dup(inv->online);
}

static void each_allocation_fails_once(void **state)
{
	hp_autoinventory *inv = fixture_vm();
	hp_autopolicy *fine = fixture_policy(good), *wrong = fixture_policy(bad);
	hp_autoassignment *current = fixture_assign(fine, inv, NULL);

	(void)state;
	add_shares(inv);
	inv->has_module = false;
	fixture_offline(inv, "9");
	fixture_irq(inv, 30, "nvme1q1", 6)->is_managed = true;
	/* So many at least: otherwise the failing calls would not be the planner's. */
	assert_true(try_all(fine, inv, NULL, 0) > 200);
	assert_true(try_all(fine, inv, current, 0) > 200);
	assert_in_range(try_all(wrong, inv, NULL, -EINVAL), 20, 1000);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_allocation_fails_once) };
	hp_autoinventory *inv = fixture_vm();
	hp_autofree char *refusal = fixture_refusal(bad, inv);

	return strstr(refusal, "disk-x") ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
