// SPDX-License-Identifier: GPL-2.0
/* test_os.c: what is known of a domain's operating system while its keeper lives, and when it is dead. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/hp_auto.h"
#include "base/hp_file.h"
#include "domain/hp_os.h"

static char run_dir[64];

static int prepare(void **state)
{
	(void)state;
	strcpy(run_dir, "/tmp/hostpart-os.XXXXXX");
	return mkdtemp(run_dir) ? 0 : -1;
}

static int tidy(void **state)
{
	(void)state;
	hp_os_forget(run_dir, "alpha");
	return rmdir(run_dir);
}

static int hold_lock(void)
{
	hp_autofree char *path = hp_os_path(run_dir, "alpha", ".lock");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	return fd;
}

static void put_record(void)
{
	const struct hp_os os = { .keeper = getpid(), .leader = 4711, .phase = HP_OS_RUNNING, .boots = 3,
				  .uid_shift = 0x70010000u, .root = (char *)"/srv/a \"quoted\" place", .since = 1234 };
	hp_autoerr err = HP_ERR_INIT;

	/* Makes the directory as well. */
	assert_int_equal(hp_os_put_functions(run_dir, "alpha", "0000:03:00.0\n", &err), 0);
	assert_int_equal(hp_os_record(run_dir, "alpha", &os, &err), 0);
}

static void a_record_comes_back_while_its_keeper_lives(void **state)
{
	hp_autoerr err = HP_ERR_INIT;
	hp_autoos os = HP_OS_INIT;
	hp_autofd int lock = -1;

	(void)state;
	put_record();
	lock = hold_lock();
	assert_int_equal(hp_os_open(run_dir, "alpha", &os, &err), 0);
	assert_int_equal(os.keeper, getpid());
	assert_int_equal(os.leader, 4711);
	assert_int_equal(os.phase, HP_OS_RUNNING);
	assert_int_equal(os.boots, 3);
	assert_int_equal(os.uid_shift, 0x70010000u);
	assert_string_equal(os.root, "/srv/a \"quoted\" place");
	assert_int_equal(os.since, 1234);
	assert_true(os.pidfd >= 0);
}

/* The pid of the record is this test's: it lives, and is yet no keeper. */
static void a_record_without_a_keeper_counts_for_nothing(void **state)
{
	hp_autoerr err = HP_ERR_INIT;
	hp_autoos os = HP_OS_INIT;

	(void)state;
	put_record();
	assert_int_equal(hp_os_open(run_dir, "alpha", &os, &err), -ENOENT);
	assert_non_null(strstr(err.text, "partctl boot alpha"));
	assert_int_equal(os.pidfd, -1);
	close(hold_lock());
	assert_int_equal(hp_os_open(run_dir, "alpha", &os, NULL), -ENOENT);
}

static void nothing_is_known_of_what_never_ran(void **state)
{
	hp_autoerr err = HP_ERR_INIT;
	hp_autoos os = HP_OS_INIT;

	(void)state;
	assert_int_equal(hp_os_open(run_dir, "alpha", &os, &err), -ENOENT);
	assert_false(hp_os_is_held(run_dir, "alpha"));
}

static void nothing_is_left_when_it_is_forgotten(void **state)
{
	hp_autofree char *all = hp_os_path(run_dir, "", "");

	(void)state;
	put_record();
	close(hold_lock());
	assert_int_equal(access(all, F_OK), 0);
	hp_os_forget(run_dir, "alpha");
	assert_int_equal(access(all, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_record_comes_back_while_its_keeper_lives, prepare, tidy),
		cmocka_unit_test_setup_teardown(a_record_without_a_keeper_counts_for_nothing, prepare, tidy),
		cmocka_unit_test_setup_teardown(nothing_is_known_of_what_never_ran, prepare, tidy),
		cmocka_unit_test_setup_teardown(nothing_is_left_when_it_is_forgotten, prepare, tidy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
