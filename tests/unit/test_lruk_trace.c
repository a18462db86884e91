// SPDX-License-Identifier: GPL-2.0
/* test_lruk_trace.c: what is a trace and what is not, and what the generators make. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/hp_auto.h"
#include "reclaim/hp_trace.h"
#include "reclaim/hp_tracegen.h"
#include "reclaim/random.h"

#define LARGEST "18446744073709551615"

/* ---- reading ---- */

static void reads(const char *text, size_t length, const uint64_t *ids, size_t count)
{
	hp_autotrace *trace = NULL;
	hp_autoerr err = HP_ERR_INIT;

	if (hp_trace_parse("t", text, length, &trace, &err) < 0)
		fail_msg("refused: %s", err.text);
	assert_int_equal(trace->count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(trace->ids[trace->pages[i]], ids[i]);
}
#define READS(text, ...) do { \
	const uint64_t ids_[] = { 0, __VA_ARGS__ }; \
	reads(text, sizeof(text) - 1, ids_ + 1, hp_array_size(ids_) - 1); \
} while (0)

static void traces_in_all_their_forms(void **state)
{
	(void)state;
	READS("");
	READS("\n\n# nothing\n");
	READS("7\n8\n7\n", 7, 8, 7);
	READS("7", 7);
	READS("7\r\n\r\n8\r\n", 7, 8);
	READS("7\r", 7);
	READS("  7\t\n\t8 # comment 9\n#10\n11#12", 7, 8, 11);
	READS("007\n7\n0\n", 7, 7, 0);
	READS(LARGEST "\n9223372036854775808\n", UINT64_MAX, UINT64_C(1) << 63);
	READS("# \xff\x00 \r anything\n1\n", 1);
}

static void pages_are_numbered_as_they_appear(void **state)
{
	static const char text[] = "90\n80\n90\n70\n";
	static const uint32_t pages[] = { 0, 1, 0, 2 };
	hp_autotrace *trace = NULL;

	(void)state;
	assert_int_equal(hp_trace_parse("t", text, strlen(text), &trace, NULL), 0);
	assert_int_equal(trace->pages_count, 3);
	assert_memory_equal(trace->pages, pages, sizeof(pages));
}

static void refuses(const char *text, size_t length, const char *message)
{
	hp_autotrace *trace = NULL;
	hp_autoerr err = HP_ERR_INIT;

	assert_int_equal(hp_trace_parse("t", text, length, &trace, &err), -EINVAL);
	assert_null(trace);
	assert_int_equal(err.exit, HP_EXIT_USAGE);
	if (strncmp(err.text, message, strlen(message)) != 0)
		fail_msg("says '%s', not '%s'", err.text, message);
}
#define REFUSES(text, message) refuses(text, sizeof(text) - 1, message)

static void what_is_no_page_id_is_refused(void **state)
{
	(void)state;
	REFUSES("1\n2\nx\n", "t:3:1: 'x' does not belong here");
	REFUSES("12x\n", "t:1:3: 'x' does not belong here");
	REFUSES("1\n  -5\n", "t:2:3: a page id is not negative");
	REFUSES("5-\n", "t:1:2: '-' does not belong here");
	REFUSES("+5\n", "t:1:1: '+' does not belong here");
	REFUSES("1.5\n", "t:1:2: '.' does not belong here");
	REFUSES("0x10\n", "t:1:2: 'x' does not belong here");
	REFUSES("1,2\n", "t:1:2: ',' does not belong here");
	REFUSES("1 2\n", "t:1:3: a second number");
	REFUSES("\n\n1\t\t2", "t:3:4: a second number");
	REFUSES("1\r2\n", "t:1:3: a second number");
	REFUSES("1\rx\n", "t:1:3: a carriage return within a line");
	REFUSES("1\n\0\n", "t:2:1: byte 0x00 does not belong here");
	REFUSES("\xef\xbb\xbf" "1\n", "t:1:1: byte 0xef does not belong here");
	REFUSES(" 18446744073709551616\n", "t:1:2: the page id is larger than " LARGEST);
	REFUSES("99999999999999999999999999999\n", "t:1:1: the page id is larger");
}

static void files_that_cannot_be_read(void **state)
{
	hp_autotrace *trace = NULL;
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	assert_int_equal(hp_trace_read("/nonexistent/trace", &trace, &err), -ENOENT);
	assert_string_equal(err.text, "cannot open /nonexistent/trace: No such file or directory");
	assert_int_equal(err.exit, HP_EXIT_FAIL);
	hp_err_clear(&err);
	assert_int_equal(hp_trace_read("/", &trace, &err), -EISDIR);
	assert_string_equal(err.text, "cannot read /: Is a directory");
	assert_null(trace);
}

/* More references than one read brings, so that numbers lie across its end. */
static void long_files_are_read_whole(void **state)
{
	char name[] = "/tmp/hostpart-trace-XXXXXX";
	int fd = mkstemp(name);
	hp_autotrace *trace = NULL;
	FILE *out = fdopen(fd, "w");

	(void)state;
	assert_non_null(out);
	for (uint64_t i = 0; i < 100000; i++)
		fprintf(out, "%llu\n", (unsigned long long)(i * i));
	fclose(out);
	assert_int_equal(hp_trace_read(name, &trace, NULL), 0);
	unlink(name);
	assert_int_equal(trace->count, 100000);
	assert_int_equal(trace->pages_count, 100000);
	for (uint64_t i = 0; i < 100000; i++)
		assert_int_equal(trace->ids[trace->pages[i]], i * i);
}

/* ---- making ---- */

static struct hp_tracegen begin(struct hp_tracegen_config config)
{
	struct hp_tracegen gen;

	assert_int_equal(hp_tracegen_init(&gen, &config, NULL), 0);
	return gen;
}

/* The same on every machine: these numbers must never change. */
static void seeds_make_the_same_everywhere(void **state)
{
	static const uint64_t two_pool[] = { 70, 5304, 57, 4013, 69, 1535 };
	static const uint64_t zipf[] = { 78, 9, 18, 1, 74, 0 };
	static const uint64_t scan[] = { 7, 10, 5, 11, 5, 12, 3, 10 };
	struct hp_tracegen gen = begin((struct hp_tracegen_config){ .kind = HP_TRACEGEN_TWO_POOL, .n1 = 100, .n2 = 10000, .seed = 1 });

	(void)state;
	for (size_t i = 0; i < hp_array_size(two_pool); i++)
		assert_int_equal(hp_tracegen_next(&gen), two_pool[i]);
	gen = begin((struct hp_tracegen_config){ .kind = HP_TRACEGEN_ZIPF, .n = 1000, .alpha = 800000, .beta = 200000, .seed = 1 });
	for (size_t i = 0; i < hp_array_size(zipf); i++)
		assert_int_equal(hp_tracegen_next(&gen), zipf[i]);
	gen = begin((struct hp_tracegen_config){ .kind = HP_TRACEGEN_SCAN, .hot = 10, .loop = 3, .seed = 1 });
	for (size_t i = 0; i < hp_array_size(scan); i++)
		assert_int_equal(hp_tracegen_next(&gen), scan[i]);
}

static void pools_are_visited_in_turn(void **state)
{
	struct hp_tracegen gen = begin((struct hp_tracegen_config){ .kind = HP_TRACEGEN_TWO_POOL, .n1 = 4, .n2 = 8, .seed = 5 });
	uint64_t seen[12] = { 0 };

	(void)state;
	for (int i = 0; i < 80000; i++) {
		uint64_t page = hp_tracegen_next(&gen);

		assert_true(page < 12 && (page >= 4) == i % 2);
		seen[page]++;
	}
	for (int page = 0; page < 12; page++)
		assert_in_range(seen[page], page < 4 ? 9500 : 4700, page < 4 ? 10500 : 5300);
}

/* Against the C library's pow() with the same random numbers: 56 places and a double's 53 differ at a page's border only. */
static void zipf_inverts_its_distribution(void **state)
{
	static const struct { uint64_t n; uint32_t alpha, beta; } cases[] = {
		{ 1000, 800000, 200000 }, { 1000000, 990000, 10000 }, { 10, 500000, 500000 }, { 7, 200000, 800000 },
		{ 1, 800000, 200000 }, { 1000, 999999, 1 }, { 1000, 1, 999999 },
	};

	(void)state;
	for (size_t c = 0; c < hp_array_size(cases); c++) {
		struct hp_tracegen gen = begin((struct hp_tracegen_config){
			.kind = HP_TRACEGEN_ZIPF, .n = cases[c].n, .alpha = cases[c].alpha, .beta = cases[c].beta, .seed = c });
		double exponent = log(cases[c].beta / 1e6) / log(cases[c].alpha / 1e6);
		uint64_t random[4], off = 0;

		random_seed(random, c);
		for (int i = 0; i < 20000; i++) {
			double u = (double)(random_next(random) | 1) / 0x1p64;
			double expected = floor((double)cases[c].n * pow(u, exponent));
			uint64_t page = hp_tracegen_next(&gen);

			assert_true(page < cases[c].n);
			off += fabs(expected - (double)page) > 0.5;
			assert_true(fabs(expected - (double)page) <= 1);
		}
		assert_in_range(off, 0, 2);
	}
}

static void generators_refuse_nonsense(void **state)
{
	static const struct hp_tracegen_config bad[] = {
		{ .kind = HP_TRACEGEN_TWO_POOL, .n1 = 0, .n2 = 1 }, { .kind = HP_TRACEGEN_TWO_POOL, .n1 = 1 },
		{ .kind = HP_TRACEGEN_TWO_POOL, .n1 = UINT64_MAX, .n2 = 1 },
		{ .kind = HP_TRACEGEN_ZIPF, .n = 0, .alpha = 1, .beta = 1 },
		{ .kind = HP_TRACEGEN_ZIPF, .n = 1, .alpha = 0, .beta = 1 },
		{ .kind = HP_TRACEGEN_ZIPF, .n = 1, .alpha = 1, .beta = HP_TRACEGEN_ONE },
		{ .kind = HP_TRACEGEN_SCAN, .hot = 0, .loop = 1 }, { .kind = HP_TRACEGEN_SCAN, .hot = 1 },
	};

	(void)state;
	for (size_t i = 0; i < hp_array_size(bad); i++) {
		struct hp_tracegen gen;
		hp_autoerr err = HP_ERR_INIT;

		assert_int_equal(hp_tracegen_init(&gen, &bad[i], &err), -EINVAL);
		assert_int_equal(err.exit, HP_EXIT_USAGE);
		assert_non_null(err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(traces_in_all_their_forms),
		cmocka_unit_test(pages_are_numbered_as_they_appear),
		cmocka_unit_test(what_is_no_page_id_is_refused),
		cmocka_unit_test(files_that_cannot_be_read),
		cmocka_unit_test(long_files_are_read_whole),
		cmocka_unit_test(seeds_make_the_same_everywhere),
		cmocka_unit_test(pools_are_visited_in_turn),
		cmocka_unit_test(zipf_inverts_its_distribution),
		cmocka_unit_test(generators_refuse_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
