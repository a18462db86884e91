// SPDX-License-Identifier: GPL-2.0
/* words.c: words for messages: the nearest of a list, a list in prose, natural order, ends. */
#include "base/hp_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 64	/* longer words are never what somebody meant to type */

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int least = a < b ? a : b;

	return least < c ? least : c;
}

static bool is_same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/*
 * Damerau-Levenshtein distance, restricted form: insert, delete, replace or
 * swap two neighbours, each costs one. Only the last three rows are kept.
 */
static unsigned int distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned int rows[3][WORD_MAX + 1];
	unsigned int *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_len; j++)
		above[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned int *recycled;

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			row[j] = min3(above[j] + 1, row[j - 1] + 1,
				      above[j - 1] + !is_same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) &&
			    is_same(a[i - 2], b[j - 1]) && before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		recycled = before;
		before = above;
		above = row;
		row = recycled;
	}
	return above[b_len];
}

const char *hp_word_nearest(const char *word, const char *const *words)
{
	size_t len = strnlen(word, WORD_MAX + 1);
	const char *best = NULL;
	unsigned int best_cost = 0;

	if (!len || len > WORD_MAX)
		return NULL;
	for (; *words; words++) {
		size_t other_len = strnlen(*words, WORD_MAX + 1);
		unsigned int cost;

		if (other_len > WORD_MAX)
			continue;
		cost = distance(word, len, *words, other_len);
		if (3 * cost > (len > other_len ? len : other_len))
			continue;
		if (!best || cost < best_cost) {
			best = *words;
			best_cost = cost;
		}
	}
	return best;
}

struct hp_hint_text hp_did_you_mean(const char *nearest)
{
	struct hp_hint_text hint = { "" };

	if (nearest)
		snprintf(hint.text, sizeof(hint.text), "; did you mean '%.*s'?", WORD_MAX, nearest);
	return hint;
}

char *hp_words_join(const char *const *words)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool failed;

	if (!out)
		return NULL;
	for (size_t i = 0; words[i]; i++)
		fprintf(out, "%s%s", !i ? "" : words[i + 1] ? ", " : " or ", words[i]);
	failed = ferror(out);
	if (fclose(out) || failed) {
		free(text);
		return NULL;
	}
	return text;
}

/* Compares two runs of digits by value, whatever their length; leaves both behind the run. */
static int compare_numbers(const char **a, const char **b)
{
	size_t a_len, b_len;
	int order;

	*a += strspn(*a, "0");
	*b += strspn(*b, "0");
	a_len = strspn(*a, "0123456789");
	b_len = strspn(*b, "0123456789");
	order = a_len != b_len ? (a_len < b_len ? -1 : 1) : strncmp(*a, *b, a_len);
	*a += a_len;
	*b += b_len;
	return order;
}

int hp_natural_cmp(const char *a, const char *b)
{
	const char *a_start = a, *b_start = b;
	int order;

	while (*a && *b) {
		if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
			order = compare_numbers(&a, &b);
			if (order)
				return order;
			continue;
		}
		if (*a != *b)
			return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
		a++;
		b++;
	}
	if (*a || *b)
		return *a ? 1 : -1;
	/* Equal but for leading zeros ("a01", "a1"): still a total order. */
	return strcmp(a_start, b_start);
}

bool hp_text_ends_with(const char *text, const char *end)
{
	size_t text_len = strlen(text), end_len = strlen(end);

	return text_len >= end_len && strcmp(text + text_len - end_len, end) == 0;
}
