/* SPDX-License-Identifier: GPL-2.0 */
/* contention_wait.h: what is counted about waits for anything but a processor, as it is shared with user space. */
#ifndef CONTENTION_WAIT_H
#define CONTENTION_WAIT_H

#include "contention.h"

#define HP_WAIT_PHASES 4u

/*
 * One victim's row of one processor: hp_wait_rows[cpu * rows + victim]. All
 * times in nanoseconds, all counts since the programs were loaded. What the
 * events and the phases are is each kind's own; phases of one wait that follow
 * each other are counted each.
 */
struct hp_wait_row {
	__u64 by_ns[HP_ROWS_MAX];	/* this row waited because of that one; HP_ROW_IDLE = because of nobody */
	__u64 events[HP_ROWS_MAX];	/* other harm that came of that row */
	__u64 phase_ns[HP_WAIT_PHASES];
	__u64 latency[HP_WAIT_PHASES][HP_LATENCY_BUCKETS];	/* as in struct hp_row */
};

enum hp_wait_lost {
	HP_WAIT_LOST_ROOM,	/* waits not counted, as a table was full */
	HP_WAIT_LOST_EVENT,	/* waits not counted, as their end was not told */
	HP_WAIT_LOST_REASONS,
};

#endif
