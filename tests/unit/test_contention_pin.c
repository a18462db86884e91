// SPDX-License-Identifier: GPL-2.0
/* test_contention_pin.c: counters that are pinned go on, and are taken over only by whom they fit. Needs root and BPF. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <cmocka.h>
#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_cgroup2.h"
#include "base/hp_tree.h"
#include "bpf/contention_load.h"
#include "bpf/wait_ops.h"

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
	assert_int_equal(adopt(1, &second), -ESTALE);
	assert_int_equal(adopt(3, &second), -ESTALE);
	cgroups[0] = cgroups[1];
	cgroups[1] = kept;	/* the same ones, but other rows */
	assert_int_equal(adopt(2, &second), -ESTALE);
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
	assert_int_equal(adopt(1, &second), -ESTALE);
	snprintf(stray, sizeof(stray), "%s/of-another-build", pins);
	assert_int_equal(mkdir(stray, 0700), 0);
	assert_int_equal(hp_contention_pin(first, pins, NULL), 0);
	assert_int_equal(access(stray, F_OK), -1);
	assert_int_equal(adopt(1, &second), 0);
	hp_contention_close(second);
	hp_contention_close(first);
	assert_int_equal(hp_contention_unpin(pins, NULL), 0);
}

/* Of another build: its layout, or the threshold that it knows, may be another. That is said. */
static void test_another_build(void **state)
{
	struct hp_contention *first = begin(1), *second = NULL;
	struct hp_contention_options wanted = options(1);
	hp_autofree char *rename_all = NULL;
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	assert_int_equal(hp_contention_pin(first, pins, NULL), 0);
	hp_contention_close(first);
	/* A directory of bpffs cannot be renamed, but its pins can. */
	assert_true(asprintf(&rename_all, "cd %s && mkdir 0123456789abcdef && mv */hp_* 0123456789abcdef/ && "
			     "find . -mindepth 1 -maxdepth 1 ! -name 0123456789abcdef -exec rmdir {} +", pins) > 0);
	assert_int_equal(system(rename_all), 0);
	assert_int_equal(hp_contention_adopt(&wanted, pins, &second, &err), -ESTALE);
	assert_non_null(strstr(err.text, "another build"));
	assert_int_equal(hp_contention_unpin(pins, NULL), 0);
}

/* The limits in the kernel are shared with whoever takes them over, and follow what the cgroups have. */
static void test_limits_follow(void **state)
{
	struct hp_contention *first = begin(1), *second = NULL;
	uint64_t expected = HP_WINDOW_NS * hp_cgroup_cpus("") * HP_WINDOW_LOST_PERCENT / 100;
	struct hp_contention_options wanted = options(1);

	(void)state;
	assert_true(expected > 0);
	assert_int_equal(first->windows[HP_ROW_BASE].limit_ns, expected);
	assert_int_equal(first->windows[HP_ROW_KERNEL].limit_ns, 0);
	assert_int_equal(hp_contention_pin(first, pins, NULL), 0);
	first->windows[HP_ROW_BASE].limit_ns = 1;	/* as if it had other processors before */
	first->windows[HP_ROW_DOMAIN].limit_ns = 2;
	first->windows[HP_ROW_DOMAIN].words[3] = 77;
	assert_int_equal(hp_contention_adopt(&wanted, pins, &second, NULL), 0);
	assert_int_equal(first->windows[HP_ROW_BASE].limit_ns, expected);
	assert_int_equal(second->windows[HP_ROW_DOMAIN].limit_ns, expected);
	assert_int_equal(second->windows[HP_ROW_DOMAIN].words[3], 77);
	first->windows[HP_ROW_BASE].limit_ns = 1;
	hp_contention_follow(second);
	assert_int_equal(first->windows[HP_ROW_BASE].limit_ns, expected);
	hp_contention_close(first);
	hp_contention_close(second);
	assert_int_equal(hp_contention_unpin(pins, NULL), 0);
}

/* ---- the other waits ---- */

static struct hp_waits *begin_waits(size_t count)
{
	struct hp_contention_options wanted = options(count);
	struct hp_waits *waits = NULL;

	if (!work[0] || hp_waits_open(&wanted, 0, &waits, NULL) < 0)
		skip();
	return waits;
}

static uint64_t switches_seen(struct hp_waits *waits)
{
	struct hp_wait_matrix matrices[HP_WAIT_KINDS] = { 0 };
	uint64_t count = 0;

	assert_int_equal(hp_waits_read(waits, matrices, NULL), 0);
	for (int kind = 0; kind < HP_WAIT_KINDS; kind++) {
		for (size_t v = 0; v < matrices[kind].count; v++)
			for (unsigned int phase = 0; phase < HP_WAIT_PHASES; phase++)
				count += hp_wait_phase_count(&matrices[kind], v, phase);
		hp_wait_matrix_clear(&matrices[kind]);
	}
	return count;
}

static void wait_for_the_disk(void)
{
	/* The disk is what this program came from; without a page cache of it something must be read. */
	assert_int_equal(system("dd if=/proc/self/exe of=/tmp/hostpart-pin-file bs=64k count=4 conv=fsync 2> /dev/null;"
				" rm -f /tmp/hostpart-pin-file"), 0);
}

static void test_waits_go_on(void **state)
{
	struct hp_waits *first = begin_waits(2), *second = begin_waits(2), *other = begin_waits(1);
	uint64_t before, between;
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	assert_int_equal(hp_waits_adopt(second, HP_WAIT_BLOCK, pins_above, NULL), -ENOENT);
	assert_false(hp_waits_has(second, HP_WAIT_BLOCK));
	assert_int_equal(hp_waits_add(first, HP_WAIT_BLOCK, NULL), 0);
	if (!hp_waits_has(first, HP_WAIT_BLOCK))
		skip();
	assert_int_equal(hp_waits_pin(first, HP_WAIT_BLOCK, pins_above, NULL), 0);
	wait_for_the_disk();
	before = switches_seen(first);
	assert_int_equal(hp_waits_adopt(other, HP_WAIT_BLOCK, pins_above, &err), -ESTALE);
	assert_non_null(strstr(err.text, "other domains"));
	hp_waits_close(first);
	wait_for_the_disk();
	assert_int_equal(hp_waits_adopt(second, HP_WAIT_BLOCK, pins_above, NULL), 0);
	assert_true(hp_waits_has(second, HP_WAIT_BLOCK));
	assert_null(hp_waits_missing(second, HP_WAIT_BLOCK));
	between = switches_seen(second);
	wait_for_the_disk();
	assert_true(between >= before);
	assert_true(switches_seen(second) >= between);
	/* On a machine whose temporary files are on a disk something was counted. */
	if (before > 0) {
		assert_true(between > before);
		assert_true(switches_seen(second) > between);
	}
	hp_waits_close(second);
	hp_waits_close(other);
	assert_int_equal(hp_contention_unpin(pins_above, NULL), 0);
}

/* The program that the contention's own calls at the switch, as the kernel has it; 0 = none. */
static uint32_t called_at_switch(const struct hp_contention *contention)
{
	uint32_t first = 0, id = 0;

	return bpf_map_lookup_elem(bpf_map__fd(contention->skel->maps.hp_stall_switch), &first, &id) ? 0 : id;
}

static struct bpf_link *own_hook(const struct hp_waits *waits)
{
	const struct bpf_object_skeleton *skeleton = hp_waits_source(waits, HP_WAIT_MEMORY)->skeleton;

	for (int i = 0; i < skeleton->prog_cnt; i++)
		if (strcmp(skeleton->progs[i].name, "hp_memory_switch") == 0)
			return *skeleton->progs[i].link;
	return NULL;
}

/* One program is called at the switch; the other, by it, also when both were pinned and taken over. */
static void test_switch_is_shared(void **state)
{
	struct hp_contention *contention = begin(1), *later = NULL;
	struct hp_waits *first = begin_waits(1), *second = begin_waits(1);
	struct hp_contention_options wanted = options(1);
	uint32_t called;

	(void)state;
	assert_int_equal(hp_waits_add(first, HP_WAIT_MEMORY, NULL), 0);
	if (!hp_waits_has(first, HP_WAIT_MEMORY) || !own_hook(first))
		skip();
	assert_int_equal(called_at_switch(contention), 0);
	assert_int_equal(hp_waits_share_switch(first, contention, NULL), 0);
	called = called_at_switch(contention);
	assert_int_not_equal(called, 0);
	assert_null(own_hook(first));
	assert_int_equal(hp_contention_pin(contention, pins, NULL), 0);
	assert_int_equal(hp_waits_pin(first, HP_WAIT_MEMORY, pins_above, NULL), 0);
	hp_contention_close(contention);
	hp_waits_close(first);
	assert_int_equal(hp_contention_adopt(&wanted, pins, &later, NULL), 0);
	assert_int_equal(called_at_switch(later), called);
	assert_int_equal(hp_waits_adopt(second, HP_WAIT_MEMORY, pins_above, NULL), 0);
	assert_null(hp_waits_missing(second, HP_WAIT_MEMORY));
	assert_int_equal(hp_waits_share_switch(second, later, NULL), 0);
	assert_int_equal(called_at_switch(later), called);
	hp_contention_close(later);
	hp_waits_close(second);
	assert_int_equal(hp_contention_unpin(pins, NULL), 0);
	assert_int_equal(hp_contention_unpin(pins_above, NULL), 0);
}

/* What was never at work leaves no pins, and a kind that is not pinned is added beside one that is taken over. */
static void test_waits_are_added(void **state)
{
	struct hp_waits *first = begin_waits(1), *second = begin_waits(1);

	(void)state;
	assert_int_equal(hp_waits_pin(first, HP_WAIT_LOCK, pins_above, NULL), 0);
	assert_int_equal(access(pins_above, F_OK), -1);
	assert_int_equal(hp_waits_add(first, HP_WAIT_LOCK, NULL), 0);
	assert_int_equal(hp_waits_pin(first, HP_WAIT_LOCK, pins_above, NULL), 0);
	hp_waits_close(first);
	assert_int_equal(hp_waits_adopt(second, HP_WAIT_LOCK, pins_above, NULL), 0);
	assert_int_equal(hp_waits_adopt(second, HP_WAIT_MEMORY, pins_above, NULL), -ENOENT);
	assert_int_equal(hp_waits_add(second, HP_WAIT_MEMORY, NULL), 0);
	assert_true(hp_waits_has(second, HP_WAIT_LOCK));
	switches_seen(second);
	hp_waits_close(second);
	assert_int_equal(hp_contention_unpin(pins_above, NULL), 0);
	assert_int_equal(access(pins_above, F_OK), -1);
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
		cmocka_unit_test(test_another_build),
		cmocka_unit_test(test_limits_follow),
		cmocka_unit_test(test_waits_go_on),
		cmocka_unit_test(test_switch_is_shared),
		cmocka_unit_test(test_waits_are_added),
		cmocka_unit_test(test_tree_remove),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
