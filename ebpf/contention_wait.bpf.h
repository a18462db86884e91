/* SPDX-License-Identifier: GPL-2.0 */
/* contention_wait.bpf.h: the counters that every kind of wait but the processor's has, each object its own. */
#ifndef CONTENTION_WAIT_BPF_H
#define CONTENTION_WAIT_BPF_H

#include "contention_math.h"
#include "contention_rows.bpf.h"
#include "contention_wait.h"
#include "outlier_wait.bpf.h"

const volatile __u32 rows_count = HP_ROW_DOMAIN;

/* The size is set at load: processors * rows. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hp_wait_row);
} hp_wait_rows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HP_WAIT_LOST_REASONS);
	__type(key, __u32);
	__type(value, __u64);
} hp_wait_lost_counts SEC(".maps");

/* An interrupt's program may come between: all of these counters are added to atomically. */
static __always_inline void add_to(__u64 *counter, __u64 amount)
{
	__sync_fetch_and_add(counter, amount);
}

static __always_inline void count_wait_lost(__u32 reason)
{
	__u64 *count = bpf_map_lookup_elem(&hp_wait_lost_counts, &reason);

	if (count)
		add_to(count, 1);
}

/* The victim's counters on this processor. */
static __always_inline struct hp_wait_row *wait_row_of(__u64 victim)
{
	__u32 key = bpf_get_smp_processor_id() * rows_count + (__u32)victim;

	return victim < rows_count ? bpf_map_lookup_elem(&hp_wait_rows, &key) : NULL;
}

/* A phase of a wait has ended, which the kind's documentation names. */
static __always_inline void count_phase(struct hp_wait_row *victim, __u32 phase, __u64 length_ns)
{
	__u64 bucket = hp_latency_bucket(length_ns);

	barrier_var(bucket);	/* 6.1 does not always find out by itself how large it can be */
	if (phase >= HP_WAIT_PHASES || bucket >= HP_LATENCY_BUCKETS)
		return;
	add_to(&victim->phase_ns[phase], length_ns);
	add_to(&victim->latency[phase][bucket], 1);
}

/* For programs that run in the context of the one who waits; not in interrupts. */
static __always_inline __u64 row_of_current(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (task->pid == 0)
		return HP_ROW_IDLE;
	return row_for(task, find_row(task->cgroups->dfl_cgrp));
}

#endif
