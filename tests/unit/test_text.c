// SPDX-License-Identifier: GPL-2.0
/* test_text.c: sizes, percentages, CPU lists, nearest words, natural order. */
#include "base/hp_text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/hp_auto.h"

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define TIB (UINT64_C(1) << 40)

static void sizes_are_read(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{ "0", 0 },
		{ "1", 1 },
		{ "4096", 4096 },
		{ "64KiB", 64 * KIB },
		{ "64K", 64 * KIB },
		{ "512MiB", 512 * MIB },
		{ "2GiB", 2 * GIB },
		{ "2G", 2 * GIB },
		{ "1.5GiB", 3 * GIB / 2 },
		{ "3TiB", 3 * TIB },
		{ "0.5T", TIB / 2 },
		{ "1.3GiB", 1395864371 },
		{ "007", 7 },
		{ "18446744073709551615", UINT64_MAX },
		{ "16777215.999999999T", UINT64_MAX - 1099 },
	};

	(void)state;
	for (size_t i = 0; i < hp_array_size(good); i++) {
		uint64_t bytes = 42;

		assert_int_equal(hp_size_parse(good[i].text, &bytes), 0);
		assert_true(bytes == good[i].bytes);
	}
}

static void what_is_no_size_is_refused(void **state)
{
	static const char *const bad[] = {
		"",	 " 1",	  "1 ",	   "-1",  "+1",	   "GiB",  "1GB", "1gib",   "1kb", "1 GiB",
		"1GiBs", "1.GiB", ".5GiB", "1.5", "1..5G", "0x10", "1e3", "1,5GiB", "50%", "1B",
	};
	static const char *const big[] = {
		"18446744073709551616",
		"16777216TiB",
		"99999999999999999999999999GiB",
		"1.1234567890GiB",
	};
	uint64_t bytes = 42;

	(void)state;
	for (size_t i = 0; i < hp_array_size(bad); i++)
		assert_int_equal(hp_size_parse(bad[i], &bytes), -EINVAL);
	for (size_t i = 0; i < hp_array_size(big); i++)
		assert_int_equal(hp_size_parse(big[i], &bytes), -ERANGE);
	assert_true(bytes == 42);
}

static void sizes_are_written_exactly(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 1, "1" },
		{ 1023, "1023" },
		{ KIB, "1KiB" },
		{ 1536, "1.5KiB" },
		{ 1537, "1537" },
		{ 2 * GIB, "2GiB" },
		{ 3 * GIB / 2, "1.5GiB" },
		{ 5 * GIB / 4, "1280MiB" },
		{ GIB + KIB, "1048577KiB" },
		{ 2048 * TIB, "2048TiB" },
		{ UINT64_MAX, "18446744073709551615" },
	};

	(void)state;
	for (size_t i = 0; i < hp_array_size(cases); i++) {
		hp_autofree char *text = hp_size_format(cases[i].bytes);
		uint64_t again;

		assert_string_equal(text, cases[i].text);
		assert_int_equal(hp_size_parse(text, &again), 0);
		assert_true(again == cases[i].bytes);
	}
}

static void sizes_are_rounded_for_tables(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{ 0, "0B" },
		{ 1023, "1023B" },
		{ 1024, "1.00KiB" },
		{ 8181895168, "7.62GiB" },
		{ 4 * GIB, "4.00GiB" },
		{ 10 * MIB, "10.0MiB" },
		{ 512 * MIB, "512MiB" },
		{ 1023 * MIB, "1023MiB" },
		{ 1024 * MIB - 1, "1.00GiB" },
		{ 9 * GIB + 1023 * MIB, "10.0GiB" },
		{ 2048 * TIB, "2048TiB" },
	};

	(void)state;
	for (size_t i = 0; i < hp_array_size(cases); i++) {
		hp_autofree char *text = hp_size_human(cases[i].bytes);

		assert_string_equal(text, cases[i].text);
	}
}

static void percentages_are_read(void **state)
{
	static const char *const bad[] = { "",	  "%",	 "50",	"50 %", " 50%",
					   "-5%", "5.%", ".5%", "50%%", "50percent" };
	static const char *const out[] = { "0%",   "0.000%",   "100.001%",
					   "101%", "12.3456%", "99999999999999999999%" };
	unsigned int milli = 7;

	(void)state;
	for (size_t i = 0; i < hp_array_size(bad); i++)
		assert_int_equal(hp_percent_parse(bad[i], &milli), -EINVAL);
	for (size_t i = 0; i < hp_array_size(out); i++)
		assert_int_equal(hp_percent_parse(out[i], &milli), -ERANGE);
	assert_int_equal(milli, 7);
	assert_int_equal(hp_percent_parse("50%", &milli), 0);
	assert_int_equal(milli, 50000);
	assert_int_equal(hp_percent_parse("12.5%", &milli), 0);
	assert_int_equal(milli, 12500);
	assert_int_equal(hp_percent_parse("0.001%", &milli), 0);
	assert_int_equal(milli, 1);
	assert_int_equal(hp_percent_parse("100%", &milli), 0);
	assert_int_equal(milli, 100000);
}

static void cpulists_are_read(void **state)
{
	static const struct {
		const char *text, *canonical;
	} good[] = {
		{ "0", "0" },
		{ "0-3,8", "0-3,8" },
		{ "3,2,1", "1-3" },
		{ "0-0", "0" },
		{ "5,5-7,6", "5-7" },
		{ "65535", "65535" },
		{ "0-65535", "0-65535" },
		{ "007", "7" },
	};
	hp_autobitmap set = hwloc_bitmap_alloc();

	(void)state;
	hwloc_bitmap_set(set, 99);
	for (size_t i = 0; i < hp_array_size(good); i++) {
		hp_autofree char *text = NULL;

		assert_int_equal(hp_cpulist_parse(good[i].text, set), 0);
		text = hp_cpulist_format(set);
		assert_string_equal(text, good[i].canonical);
	}
}

static void what_is_no_cpulist_is_refused(void **state)
{
	static const char *const bad[] = {
		"",  ",",  "1,", ",1",	 "1,,2", "1-",	    "-1",  "3-1", "1-2-3",
		"a", "1 ", " 1", "1, 2", "0x3",	 "0-3:1/2", "all", "1\n",
	};
	hp_autobitmap set = hwloc_bitmap_alloc();
	hp_autofree char *empty = NULL;

	(void)state;
	for (size_t i = 0; i < hp_array_size(bad); i++)
		assert_int_equal(hp_cpulist_parse(bad[i], set), -EINVAL);
	assert_int_equal(hp_cpulist_parse("65536", set), -ERANGE);
	assert_int_equal(hp_cpulist_parse("0-99999999999999999999", set), -ERANGE);
	hwloc_bitmap_zero(set);
	empty = hp_cpulist_format(set);
	assert_string_equal(empty, "");
}

static void nearest_word_is_what_was_meant(void **state)
{
	static const char *const words[] = { "cpus",	"memory",   "devices",
					     "network", "hostname", NULL };
	static const struct {
		const char *typed, *meant;
	} cases[] = {
		{ "cpu", "cpus" },
		{ "CPUS", "cpus" },
		{ "cpsu", "cpus" },
		{ "memroy", "memory" },
		{ "memmory", "memory" },
		{ "device", "devices" },
		{ "host_name", "hostname" },
		{ "netwrok", "network" },
		{ "cpus", "cpus" },
		{ "disk", NULL },
		{ "x", NULL },
		{ "", NULL },
		{ "completely-else", NULL },
	};
	char huge[1000];

	(void)state;
	for (size_t i = 0; i < hp_array_size(cases); i++) {
		const char *found = hp_word_nearest(cases[i].typed, words);

		if (cases[i].meant)
			assert_string_equal(found, cases[i].meant);
		else
			assert_null(found);
	}
	memset(huge, 'c', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = 0;
	assert_null(hp_word_nearest(huge, words));
	assert_null(hp_word_nearest("cpus", (const char *const[]){ NULL }));
	assert_null(hp_word_nearest("cpus", (const char *const[]){ huge, NULL }));
	assert_string_equal(hp_did_you_mean(hp_word_nearest("cpsu", (const char *const[]){ "cpus", NULL })).text,
			    "; did you mean 'cpus'?");
	assert_string_equal(hp_did_you_mean(NULL).text, "");
}

static void end_of_text_is_known(void **state)
{
	(void)state;
	assert_true(hp_text_ends_with("memory.max", ".max"));
	assert_true(hp_text_ends_with(".max", ".max"));
	assert_true(hp_text_ends_with("x", ""));
	assert_false(hp_text_ends_with("max", ".max"));
	assert_false(hp_text_ends_with("memory.maxi", ".max"));
	assert_false(hp_text_ends_with("", "x"));
}

static void words_join_as_prose(void **state)
{
	hp_autofree char *none = hp_words_join((const char *const[]){ NULL });
	hp_autofree char *one = hp_words_join((const char *const[]){ "a", NULL });
	hp_autofree char *two = hp_words_join((const char *const[]){ "a", "b", NULL });
	hp_autofree char *three = hp_words_join((const char *const[]){ "a", "b", "c", NULL });

	(void)state;
	assert_string_equal(none, "");
	assert_string_equal(one, "a");
	assert_string_equal(two, "a or b");
	assert_string_equal(three, "a, b or c");
}

static void natural_order_counts(void **state)
{
	static const char *const sorted[] = {
		"",
		"0",
		"1",
		"01",
		"2",
		"10",
		"cpu",
		"cpu1",
		"cpu2",
		"cpu10",
		"cpu10a",
		"cpu10a2",
		"cpu10a10",
		"cpu99999999999999999999998",
		"cpu99999999999999999999999",
		"cpuidle",
		"node0",
	};

	(void)state;
	for (size_t i = 0; i < hp_array_size(sorted); i++) {
		for (size_t j = 0; j < hp_array_size(sorted); j++) {
			int order = hp_natural_cmp(sorted[i], sorted[j]);
			int back = hp_natural_cmp(sorted[j], sorted[i]);

			assert_int_equal(order == 0, i == j);
			assert_int_equal(order > 0, back < 0);
			/* "1" and "01" only differ in their zeros; any fixed order of the two will
			 * do. */
			if (!(i == 2 && j == 3) && !(i == 3 && j == 2))
				assert_int_equal(order < 0, i < j);
		}
	}
}

static void text_ends_before_a_mark(void **state)
{
	hp_autofree char *cut = hp_text_before("alpha/eth0/x", "/"), *whole = hp_text_before("alpha", "; ");
	hp_autofree char *empty = hp_text_before("; altered", "; ");

	(void)state;
	assert_string_equal(cut, "alpha");
	assert_string_equal(whole, "alpha");
	assert_string_equal(empty, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_ends_before_a_mark),
		cmocka_unit_test(sizes_are_read),
		cmocka_unit_test(what_is_no_size_is_refused),
		cmocka_unit_test(sizes_are_written_exactly),
		cmocka_unit_test(sizes_are_rounded_for_tables),
		cmocka_unit_test(percentages_are_read),
		cmocka_unit_test(cpulists_are_read),
		cmocka_unit_test(what_is_no_cpulist_is_refused),
		cmocka_unit_test(nearest_word_is_what_was_meant),
		cmocka_unit_test(end_of_text_is_known),
		cmocka_unit_test(words_join_as_prose),
		cmocka_unit_test(natural_order_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
