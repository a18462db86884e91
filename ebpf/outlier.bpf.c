// SPDX-License-Identifier: GPL-2.0
/* outlier.bpf.c: tells user space of each wait for a processor that was longer than a bound, and of nothing else. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "contention_rows.bpf.h"
#include "core_fixes.bpf.h"
#include "outlier_math.h"
#include "outlier_ring.bpf.h"

/*
 * As in contention_cpu.bpf.c, the scheduler's own accounts say how long a task
 * waited. Here the history is of tasks, and short: it is only asked when a
 * wait was long, and what it does not reach is told as unknown.
 */

#define KNOWN_CGROUPS 256u		/* a power of two */

char LICENSE[] SEC("license") = "GPL";

const volatile __u64 above_ns = 10000000;
const volatile __u32 slots_count = 1;	/* a power of two */
const volatile bool wants_stacks;
const volatile bool wants_all;		/* also the waits of tasks in no domain */

struct known_cgroup {
	__u64 id;	/* cgroup ids are never used again */
	__u64 row;
};

/* Written by its own processor only. */
struct hp_outlier_cpu {
	struct known_cgroup known[KNOWN_CGROUPS];
	struct hp_turns turns;
	struct hp_outlier record;	/* being made; too large for the stack */
} __attribute__((aligned(128)));

/* What a task's accounts were when it last got a processor. */
struct hp_arrival {
	__u64 start_ns;		/* the task's start_time: tells apart those that share a slot */
	__u64 at_ns;
	__u64 run_delay_ns;
	__u64 unused;
};

/* Sizes are set at load: processors, tasks, bytes. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hp_outlier_cpu);
} hp_outlier_cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hp_arrival);
} hp_arrivals SEC(".maps");

static __always_inline __u32 row_of(struct hp_outlier_cpu *cpu, struct task_struct *task)
{
	struct known_cgroup *known;
	__u64 id;

	if (task->pid == 0)
		return HP_ROW_IDLE;
	id = cgroup_id_of(task);
	known = &cpu->known[id & (KNOWN_CGROUPS - 1)];
	if (known->id != id) {
		known->row = find_row(task->cgroups->dfl_cgrp);
		known->id = id;
	}
	return (__u32)row_for(task, known->row);
}

static __always_inline void begin_turn(struct hp_outlier_cpu *cpu, struct task_struct *task, __u32 row, __u64 now)
{
	struct hp_turn *turn = hp_turns_begin(&cpu->turns, now);

	turn->pid = (__u32)task->pid;
	turn->row = row;
	bpf_probe_read_kernel(turn->comm, sizeof(turn->comm), task->comm);
}

static __always_inline void add_stacks(void *ctx, struct hp_outlier *record, struct task_struct *next)
{
	__builtin_memset(record->victim_stack, 0, sizeof(record->victim_stack));
	__builtin_memset(record->last_stack, 0, sizeof(record->last_stack));
	bpf_get_task_stack(next, record->victim_stack, sizeof(record->victim_stack), 0);
	/* The task that leaves is still the current one. */
	bpf_get_stack(ctx, record->last_stack, sizeof(record->last_stack), 0);
}

static __always_inline void tell(void *ctx, struct hp_outlier_cpu *cpu, struct task_struct *next, __u32 row, __u64 queued,
				 __u64 now, __u64 elsewhere_ns)
{
	struct hp_outlier *record = &cpu->record;
	const struct hp_turn *last = &cpu->turns.ring[(cpu->turns.count - 1) & (HP_TURNS - 1)];
	__u64 size = __builtin_offsetof(struct hp_outlier, victim_stack);

	__builtin_memset(record, 0, __builtin_offsetof(struct hp_outlier, victim_stack));
	record->end_ns = bpf_ktime_get_ns();
	record->processor = bpf_get_smp_processor_id();
	record->elsewhere_ns = elsewhere_ns;
	record->victim.time_ns = now - queued;
	record->victim.pid = (__u32)next->pid;
	record->victim.row = row;
	bpf_probe_read_kernel(record->victim.comm, sizeof(record->victim.comm), next->comm);
	hp_outlier_take(&record->last, last, now - last->start_ns);
	hp_turns_tell(&cpu->turns, record, queued, now);
	if (wants_stacks) {
		add_stacks(ctx, record, next);
		size = sizeof(*record);
	}
	if (bpf_ringbuf_output(&hp_outlier_ring, record, size, 0))
		count_no_room();
}

/* What it waited on other processors since it last had one; 0 when that is not known. */
static __always_inline __u64 settle(struct task_struct *task, __u64 waited_here, __u64 now)
{
	__u32 key = (__u32)task->pid & (slots_count - 1);
	struct hp_arrival *arrival = bpf_map_lookup_elem(&hp_arrivals, &key);
	__u64 run_delay = task->sched_info.run_delay, elsewhere = 0;

	if (!arrival)
		return 0;
	/* A switch to it that was not told would make an old wait part of this one: its last arrival must be known. */
	if (arrival->start_ns == task->start_time && arrival->at_ns == task->sched_info.last_arrival)
		elsewhere = run_delay - arrival->run_delay_ns;
	else if (task->sched_info.pcount == 0)
		elsewhere = run_delay;
	arrival->start_ns = task->start_time;
	arrival->at_ns = now;
	arrival->run_delay_ns = run_delay + waited_here;
	return elsewhere;
}

/* The task that leaves is not the one that we saw come: its own accounts say when it came. */
static __always_inline void make_up_for(struct hp_outlier_cpu *cpu, struct task_struct *prev)
{
	const struct hp_turn *newest = &cpu->turns.ring[(cpu->turns.count - 1) & (HP_TURNS - 1)];

	if (cpu->turns.count == 0 || newest->pid != (__u32)prev->pid)
		begin_turn(cpu, prev, row_of(cpu, prev), prev->sched_info.last_arrival);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(hp_outlier_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	__u32 processor = bpf_get_smp_processor_id(), row;
	struct hp_outlier_cpu *cpu = bpf_map_lookup_elem(&hp_outlier_cpus, &processor);
	__u64 now = queue_clock_of(next), queued, waited, elsewhere;

	if (!cpu)
		return 0;
	make_up_for(cpu, prev);
	row = row_of(cpu, next);
	if (row != HP_ROW_IDLE) {
		queued = next->sched_info.last_queued;
		waited = queued && queued < now ? now - queued : 0;
		elsewhere = settle(next, waited, now);
		if (waited + elsewhere >= above_ns && (row >= HP_ROW_DOMAIN || wants_all))
			tell(ctx, cpu, next, row, now - waited, now, elsewhere);
	}
	begin_turn(cpu, next, row, now);
	return 0;
}
