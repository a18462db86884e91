/* SPDX-License-Identifier: GPL-2.0 */
/* hp_blame.h: what was counted about who waited for whom, summed over the processors. */
#ifndef HP_BLAME_H
#define HP_BLAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "contention.h"

/*
 * A square: rows[victim].by_ns[aggressor], both enum hp_row_index, the domains
 * from HP_ROW_DOMAIN on. Nanoseconds and counts. Starts as HP_BLAME_INIT.
 */
struct hp_blame {
	struct hp_row *rows;	/* owned; count of them */
	size_t count;
	uint64_t time_ns;	/* CLOCK_MONOTONIC when it was read; of a difference: how long it covers */
	uint64_t lost[HP_LOST_REASONS];
	uint64_t skipped;	/* runs of a program that the kernel skipped, as it was at work on the same processor */
};

#define HP_BLAME_INIT { NULL, 0, 0, { 0 }, 0 }
void hp_blame_clear(struct hp_blame *blame);
#define hp_autoblame __attribute__((cleanup(hp_blame_clear))) struct hp_blame

/* An empty square of `count` rows; -ENOMEM. */
int hp_blame_init(struct hp_blame *blame, size_t count);
/* Adds one processor's rows, `count` of them. */
void hp_blame_add(struct hp_blame *blame, const struct hp_row *rows);
/* later -= earlier, of the same count: what happened in between. */
void hp_blame_subtract(struct hp_blame *later, const struct hp_blame *earlier);
/* into += what, of the same count: the way back. */
void hp_blame_accumulate(struct hp_blame *into, const struct hp_blame *what);

/* All that the row waited: the sum of its by_ns[]. */
uint64_t hp_blame_wait_ns(const struct hp_blame *blame, size_t victim);
/* Can this aggressor be blamed by this victim? Not an idle processor, not what is not known, not its own kind. */
bool hp_blame_is_foreign(size_t victim, size_t aggressor);
/* Waits because of others: the sum of by_ns[] over the foreign ones. */
uint64_t hp_blame_foreign_ns(const struct hp_blame *blame, size_t victim);
/* Time that others' interrupts took from running tasks of the row. */
uint64_t hp_blame_stolen_ns(const struct hp_blame *blame, size_t victim);
/* Involuntary switches away from tasks of the row, all and those to others. */
uint64_t hp_blame_preemptions(const struct hp_blame *blame, size_t victim);
uint64_t hp_blame_foreign_preemptions(const struct hp_blame *blame, size_t victim);
/*
 * The share, 0 to 1, of windows of HP_WINDOW_NS in which the row lost more
 * than HP_WINDOW_LOST_PERCENT of the time to other domains, as contention.h
 * defines it; of a difference. Of waits that ended in it: a second in which a
 * long wait ended may owe windows to the one before it, hence the bound by 1.
 * -1 for HP_ROW_KERNEL, which has no time of its own to lose.
 */
double hp_blame_contention_rate(const struct hp_blame *blame, size_t victim);
/* How many waits ended. */
uint64_t hp_blame_waits(const struct hp_blame *blame, size_t victim);
/*
 * The wait that permille of 1000 waits do not exceed, interpolated inside its
 * power of two; 0 when there was none. 1 <= permille <= 1000.
 */
uint64_t hp_blame_percentile_ns(const struct hp_blame *blame, size_t victim, unsigned int permille);
/* The same of any histogram with such buckets. */
uint64_t hp_latency_percentile_ns(const uint64_t latency[HP_LATENCY_BUCKETS], unsigned int permille);
/* What the rows that are no domain are called. */
extern const char *const hp_row_words[HP_ROW_DOMAIN];
/* Short words for enum hp_lost. */
extern const char *const hp_lost_words[HP_LOST_REASONS];
/* Everything that was not counted. */
uint64_t hp_blame_lost(const struct hp_blame *blame);

#endif
