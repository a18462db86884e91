/* SPDX-License-Identifier: GPL-2.0 */
/* contention.h: what the contention programs count, as they share it with user space. */
#ifndef CONTENTION_H
#define CONTENTION_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

/*
 * Who had a processor, and who waited for one. The first rows are always
 * there; the domains follow in the order in which user space gave them.
 */
enum hp_row_index {
	HP_ROW_IDLE,		/* nobody: the processor was idle or waking up; blames no one */
	HP_ROW_UNKNOWN,		/* a part of a wait that reaches back further than the history */
	HP_ROW_BASE,		/* processes outside of the domains */
	HP_ROW_KERNEL,		/* kernel threads, unless they sit in a domain's cgroup */
	HP_ROW_IRQ,		/* interrupt handlers of devices that no domain owns */
	HP_ROW_SOFTIRQ,
	HP_ROW_DOMAIN,		/* the first domain */
};

#define HP_ROWS_MAX 72u
#define HP_LATENCY_BUCKETS 39u

/*
 * One row of one processor: hp_rows[cpu * rows + row]. All times in
 * nanoseconds, all counts since the programs were loaded.
 */
struct hp_row {
	__u64 by_ns[HP_ROWS_MAX];		/* this row waited while that row had the processor */
	__u64 preempted_by[HP_ROWS_MAX];	/* involuntary switches from this row to that one */
	__u64 stolen_ns[HP_ROWS_MAX];		/* interrupts of that row while a task of this row ran */
	__u64 latency[HP_LATENCY_BUCKETS];	/* waits of [2^(i-1), 2^i) ns; 0 = no wait; the last one has all longer ones */
	__u64 contended;			/* windows that this processor found to be contended, see below */
};

/*
 * Contention rate of a domain: the share of windows of 10 ms in which it lost
 * more than 5 % of the time to other domains.
 *
 * Window n is [n, n + 1) * HP_WINDOW_NS of the run queues' clocks, which are
 * one clock where the TSC can be trusted. "The time" is the window's length
 * for each processor that the domain may use: of the cpuset of its cgroup, or
 * of the nearest above that has one. "Lost" is what its tasks waited, each of
 * them, while another domain or the base had the processor; kernel threads,
 * softirqs and devices of nobody are not domains. It is that part of the
 * matrix, in the windows in which it was waited: of a wait that spans several,
 * each gets what was lost in it, and a window counts (once) when a wait that
 * ends takes it over the limit. So it counts for the time in which that wait
 * ended, and a wait that has not ended is not known. Of a wait that reaches
 * back over more than HP_WINDOWS - 1 windows, what is older is lost
 * (HP_LOST_WINDOW).
 */
#define HP_WINDOW_NS 10000000ull
#define HP_WINDOW_LOST_PERCENT 5u
#define HP_WINDOWS 128u	/* a power of two */

/* The last windows of one row, window n in words[n % HP_WINDOWS]: n's low half << 32 | what was lost, in ns. */
struct hp_windows {
	__u64 limit_ns;		/* of loss in one window, by user space; 0 = this row has no contention rate */
	__u64 words[HP_WINDOWS];
};

enum hp_lost {
	HP_LOST_HISTORY,	/* waits that reach back further than the history; the rest is in HP_ROW_UNKNOWN */
	HP_LOST_ORIGIN,		/* waiting tasks moved to another processor whose wait so far was not known */
	HP_LOST_NESTED,		/* interrupts in the midst of our own accounting of a softirq */
	HP_LOST_SWITCH,		/* switches that were not told; the waits before them were made up for */
	HP_LOST_WINDOW,		/* waits of which the contention rate lacks a part */
	HP_LOST_REASONS,
};

/* What a task's run_delay was when its last wait ended: so much of it is accounted for. */
struct hp_slot {
	__u64 start_ns;		/* the task's start_time: tells apart those that share a slot */
	__u64 run_delay_ns;
	__u64 carried_ns;	/* of the present wait, spent on other processors */
	__u64 unused;
};

#endif
