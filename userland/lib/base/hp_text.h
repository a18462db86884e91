/* SPDX-License-Identifier: GPL-2.0 */
/* hp_text.h: small text helpers: sizes, CPU lists, nearest word, formatted text. */
#ifndef HP_TEXT_H
#define HP_TEXT_H

#include <hwloc.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

/*
 * "4096", "64KiB", "2GiB", "1.5GiB", also K/M/G/T = the same powers of 1024.
 * Returns 0, -EINVAL (not a size) or -ERANGE (does not fit 64 bits).
 */
int hp_size_parse(const char *text, uint64_t *bytes);
/* "2GiB", "1.5GiB", "4096": exact value where one decimal suffices, bytes otherwise. Caller frees. */
char *hp_size_format(uint64_t bytes);
/* For tables: rounded to three significant digits, "7.62GiB". Caller frees. */
char *hp_size_human(uint64_t bytes);
/* "50%" or "12.5%": thousandths of a percent in *milli (50% = 50000). -EINVAL, -ERANGE unless 0 < x <= 100. */
int hp_percent_parse(const char *text, unsigned int *milli);

/*
 * Kernel list format ("0-3,8"). Strict: no empty text, no reversed ranges, no
 * number above HP_CPU_MAX. The set belongs to the caller and is zeroed first.
 */
#define HP_CPU_MAX 65535u
int hp_cpulist_parse(const char *text, hwloc_bitmap_t set);
char *hp_cpulist_format(hwloc_const_bitmap_t set);	/* "" for the empty set; caller frees */

static inline void hp_bitmap_freep(hwloc_bitmap_t *set)
{
	hwloc_bitmap_free(*set);
}
#define hp_autobitmap __attribute__((cleanup(hp_bitmap_freep))) hwloc_bitmap_t

/*
 * The word of a NULL-terminated list that is nearest to `word` (Damerau-
 * Levenshtein distance, case folded), or NULL when none is near enough to be
 * what was meant (more than a third of the letters differ).
 */
const char *hp_word_nearest(const char *word, const char *const *words);
/* The end of a message: "; did you mean 'NEAREST'?", or nothing when there is none. */
struct hp_hint_text {
	char text[96];
};
struct hp_hint_text hp_did_you_mean(const char *nearest);
/* "a, b or c" for messages; caller frees. */
char *hp_words_join(const char *const *words);

/* Like asprintf(), but what comes back is the text, NULL when out of memory; caller frees. */
__attribute__((format(printf, 1, 2)))
char *hp_format(const char *fmt, ...);
__attribute__((format(printf, 1, 0)))
char *hp_vformat(const char *fmt, va_list ap);

/* What stands before the first `mark`, all of it when there is none. NULL when out of memory; caller frees. */
char *hp_text_before(const char *text, const char *mark);
bool hp_text_ends_with(const char *text, const char *end);

/* Natural order: digits compare as numbers. */
int hp_natural_cmp(const char *a, const char *b);

#endif
