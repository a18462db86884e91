// SPDX-License-Identifier: GPL-2.0
/* test_policy_nomem.c: each allocation of the policy parser fails once; nothing crashes or leaks. */
#include "policy/hp_policy.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/hp_auto.h"

#define FAILURES_MAX 2000

static const char good[] =
	"apiVersion: hostpart/v1\n"
	"base: {cpus: {list: \"0-1\"}, memory: 10%, devices: [{class: usb, index: 0}]}\n"
	"domains:\n"
	"  alpha:\n"
	"    hostname: a.example.org\n"
	"    cpus: {list: \"2-3\"}\n"
	"    memory: {size: 1GiB, guarantee: 50%, nodes: \"0\"}\n"
	"    devices:\n"
	"      - {serial: x}\n"
	"      - {mac: 52:54:00:00:00:01, port: {name: eth0, addresses: [192.0.2.1/24], gateway: 192.0.2.2}}\n"
	"    network: {address: 10.9.0.2}\n"
	"  beta: {cpus: 1, memory: 25%}\n"
	"network: {subnet: 10.9.0.0/24}\n"
	"links:\n"
	"  - {from: alpha, to: beta, protocol: tcp, ports: [80, \"90-99\"]}\n";
static const char bad[] =
	"apiVersion: hostpart/v1\n"
	"domains:\n"
	"  alpha: {cpu: 1, memory: {size: 1GiB, guarantee: 2GiB}, cpus: {list: \"1\"}}\n"
	"  beta: {cpus: {list: \"1\"}, memory: 2GB}\n"
	"links:\n"
	"  - {from: alhpa, to: beta, protocol: tcp, ports: [80, 80]}\n";

#ifdef __SANITIZE_ADDRESS__
/* The sanitizer brings its own allocator; the other tests look for leaks under it. */
static void each_allocation_fails_once(void **state)
{
	(void)state;
	skip();
}
#else
#include "nomem.h"

/* Parses with the number-th allocation failing; true when there were fewer. */
static bool try_once(const char *text, unsigned int number, int expected)
{
	struct hp_policy *policy = NULL;
	struct hp_err err = HP_ERR_INIT;
	long before = living;
	int ret;

	has_failed = false;
	countdown = number;
	ret = hp_policy_parse("p.yaml", text, &policy, &err);
	countdown = 0;
	if (!has_failed)
		assert_int_equal(ret, expected);
	else if (ret != -ENOMEM)
		fail_msg("allocation %u failed, and the answer is %d: %s", number, ret, err.text);
	assert_int_equal(policy != NULL, ret == 0);
	if (has_failed)
		assert_int_equal(err.exit, HP_EXIT_FAIL);
	hp_policy_free(policy);
	hp_err_clear(&err);
	assert_int_equal(living, before);
	return !has_failed;
}

static unsigned int try_all(const char *text, int expected)
{
	unsigned int number = 1;

	/* The first time, libraries allocate what they keep. */
	try_once(text, 0, expected);
	while (!try_once(text, number, expected))
		assert_true(++number < FAILURES_MAX);
	return number - 1;
}

static void each_allocation_fails_once(void **state)
{
	(void)state;
	/* So many at least: otherwise the failing calls would not be the parser's. */
	assert_true(try_all(good, 0) > 60);
	assert_true(try_all(bad, -EINVAL) > 40);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_fails_once),
	};

	/* Both texts must be what they are called, with or without an allocator of ours. */
	hp_autopolicy *policy = NULL;

	if (hp_policy_parse("good", good, &policy, NULL) ||
	    hp_policy_parse("bad", bad, &policy, NULL) != -EINVAL)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
