// SPDX-License-Identifier: GPL-2.0
/* test_devacl_rules.c: device rules from text and back. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/hp_auto.h"
#include "bpf/hp_devacl.h"

static void expect(const char *text, const char *canonical)
{
	hp_autodevacl rules = HP_DEVACL_RULES_INIT;
	hp_autofree char *out = NULL;

	assert_int_equal(hp_devacl_parse(text, &rules, NULL), 0);
	out = hp_devacl_format(&rules);
	assert_string_equal(out, canonical);
}

static void sorts_and_merges(void **state)
{
	(void)state;
	expect("cgroup hostpart/alpha", "cgroup hostpart/alpha");
	expect("", "");
	expect("cgroup t/a\nallow c 136:* rwm\nallow c 1:3 w\nallow c 1:3 r\nallow b 259:10 rw\nallow b 259:9 rw\n",
	       "cgroup t/a\nallow b 259:9 rw\nallow b 259:10 rw\nallow c 1:3 rw\nallow c 136:* rwm");
	expect("cgroup t/a\nallow c 13:64 r\nallow c 13:* mwr", "cgroup t/a\nallow c 13:* rwm\nallow c 13:64 r");
	expect("deny c 240:0 t/b\ndeny b 259:0 t/a\ndeny b 259:0 t/a", "deny b 259:0 t/a\ndeny c 240:0 t/b");
}

static void refuses(void **state)
{
	static const char *const bad[] = {
		"allow c 1:3 rw",			/* no cgroup before it */
		"cgroup t/a\ndeny b 1:1 t/b",		/* deny in an allowlist */
		"cgroup t/a\ncgroup t/b",
		"deny b 1:1 t/a\ncgroup t/a",
		"cgroup t/a\nallow c 1:3",
		"cgroup t/a\nallow c 1:3 rx",
		"cgroup t/a\nallow c 1:3 rw more",
		"cgroup t/a\nallow d 1:3 rw",
		"cgroup t/a\nallow c 1:-3 rw",
		"cgroup t/a\nallow c *:* rw",
		"cgroup t/a\nallow c 1:3: rw",
		"cgroup t/a\nallow c 4096:0 rw",
		"cgroup t/a\nallow c 1:1048576 rw",
		"cgroup t/a\nallow c 99999999999:1 rw",
		"deny b 259:0 t/a\ndeny b 259:0 t/b",	/* two owners */
	};

	(void)state;
	for (size_t i = 0; i < hp_array_size(bad); i++) {
		hp_autodevacl rules = HP_DEVACL_RULES_INIT;
		hp_autoerr err = HP_ERR_INIT;

		if (hp_devacl_parse(bad[i], &rules, &err) != -EINVAL)
			fail_msg("accepted: %s", bad[i]);
		assert_non_null(err.text);
		assert_int_equal(rules.count, 0);
	}
}

static void names_the_line(void **state)
{
	hp_autodevacl rules = HP_DEVACL_RULES_INIT;
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	assert_int_equal(hp_devacl_parse("cgroup t/a\nallow c 1:3 rw\nallow c 1;3 rw", &rules, &err), -EINVAL);
	assert_non_null(strstr(err.text, "line 3"));
	assert_non_null(strstr(err.text, "1;3"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorts_and_merges),
		cmocka_unit_test(refuses),
		cmocka_unit_test(names_the_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
