// SPDX-License-Identifier: GPL-2.0
/* test_backend_resctrl.c: the text of schemata, and what the backend reads of a kernel's resctrl. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include "apply/hp_backend.h"
#include "base/hp_auto.h"
#include "base/hp_schemata.h"
#include "machine.h"
#include "resctrl_fixture.h"

static void schemata_are_compared_by_value(void **state)
{
	const char *live = "    MB:0= 50;16=2048\n    L3:0=00f0;16=ffff\n    L2:0=ff";
	hp_autofree char *tidy = hp_schemata_tidy(live);
	unsigned long value;

	(void)state;
	assert_string_equal(tidy, "L3:0=f0;16=ffff\nMB:0=50;16=2048");
	assert_true(hp_schemata_get(live, "L3", 16, &value));
	assert_int_equal(value, 0xffff);
	assert_false(hp_schemata_get(live, "L3", 1, &value));
	assert_false(hp_schemata_get(live, "L3CODE", 0, &value));
	assert_true(hp_schemata_holds(live, "L3:16=ffff;0=f0"));
	assert_true(hp_schemata_holds(live, tidy));
	assert_false(hp_schemata_holds(live, "L3:0=f0\nMB:0=60"));
	assert_false(hp_schemata_holds(live, "L3:1=f0"));
	assert_false(hp_schemata_holds("", "L3:0=f0"));
	assert_false(hp_schemata_holds("L3:0", "L3:0=f0"));
}

static void assert_reads(struct hp_ctx *ctx, const char *object, const char *attr, const char *want)
{
	hp_autofree char *value = NULL;
	hp_autoerr err = HP_ERR_INIT;

	assert_int_equal(hp_backend_find("resctrl")->read(ctx, object, attr, &value, &err), 0);
	if (want)
		assert_string_equal(value, want);
	else
		assert_null(value);
}

static void the_backend_reads_what_the_kernel_shows(void **state)
{
	char *dir = resctrl_one_l3();
	hp_autoroot *root = hp_root_open(dir, NULL);
	struct hp_ctx ctx = { .root = root };

	(void)state;
	machine_put(dir, "/sys/fs/resctrl/hostpart-alpha/schemata", "    MB:0= 50\n    L3:0=007");
	machine_put(dir, "/sys/fs/resctrl/hostpart-alpha/mode", "exclusive");
	machine_put(dir, "/sys/fs/resctrl/hostpart-alpha/cpus_list", "2-3");
	assert_reads(&ctx, "/", "", "present");
	assert_reads(&ctx, "/", "schemata", "L3:0=7ff\nMB:0=100");
	assert_reads(&ctx, "hostpart-alpha", "", "present");
	assert_reads(&ctx, "hostpart-alpha", "schemata", "L3:0=7\nMB:0=50");
	assert_reads(&ctx, "hostpart-alpha", "cpus_list", "2-3");
	assert_reads(&ctx, "hostpart-alpha", "mode", "exclusive L3:0=7");
	assert_reads(&ctx, "hostpart-beta", "", NULL);
	assert_reads(&ctx, "hostpart-beta", "mode", NULL);
	machine_put(dir, "/sys/fs/resctrl/hostpart-alpha/mode", "shareable");
	assert_reads(&ctx, "hostpart-alpha", "mode", "shareable");
	machine_remove(dir);
}

static void assert_meets(const char *live, const char *want, const char *stays)
{
	hp_autofree char *value = NULL;

	assert_int_equal(hp_backend_find("resctrl")->meet(live, want, &value, NULL), 0);
	assert_string_equal(value, stays);
}

/* A guard whose ways change is let go of before any mask is; everything else stays. */
static void a_guard_lets_go_before_masks_move(void **state)
{
	(void)state;
	assert_meets("exclusive L3:0=7", "exclusive L3:0=3f", "shareable");
	assert_meets("exclusive L3:0=7", "exclusive L3:0=7", "exclusive L3:0=7");
	assert_meets("L3:0=7", "L3:0=3f", "L3:0=7");
	assert_meets("2-3", "4-5", "2-3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schemata_are_compared_by_value),
		cmocka_unit_test(the_backend_reads_what_the_kernel_shows),
		cmocka_unit_test(a_guard_lets_go_before_masks_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
