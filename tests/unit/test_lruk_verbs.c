// SPDX-License-Identifier: GPL-2.0
/* test_lruk_verbs.c: partctl lruk-sim and lruk-gen as a stranger calls them: what they print, and how they refuse. */
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/hp_auto.h"

#define OUTPUT_MAX 65536

static char partctl[512], work[] = "/tmp/hostpart-lruk-XXXXXX";
static char out[OUTPUT_MAX], err[OUTPUT_MAX];

static void slurp(const char *name, char *into)
{
	hp_autofile FILE *file = fopen(name, "r");
	size_t got;

	assert_non_null(file);
	got = fread(into, 1, OUTPUT_MAX - 1, file);
	into[got] = '\0';
}

/* Runs a shell command where $P is partctl; fills out and err; returns the exit status. */
static int run(const char *command)
{
	hp_autofree char *line = NULL;
	int status;

	assert_true(asprintf(&line, "{ %s\n} > out 2> err", command) > 0);
	status = system(line);
	slurp("out", out);
	slurp("err", err);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void prints(const char *command, const char *expected)
{
	if (run(command) != 0)
		fail_msg("%s: failed: %s", command, err);
	assert_string_equal(out, expected);
	assert_string_equal(err, "");
}

/* Exit status 2 (or another), nothing on standard output, and these words on standard error. */
static void fails(const char *command, int status, const char *words)
{
	int got = run(command);

	if (got != status || out[0] || !strstr(err, words))
		fail_msg("%s: exit %d, expected %d with '%s'; printed '%s' and '%s'", command, got, status, words, out, err);
}

static void refused(const char *command, const char *words)
{
	fails(command, 2, words);
}

static int prepare(void **state)
{
	ssize_t length = readlink("/proc/self/exe", partctl, sizeof(partctl) - 32);

	(void)state;
	if (length < 0 || !mkdtemp(work))
		return -1;
	partctl[length] = '\0';
	*strrchr(partctl, '/') = '\0';
	strcat(partctl, "/../bin/partctl");
	setenv("P", partctl, 1);
	unsetenv("NO_COLOR");
	return chdir(work);
}

static int clean(void **state)
{
	hp_autofree char *line = NULL;

	(void)state;
	return chdir("/") < 0 || asprintf(&line, "rm -rf %s", work) < 0 ? -1 : system(line);
}

/* ---- lruk-sim ---- */

#define FIVE "printf '1\\n2\\n1\\n3\\n1\\n' | "

static void simulates_in_a_table(void **state)
{
	(void)state;
	prints(FIVE "$P lruk-sim --trace - --capacity 2,3 --policy lru,lru-k,opt --k 2",
	       "POLICY  K  CAPACITY  REFERENCES  HITS  HIT RATIO\n"
	       "lru     -         2           5     2     0.4000\n"
	       "lru     -         3           5     2     0.4000\n"
	       "lru-k   2         2           5     2     0.4000\n"
	       "lru-k   2         3           5     2     0.4000\n"
	       "opt     -         2           5     2     0.4000\n"
	       "opt     -         3           5     2     0.4000\n");
	prints(FIVE "$P lruk-sim -t - -c 1", "POLICY  K  CAPACITY  REFERENCES  HITS  HIT RATIO\n"
					     "lru-k   3         1           5     0     0.0000\n");
}

static void one_object_is(struct json_object *object, const char *policy, int k, int64_t capacity, int64_t references, int64_t hits)
{
	struct json_object *value;

	assert_int_equal(json_object_object_length(object), 6);
	assert_true(json_object_object_get_ex(object, "policy", &value));
	assert_string_equal(json_object_get_string(value), policy);
	assert_true(json_object_object_get_ex(object, "k", &value));
	assert_int_equal(json_object_get_int(value), k);
	assert_int_equal(json_object_is_type(value, json_type_null), k == 0);
	assert_true(json_object_object_get_ex(object, "capacity", &value));
	assert_int_equal(json_object_get_int64(value), capacity);
	assert_true(json_object_object_get_ex(object, "references", &value));
	assert_int_equal(json_object_get_int64(value), references);
	assert_true(json_object_object_get_ex(object, "hits", &value));
	assert_int_equal(json_object_get_int64(value), hits);
	assert_true(json_object_object_get_ex(object, "hit_ratio", &value));
	assert_true(json_object_is_type(value, json_type_double));
	assert_true(json_object_get_double(value) == (double)hits / (double)references);
}

static void simulates_in_json(void **state)
{
	struct json_object *array;

	(void)state;
	assert_int_equal(run(FIVE "$P lruk-sim --trace - --capacity 1,9223372036854775807 --policy 2q,lru-k --k 8 "
			     "--warmup 2 --measure 2 -o json"), 0);
	array = json_tokener_parse(out);
	assert_true(json_object_is_type(array, json_type_array));
	assert_int_equal(json_object_array_length(array), 4);
	one_object_is(json_object_array_get_idx(array, 0), "2q", 0, 1, 2, 0);
	one_object_is(json_object_array_get_idx(array, 1), "2q", 0, INT64_MAX, 2, 1);
	one_object_is(json_object_array_get_idx(array, 2), "lru-k", 8, 1, 2, 0);
	one_object_is(json_object_array_get_idx(array, 3), "lru-k", 8, INT64_MAX, 2, 1);
	json_object_put(array);
	assert_int_equal(run(FIVE "$P lruk-sim --trace - --capacity 1 -o yaml"), 0);
	assert_non_null(strstr(out, "\"hits\": 0\n"));
	assert_non_null(strstr(out, "\"hit_ratio\": 0.0\n"));
}

/* References 1 1 2 1 3 1 with room for two: the period and the memory of the past change what happens. */
static void periods_reach_the_engine(void **state)
{
	static const char hot[] = "printf '%s\\n' 1 9 1 2 3 4 1 5 6 1 | ";
	hp_autofree char *long_memory = NULL, *no_memory = NULL, *correlated = NULL;

	(void)state;
	assert_true(asprintf(&long_memory, "%s $P lruk-sim -t - -c 2 -k 2 -o json | grep -c '\"hits\": 3'", hot) > 0);
	assert_true(asprintf(&no_memory, "%s $P lruk-sim -t - -c 1 -k 2 --rip 0 -o json | grep -c '\"hits\": 0'", hot) > 0);
	/* Within a period as long as the trace, every page counts once and LRU decides. */
	assert_true(asprintf(&correlated, "%s $P lruk-sim -t - -c 2 -k 2 --crp 100 -o json | grep -c '\"hits\": 1'", hot) > 0);
	prints(long_memory, "1\n");
	prints(no_memory, "1\n");
	prints(correlated, "1\n");
}

static void traces_come_in_many_forms(void **state)
{
	(void)state;
	assert_int_equal(run("printf '# made by hand\\r\\n18446744073709551615\\r\\n\\r\\n 7 # hot\\r\\n7' > t; "
			     "$P lruk-sim --trace t --capacity 2 | tail -n 1"), 0);
	assert_string_equal(out, "lru-k   3         2           3     1     0.3333\n");
}

static void bad_traces_are_refused(void **state)
{
	(void)state;
	refused("printf '1\\n2\\nabc\\n' > t; $P lruk-sim --trace t --capacity 2", "t:3:1: 'a' does not belong here");
	refused("printf '1\\n2 3\\n' | $P lruk-sim --trace - --capacity 2 -o json", "standard input:2:3: a second number");
	refused("printf '1\\n-2\\n' > t; $P lruk-sim --trace t --capacity 2", "t:2:1: a page id is not negative");
	refused("echo 18446744073709551616 > t; $P lruk-sim --trace t --capacity 2", "t:1:1: the page id is larger than");
	refused("$P lruk-sim --trace /dev/null --capacity 2", "/dev/null: the trace has no references");
	refused(FIVE "$P lruk-sim --trace - --capacity 2 --warmup 5",
		"standard input: nothing is left to measure: 5 references, of which 5 are for warming up");
	fails("$P lruk-sim --trace ./missing --capacity 2", 1, "cannot open ./missing: No such file or directory");
	fails("$P lruk-sim --trace . --capacity 2", 1, "cannot read .: Is a directory");
}

static void bad_options_are_refused(void **state)
{
	static const char *const bad[][2] = {
		{ "--capacity 0", "--capacity: '0' is not a whole number from 1 to" }, { "--capacity -1", "'-1' is not a whole number" },
		{ "--capacity 1,,2", "'' is not" }, { "--capacity 1,", "'' is not" }, { "--capacity ''", "'' is not" },
		{ "--capacity 2,2", "--capacity: 2 is given twice" }, { "--capacity 1.5", "'1.5' is not" },
		{ "--capacity 9223372036854775808", "is not a whole number from 1 to 9223372036854775807" },
		{ "", "--capacity is missing" },
		{ "-c 1 --k 0", "--k: '0' is not a whole number from 1 to 8" }, { "-c 1 --k 9", "from 1 to 8" },
		{ "-c 1 --crp -1", "--crp: '-1' is not" }, { "-c 1 --rip x", "--rip: 'x' is not" },
		{ "-c 1 --rip 18446744073709551616", "--rip: '18446744073709551616' is not" },
		{ "-c 1 --warmup +1", "--warmup: '+1' is not" }, { "-c 1 --measure 0", "--measure: '0' is not" },
		{ "-c 1 --policy lru,lru", "--policy: 'lru' is given twice" },
		{ "-c 1 --policy lru-q", "'lru-q' is not lru, lru-k, lfu, 2q, arc or opt; did you mean 'lru-k'?" },
		{ "-c 1 --policy ''", "'' is not lru" }, { "-c 1 --policy lru,", "'' is not lru" },
		{ "-c 1 --polic lru,", "" }, { "-c 1 more", "too many operands" }, { "-c 1 -o csv", "'csv' is not table, json or yaml" },
	};

	(void)state;
	for (size_t i = 0; i < hp_array_size(bad); i++) {
		hp_autofree char *command = NULL;

		assert_true(asprintf(&command, FIVE "$P lruk-sim --trace - %s", bad[i][0]) > 0);
		refused(command, bad[i][1]);
	}
	refused("$P lruk-sim --capacity 2 < /dev/null", "--trace is missing");
}

/* ---- lruk-gen ---- */

static void generates(void **state)
{
	(void)state;
	prints("$P lruk-gen two-pool --n1 100 --n2 10000 --refs 6 --seed 1 | xargs", "70 5304 57 4013 69 1535\n");
	prints("$P lruk-gen two-pool --n1 100 --n2 10000 --refs 6 | xargs", "70 5304 57 4013 69 1535\n");
	prints("$P lruk-gen zipf --alpha 0.8 --beta .20 --n 1000 --refs 6 --seed 1 | xargs", "78 9 18 1 74 0\n");
	prints("$P lruk-gen scan --hot 10 --loop 3 --refs 8 --seed 1 | xargs", "7 10 5 11 5 12 3 10\n");
	prints("$P lruk-gen scan --hot 1 --loop 18446744073709551614 --refs 2 --seed 18446744073709551615", "0\n1\n");
	prints("$P lruk-gen zipf --alpha 0.8 --beta 0.2 --n 50 --refs 1000 | $P lruk-sim -t - -c 50 -p arc | grep -c ' 1000 '", "1\n");
	assert_int_equal(run("$P lruk-gen scan --hot 1 --loop 1 --refs 2 --seed 2 && $P lruk-gen scan --hot 1 --loop 1 --refs 2 > x"), 0);
	fails("$P lruk-gen scan --hot 1 --loop 1 --refs 100000 > /dev/full", 1, "cannot write the output");
}

static void bad_generators_are_refused(void **state)
{
	(void)state;
	refused("$P lruk-gen", "an operand is missing");
	refused("$P lruk-gen zip --n 1", "'zip' is not two-pool, zipf or scan; did you mean 'zipf'?");
	refused("$P lruk-gen zipf scan --n 1", "too many operands");
	refused("$P lruk-gen zipf --n 3 --alpha 0.8 --refs 1", "zipf needs --beta");
	refused("$P lruk-gen two-pool --n1 3 --refs 1", "two-pool needs --n2");
	refused("$P lruk-gen two-pool --n1 3 --n2 1", "--refs is missing");
	refused("$P lruk-gen scan --hot 1 --loop 1 --n1 4 --refs 1", "--n1 is for two-pool, not for scan");
	refused("$P lruk-gen two-pool --n1 0 --n2 1 --refs 1", "--n1: '0' is not a whole number from 1 to");
	refused("$P lruk-gen two-pool --n1 1 --n2 18446744073709551615 --refs 1", "n1 and n2 together are more pages");
	refused("$P lruk-gen scan --hot 1 --loop 1 --refs 0", "--refs: '0' is not a whole number from 1 to");
	refused("$P lruk-gen scan --hot 1 --loop 1 --refs 1 --seed -1", "--seed: '-1' is not a whole number from 0 to");
	refused("$P lruk-gen scan --hot 1 --loop 1 --refs 1 -o json", "a trace is text");
	for (size_t i = 0; i < 8; i++) {
		static const char *const fractions[] = { "0", "1", "0.0", "1.0", ".", "-0.5", "0.1234567", "8e-1" };
		hp_autofree char *command = NULL;

		assert_true(asprintf(&command, "$P lruk-gen zipf --n 3 --alpha %s --beta 0.2 --refs 1", fractions[i]) > 0);
		refused(command, "is not a fraction between 0 and 1");
	}
}

static void help_has_an_example_that_works(void **state)
{
	(void)state;
	assert_int_equal(run("$P lruk-gen --help | sed -n '/^Example:/,/^$/p' | tail -n +2 > example; PATH=${P%/*}:$PATH sh -e example"), 0);
	assert_non_null(strstr(out, "lru-k   2       100        3000"));
	assert_int_equal(run("$P lruk-sim --help"), 0);
	assert_non_null(strstr(out, "Example:\n  partctl lruk-sim --trace pages.txt --capacity 100,200"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(simulates_in_a_table),
		cmocka_unit_test(simulates_in_json),
		cmocka_unit_test(periods_reach_the_engine),
		cmocka_unit_test(traces_come_in_many_forms),
		cmocka_unit_test(bad_traces_are_refused),
		cmocka_unit_test(bad_options_are_refused),
		cmocka_unit_test(generates),
		cmocka_unit_test(bad_generators_are_refused),
		cmocka_unit_test(help_has_an_example_that_works),
	};

	return cmocka_run_group_tests(tests, prepare, clean);
}
