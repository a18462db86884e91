// SPDX-License-Identifier: GPL-2.0
/* test_root.c: a recorded tree is read without ever leaving it, and only the live root can be written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include "base/hp_auto.h"
#include "base/hp_log.h"
#include "base/hp_root.h"

static char tree[] = "/tmp/hp-test-root-XXXXXX";

__attribute__((format(printf, 2, 3)))
static void put(const char *path, const char *fmt, ...)
{
	hp_autofree char *full = NULL;
	hp_autofile FILE *file = NULL;
	va_list ap;

	assert_true(asprintf(&full, "%s%s", tree, path) > 0);
	file = fopen(full, "w");
	assert_non_null(file);
	va_start(ap, fmt);
	assert_true(vfprintf(file, fmt, ap) >= 0);
	va_end(ap);
}

static void make_dir(const char *path)
{
	hp_autofree char *full = NULL;

	assert_true(asprintf(&full, "%s%s", tree, path) > 0);
	assert_int_equal(mkdir(full, 0755), 0);
}

static void make_link(const char *target, const char *path)
{
	hp_autofree char *full = NULL;

	assert_true(asprintf(&full, "%s%s", tree, path) > 0);
	assert_int_equal(symlink(target, full), 0);
}

static int make_tree(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(tree));
	make_dir("/etc");
	make_dir("/sys");
	make_dir("/sys/cpu10");
	make_dir("/sys/cpu9");
	make_dir("/sys/empty");
	put("/etc/hostname", "recorded\n");
	put("/sys/two", "one\ntwo\n\n");
	put("/sys/nothing", "%s", "");
	make_link("/etc/hostname", "/sys/absolute");
	make_link("../../../../../etc/hostname", "/sys/climbing");
	make_link("/nowhere", "/sys/dangling");
	return 0;
}

static int remove_tree(void **state)
{
	hp_autofree char *command = NULL;

	(void)state;
	return asprintf(&command, "rm -r '%s'", tree) > 0 ? system(command) : -1;
}

static struct hp_root *open_tree(void)
{
	hp_autoerr err = HP_ERR_INIT;
	struct hp_root *root = hp_root_open(tree, &err);

	assert_non_null(root);
	assert_false(hp_root_is_live(root));
	assert_string_equal(hp_root_path(root), tree);
	return root;
}

static void links_stay_inside(void **state)
{
	hp_autoroot *root = open_tree();
	hp_autofree char *absolute = hp_root_readf(root, "/sys/%s", "absolute");
	hp_autofree char *climbing = hp_root_readf(root, "/sys/climbing");
	hp_autofree char *target = hp_root_readlink(root, "/sys/absolute");

	(void)state;
	assert_string_equal(absolute, "recorded");
	assert_string_equal(climbing, "recorded");
	assert_string_equal(target, "/etc/hostname");
	assert_null(hp_root_readlink(root, "/sys/two"));
	assert_null(hp_root_readlink(root, "/sys/none"));
	assert_true(hp_root_exists(root, "/sys/absolute"));
	assert_false(hp_root_exists(root, "/sys/dangling"));
	/* The live machine has this one, the tree does not. */
	assert_false(hp_root_exists(root, "/proc/self/stat"));
}

static void read_drops_one_newline(void **state)
{
	hp_autoroot *root = open_tree();
	hp_autofree char *two = hp_root_readf(root, "/sys/two");
	hp_autofree char *nothing = hp_root_readf(root, "/sys/nothing");

	(void)state;
	assert_string_equal(two, "one\ntwo\n");
	assert_string_equal(nothing, "");
}

static void read_says_what_failed(void **state)
{
	hp_autoroot *root = open_tree();
	hp_autoerr err = HP_ERR_INIT;
	char *text = tree;

	(void)state;
	assert_int_equal(hp_root_read(root, "/sys/none", &text, &err), -ENOENT);
	assert_null(text);
	assert_int_equal(err.errnum, ENOENT);
	assert_non_null(strstr(err.text, "/sys/none"));
	assert_int_equal(hp_root_read(root, "/sys", &text, NULL), -EISDIR);
}

static void read_refuses_huge_files(void **state)
{
	hp_autoroot *root = open_tree();
	hp_autofree char *text = NULL;
	hp_autofree char *path = NULL;

	(void)state;
	assert_true(asprintf(&path, "%s/huge", tree) > 0);
	put("/huge", "x");
	assert_int_equal(truncate(path, 1024 * 1024), 0);
	assert_int_equal(hp_root_read(root, "/huge", &text, NULL), 0);
	assert_int_equal(truncate(path, 1024 * 1024 + 1), 0);
	free(hp_take(text));
	assert_int_equal(hp_root_read(root, "/huge", &text, NULL), -EFBIG);
}

static void list_is_in_natural_order(void **state)
{
	static const char *const want[] = {
		"absolute", "climbing", "cpu9", "cpu10", "dangling", "empty", "nothing", "two",
	};
	hp_autoroot *root = open_tree();
	char **names;

	(void)state;
	assert_int_equal(hp_root_list(root, "/sys", &names, NULL), 0);
	for (size_t i = 0; i < hp_array_size(want); i++)
		assert_string_equal(names[i], want[i]);
	assert_null(names[hp_array_size(want)]);
	hp_root_list_free(names);

	assert_int_equal(hp_root_list(root, "/sys/empty", &names, NULL), 0);
	assert_null(names[0]);
	hp_root_list_free(names);

	assert_int_equal(hp_root_list(root, "/sys/two", &names, NULL), -ENOTDIR);
	assert_null(names);
}

static void recorded_tree_is_read_only(void **state)
{
	hp_autoroot *root = open_tree();
	hp_autoerr err = HP_ERR_INIT;
	hp_autofree char *text = NULL;

	(void)state;
	assert_int_equal(hp_root_write(root, "/sys/two", "x", &err), -EROFS);
	assert_non_null(strstr(err.text, tree));
	assert_int_equal(hp_root_openat(root, "/sys/two", O_RDWR, NULL), -EROFS);
	assert_int_equal(hp_root_openat(root, "/sys/new", O_RDONLY | O_CREAT, NULL), -EROFS);
	assert_int_equal(hp_root_read(root, "/sys/two", &text, NULL), 0);
	assert_string_equal(text, "one\ntwo\n");
}

static void live_root_reads_and_writes(void **state)
{
	hp_autoerr err = HP_ERR_INIT;
	hp_autoroot *root = hp_root_open("/", &err);
	hp_autofree char *path = NULL;
	hp_autofree char *after = NULL;
	hp_autofree char *exe = NULL;

	(void)state;
	assert_non_null(root);
	assert_true(hp_root_is_live(root));
	assert_true(asprintf(&path, "%s/sys/value", tree) > 0);
	put("/sys/value", "old\n");
	assert_int_equal(hp_root_write(root, path, "new\n", &err), 0);
	assert_int_equal(hp_root_read(root, path, &after, &err), 0);
	assert_string_equal(after, "new");
	exe = hp_root_readlink(root, "/proc/self/exe");
	assert_non_null(exe);
	assert_non_null(strstr(exe, "test_root"));
	assert_int_equal(hp_root_write(root, "/proc/self/none", "x", &err), -ENOENT);
	assert_non_null(strstr(err.text, "/proc/self/none"));
}

static void open_refuses_what_is_no_directory(void **state)
{
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	assert_null(hp_root_open("/nonexistent/tree", &err));
	assert_int_equal(err.errnum, ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/tree"));
	assert_null(hp_root_open("/proc/self/stat", &err));
	assert_int_equal(err.errnum, ENOTDIR);
}

/* Runs `log` with stderr going to a file; returns what it wrote. */
static char *capture(void (*log)(void), bool is_journal)
{
	hp_autofree char *path = NULL;
	hp_autofree char *stream = NULL;
	hp_autofd int file = -1, saved = dup(STDERR_FILENO);
	char *text = calloc(1, 512);
	struct stat st;

	assert_true(asprintf(&path, "%s/stderr", tree) > 0);
	file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(file >= 0 && saved >= 0 && text);
	assert_int_equal(fstat(file, &st), 0);
	assert_true(asprintf(&stream, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino) > 0);
	setenv("JOURNAL_STREAM", is_journal ? stream : "1:1", 1);
	dup2(file, STDERR_FILENO);
	log();
	dup2(saved, STDERR_FILENO);
	unsetenv("JOURNAL_STREAM");
	assert_true(pread(file, text, 511, 0) >= 0);
	return text;
}

static void log_three(void)
{
	hp_log_init("tester", LOG_INFO);
	errno = ENOTTY;
	hp_log(LOG_ERR, "bad %s\n  try %d", "luck", 7);
	hp_log(LOG_DEBUG, "not shown");
	hp_log(LOG_INFO, "fine");
	assert_int_equal(errno, ENOTTY);
}

static void log_prefixes_each_line(void **state)
{
	hp_autofree char *terminal = capture(log_three, false);
	hp_autofree char *journal = capture(log_three, true);

	(void)state;
	assert_string_equal(terminal, "tester: bad luck\ntester:   try 7\ntester: fine\n");
	assert_string_equal(journal, "<3>bad luck\n<3>  try 7\n<6>fine\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_stay_inside),
		cmocka_unit_test(read_drops_one_newline),
		cmocka_unit_test(read_says_what_failed),
		cmocka_unit_test(read_refuses_huge_files),
		cmocka_unit_test(list_is_in_natural_order),
		cmocka_unit_test(recorded_tree_is_read_only),
		cmocka_unit_test(live_root_reads_and_writes),
		cmocka_unit_test(open_refuses_what_is_no_directory),
		cmocka_unit_test(log_prefixes_each_line),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
