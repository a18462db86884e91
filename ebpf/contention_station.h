/* SPDX-License-Identifier: GPL-2.0 */
/* contention_station.h: how the time of something that serves several at once is divided; pure, for BPF and user space. */
#ifndef CONTENTION_STATION_H
#define CONTENTION_STATION_H

#include "contention.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

/*
 * A disk, a port: how much of its time each row has had so far. While several
 * are served at once they share the time by weight (a disk: by the number of
 * requests it has in hand). The time during which nobody is served is
 * HP_ROW_IDLE's. Starts zeroed; one writer at a time.
 */
struct hp_station {
	__u64 since_ns;		/* used_ns[] is right up to here */
	__u64 weight;		/* sum of weights[], below 2^32 */
	__u64 weights[HP_ROWS_MAX];
	__u64 used_ns[HP_ROWS_MAX];
};

/*
 * Divides the time up to now_ns among those who are served. Returns the
 * station's time: processors' clocks may disagree a little, and it never goes
 * back. To measure by it makes every wait the exact sum of its parts.
 */
static __always_inline __u64 hp_station_advance(struct hp_station *station, __u32 rows, __u64 now_ns)
{
	__u64 passed, each, rest, weight = 0, given = 0, until;

	if (now_ns <= station->since_ns)
		return station->since_ns;
	passed = now_ns - station->since_ns;
	station->since_ns = now_ns;
	if (!station->weight) {
		station->used_ns[HP_ROW_IDLE] += passed;
		return now_ns;
	}
	/* By running sums, so that what is rounded off goes to the next, and the last makes it whole. */
	each = passed / station->weight;
	rest = passed % station->weight;
	for (__u32 row = 0; row < HP_ROWS_MAX && row < rows; row++) {
		if (!station->weights[row])
			continue;
		weight += station->weights[row];
		until = each * weight + rest * weight / station->weight;
		station->used_ns[row] += until - given;
		given = until;
	}
	return now_ns;
}

/* From now on the row has `amount` more weight. hp_station_advance() first. */
static __always_inline void hp_station_add(struct hp_station *station, __u64 row, __u64 amount)
{
	if (row >= HP_ROWS_MAX)
		return;
	station->weights[row] += amount;
	station->weight += amount;
}

/* The other way; never below nothing. */
static __always_inline void hp_station_remove(struct hp_station *station, __u64 row, __u64 amount)
{
	if (row >= HP_ROWS_MAX || station->weights[row] < amount)
		return;
	station->weights[row] -= amount;
	station->weight -= amount;
}

/* Nobody is served any more. */
static __always_inline void hp_station_empty(struct hp_station *station, __u32 rows)
{
	for (__u32 row = 0; row < HP_ROWS_MAX && row < rows; row++)
		*(volatile __u64 *)&station->weights[row] = 0;	/* or else clang calls memset(), which BPF has not */
	station->weight = 0;
}

/* Notes how much each had when a wait begins, in used_ns[], which has at least `rows` places. */
static __always_inline void hp_station_note(const struct hp_station *station, __u32 rows, __u64 *used_ns)
{
	for (__u32 row = 0; row < HP_ROWS_MAX && row < rows; row++)
		used_ns[row] = station->used_ns[row];
}

/* When it ends: turns what was noted into what each had meanwhile. Their sum is the station's time that passed. */
static __always_inline void hp_station_settle(const struct hp_station *station, __u32 rows, __u64 *used_ns)
{
	for (__u32 row = 0; row < HP_ROWS_MAX && row < rows; row++)
		used_ns[row] = station->used_ns[row] - used_ns[row];
}

#endif
