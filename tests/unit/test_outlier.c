// SPDX-License-Identifier: GPL-2.0
/* test_outlier.c: who is named for a long wait, against a naive oracle, and the names of kernel functions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <cmocka.h>
#include "bpf/hp_ksyms.h"
#include "bpf/hp_outlier.h"
#include "outlier_math.h"

static struct hp_turns turns;

static void begin(uint32_t pid, uint64_t now)
{
	struct hp_turn *turn = hp_turns_begin(&turns, now);

	turn->pid = pid;
	turn->row = HP_ROW_DOMAIN + pid % 3;
	snprintf(turn->comm, sizeof(turn->comm), "task-%u", pid);
}

static void clear(void)
{
	memset(&turns, 0, sizeof(turns));
}

static uint64_t told_ns(const struct hp_outlier *out)
{
	uint64_t sum = out->others_ns + out->unknown_ns;

	for (size_t i = 0; i < HP_OUTLIER_BLAMED; i++)
		sum += out->blamed[i].time_ns;
	return sum;
}

static void test_shares(void **state)
{
	struct hp_outlier out = { .victim.pid = 7 };

	(void)state;
	clear();
	begin(1, 100);
	begin(2, 200);
	begin(1, 250);
	begin(3, 300);
	hp_turns_tell(&turns, &out, 150, 1000);
	assert_int_equal(hp_outlier_sort(&out), 3);
	assert_int_equal(out.blamed[0].pid, 3);
	assert_int_equal(out.blamed[0].time_ns, 700);
	assert_int_equal(out.blamed[0].row, HP_ROW_DOMAIN);
	assert_string_equal(out.blamed[0].comm, "task-3");
	assert_int_equal(out.blamed[1].pid, 1);
	assert_int_equal(out.blamed[1].time_ns, 100);
	assert_int_equal(out.blamed[2].pid, 2);
	assert_int_equal(out.blamed[2].time_ns, 50);
	assert_false(out.was_preempted);
	assert_int_equal(told_ns(&out), 850);
}

static void test_preempted(void **state)
{
	struct hp_outlier out = { .victim.pid = 7 }, slept = { .victim.pid = 7 }, other = { .victim.pid = 8 };

	(void)state;
	clear();
	begin(1, 100);
	begin(7, 200);
	begin(2, 300);
	hp_turns_tell(&turns, &out, 300, 500);
	assert_true(out.was_preempted);
	/* It left of its own will and was woken a moment later; and the one who left was somebody else. */
	hp_turns_tell(&turns, &slept, 301, 500);
	assert_false(slept.was_preempted);
	hp_turns_tell(&turns, &other, 300, 500);
	assert_false(other.was_preempted);
}

static void test_history_ends(void **state)
{
	struct hp_outlier before = { .victim.pid = 7 }, long_ago = { .victim.pid = 7 };

	(void)state;
	clear();
	begin(1, 1000);
	hp_turns_tell(&turns, &before, 400, 1500);
	assert_int_equal(before.unknown_ns, 600);
	assert_int_equal(before.blamed[0].time_ns, 500);
	for (uint32_t i = 1; i <= 3 * HP_TURNS; i++)
		begin(1 + i % 2, 1000 + 10 * i);
	hp_turns_tell(&turns, &long_ago, 1000, 1000 + 30 * HP_TURNS + 10);
	assert_int_equal(told_ns(&long_ago), 30 * HP_TURNS + 10);
	assert_int_equal(long_ago.unknown_ns, 10 * (2 * HP_TURNS + 1));
}

static void test_crowd(void **state)
{
	struct hp_outlier out = { .victim.pid = 7 };

	(void)state;
	clear();
	begin(1, 0);
	for (uint32_t i = 0; i < 40; i++)
		begin(100 + i, 1000 + i);
	hp_turns_tell(&turns, &out, 0, 2000);
	/* The longest two are kept among the crowd, whatever the order. */
	assert_int_equal(hp_outlier_sort(&out), HP_OUTLIER_BLAMED);
	assert_int_equal(out.blamed[0].pid, 1);
	assert_int_equal(out.blamed[0].time_ns, 1000);
	assert_int_equal(out.blamed[1].pid, 139);
	assert_int_equal(out.blamed[1].time_ns, 961);
	assert_int_equal(out.others_ns, 39 - (HP_OUTLIER_BLAMED - 2));
	assert_int_equal(told_ns(&out), 2000);
}

static uint64_t random_state = 88172645463325252u;

/* xorshift64 (Marsaglia): the same schedules on every machine. */
static uint64_t draw(uint64_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % below;
}

/* With no more tasks than have room, each has exactly what it ran. */
static void test_random(void **state)
{
	static uint64_t starts[5000];
	static uint32_t pids[5000];

	(void)state;
	for (unsigned int round = 0; round < 200; round++) {
		struct hp_outlier out = { .victim.pid = 99 };
		size_t count = 1 + draw(5000), oldest = count > HP_TURNS ? count - HP_TURNS : 0;
		uint64_t now = 1 + draw(1000), from, want[HP_OUTLIER_BLAMED + 1] = { 0 };

		clear();
		for (size_t i = 0; i < count; i++, now += draw(50)) {
			starts[i] = now;
			pids[i] = 1 + (uint32_t)draw(HP_OUTLIER_BLAMED);
			begin(pids[i], now);
		}
		from = starts[oldest] + draw(now - starts[oldest] + 1);
		for (size_t i = oldest; i < count; i++) {
			uint64_t low = starts[i] > from ? starts[i] : from, high = i + 1 < count ? starts[i + 1] : now;

			want[pids[i]] += low < high ? high - low : 0;
		}
		hp_turns_tell(&turns, &out, from, now);
		for (size_t i = 0; i < HP_OUTLIER_BLAMED; i++)
			if (out.blamed[i].time_ns)
				assert_int_equal(out.blamed[i].time_ns, want[out.blamed[i].pid]);
		assert_int_equal(out.others_ns, 0);
		assert_int_equal(out.unknown_ns, 0);
		assert_int_equal(told_ns(&out), now - from);
	}
}

static struct hp_ksyms *parse(const char *text, int want)
{
	struct hp_ksyms *ksyms = NULL;
	hp_autoerr err = HP_ERR_INIT;
	FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");

	assert_non_null(file);
	assert_int_equal(hp_ksyms_parse(file, &ksyms, &err), want);
	fclose(file);
	return ksyms;
}

static void test_ksyms(void **state)
{
	struct hp_ksyms *ksyms = parse("ffffffff81000200 T second\nffffffff81000100 T first\nffffffff81000100 t alias\n"
				       "ffffffff81000180 D data\nffffffffc0000000 t in_module\t[ext4]\n", 0);
	uint64_t offset = 99;

	(void)state;
	assert_string_equal(hp_ksyms_find(ksyms, 0xffffffff81000100, &offset), "first");
	assert_int_equal(offset, 0);
	assert_string_equal(hp_ksyms_find(ksyms, 0xffffffff810001ff, &offset), "first");
	assert_int_equal(offset, 0xff);
	assert_string_equal(hp_ksyms_find(ksyms, 0xffffffffc0000010, &offset), "in_module");
	assert_null(hp_ksyms_find(ksyms, 0xffffffff810000ff, &offset));
	assert_null(hp_ksyms_find(NULL, 1, &offset));
	hp_ksyms_close(ksyms);
}

/* Without the right to see them, all addresses are 0. */
static void test_ksyms_hidden(void **state)
{
	(void)state;
	assert_null(parse("0000000000000000 T first\n0000000000000000 T second\n", -EPERM));
	assert_null(parse("", -EPERM));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shares),	     cmocka_unit_test(test_preempted), cmocka_unit_test(test_history_ends),
		cmocka_unit_test(test_crowd),	     cmocka_unit_test(test_random),    cmocka_unit_test(test_ksyms),
		cmocka_unit_test(test_ksyms_hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
