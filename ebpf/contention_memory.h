/* SPDX-License-Identifier: GPL-2.0 */
/* contention_memory.h: who allocated how much lately, and how a wait for memory is divided by it; pure. */
#ifndef CONTENTION_MEMORY_H
#define CONTENTION_MEMORY_H

#include "contention_math.h"

/* The phases of this kind of wait: reclaim of the machine's memory, reclaim within a limit, compaction, evicted pages. */
enum hp_memory_phase { HP_MEMORY_RECLAIM, HP_MEMORY_LIMIT, HP_MEMORY_COMPACTION, HP_MEMORY_REFAULT };

#define HP_MEMORY_WINDOWS 16u		/* a power of two */
#define HP_MEMORY_WINDOW_SHIFT 28	/* 2^28 ns = 268 ms; together 4.3 s */
#define HP_MEMORY_BEFORE 4u		/* a stall is due also to what was allocated in so many windows before it: 1.07 s */
#define HP_MEMORY_BATCH 64u		/* pages that a processor gathers before it tells */

/* Pages that each row allocated in one window of time; `number` = its start >> HP_MEMORY_WINDOW_SHIFT. */
struct hp_memory_window {
	__u64 number;
	__u64 pages[HP_ROWS_MAX];
};

/* The last windows, window n at [n % HP_MEMORY_WINDOWS]. */
struct hp_memory_windows {
	struct hp_memory_window at[HP_MEMORY_WINDOWS];
};

/* First window that counts for a stall which began at from_ns and ends at until_ns: not older than the history. */
static __always_inline __u64 hp_memory_first(__u64 from_ns, __u64 until_ns)
{
	__u64 first = from_ns >> HP_MEMORY_WINDOW_SHIFT, last = until_ns >> HP_MEMORY_WINDOW_SHIFT;

	first = first > HP_MEMORY_BEFORE ? first - HP_MEMORY_BEFORE : 0;
	return last - first >= HP_MEMORY_WINDOWS ? last - HP_MEMORY_WINDOWS + 1 : first;
}

/* Pages that the row allocated in the windows first to last. */
static __always_inline __u64 hp_memory_pages(const struct hp_memory_windows *windows, __u64 row, __u64 first, __u64 last)
{
	__u64 sum = 0;

	if (row >= HP_ROWS_MAX)
		return 0;
	for (__u32 i = 0; i < HP_MEMORY_WINDOWS; i++)
		if (windows->at[i].number >= first && windows->at[i].number <= last)
			sum += windows->at[i].pages[row];
	return sum;
}

/*
 * The time of a stall that is due to those who allocated `pages` of `total`,
 * without overflow: both are cut to 24 bits, the stall to 40 (18 minutes).
 */
static __always_inline __u64 hp_memory_share(__u64 stall_ns, __u64 pages, __u64 total)
{
	if (stall_ns >> 40)
		stall_ns = (1ull << 40) - 1;
	for (__u32 i = 0; i < 40 && total >> 24; i += 8) {
		total >>= 8;
		pages >>= 8;
	}
	return total ? stall_ns * pages / total : 0;
}

#endif
