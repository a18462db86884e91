/* SPDX-License-Identifier: GPL-2.0 */
/* outlier_wait.bpf.h: tells user space of single waits; for every kind of wait but the processor's. */
#ifndef OUTLIER_WAIT_BPF_H
#define OUTLIER_WAIT_BPF_H

#include "contention_rows.bpf.h"
#include "outlier_ring.bpf.h"
#include "outlier_wait.h"

/*
 * Off unless user space gives a bound: then the verifier sees a constant of 0
 * and leaves all of it out, and the maps are not made. A record is made
 * in the ring itself: one of an interrupt may come between.
 */
const volatile __u64 outlier_above_ns = 0;
const volatile bool outlier_wants_all;	/* also the waits of who is in no domain */
const volatile bool outlier_wants_stacks;

static __always_inline bool is_outlier(__u64 row, __u64 wait_ns)
{
	return outlier_above_ns && wait_ns >= outlier_above_ns && row != HP_ROW_IDLE &&
	       (row >= HP_ROW_DOMAIN || outlier_wants_all);
}

/* A record to be filled and submitted, all zero but rows_ns and holders. NULL, and counted, when there is no room. */
static __always_inline struct hp_outlier_wait *new_outlier(__u64 row, __u64 wait_ns, __u32 phase)
{
	struct hp_outlier_wait *record = bpf_ringbuf_reserve(&hp_outlier_ring, sizeof(*record), 0);

	if (!record) {
		count_no_room();
		return NULL;
	}
	__builtin_memset(record, 0, __builtin_offsetof(struct hp_outlier_wait, rows_ns));
	record->end_ns = bpf_ktime_get_ns();
	record->wait_ns = wait_ns;
	record->phase = phase;
	record->victim.time_ns = wait_ns;
	record->victim.row = (__u32)row;
	return record;
}

/* The task that waited is this one. */
static __always_inline void name_victim(struct hp_outlier_wait *record, struct task_struct *task)
{
	record->victim.pid = (__u32)task->pid;
	bpf_probe_read_kernel(record->victim.comm, sizeof(record->victim.comm), task->comm);
}

#endif
