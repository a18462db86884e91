// SPDX-License-Identifier: GPL-2.0
/* test_policy_corpus.c: the corpus, many errors at once, and damaged policies. */
#include "policy/hp_policy.h"

#include <errno.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/hp_auto.h"
#include "base/hp_file.h"

/* Every round is another damaged file; under ASan a few thousand take seconds. */
#define FUZZ_ROUNDS 6000
#define FILE_MAX (2 * 1024 * 1024)

static void list(const char *pattern, size_t at_least, glob_t *found)
{
	if (glob(pattern, 0, NULL, found) || found->gl_pathc < at_least)
		fail_msg("fewer than %zu files %s; run from the top of the repository", at_least,
			 pattern);
}

static void take_all(const char *pattern, size_t at_least)
{
	glob_t files;

	list(pattern, at_least, &files);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		hp_autopolicy *policy = NULL;
		hp_autoerr err = HP_ERR_INIT;

		if (hp_policy_load(files.gl_pathv[i], &policy, &err))
			fail_msg("%s", err.text);
		assert_true(policy->domains_count >= 1);
	}
	globfree(&files);
}

static void good_policies_are_taken(void **state)
{
	(void)state;
	take_all("tests/fixtures/policies/good/*.yaml", 25);
}

static void examples_are_taken(void **state)
{
	(void)state;
	take_all("policies/*.yaml", 4);
}

/* Takes the line at *pos off the text; NULL at its end. */
static char *next_line(char **pos)
{
	char *line = **pos ? strsep(pos, "\n") : NULL;

	if (line && !*pos)
		*pos = line + strlen(line);
	return line;
}

/* Each "# expect: L:C: text" must be answered by the complaint in the same place of the order. */
static void check_complaints(const char *file, char *source, char *complaints)
{
	const char *const mark = "# expect: ";
	unsigned int count = 0;

	for (;;) {
		char *wanted = next_line(&source), *line;
		hp_autofree char *start = NULL;
		int place = 0;

		if (!wanted || strncmp(wanted, mark, strlen(mark)))
			break;
		wanted += strlen(mark);
		sscanf(wanted, "%*u:%*u: %n", &place);
		assert_true(place > 0);
		line = next_line(&complaints);
		if (!line || asprintf(&start, "%s:%.*s", file, place, wanted) < 0)
			fail_msg("%s: no complaint for %s", file, wanted);
		if (strncmp(line, start, strlen(start)) || !strstr(line, wanted + place))
			fail_msg("expected %s%s, got %s", start, wanted + place, line);
		count++;
	}
	if (!count)
		fail_msg("%s does not say what to expect", file);
	if (*complaints)
		fail_msg("%s: not expected: %s", file, complaints);
}

static void bad_policies_are_answered(void **state)
{
	glob_t files;

	(void)state;
	list("tests/fixtures/policies/bad/*.yaml", 80, &files);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct hp_policy *policy = NULL;
		hp_autoerr err = HP_ERR_INIT;
		hp_autofree char *source = NULL;
		size_t length;

		assert_int_equal(hp_file_read(files.gl_pathv[i], FILE_MAX, &source, &length, NULL),
				 0);
		if (!hp_policy_load(files.gl_pathv[i], &policy, &err))
			fail_msg("%s is taken", files.gl_pathv[i]);
		assert_null(policy);
		assert_int_equal(err.exit, HP_EXIT_USAGE);
		check_complaints(files.gl_pathv[i], source, err.text);
	}
	globfree(&files);
}

static size_t count_lines(const char *text)
{
	size_t lines = *text != 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

static void at_most_twenty_are_told(void **state)
{
	hp_autofree char *text = NULL;
	hp_autoerr err = HP_ERR_INIT;
	struct hp_policy *policy = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	fputs("apiVersion: hostpart/v1\nlinks:\n", out);
	for (int i = 0; i < 10; i++)
		fputs("  - {from: nobody, to: alpha, protocol: icmp}\n", out);
	fputs("domains:\n  alpha:\n    cpus: 1\n    memory: 1GiB\n", out);
	for (int i = 0; i < 30; i++)
		fprintf(out, "    wrong%d: 1\n", i);
	fclose(out);
	assert_int_equal(hp_policy_parse("p.yaml", text, &policy, &err), -EINVAL);
	assert_int_equal(count_lines(err.text), 21);
	/* In text order, although the links are judged after the domains. */
	assert_int_equal(strncmp(err.text, "p.yaml:3:12: from cannot be", 27), 0);
	assert_non_null(strstr(err.text, "p.yaml:26:5: unknown key \"wrong9\""));
	assert_null(strstr(err.text, "wrong10"));
	assert_non_null(strstr(err.text, "\np.yaml: 20 more errors"));
}

/* What a hostile or broken file may contain; the answer is always one short refusal. */
static void monsters_are_refused(void **state)
{
	static const struct {
		const char *head, *unit, *tail;
		size_t times;
	} monsters[] = {
		{ "", "[", "", 500000 },
		{ "", "{a: ", "", 200000 },
		{ "", "- ", "x\n", 400000 },
		{ "a: \"", "x", "\"\n", 1000000 },
		{ "", "a: 1\n", "", 200000 },
		{ "", "\n", "", 1000000 },
		{ "? ", "? ", "x\n", 400000 },
		{ "", "&a ", "x\n", 300000 },
		{ "a: |\n", " x\n", "", 300000 },
		{ "domains: {", "a: {}, ", "}\n", 100000 },
		{ "links: [", "{}, ", "]\n", 200000 },
		{ "domains: {a: {devices: [", "{}, ", "]}}\n", 200000 },
		{ "", " ", "a: 1\n", 2000000 },
	};

	(void)state;
	for (size_t i = 0; i < hp_array_size(monsters); i++) {
		size_t unit = strlen(monsters[i].unit), head = strlen(monsters[i].head);
		hp_autofree char *text =
			malloc(head + unit * monsters[i].times + strlen(monsters[i].tail) + 1);
		struct hp_policy *policy = NULL;
		hp_autoerr err = HP_ERR_INIT;
		char *end = stpcpy(text, monsters[i].head);

		for (size_t j = 0; j < monsters[i].times; j++, end += unit)
			memcpy(end, monsters[i].unit, unit);
		strcpy(end, monsters[i].tail);
		assert_int_equal(hp_policy_parse("monster", text, &policy, &err), -EINVAL);
		assert_true(count_lines(err.text) <= 21 && strlen(err.text) < 16384);
	}
}

/* A repeatable source of numbers (xorshift). */
static uint32_t draw(uint32_t *seed, uint32_t below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed % below;
}

/* Cuts, copies, overwrites or inserts somewhere; the text keeps its terminator. */
static void damage(char *text, size_t *length, size_t room, uint32_t *seed)
{
	static const char *const bits[] = {
		"\"", "'", "{", "}", "[", "]", ": ", "- ", "\n", "\n  ", "%", "&a ", "*a", "!!x ",
		"|", ">", "#", ",", "\\0", "~", "\xff", "\xc3", "\t", "0x", "-1", "<<: ", "? ",
		"99999999999999999999", "---\n", "\xef\xbb\xbf", "base", "\x01",
	};
	size_t spot = draw(seed, *length + 1), size = draw(seed, 12),
	       from = draw(seed, *length + 1);
	const char *bit = bits[draw(seed, hp_array_size(bits))];

	switch (draw(seed, 4)) {
	case 0:
		size = spot + size > *length ? *length - spot : size;
		memmove(text + spot, text + spot + size, *length - spot - size + 1);
		*length -= size;
		return;
	case 1:
		if (spot < *length)
			text[spot] = 1 + draw(seed, 255);
		return;
	case 2:
		bit = text + from;
		size = from + size > *length ? *length - from : size;
		break;
	default:
		size = strlen(bit);
	}
	if (*length + size < room) {
		char piece[32];

		memcpy(piece, bit, size);
		memmove(text + spot + size, text + spot, *length - spot + 1);
		memcpy(text + spot, piece, size);
		*length += size;
	}
}

static void fuzz_round(const char *source, size_t length, uint32_t *seed, unsigned int *taken)
{
	const size_t room = length + 512;
	hp_autofree char *text = malloc(room);
	hp_autopolicy *policy = NULL;
	hp_autoerr err = HP_ERR_INIT;
	int ret;

	memcpy(text, source, length + 1);
	for (uint32_t i = 1 + draw(seed, 4); i; i--)
		damage(text, &length, room, seed);
	ret = hp_policy_parse("fuzz", text, &policy, &err);
	if (!ret) {
		assert_non_null(policy);
		assert_true(policy->domains_count > 0);
		(*taken)++;
		return;
	}
	assert_int_equal(ret, -EINVAL);
	assert_null(policy);
	assert_int_equal(err.exit, HP_EXIT_USAGE);
	assert_int_equal(strncmp(err.text, "fuzz:", 5), 0);
	assert_true(count_lines(err.text) <= 21);
}

static void damaged_policies_do_no_harm(void **state)
{
	uint32_t seed = 20250101;
	unsigned int taken = 0;
	glob_t files[3];

	(void)state;
	list("tests/fixtures/policies/good/*.yaml", 25, &files[0]);
	list("tests/fixtures/policies/bad/*.yaml", 80, &files[1]);
	list("policies/*.yaml", 4, &files[2]);
	for (unsigned int i = 0; i < FUZZ_ROUNDS; i++) {
		const glob_t *kind = &files[i % 3];
		const char *file = kind->gl_pathv[draw(&seed, kind->gl_pathc)];
		hp_autofree char *source = NULL;
		size_t length;

		assert_int_equal(hp_file_read(file, FILE_MAX, &source, &length, NULL), 0);
		fuzz_round(source, strlen(source), &seed, &taken);
	}
	for (size_t i = 0; i < hp_array_size(files); i++)
		globfree(&files[i]);
	/* Neither harmless nor all-destroying damage would test much. */
	assert_in_range(taken, FUZZ_ROUNDS / 50, FUZZ_ROUNDS / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_policies_are_taken),
		cmocka_unit_test(examples_are_taken),
		cmocka_unit_test(bad_policies_are_answered),
		cmocka_unit_test(at_most_twenty_are_told),
		cmocka_unit_test(monsters_are_refused),
		cmocka_unit_test(damaged_policies_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
