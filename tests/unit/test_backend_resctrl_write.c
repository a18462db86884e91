// SPDX-License-Identifier: GPL-2.0
/* test_backend_resctrl_write.c: what the resctrl backend writes, into a directory that stands in for the kernel's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "apply/hp_backend.h"
#include "base/hp_auto.h"
#include "base/hp_schemata.h"
#include "machine.h"

/*
 * A mount namespace of the test's own, with an empty /sys/fs, so that the live root is the backend's and nobody
 * else sees it. Without root it is skipped. A plain directory takes every write: what the kernel refuses is
 * shown by a file that is not there.
 */
static const char *missing;
static struct hp_ctx ctx;

static int set_up(void **state)
{
	(void)state;
	if (geteuid())
		missing = "not root";
	else if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		 mount("none", "/sys/fs", "tmpfs", 0, NULL))
		missing = "no mount namespaces here";
	if (missing)
		return 0;
	ctx.root = hp_root_open("/", NULL);
	return ctx.root ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	hp_root_close(ctx.root);
	return 0;
}

static void need(void)
{
	if (!missing)
		return;
	print_message("# SKIP %s\n", missing);
	skip();
}

static int write_value(const char *object, const char *attr, const char *value, struct hp_err *err)
{
	return hp_backend_find("resctrl")->write(&ctx, object, attr, value, err);
}

static void assert_written(const char *path, const char *want)
{
	hp_autofree char *full = NULL, *text = calloc(1, 256);
	FILE *file;

	assert_true(asprintf(&full, HP_RESCTRL "/%s", path) > 0);
	file = fopen(full, "r");
	assert_non_null(file);
	assert_int_equal(fread(text, 1, 255, file), strlen(want));
	fclose(file);
	assert_string_equal(text, want);
}

static void put(const char *path)
{
	hp_autofree char *full = NULL;

	assert_true(asprintf(&full, HP_RESCTRL "/%s", path) > 0);
	fclose(fopen(full, "w"));
}

static bool is_mounted(void)
{
	return hp_root_exists(ctx.root, HP_RESCTRL "/info");
}

static void mount_stand_in(void)
{
	mkdir(HP_RESCTRL, 0755);
	assert_int_equal(mount("none", HP_RESCTRL, "tmpfs", 0, NULL), 0);
	assert_int_equal(mkdir(HP_RESCTRL "/info", 0755), 0);
}

/* No file ends without a newline, and a mode is the word alone. */
static void values_are_lines(void **state)
{
	(void)state;
	need();
	mount_stand_in();
	assert_int_equal(write_value("/", "", "present", NULL), 0);
	assert_int_equal(write_value("hostpart-alpha", "", "present", NULL), 0);
	assert_int_equal(write_value("hostpart-alpha", "", "present", NULL), 0);
	put("hostpart-alpha/schemata");
	put("hostpart-alpha/cpus_list");
	put("hostpart-alpha/mode");
	assert_int_equal(write_value("hostpart-alpha", "schemata", "L3:0=f;1=600\nMB:0=40;1=100", NULL), 0);
	assert_written("hostpart-alpha/schemata", "L3:0=f;1=600\nMB:0=40;1=100\n");
	assert_int_equal(write_value("hostpart-alpha", "cpus_list", "2-3", NULL), 0);
	assert_written("hostpart-alpha/cpus_list", "2-3\n");
	assert_int_equal(write_value("hostpart-alpha", "mode", "exclusive L3:0=f;1=600", NULL), 0);
	assert_written("hostpart-alpha/mode", "exclusive\n");
	put("hostpart-alpha/mode");
	assert_int_equal(write_value("hostpart-alpha", "mode", NULL, NULL), 0);
	assert_written("hostpart-alpha/mode", "shareable\n");
	/* Masks and CPUs go with the group. */
	assert_int_equal(write_value("hostpart-alpha", "schemata", NULL, NULL), 0);
	assert_written("hostpart-alpha/schemata", "L3:0=f;1=600\nMB:0=40;1=100\n");
	assert_int_equal(umount(HP_RESCTRL), 0);
}

static void refusals_carry_the_kernels_reason(void **state)
{
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	need();
	mount_stand_in();
	machine_put("", HP_RESCTRL "/info/last_cmd_status", "Mask out of range");
	assert_int_equal(write_value("hostpart-alpha", "", "present", NULL), 0);
	assert_int_equal(write_value("hostpart-alpha", "schemata", "L3:0=1ffff", &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "the kernel refuses schemata of resctrl group hostpart-alpha: Mask out of range"));
	hp_err_clear(&err);
	assert_int_equal(write_value("mon_groups/hostpart-alpha", "", "present", &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "the kernel refuses to make resctrl group mon_groups/hostpart-alpha: Mask"));
	hp_err_clear(&err);
	/* "ok" is no reason: then it is the error's own. */
	machine_put("", HP_RESCTRL "/info/last_cmd_status", "ok");
	assert_int_equal(write_value("hostpart-alpha", "mode", "exclusive L3:0=f", &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "No such file"));
	hp_err_clear(&err);
	assert_int_equal(write_value("hostpart-beta", "schemata", "L3:0=f", &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "there is no resctrl group hostpart-beta"));
	assert_int_equal(write_value("hostpart-beta", "schemata", NULL, NULL), 0);
	assert_int_equal(umount(HP_RESCTRL), 0);
}

static void groups_go(void **state)
{
	(void)state;
	need();
	mount_stand_in();
	assert_int_equal(write_value("hostpart-alpha", "", "present", NULL), 0);
	assert_int_equal(write_value("hostpart-alpha", "", NULL, NULL), 0);
	assert_int_equal(access(HP_RESCTRL "/hostpart-alpha", F_OK), -1);
	assert_int_equal(write_value("hostpart-alpha", "", NULL, NULL), 0);
	assert_int_equal(umount(HP_RESCTRL), 0);
}

static void the_mount_is_undone_unless_others_use_it(void **state)
{
	(void)state;
	need();
	mount_stand_in();
	machine_put("", HP_RESCTRL "/containers/tasks", "1");
	assert_int_equal(write_value("/", "", NULL, NULL), 0);
	assert_true(is_mounted());
	assert_int_equal(unlink(HP_RESCTRL "/containers/tasks"), 0);
	assert_int_equal(rmdir(HP_RESCTRL "/containers"), 0);
	assert_int_equal(write_value("/", "", NULL, NULL), 0);
	assert_false(is_mounted());
	assert_int_equal(write_value("/", "", NULL, NULL), 0);
}

static void without_resctrl_the_mount_says_why(void **state)
{
	hp_autofree char *known = NULL;
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	need();
	known = hp_root_readf(ctx.root, "/proc/filesystems");
	if (known && strstr(known, "\tresctrl\n")) {
		print_message("# SKIP this kernel has resctrl\n");
		skip();
	}
	assert_int_equal(write_value("/", "", "present", &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "resctrl cannot be mounted on /sys/fs/resctrl: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_lines),
		cmocka_unit_test(refusals_carry_the_kernels_reason),
		cmocka_unit_test(groups_go),
		cmocka_unit_test(the_mount_is_undone_unless_others_use_it),
		cmocka_unit_test(without_resctrl_the_mount_says_why),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
