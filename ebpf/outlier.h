/* SPDX-License-Identifier: GPL-2.0 */
/* outlier.h: one wait that was too long, as the kernel tells it to user space. */
#ifndef OUTLIER_H
#define OUTLIER_H

#include "contention.h"

#define HP_OUTLIER_COMM 16u	/* TASK_COMM_LEN */
#define HP_OUTLIER_BLAMED 8u
#define HP_OUTLIER_FRAMES 24u

/* A task: who waited, or who had the processor meanwhile. */
struct hp_outlier_task {
	__u64 time_ns;		/* how long it had the processor during the wait; of the victim, how long it waited here */
	__u32 pid;		/* 0 = the processor was idle */
	__u32 row;		/* enum hp_row_index */
	char comm[HP_OUTLIER_COMM];	/* chosen by the task itself */
};

/*
 * victim.time_ns + elsewhere_ns is the whole wait; victim.time_ns is the sum
 * of blamed[].time_ns, others_ns and unknown_ns. Without stacks the record
 * ends before victim_stack.
 */
struct hp_outlier {
	__u64 end_ns;		/* CLOCK_MONOTONIC, when it got the processor */
	__u64 elsewhere_ns;	/* waited on other processors, before it was moved here */
	__u64 others_ns;	/* of more tasks than have room in blamed[] */
	__u64 unknown_ns;	/* further back than the history reaches */
	__u32 processor;
	__u32 was_preempted;	/* it waited because another took the processor from it */
	struct hp_outlier_task victim;
	struct hp_outlier_task blamed[HP_OUTLIER_BLAMED];	/* an unused one has no time; in no order */
	struct hp_outlier_task last;	/* who had the processor just before */
	/* Kernel stacks, innermost first, 0 ends them: where the victim left the processor, and where the last one did. */
	__u64 victim_stack[HP_OUTLIER_FRAMES];
	__u64 last_stack[HP_OUTLIER_FRAMES];
};

#endif
