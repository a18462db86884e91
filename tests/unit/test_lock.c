// SPDX-License-Identifier: GPL-2.0
/* test_lock.c: how waits for locks and for memory are divided, and which function asked for a lock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/hp_auto.h"
#include "bpf/hp_lock_sites.h"
#include "contention_lock.h"
#include "contention_memory.h"

enum { LOCK = 0x1000, OTHER = 0x2000 };

/* by[] gets what each row is charged; returns the sum. */
static uint64_t divide(const struct hp_lock_owners *owners, uint64_t lock, uint64_t from, uint64_t until, uint64_t first,
		       uint64_t by[HP_ROWS_MAX])
{
	struct hp_lock_walk walk = { .from_ns = from, .end_ns = until, .first = first };
	struct hp_lock_part part;
	uint64_t sum = 0;

	memset(by, 0, HP_ROWS_MAX * sizeof(*by));
	hp_lock_walk_begin(&walk, owners, lock);
	for (uint32_t step = 0; step <= HP_LOCK_CHANGES && hp_lock_walk_step(&walk, step, &part); step++) {
		assert_true(part.row < HP_ROWS_MAX);
		by[part.row] += part.time_ns;
		sum += part.time_ns;
	}
	return sum;
}

static void test_owners_change(void **state)
{
	struct hp_lock_owners owners = { 0 };
	uint64_t by[HP_ROWS_MAX];
	struct hp_lock_walk walk;
	struct hp_lock_part part;

	(void)state;
	hp_lock_note(&owners, LOCK, 100, 7);
	hp_lock_note(&owners, LOCK, 150, 7);	/* the same once more is no change */
	hp_lock_note(&owners, LOCK, 200, 8);
	assert_int_equal(owners.count, 2);
	assert_int_equal(divide(&owners, LOCK, 100, 260, 7, by), 160);
	assert_int_equal(by[7], 100);
	assert_int_equal(by[8], 60);
	/* It began while the second had it. */
	assert_int_equal(divide(&owners, LOCK, 230, 260, 8, by), 30);
	assert_int_equal(by[8], 30);
	/* It began before anything was seen. */
	assert_int_equal(divide(&owners, LOCK, 40, 260, 9, by), 220);
	assert_int_equal(by[9], 60);
	/* A part tells which change it is of, and of none when nobody was seen. */
	walk = (struct hp_lock_walk){ .from_ns = 40, .end_ns = 260, .first = 9 };
	hp_lock_walk_begin(&walk, &owners, LOCK);
	assert_true(hp_lock_walk_step(&walk, 0, &part));
	assert_int_equal(part.index, 1);
	assert_int_equal(part.change, hp_lock_change(200, 8));
	assert_true(hp_lock_walk_step(&walk, 1, &part) && hp_lock_walk_step(&walk, 2, &part));
	assert_int_equal(part.change, 0);
	/* A change that is newer than the end does not count. */
	hp_lock_note(&owners, LOCK, 300, 9);
	assert_int_equal(divide(&owners, LOCK, 210, 260, 8, by), 50);
	assert_int_equal(by[8], 50);
	assert_int_equal(by[9], 0);
}

static void test_place_is_shared(void **state)
{
	struct hp_lock_owners owners = { 0 };
	uint64_t by[HP_ROWS_MAX];

	(void)state;
	hp_lock_note(&owners, LOCK, 100, 7);
	hp_lock_note(&owners, OTHER, 150, 8);
	assert_int_equal(divide(&owners, LOCK, 120, 220, 6, by), 100);
	assert_int_equal(by[6], 100);
	assert_int_equal(divide(&owners, OTHER, 160, 220, 6, by), 60);
	assert_int_equal(by[8], 60);
}

/* Longer than the history: what is left over is the first owner's, and nothing is lost. */
static void test_many_changes(void **state)
{
	struct hp_lock_owners owners = { 0 };
	uint64_t by[HP_ROWS_MAX];

	(void)state;
	for (uint64_t i = 0; i < 100; i++)
		hp_lock_note(&owners, LOCK, 1000 + 10 * i, 10 + i % 2);
	assert_int_equal(divide(&owners, LOCK, 1000, 2000, 9, by), 1000);
	assert_int_equal(by[10] + by[11], 10 * HP_LOCK_CHANGES);
	assert_int_equal(by[9], 1000 - 10 * HP_LOCK_CHANGES);
}

static struct hp_ksyms *symbols(void)
{
	static const char text[] =
		"ffffffff81000100 T vfs_rename\nffffffff81000200 T down_write\nffffffff81000300 t rwsem_down_write_slowpath\n"
		"ffffffff81000400 T __traceiter_contention_begin\nffffffff81000500 T bpf_trace_run2\nffffffff81000600 T after\n";
	struct hp_ksyms *ksyms = NULL;
	FILE *file = fmemopen((void *)(uintptr_t)text, sizeof(text) - 1, "r");

	assert_non_null(file);
	assert_int_equal(hp_ksyms_parse(file, &ksyms, NULL), 0);
	fclose(file);
	return ksyms;
}

static void test_site(void **state)
{
	struct hp_ksyms *ksyms = symbols();
	const uint64_t whole[HP_LOCK_SITE_FRAMES] = { 0xffffffffc0001234, 0xffffffff81000510, 0xffffffff81000410, 0xffffffff81000310,
						      0xffffffff81000210, 0xffffffff81000142, 0xffffffff81000610 };
	const uint64_t only_locking[HP_LOCK_SITE_FRAMES] = { 0xffffffff81000410, 0xffffffff81000310, 0xffffffff81000210 };
	const uint64_t none[HP_LOCK_SITE_FRAMES] = { 0 };

	(void)state;
	assert_int_equal(hp_lock_site_of(ksyms, whole), 0xffffffff81000142);
	assert_int_equal(hp_lock_site_of(ksyms, only_locking), 0);
	assert_int_equal(hp_lock_site_of(ksyms, none), 0);
	assert_int_equal(hp_lock_site_of(NULL, whole), 0xffffffffc0001234);
	hp_ksyms_close(ksyms);
}

static void test_shares(void **state)
{
	(void)state;
	assert_int_equal(hp_memory_share(1000, 1, 4), 250);
	assert_int_equal(hp_memory_share(1000, 0, 4), 0);
	assert_int_equal(hp_memory_share(1000, 5, 0), 0);
	/* A minute, and more pages than 64 bits of product would hold: within a millionth. */
	assert_int_equal(hp_memory_share(60000000000, 1ull << 40, 1ull << 41) / 1000, 30000000);
	assert_int_equal(hp_memory_share(1ull << 50, 1, 1), (1ull << 40) - 1);
}

static void test_windows(void **state)
{
	struct hp_memory_windows *windows = calloc(1, sizeof(*windows));
	const uint64_t width = 1ull << HP_MEMORY_WINDOW_SHIFT;
	uint64_t from = 100 * width + 5, until = 102 * width + 7;

	(void)state;
	assert_non_null(windows);
	for (uint64_t number = 90; number <= 103; number++) {
		windows->at[number % HP_MEMORY_WINDOWS].number = number;
		windows->at[number % HP_MEMORY_WINDOWS].pages[7] = 1;
		windows->at[number % HP_MEMORY_WINDOWS].pages[8] = number;
	}
	/* While it lasted, and the second before: 96 to 102. */
	assert_int_equal(hp_memory_first(from, until), 100 - HP_MEMORY_BEFORE);
	assert_int_equal(hp_memory_pages(windows, 7, hp_memory_first(from, until), 102), 7);
	assert_int_equal(hp_memory_pages(windows, 8, 96, 102), 7 * 99);
	assert_int_equal(hp_memory_pages(windows, 9, 96, 102), 0);
	assert_int_equal(hp_memory_pages(windows, HP_ROWS_MAX, 96, 102), 0);
	/* Longer than the history: its newest part counts. */
	assert_int_equal(hp_memory_first(50 * width, 102 * width), 102 - HP_MEMORY_WINDOWS + 1);
	assert_int_equal(hp_memory_first(0, width), 0);
	free(windows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_owners_change), cmocka_unit_test(test_place_is_shared), cmocka_unit_test(test_many_changes),
		cmocka_unit_test(test_site),	      cmocka_unit_test(test_shares),	      cmocka_unit_test(test_windows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
