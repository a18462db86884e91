// SPDX-License-Identifier: GPL-2.0
/* test_contention_pin.c: counters that are pinned go on, and are taken over only by whom they fit. Needs root and BPF. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_tree.h"
#include "bpf/hp_contention.h"

/* Cgroups that need not exist: a number is all that the programs know. */
static uint64_t cgroups[] = { 1ull << 60, (1ull << 60) + 1, (1ull << 60) + 2 };
static const struct hp_contention_irq irqs[] = { { 7, 1 } };
static char work[] = "/tmp/hostpart-pin-XXXXXX";
static char pins[96], pins_above[64];

static struct hp_contention_options options(size_t count)
{
	return (struct hp_contention_options){ .cgroups = cgroups, .cgroups_count = count, .irqs = irqs, .irqs_count = 1,
					       .irqs_room = 16 };
}

static int set_up(void **state)
{
	(void)state;
	if (geteuid() != 0 || !mkdtemp(work) || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("bpf", work, "bpf", 0, NULL) < 0)
		work[0] = '\0';
	snprintf(pins_above, sizeof(pins_above), "%s/contention", work);
	snprintf(pins, sizeof(pins), "%s/cpu", pins_above);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (work[0]) {
		umount2(work, MNT_DETACH);
		rmdir(work);
	}
	return 0;
}

/* Loaded, or the test is skipped where that is not possible. */
static struct hp_contention *begin(size_t count)
{
	struct hp_contention_options wanted = options(count);
	struct hp_contention *contention = NULL;

	if (!work[0] || hp_contention_open(&wanted, &contention, NULL) < 0)
		skip();
	return contention;
}

static int adopt(size_t count, struct hp_contention **contention)
{
	struct hp_contention_options wanted = options(count);

	return hp_contention_adopt(&wanted, pins, contention, NULL);
}

static uint64_t waits(struct hp_contention *contention)
{
	hp_autoblame blame = HP_BLAME_INIT;

	assert_int_equal(hp_contention_read(contention, &blame, NULL), 0);
	return hp_blame_waits(&blame, HP_ROW_BASE) + hp_blame_waits(&blame, HP_ROW_KERNEL);
}

static void test_goes_on(void **state)
{
	struct hp_contention *first = begin(2), *second = NULL;
	size_t memory = hp_contention_memory(first);
	uint64_t before, between;

	(void)state;
	assert_int_equal(hp_contention_pin(first, pins, NULL), 0);
	usleep(50000);
	before = waits(first);
	assert_true(before > 0);
	hp_contention_close(first);
	usleep(50000);
	assert_int_equal(adopt(2, &second), 0);
	between = waits(second);
	assert_true(between > before);
	assert_int_equal(hp_contention_memory(second), memory);
	assert_null(hp_contention_missing(second, HP_HOOK_SWITCH));
	usleep(50000);
	assert_true(waits(second) > between);
	hp_contention_close(second);
	assert_int_equal(hp_contention_unpin(pins, NULL), 0);
	assert_int_equal(access(pins_above, F_OK), -1);
	assert_int_equal(adopt(2, &second), -ENOENT);
}

static void test_hooks_left_out_stay_out(void **state)
{
	struct hp_contention_options wanted = options(1);
	struct hp_contention *first = NULL, *second = NULL;

	(void)state;
	wanted.without = 1u << HP_HOOK_IRQ;
	if (!work[0] || hp_contention_open(&wanted, &first, NULL) < 0)
		skip();
	assert_int_equal(hp_contention_pin(first, pins, NULL), 0);
	hp_contention_close(first);
	assert_int_equal(adopt(1, &second), 0);
	assert_non_null(hp_contention_missing(second, HP_HOOK_IRQ));
	assert_null(hp_contention_missing(second, HP_HOOK_SOFTIRQ));
	hp_contention_close(second);
	assert_int_equal(hp_contention_unpin(pins, NULL), 0);
}

static void test_others_are_not_taken_over(void **state)
{
	struct hp_contention *first = begin(2), *second = NULL;
	uint64_t kept = cgroups[0];

	(void)state;
	assert_int_equal(hp_contention_pin(first, pins, NULL), 0);
	hp_contention_close(first);
	assert_int_equal(adopt(1, &second), -ENOENT);
	assert_int_equal(adopt(3, &second), -ENOENT);
	cgroups[0] = cgroups[1];
	cgroups[1] = kept;	/* the same ones, but other rows */
	assert_int_equal(adopt(2, &second), -ENOENT);
	cgroups[1] = cgroups[0];
	cgroups[0] = kept;
	assert_int_equal(adopt(2, &second), 0);
	hp_contention_close(second);
	assert_int_equal(hp_contention_unpin(pins, NULL), 0);
}

/* One that was killed while it pinned leaves a part: never taken for the whole, and gone with the next. */
static void test_half_is_nothing(void **state)
{
	struct hp_contention *first = begin(1), *second = NULL;
	hp_autofree char *find = NULL;
	char stray[160];

	(void)state;
	assert_int_equal(hp_contention_pin(first, pins, NULL), 0);
	assert_true(asprintf(&find, "find %s -name hp_irq_rows -delete", pins) > 0);
	assert_int_equal(system(find), 0);
	assert_int_equal(adopt(1, &second), -ENOENT);
	snprintf(stray, sizeof(stray), "%s/of-another-build", pins);
	assert_int_equal(mkdir(stray, 0700), 0);
	assert_int_equal(hp_contention_pin(first, pins, NULL), 0);
	assert_int_equal(access(stray, F_OK), -1);
	assert_int_equal(adopt(1, &second), 0);
	hp_contention_close(second);
	hp_contention_close(first);
	assert_int_equal(hp_contention_unpin(pins, NULL), 0);
}

static void test_tree_remove(void **state)
{
	char dir[] = "/tmp/hostpart-tree-XXXXXX";
	hp_autofree char *make = NULL, *outside = NULL;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_true(asprintf(&outside, "%s.outside", dir) > 0);
	assert_true(asprintf(&make, "mkdir -p %s/a/b %s && touch %s/a/f %s/g && ln -s %s %s/a/link", dir, outside, dir, outside, outside,
			     dir) > 0);
	assert_int_equal(system(make), 0);
	assert_int_equal(hp_tree_remove(dir, NULL), 0);
	assert_int_equal(access(dir, F_OK), -1);
	assert_int_equal(access(outside, F_OK), 0);
	assert_int_equal(hp_tree_remove(outside, NULL), 0);
	assert_int_equal(hp_tree_remove(outside, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_goes_on),
		cmocka_unit_test(test_hooks_left_out_stay_out),
		cmocka_unit_test(test_others_are_not_taken_over),
		cmocka_unit_test(test_half_is_nothing),
		cmocka_unit_test(test_tree_remove),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
