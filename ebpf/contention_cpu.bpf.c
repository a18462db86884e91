// SPDX-License-Identifier: GPL-2.0
/* contention_cpu.bpf.c: divides every wait for a processor among those who had it meanwhile. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "core_fixes.bpf.h"
#include "contention_windows.h"
#include "contention_rows.bpf.h"

/*
 * The scheduler itself notes when a task was queued (sched_info.last_queued,
 * in the clock of its run queue; set at wake-up, at preemption, and anew on
 * another processor), and adds the wait to run_delay. Reading that at the
 * switch makes a hook at every wake-up unnecessary, and our sums are the
 * kernel's own. Who had the processor since then is in its history. A task
 * counts for the domain that it has when it gets the processor.
 *
 * All is preallocated: nothing here allocates under the run queue's lock.
 */

#define TASK_ON_RQ_MIGRATING 2		/* kernel/sched/sched.h */
#define KNOWN_CGROUPS 256u		/* a power of two */

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 rows_count = HP_ROW_DOMAIN;
const volatile __u32 slots_count = 1;	/* a power of two */
/* Not used here, but it is what the counts mean: with another one these are other programs, and not taken over. */
const volatile __u32 window_lost_percent = HP_WINDOW_LOST_PERCENT;

struct known_cgroup {
	__u64 id;	/* cgroup ids are never used again */
	__u64 row;
};

/* Written by its own processor only. */
struct hp_cpu {
	__u64 began_ns;		/* first switch seen, in the run queue's clock; 0 = none yet */
	__u64 task_row;		/* of the task that has the processor, also while it is interrupted */
	__u64 task_pid;
	struct known_cgroup last;	/* of known[], the one that was asked for last: mostly it is asked for again */
	__u64 offset_ns;	/* run queue's clock - CLOCK_MONOTONIC; interrupts can read only the latter */
	__u64 irq_since_ns, irq_row;	/* CLOCK_MONOTONIC; 0 = not in an interrupt that we saw begin */
	__u64 irq_total_ns;	/* all interrupts ever */
	__u64 softirq_since_ns, softirq_irq_ns;
	__u64 wants_offset;	/* interrupts came: compare the clocks at the next switch */
	__u64 is_accounting;	/* a softirq program is at work: an interrupt must not meddle */
	struct hp_history history;
	struct known_cgroup known[KNOWN_CGROUPS];
} __attribute__((aligned(128)));

/* Sizes are set at load: processors, processors * rows, tasks. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hp_cpu);
} hp_cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hp_row);
} hp_rows SEC(".maps");

/*
 * Of task p: slot p->pid % slots_count. Two tasks that share one lose what
 * only a move while waiting asks for. Task storage would have one for each,
 * but takes three times as long to find (27 against 8 ns on 6.18), and on 6.1
 * it allocates under the run queue's lock.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hp_slot);
} hp_slots SEC(".maps");

/* Row that an interrupt's device belongs to; 0 = no domain's. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} hp_irq_rows SEC(".maps");

/* By row, for all processors together. User space changes the limits while others add to the words. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hp_windows);
} hp_row_windows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HP_LOST_REASONS);
	__type(key, __u32);
	__type(value, __u64);
} hp_lost_counts SEC(".maps");

/*
 * Called at a switch from or to a task that stands still for lack of memory.
 * A second program at the switch would cost every switch as much as the first,
 * nearly all of it for being called; asking here costs two loads.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} hp_stall_switch SEC(".maps");

static __always_inline void count_lost(__u32 reason)
{
	__u64 *count = bpf_map_lookup_elem(&hp_lost_counts, &reason);

	if (count)
		(*count)++;
}

static __always_inline struct hp_row *row_at(__u32 processor, __u64 row)
{
	__u32 key = processor * rows_count + (__u32)row;

	return bpf_map_lookup_elem(&hp_rows, &key);
}

static __always_inline __u64 row_of(struct hp_cpu *cpu, struct task_struct *task)
{
	struct known_cgroup *known;
	__u64 id;

	if (task->pid == 0)
		return HP_ROW_IDLE;
	id = cgroup_id_of(task);
	if (cpu->last.id != id) {
		known = &cpu->known[id & (KNOWN_CGROUPS - 1)];
		if (known->id != id) {
			known->row = find_row(task->cgroups->dfl_cgrp);
			known->id = id;
		}
		cpu->last = *known;
	}
	return row_for(task, cpu->last.row);
}

static __always_inline struct hp_slot *slot_of(struct task_struct *task)
{
	__u32 key = (__u32)task->pid & (slots_count - 1);

	return bpf_map_lookup_elem(&hp_slots, &key);
}

/* Other domains caused a part of this wait: it counts for the contention rate. */
static __always_inline void count_windows(struct hp_history *history, struct hp_wait *wait, struct hp_row *victim)
{
	__u32 key = (__u32)wait->victim;
	struct hp_windows *windows = bpf_map_lookup_elem(&hp_row_windows, &key);
	struct hp_deal deal;

	if (!windows || !windows->limit_ns)
		return;
	hp_windows_deal(history, wait, windows, &deal);
	victim->contended += deal.crossed;
	if (deal.lost)
		count_lost(HP_LOST_WINDOW);
}

hp_global int charge_parts(struct hp_history *history, struct hp_row *victim, __u64 row, __u64 from, __u64 until)
{
	struct hp_wait wait = { from, until, row, 0 };

	if (!history || !victim)
		return 0;
	if (!hp_history_charge(history, &wait, victim))
		count_lost(HP_LOST_HISTORY);
	if (wait.lost_ns)
		count_windows(history, &wait, victim);
	return 0;
}

/* A wait, or a part of one, of a task of the row `row`, whose counters on this processor are `victim`. */
static __always_inline void charge(struct hp_history *history, __u64 row, struct hp_row *victim, __u64 from, __u64 until)
{
	__u64 by = history->row;
	_Bool is_plain = from >= history->since_ns && from <= until && (by == row || !hp_row_is_domain(by));

	barrier_var(by);	/* lest the bounds of row are looked at, which is the same */
	/* Nearly every one: nobody came since it began, and whoever was there is of the same row, or of no domain. */
	if (is_plain && by < HP_ROWS_MAX)
		victim->by_ns[by] += until - from;
	else
		charge_parts(history, victim, row, from, until);
}

/* `next` gets the processor: what it waited for is known now. */
static __always_inline void end_wait(struct hp_cpu *cpu, __u64 row, struct hp_row *victim, struct task_struct *next,
				     __u64 now)
{
	__u64 queued = next->sched_info.last_queued, start = next->start_time;
	struct hp_slot *slot = slot_of(next);
	__u64 waited = now - queued;

	/* Whoever waited already when we began is not counted: nobody knows for whom. */
	if (queued < cpu->began_ns || queued > now)
		waited = 0;
	else
		charge(&cpu->history, row, victim, queued, now);
	if (slot) {
		if (slot->start_ns != start) {
			slot->start_ns = start;
			slot->carried_ns = 0;
		}
		slot->run_delay_ns = next->sched_info.run_delay + (queued ? now - queued : 0);
		waited += slot->carried_ns;
		slot->carried_ns = 0;
	}
	if (queued >= cpu->began_ns)
		victim->latency[hp_latency_bucket(waited)]++;
}

/*
 * The task that leaves is not the one that we saw come: a switch was not told
 * (a program does not run while it runs already, and there are kernels that
 * hide tasks of their supervisor). Its own accounts say when it came and what
 * it waited. What came and went between is not known.
 */
static __noinline void make_up_for(struct hp_cpu *cpu, struct task_struct *task, __u32 processor)
{
	__u64 arrived = task->sched_info.last_arrival, delay = task->sched_info.run_delay;
	__u64 row = row_of(cpu, task), waited;
	struct hp_row *stats = row_at(processor, row);
	struct hp_slot *slot = slot_of(task);

	count_lost(HP_LOST_SWITCH);
	if (stats && slot && slot->start_ns == task->start_time && delay >= slot->run_delay_ns) {
		waited = delay - slot->run_delay_ns;
		slot->run_delay_ns = delay;
		if (row != HP_ROW_IDLE && arrived - waited >= cpu->began_ns && waited <= arrived) {
			charge(&cpu->history, row, stats, arrived - waited, arrived);
			stats->latency[hp_latency_bucket(waited + slot->carried_ns)]++;
		}
		slot->carried_ns = 0;
	}
	if (row != cpu->history.row && row != HP_ROW_IDLE)
		hp_history_begin(&cpu->history, row, arrived);
	cpu->task_row = row;
}

static __always_inline void compare_clocks(struct hp_cpu *cpu, __u64 now)
{
	cpu->offset_ns = now - bpf_ktime_get_ns();
	cpu->wants_offset = 0;
}

/* The first switch of this processor. */
static __noinline void begin_counting(struct hp_cpu *cpu, struct task_struct *next, __u64 now)
{
	compare_clocks(cpu, now);
	cpu->task_row = row_of(cpu, next);
	cpu->task_pid = (__u32)next->pid;
	hp_history_begin(&cpu->history, cpu->task_row, now);
	cpu->began_ns = now;
}

static __always_inline void count_switch(bool preempt, struct task_struct *prev, struct task_struct *next,
					 unsigned int prev_state)
{
	__u32 processor = processor_of(prev);	/* what bpf_get_smp_processor_id() would take a call for */
	struct hp_cpu *cpu = bpf_map_lookup_elem(&hp_cpus, &processor);
	__u64 now = queue_clock_of(next), row, was;
	struct hp_row *stats;

	if (!cpu)
		return;
	if (!cpu->began_ns) {
		begin_counting(cpu, next, now);
		return;
	}
	if (cpu->wants_offset)
		compare_clocks(cpu, now);
	if (cpu->task_pid != (__u32)prev->pid)
		make_up_for(cpu, prev, processor);
	row = row_of(cpu, next);
	was = cpu->task_row;
	cpu->task_row = row;
	cpu->task_pid = (__u32)next->pid;
	if (row != HP_ROW_IDLE) {
		stats = row_at(processor, row);
		if (stats)
			end_wait(cpu, row, stats, next, now);
		if ((preempt || prev_state == 0) && was != HP_ROW_IDLE) {
			stats = row_at(processor, was);
			barrier_var(row);	/* 6.1 forgets the bounds of what was on the stack meanwhile */
			if (stats && row < HP_ROWS_MAX)
				stats->preempted_by[row]++;
		}
	}
	if (row != cpu->history.row)
		hp_history_begin(&cpu->history, row, now);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(hp_contention_switch, bool preempt, struct task_struct *prev, struct task_struct *next,
	     unsigned int prev_state)
{
	count_switch(preempt, prev, next, prev_state);
	if (is_in_memstall(prev) || is_in_memstall(next))
		bpf_tail_call(ctx, &hp_stall_switch, 0);
	return 0;
}

/*
 * A waiting task leaves its processor, whose lock is held: what it waited
 * there is in its run_delay already and is charged to those who ran there.
 */
static __always_inline void move_wait(struct hp_cpu *cpu, struct hp_slot *slot, __u64 row, struct hp_row *victim,
				      __u64 run_delay, __u64 now)
{
	__u64 waited = run_delay - slot->run_delay_ns;

	slot->run_delay_ns = run_delay;
	if (!cpu->began_ns || now - waited < cpu->began_ns || waited > now)
		return;
	slot->carried_ns += waited;
	charge(&cpu->history, row, victim, now - waited, now);
}

SEC("tp_btf/sched_migrate_task")
int BPF_PROG(hp_contention_move, struct task_struct *task, int to)
{
	__u32 here = bpf_get_smp_processor_id(), from = processor_of(task);
	struct hp_cpu *cpu, *own;
	struct hp_slot *slot;
	struct hp_row *stats;
	__u64 run_delay, row;

	/* Most are woken elsewhere than they slept: nothing was waited for yet. */
	if (task->on_rq != TASK_ON_RQ_MIGRATING)
		return 0;
	own = bpf_map_lookup_elem(&hp_cpus, &here);
	cpu = bpf_map_lookup_elem(&hp_cpus, &from);
	slot = slot_of(task);
	if (!own || !cpu || !slot)
		return 0;
	run_delay = task->sched_info.run_delay;
	if (slot->start_ns != task->start_time) {
		if (task->sched_info.pcount) {
			count_lost(HP_LOST_ORIGIN);
			return 0;
		}
		/* It never ran: all it has waited is this. */
		slot->start_ns = task->start_time;
		slot->run_delay_ns = 0;
		slot->carried_ns = 0;
	}
	if (run_delay <= slot->run_delay_ns)
		return 0;
	row = row_of(own, task);
	stats = row_at(here, row);
	if (stats)
		move_wait(cpu, slot, row, stats, run_delay, queue_clock_of(task));
	return 0;
}

/* The task that had the processor lost this time to somebody's interrupt (ksoftirqd does not: it is its work). */
static __always_inline void steal(__u32 processor, struct hp_cpu *cpu, __u64 thief, __u64 length)
{
	struct hp_row *stats;

	if (cpu->task_row == HP_ROW_IDLE || cpu->task_row == HP_ROW_KERNEL)
		return;
	stats = row_at(processor, cpu->task_row);
	barrier_var(thief);
	if (stats && thief < HP_ROWS_MAX)
		stats->stolen_ns[thief] += length;
}

SEC("tp_btf/irq_handler_entry")
int BPF_PROG(hp_contention_irq_entry, int irq, struct irqaction *action)
{
	__u32 processor = bpf_get_smp_processor_id(), key = (__u32)irq;
	struct hp_cpu *cpu = bpf_map_lookup_elem(&hp_cpus, &processor);
	__u32 *owner;
	__u64 now;

	if (!cpu || !cpu->began_ns)
		return 0;
	cpu->irq_since_ns = 0;
	if (cpu->is_accounting) {
		count_lost(HP_LOST_NESTED);
		return 0;
	}
	owner = bpf_map_lookup_elem(&hp_irq_rows, &key);
	now = bpf_ktime_get_ns();
	cpu->irq_since_ns = now;
	cpu->irq_row = owner && *owner ? *owner : HP_ROW_IRQ;
	cpu->wants_offset = 1;
	hp_history_begin(&cpu->history, cpu->irq_row, now + cpu->offset_ns);
	return 0;
}

SEC("tp_btf/irq_handler_exit")
int BPF_PROG(hp_contention_irq_exit, int irq, struct irqaction *action, int ret)
{
	__u32 processor = bpf_get_smp_processor_id();
	struct hp_cpu *cpu = bpf_map_lookup_elem(&hp_cpus, &processor);
	__u64 now, length;

	if (!cpu || !cpu->irq_since_ns)
		return 0;
	now = bpf_ktime_get_ns();
	length = now - cpu->irq_since_ns;
	cpu->irq_since_ns = 0;
	cpu->irq_total_ns += length;
	steal(processor, cpu, cpu->irq_row, length);
	hp_history_begin(&cpu->history, cpu->softirq_since_ns ? HP_ROW_SOFTIRQ : cpu->task_row, now + cpu->offset_ns);
	return 0;
}

/* Interrupts are on here: the flag keeps their programs out while the history is half written. */
#define begin_accounting(cpu) (*(volatile __u64 *)&(cpu)->is_accounting = 1)
#define end_accounting(cpu) (*(volatile __u64 *)&(cpu)->is_accounting = 0)

SEC("tp_btf/softirq_entry")
int BPF_PROG(hp_contention_softirq_entry, unsigned int vector)
{
	__u32 processor = bpf_get_smp_processor_id();
	struct hp_cpu *cpu = bpf_map_lookup_elem(&hp_cpus, &processor);
	__u64 now;

	if (!cpu || !cpu->began_ns)
		return 0;
	begin_accounting(cpu);
	now = bpf_ktime_get_ns();
	cpu->softirq_since_ns = now;
	cpu->softirq_irq_ns = cpu->irq_total_ns;
	cpu->wants_offset = 1;
	hp_history_begin(&cpu->history, HP_ROW_SOFTIRQ, now + cpu->offset_ns);
	end_accounting(cpu);
	return 0;
}

SEC("tp_btf/softirq_exit")
int BPF_PROG(hp_contention_softirq_exit, unsigned int vector)
{
	__u32 processor = bpf_get_smp_processor_id();
	struct hp_cpu *cpu = bpf_map_lookup_elem(&hp_cpus, &processor);
	__u64 now, length;

	if (!cpu || !cpu->softirq_since_ns)
		return 0;
	begin_accounting(cpu);
	now = bpf_ktime_get_ns();
	length = now - cpu->softirq_since_ns - (cpu->irq_total_ns - cpu->softirq_irq_ns);
	cpu->softirq_since_ns = 0;
	steal(processor, cpu, HP_ROW_SOFTIRQ, length);
	hp_history_begin(&cpu->history, cpu->task_row, now + cpu->offset_ns);
	end_accounting(cpu);
	return 0;
}

/* Run once before the others begin: what tasks waited so far is accounted for. */
SEC("iter/task")
int hp_contention_begin(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct hp_slot *slot;

	if (!task || task->pid == 0)
		return 0;
	slot = slot_of(task);
	if (slot && slot->start_ns == 0) {
		slot->run_delay_ns = task->sched_info.run_delay;
		slot->start_ns = task->start_time;
	}
	return 0;
}
