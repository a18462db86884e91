// SPDX-License-Identifier: GPL-2.0
/* test_file.c: a file is replaced whole or not at all, and nothing else is written on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_file.h"
#include "base/hp_text.h"
#include "base/hp_tree.h"

static char dir[] = "/tmp/hostpart-file-XXXXXX";

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return hp_tree_remove(dir, NULL);
}

static void assert_holds(const char *path, const char *expected, mode_t mode)
{
	hp_autofree char *text = NULL;
	struct stat status;
	size_t length;

	assert_int_equal(hp_file_read(path, 4096, &text, &length, NULL), 0);
	assert_string_equal(text, expected);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, mode);
}

static void test_replaces(void **state)
{
	hp_autofree char *path = hp_format("%s/a", dir), *beside = hp_format("%s/a.new", dir);
	mode_t mask = umask(077);

	(void)state;
	assert_int_equal(hp_file_replace(path, "one", 3, 0644, NULL), 0);
	assert_holds(path, "one", 0644);
	assert_int_equal(hp_file_replace(path, "another", 7, 0600, NULL), 0);
	assert_holds(path, "another", 0600);
	assert_int_equal(hp_file_replace(path, "", 0, 0600, NULL), 0);
	assert_holds(path, "", 0600);
	assert_int_equal(access(beside, F_OK), -1);
	umask(mask);
}

/* What a killed writer left, or somebody put there, is not written through. */
static void test_leftover(void **state)
{
	hp_autofree char *path = hp_format("%s/b", dir), *beside = hp_format("%s/b.new", dir);
	hp_autofree char *victim = hp_format("%s/victim", dir);

	(void)state;
	assert_int_equal(hp_file_replace(victim, "untouched", 9, 0600, NULL), 0);
	assert_int_equal(symlink(victim, beside), 0);
	assert_int_equal(hp_file_replace(path, "new", 3, 0600, NULL), 0);
	assert_holds(path, "new", 0600);
	assert_holds(victim, "untouched", 0600);
	assert_int_equal(access(beside, F_OK), -1);
}

static void test_fails_whole(void **state)
{
	hp_autofree char *path = hp_format("%s/nowhere/c", dir), *full = hp_format("%s/d", dir);
	hp_autofree char *beside = hp_format("%s/d.new", dir);
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	assert_int_equal(hp_file_replace(path, "x", 1, 0600, &err), -ENOENT);
	assert_non_null(strstr(err.text, path));
	assert_int_equal(mkdir(full, 0700), 0);	/* no file can take its name */
	assert_int_equal(hp_file_replace(full, "x", 1, 0600, NULL), -EISDIR);
	assert_int_equal(access(beside, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replaces),
		cmocka_unit_test(test_leftover),
		cmocka_unit_test(test_fails_whole),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
