// SPDX-License-Identifier: GPL-2.0
/* contention_memory.bpf.c: times the stalls of tasks that lack memory, and divides them by who allocated it. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "contention_memory.h"
#include "contention_wait.bpf.h"

/*
 * Reclaim within a limit (memory.max, memory.high) is the fault of whoever has
 * the limit: it is the victim's own. When the machine runs short, the kernel
 * does not say because of whom; plainly: of those who allocate. Such a stall,
 * and compaction, is divided by the pages that the rows' tasks allocated while
 * it lasted and in the second before. Who evicted a page that is read again is
 * not recorded anywhere: such waits are HP_ROW_UNKNOWN's.
 */

#define KNOWN_CGROUPS 64u		/* a power of two */

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 stalls_count = 1;	/* a power of two */

/* A task that stands still for lack of memory: its place is stalls[pid % stalls_count]. */
struct stall {
	__u64 task;		/* 0 = nobody */
	__u64 since_ns;
	__u64 blocked_ns;	/* when it was put to sleep in a memory stall of another kind; 0 = it was not */
	__u64 phase;
};

struct known_cgroup {
	__u64 id;	/* cgroup ids are never used again */
	__u64 row;
};

/* Written by its own processor only; an interrupt that allocates meanwhile may add a page to the wrong row. */
struct allocator {
	__u64 row, pages;	/* gathered, not yet in the window */
	struct known_cgroup known[KNOWN_CGROUPS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct stall);
} hp_memory_stalls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct allocator);
} hp_memory_allocators SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hp_memory_windows);
} hp_memory_windows SEC(".maps");

/* What each row has of the stall that ends on this processor; no other can end there meanwhile. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64[HP_ROWS_MAX]);
} hp_outlier_shares SEC(".maps");

static __always_inline struct stall *stall_of(struct task_struct *task)
{
	__u32 key = (__u32)task->pid & (stalls_count - 1);

	return bpf_map_lookup_elem(&hp_memory_stalls, &key);
}

/* ---- who allocates ---- */

static __always_inline void tell_pages(__u64 row, __u64 pages)
{
	__u64 number = bpf_ktime_get_ns() >> HP_MEMORY_WINDOW_SHIFT;
	__u32 zero = 0;
	struct hp_memory_windows *windows = bpf_map_lookup_elem(&hp_memory_windows, &zero);
	struct hp_memory_window *window;
	__u64 old;

	if (!windows || row >= HP_ROWS_MAX)
		return;
	window = &windows->at[number & (HP_MEMORY_WINDOWS - 1)];
	old = window->number;
	/* The first who comes in a new window clears it; whoever adds to it meanwhile may lose a batch. */
	if (old != number && __sync_val_compare_and_swap(&window->number, old, number) == old)
		__builtin_memset(window->pages, 0, sizeof(window->pages));
	add_to(&window->pages[row], pages);
}

SEC("tp_btf/mm_page_alloc")
int BPF_PROG(hp_memory_alloc, struct page *page, unsigned int order)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct known_cgroup *known;
	struct allocator *own;
	__u64 id, row, pages;
	__u32 zero = 0;

	own = bpf_map_lookup_elem(&hp_memory_allocators, &zero);
	if (!own || !page || order > 20)
		return 0;
	id = cgroup_id_of(task);
	known = &own->known[id & (KNOWN_CGROUPS - 1)];
	if (known->id != id) {
		known->row = find_row(task->cgroups->dfl_cgrp);
		known->id = id;
	}
	row = row_for(task, known->row);
	pages = 1ull << order;
	if (row == own->row && own->pages + pages < HP_MEMORY_BATCH) {
		own->pages += pages;
		return 0;
	}
	if (row == own->row)
		pages += own->pages;
	else if (own->pages)
		tell_pages(own->row, own->pages);
	own->row = row;
	own->pages = 0;
	tell_pages(row, pages);
	return 0;
}

/* ---- who stands still ---- */

static __always_inline void begin_stall(__u32 phase)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct stall *stall = stall_of(task);

	if (!stall)
		return;
	if (stall->task == (__u64)task && stall->since_ns)
		return;		/* a stall within a stall is part of it */
	if (stall->task && stall->task != (__u64)task)
		count_wait_lost(HP_WAIT_LOST_ROOM);
	stall->task = (__u64)task;
	stall->since_ns = bpf_ktime_get_ns();
	stall->blocked_ns = 0;
	stall->phase = phase;
}

/* A stall that has ended, while it is divided. */
struct division {
	const struct hp_memory_windows *windows;
	struct hp_wait_row *victim;
	__u64 *shares;		/* NULL = nobody asks */
	__u64 first, last, stall_ns, total, given_ns;
};

/* Both for bpf_loop(), a step for each row. */
static long sum_step(__u32 row, void *context)
{
	struct division *division = context;

	division->total += hp_memory_pages(division->windows, row, division->first, division->last);
	return 0;
}

static long share_step(__u32 row, void *context)
{
	struct division *division = context;
	__u64 part = hp_memory_share(division->stall_ns, hp_memory_pages(division->windows, row, division->first, division->last),
				     division->total);

	__u64 index = row;

	if (part > division->stall_ns - division->given_ns)
		part = division->stall_ns - division->given_ns;
	division->given_ns += part;
	barrier_var(index);	/* the verifier must see the very register checked that is used */
	if (!part || index >= HP_ROWS_MAX)
		return 0;
	add_to(&division->victim->by_ns[index], part);
	if (division->shares)
		division->shares[index] = part;
	return 0;
}

static __always_inline void divide_stall(struct hp_wait_row *victim, __u64 *shares, __u64 from, __u64 until)
{
	__u32 zero = 0;
	struct division division = {
		.windows = bpf_map_lookup_elem(&hp_memory_windows, &zero),
		.victim = victim,
		.shares = shares,
		.first = hp_memory_first(from, until),
		.last = until >> HP_MEMORY_WINDOW_SHIFT,
		.stall_ns = until - from,
	};

	if (!division.windows)
		return;
	bpf_loop(rows_count, sum_step, &division, 0);
	if (division.total)
		bpf_loop(rows_count, share_step, &division, 0);
	/* What rounding leaves; all of it when nobody is seen to allocate. */
	if (division.given_ns < division.stall_ns) {
		add_to(&victim->by_ns[HP_ROW_UNKNOWN], division.stall_ns - division.given_ns);
		if (shares)
			shares[HP_ROW_UNKNOWN] = division.stall_ns - division.given_ns;
	}
}

/* Empty shares when this stall is to be told, else NULL. */
static __always_inline __u64 *begin_shares(__u64 row, __u64 stall_ns)
{
	__u32 zero = 0;
	__u64 *shares;

	if (!is_outlier(row, stall_ns))
		return NULL;
	shares = bpf_map_lookup_elem(&hp_outlier_shares, &zero);
	if (shares)
		__builtin_memset(shares, 0, HP_ROWS_MAX * sizeof(*shares));
	return shares;
}

static __always_inline struct hp_outlier_wait *begin_telling(struct task_struct *task, const __u64 *shares, __u64 row,
							      __u64 stall_ns, __u32 phase)
{
	struct hp_outlier_wait *record = new_outlier(row, stall_ns, phase);

	if (!record)
		return NULL;
	name_victim(record, task);
	record->rows = HP_ROWS_MAX;
	__builtin_memcpy(record->rows_ns, shares, sizeof(record->rows_ns));
	return record;
}

static __always_inline void end_stall(void *ctx, __u32 phase)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct stall *stall = stall_of(task);
	struct hp_outlier_wait *record;
	struct hp_wait_row *victim;
	__u64 now, since, row, *shares;

	if (!stall || stall->task != (__u64)task || !stall->since_ns || stall->phase != phase)
		return;
	now = bpf_ktime_get_ns();
	since = stall->since_ns;
	stall->task = 0;
	stall->since_ns = 0;
	row = row_of_current();
	victim = wait_row_of(row);
	if (!victim || row == HP_ROW_IDLE)
		return;
	count_phase(victim, phase, now - since);
	shares = begin_shares(row, now - since);
	barrier_var(row);	/* 6.1 forgets the bounds of what was on the stack meanwhile */
	if (phase != HP_MEMORY_LIMIT) {
		divide_stall(victim, shares, since, now);
	} else if (row < HP_ROWS_MAX) {
		add_to(&victim->by_ns[row], now - since);
		if (shares)
			shares[row] = now - since;
	}
	record = shares ? begin_telling(task, shares, row, now - since, phase) : NULL;
	if (!record)
		return;
	if (outlier_wants_stacks)
		bpf_get_stack(ctx, record->stack, sizeof(record->stack), 0);
	bpf_ringbuf_submit(record, 0);
}

SEC("tp_btf/mm_vmscan_direct_reclaim_begin")
int BPF_PROG(hp_memory_reclaim_begin)
{
	begin_stall(HP_MEMORY_RECLAIM);
	return 0;
}

SEC("tp_btf/mm_vmscan_direct_reclaim_end")
int BPF_PROG(hp_memory_reclaim_end)
{
	end_stall(ctx, HP_MEMORY_RECLAIM);
	return 0;
}

SEC("tp_btf/mm_vmscan_memcg_reclaim_begin")
int BPF_PROG(hp_memory_limit_begin)
{
	begin_stall(HP_MEMORY_LIMIT);
	return 0;
}

SEC("tp_btf/mm_vmscan_memcg_reclaim_end")
int BPF_PROG(hp_memory_limit_end)
{
	end_stall(ctx, HP_MEMORY_LIMIT);
	return 0;
}

/* kcompactd, and whoever writes to compact_memory, wait for nobody. */
SEC("tp_btf/mm_compaction_begin")
int BPF_PROG(hp_memory_compact_begin, struct compact_control *control)
{
	if (control->direct_compaction)
		begin_stall(HP_MEMORY_COMPACTION);
	return 0;
}

SEC("tp_btf/mm_compaction_end")
int BPF_PROG(hp_memory_compact_end, struct compact_control *control)
{
	if (control->direct_compaction)
		end_stall(ctx, HP_MEMORY_COMPACTION);
	return 0;
}

/* Of a sleep: its stack is the task's own, and nobody is known who evicted the page. */
static __always_inline void tell_refault(struct task_struct *task, __u64 row, __u64 length_ns)
{
	__u64 *shares = begin_shares(row, length_ns);
	struct hp_outlier_wait *record;

	if (!shares)
		return;
	shares[HP_ROW_UNKNOWN] = length_ns;
	record = begin_telling(task, shares, row, length_ns, HP_MEMORY_REFAULT);
	if (!record)
		return;
	if (outlier_wants_stacks)
		bpf_get_task_stack(task, record->stack, sizeof(record->stack), 0);
	bpf_ringbuf_submit(record, 0);
}

/*
 * A task that sleeps in a memory stall (by the kernel's own mark, which makes
 * /proc/pressure/memory) but does not reclaim waits for a page that had been
 * evicted, from its file or from swap. Not attached where the program that
 * counts processors calls it when one of the two tasks stands still.
 */
SEC("tp_btf/sched_switch")
int BPF_PROG(hp_memory_switch, bool preempt, struct task_struct *prev, struct task_struct *next, unsigned int prev_state)
{
	struct hp_wait_row *victim;
	struct stall *stall;
	__u64 row, length;

	if (is_in_memstall(prev) && !preempt && prev_state) {
		stall = stall_of(prev);
		if (stall && (stall->task != (__u64)prev || !stall->since_ns)) {
			if (stall->task && stall->task != (__u64)prev)
				count_wait_lost(HP_WAIT_LOST_ROOM);
			stall->task = (__u64)prev;
			stall->since_ns = 0;
			stall->blocked_ns = bpf_ktime_get_ns();
		}
	}
	if (!is_in_memstall(next))
		return 0;
	stall = stall_of(next);
	if (!stall || stall->task != (__u64)next || stall->since_ns || !stall->blocked_ns)
		return 0;
	length = bpf_ktime_get_ns() - stall->blocked_ns;
	stall->task = 0;
	stall->blocked_ns = 0;
	row = row_for(next, find_row(next->cgroups->dfl_cgrp));
	victim = wait_row_of(row);
	if (!victim)
		return 0;
	count_phase(victim, HP_MEMORY_REFAULT, length);
	add_to(&victim->by_ns[HP_ROW_UNKNOWN], length);
	tell_refault(next, row, length);
	return 0;
}
