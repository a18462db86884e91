// SPDX-License-Identifier: GPL-2.0
/* contention_lock.bpf.c: divides every wait for a kernel lock among those who were seen to hold it. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "contention_lock.h"
#include "contention_wait.bpf.h"
#include "lock_state.bpf.h"

/*
 * The kernel tells when a task begins to wait for a lock and when it ends, not
 * who holds it: that is read from the lock when the wait begins (a mutex and
 * an rwsem remember their owner), again whenever the same task begins anew (a
 * mutex spins, then sleeps, then spins), and whenever another one that waited
 * for the same lock gets it. In between, the last that was seen counts. A
 * spinlock has no owner: those waits are HP_ROW_UNKNOWN's. Nothing here
 * allocates, and nothing sleeps.
 */

#define LOCKS 4096u			/* a power of two */
#define SPIN_DEPTH 4			/* task, softirq, interrupt, NMI: each may spin while it interrupts another that does */
/* A stack costs more than most spinning: only long ones are worth it. */
#define SPIN_SITE_NS 10000

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 waiters_count = 1;	/* a power of two */

/* A task that waits for a lock it can sleep on: its place is waiters[pid % waiters_count]. */
struct waiter {
	__u64 task;		/* 0 = nobody */
	__u64 lock;
	__u64 since_ns;
	__u16 first;		/* row of the owner when it began */
	__u16 is_sharing;	/* others may hold it beside this one */
	__u32 kind;
	__s64 stack;		/* < 0 = not known */
};

/* One processor's spinning; written by itself only, and by those who interrupt it, who leave it as it was. */
struct spins {
	__u64 depth;
	__u64 is_ours;		/* 1 = inside of stack_of() or tell(): what is waited for in there is our own doing */
	__u64 locks[SPIN_DEPTH];
	__u64 since_ns[SPIN_DEPTH];
};

/* Sizes are set at load: tasks. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct waiter);
} hp_lock_waiters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LOCKS);
	__type(key, __u32);
	__type(value, struct hp_lock_owners);
} hp_lock_owners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct spins);
} hp_lock_spins SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 4096);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, HP_LOCK_FRAMES * sizeof(__u64));
} hp_lock_stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct hp_lock_site_key);
	__type(value, struct hp_lock_site_time);
} hp_lock_sites SEC(".maps");

/* For the telling of single waits: the tasks behind the changes of hp_lock_owners. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LOCKS);
	__type(key, __u32);
	__type(value, struct hp_lock_holders);
} hp_outlier_holders SEC(".maps");

/* The parts of the wait that ends on this processor. */
struct parts {
	struct hp_lock_part at[HP_OUTLIER_HOLDERS];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct parts);
} hp_outlier_parts SEC(".maps");

static __always_inline struct waiter *waiter_of(struct task_struct *task)
{
	__u32 key = (__u32)task->pid & (waiters_count - 1);

	return bpf_map_lookup_elem(&hp_lock_waiters, &key);
}

/*
 * The map of the stacks has locks of its own. Whoever waits for one of them in
 * here is told of as well, and of the end of it while that lock is held: a
 * second stack would have it wait for itself.
 */
static __always_inline __s64 stack_of(void *ctx)
{
	__u32 zero = 0;
	struct spins *spins = bpf_map_lookup_elem(&hp_lock_spins, &zero);
	__s64 stack;

	if (!spins || spins->is_ours)
		return -1;
	spins->is_ours = 1;
	stack = bpf_get_stackid(ctx, &hp_lock_stacks, BPF_F_FAST_STACK_CMP);
	spins->is_ours = 0;
	return stack;
}

static __always_inline __u32 place_of(__u64 lock)
{
	return (__u32)((lock >> 3) * 0x9e3779b97f4a7c15ull >> 52) & (LOCKS - 1);
}

static __always_inline struct hp_lock_owners *owners_of(__u64 lock)
{
	__u32 key = place_of(lock);

	return bpf_map_lookup_elem(&hp_lock_owners, &key);
}

/* A task that somebody else's pointer leads to: it may go at any time, so nothing of it is trusted. */
static __noinline __u64 row_of_owner(struct task_struct *task)
{
	struct cgroup *cgroup;
	__u64 row;

	if (!task)
		return HP_ROW_UNKNOWN;
	cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp);
	if (!cgroup)
		return HP_ROW_UNKNOWN;
	row = find_row(cgroup);
	return row == HP_ROW_BASE && (BPF_CORE_READ(task, flags) & PF_KTHREAD) ? HP_ROW_KERNEL : row;
}

static __always_inline void begin_spin(__u64 lock, __u64 now)
{
	__u32 zero = 0;
	struct spins *spins = bpf_map_lookup_elem(&hp_lock_spins, &zero);
	__u64 depth;

	/* The end of what is our own doing is not told: the program that would be told is the one at work. */
	if (!spins || spins->is_ours)
		return;
	depth = spins->depth;
	/* Ends that were not told leave something behind; begin again. */
	if (depth >= SPIN_DEPTH) {
		count_wait_lost(HP_WAIT_LOST_EVENT);
		depth = 0;
	}
	spins->locks[depth & (SPIN_DEPTH - 1)] = lock;
	spins->since_ns[depth & (SPIN_DEPTH - 1)] = now;
	spins->depth = depth + 1;
}

/* When the processor began to spin for this lock, and that it no longer does; 0 = it did not. */
static __always_inline __u64 end_spin(__u64 lock)
{
	__u32 zero = 0;
	struct spins *spins = bpf_map_lookup_elem(&hp_lock_spins, &zero);

	if (!spins || spins->depth == 0)
		return 0;
	for (int i = SPIN_DEPTH - 1; i >= 0; i--)
		if ((__u64)i < spins->depth && spins->locks[i] == lock) {
			spins->depth = i;
			return spins->since_ns[i];
		}
	return 0;
}

static __always_inline void add_site(__s64 stack, __u64 victim, __u64 aggressor, __u64 time_ns)
{
	struct hp_lock_site_key key = { (__s32)stack, (__u16)victim, (__u16)aggressor };
	struct hp_lock_site_time zero = { 0, 0 }, *site;

	if (stack < 0)
		return;
	site = bpf_map_lookup_elem(&hp_lock_sites, &key);
	if (!site) {
		bpf_map_update_elem(&hp_lock_sites, &key, &zero, BPF_NOEXIST);
		site = bpf_map_lookup_elem(&hp_lock_sites, &key);
	}
	if (site) {
		add_to(&site->time_ns, time_ns);
		add_to(&site->waits, 1);
	}
}

static __always_inline void charge(struct hp_wait_row *row, __u64 victim, __u64 aggressor, __u64 time_ns, __s64 stack)
{
	if (time_ns == 0 || aggressor >= HP_ROWS_MAX)
		return;
	add_to(&row->by_ns[aggressor], time_ns);
	add_site(stack, victim, aggressor, time_ns);
}

/* As hp_lock_note(), but a change of the task is one, too. */
static __always_inline void note_task(struct hp_lock_owners *owners, __u64 lock, __u64 now, __u64 row, struct task_struct *task)
{
	struct hp_lock_holder holder = { .row = HP_ROW_UNKNOWN }, *place;
	__u32 key = place_of(lock);
	struct hp_lock_holders *holders = bpf_map_lookup_elem(&hp_outlier_holders, &key);

	if (!holders)
		return;
	if (task) {
		holder.pid = BPF_CORE_READ(task, pid);
		holder.row = (__u32)row;
		bpf_probe_read_kernel(holder.name, sizeof(holder.name), task->comm);
	}
	place = &holders->changes[(owners->count - 1) & (HP_LOCK_CHANGES - 1)];
	if (hp_lock_is_held_by(owners, lock, row) && place->pid == holder.pid && place->row == holder.row)
		return;
	place = &holders->changes[hp_lock_append(owners, lock, now, row) & (HP_LOCK_CHANGES - 1)];
	place->check = 0;
	barrier();
	place->name[0] = holder.name[0];
	place->name[1] = holder.name[1];
	place->pid = holder.pid;
	place->row = holder.row;
	barrier();
	place->check = hp_lock_holder_check(&holder, hp_lock_change(now, row));
}

/* From now on this row is known to hold the lock, and this task when it is the only one. */
static __always_inline void note(struct hp_lock_owners *owners, __u64 lock, __u64 now, __u64 row, struct task_struct *task,
				 bool is_only)
{
	if (outlier_above_ns)
		note_task(owners, lock, now, row, is_only ? task : NULL);
	else
		hp_lock_note(owners, lock, now, row);
}

/* ---- single waits ---- */

/* The task that a part of the wait was because of; unknown when the place has been written anew. */
static __always_inline void name_holder(struct hp_outlier_task *into, const struct hp_lock_holders *holders,
					const struct hp_lock_part *part)
{
	struct hp_lock_holder holder = holders->changes[part->index & (HP_LOCK_CHANGES - 1)];

	into->time_ns = part->time_ns;
	if (!part->time_ns || !part->change || holder.check != hp_lock_holder_check(&holder, part->change)) {
		into->pid = 0;
		into->row = HP_ROW_UNKNOWN;
		return;
	}
	into->pid = holder.pid;
	into->row = holder.row;
	__builtin_memcpy(into->comm, holder.name, sizeof(into->comm));
}

/* The ring has a lock, too, for which we may have to wait. */
static __always_inline struct hp_outlier_wait *new_lock_outlier(__u64 row, __u64 wait_ns, __u32 kind)
{
	__u32 zero = 0;
	struct spins *spins = bpf_map_lookup_elem(&hp_lock_spins, &zero);
	struct hp_outlier_wait *record;

	if (!spins)
		return NULL;
	spins->is_ours = 1;
	record = new_outlier(row, wait_ns, kind);
	spins->is_ours = 0;
	return record;
}

/* A wait for a lock; without parts nobody knows who held it. */
static __always_inline void tell(void *ctx, __u64 lock, __u64 row, __u64 wait_ns, __u32 kind, const struct parts *parts)
{
	struct hp_lock_holders *holders;
	struct hp_outlier_wait *record;
	__u32 key = place_of(lock);

	holders = parts ? bpf_map_lookup_elem(&hp_outlier_holders, &key) : NULL;
	record = new_lock_outlier(row, wait_ns, kind);
	if (!record)
		return;
	if (is_in_task(ctx))
		name_victim(record, bpf_get_current_task_btf());
	record->lock.address = lock;
	bpf_get_stack(ctx, record->stack, sizeof(record->stack), 0);
	__builtin_memset(record->holders, 0, sizeof(record->holders));
	record->holders[0].time_ns = wait_ns;
	record->holders[0].row = HP_ROW_UNKNOWN;
	for (__u32 i = 0; holders && parts && i < HP_OUTLIER_HOLDERS; i++)
		name_holder(&record->holders[i], holders, &parts->at[i]);
	bpf_ringbuf_submit(record, 0);
}

/* Empty parts when the wait is to be told, else NULL. */
static __always_inline struct parts *begin_parts(__u64 row, __u64 wait_ns)
{
	struct parts *parts;
	__u32 zero = 0;

	if (!is_outlier(row, wait_ns))
		return NULL;
	parts = bpf_map_lookup_elem(&hp_outlier_parts, &zero);
	if (parts)
		__builtin_memset(parts, 0, sizeof(*parts));
	return parts;
}

/* ---- the hooks ---- */

SEC("tp_btf/contention_begin")
int BPF_PROG(hp_contention_lock_begin, void *lock, unsigned int flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 now = bpf_ktime_get_ns(), owner;
	struct hp_lock_owners *owners;
	struct task_struct *holder;
	struct waiter *waiter;

	if ((flags & LCB_F_SPIN) && !(flags & LCB_F_MUTEX)) {
		begin_spin((__u64)lock, now);
		return 0;
	}
	waiter = waiter_of(task);
	owners = owners_of((__u64)lock);
	if (!waiter || !owners)
		return 0;
	holder = find_holder(lock, flags);
	owner = row_of_owner(holder);
	note(owners, (__u64)lock, now, owner, holder, !is_shared(lock, flags));
	if (waiter->task == (__u64)task && waiter->lock == (__u64)lock)
		return 0;	/* it goes on waiting, in another way */
	if (waiter->task)
		count_wait_lost(waiter->task == (__u64)task ? HP_WAIT_LOST_EVENT : HP_WAIT_LOST_ROOM);
	waiter->task = (__u64)task;
	waiter->lock = (__u64)lock;
	waiter->since_ns = now;
	waiter->first = (__u16)owner;
	waiter->is_sharing = is_sharing(flags);
	waiter->kind = kind_of(flags);
	/* The stack of a wait that is told is taken when it ends: it is the same. */
	waiter->stack = outlier_above_ns ? -1 : stack_of(ctx);
	return 0;
}

/* A wait that has ended, while it is divided. */
struct ended {
	struct hp_lock_walk walk;
	struct hp_wait_row *row;
	struct parts *parts;	/* NULL = nobody asks */
	__u64 victim;
	__s64 stack;
};

/* For bpf_loop(). */
static long charge_step(__u32 step, void *context)
{
	struct ended *ended = context;
	struct hp_lock_part part;
	__u64 index = step;

	if (!hp_lock_walk_step(&ended->walk, step, &part))
		return 1;
	charge(ended->row, ended->victim, part.row, part.time_ns, ended->stack);
	barrier_var(index);	/* the verifier must see the very register checked that is used */
	if (ended->parts && index < HP_OUTLIER_HOLDERS)
		ended->parts->at[index] = part;
	return 0;
}

static __always_inline void end_sleep(void *ctx, struct waiter *waiter, __u64 victim, __u64 now)
{
	__u64 lock = waiter->lock, length = now - waiter->since_ns;
	struct hp_lock_owners *owners = owners_of(waiter->lock);
	struct ended ended = {
		.walk = { .from_ns = waiter->since_ns, .end_ns = now, .first = waiter->first },
		.row = wait_row_of(victim),
		.parts = begin_parts(victim, length),
		.victim = victim,
		.stack = waiter->stack,
	};

	if (!ended.row || !owners)
		return;
	hp_lock_walk_begin(&ended.walk, owners, waiter->lock);
	count_phase(ended.row, waiter->kind, length);
	bpf_loop(HP_LOCK_CHANGES + 1, charge_step, &ended, 0);
	if (ended.parts)
		tell(ctx, lock, victim, length, waiter->kind, ended.parts);
}

/* The spinning of an interrupt counts for the task that it interrupted. */
static __always_inline void end_spinning(void *ctx, __u64 lock, __u64 length)
{
	__u64 victim = row_of_current();
	struct hp_wait_row *row = victim == HP_ROW_IDLE ? NULL : wait_row_of(victim);
	__s64 stack = -1;

	if (!row)
		return;
	count_phase(row, HP_LOCK_SPIN, length);
	if (!outlier_above_ns && length >= SPIN_SITE_NS)
		stack = stack_of(ctx);
	charge(row, victim, HP_ROW_UNKNOWN, length, stack);
	if (is_outlier(victim, length))
		tell(ctx, lock, victim, length, HP_LOCK_SPIN, NULL);
}

SEC("tp_btf/contention_end")
int BPF_PROG(hp_contention_lock_end, void *lock, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 now = bpf_ktime_get_ns(), since = end_spin((__u64)lock), victim;
	struct hp_lock_owners *owners;
	struct waiter *waiter;

	if (since) {
		end_spinning(ctx, (__u64)lock, now - since);
		return 0;
	}
	waiter = waiter_of(task);
	if (!waiter || waiter->task != (__u64)task || waiter->lock != (__u64)lock)
		return 0;	/* began before us, or its place was taken: that was counted then */
	victim = row_of_current();
	end_sleep(ctx, waiter, victim, now);
	waiter->task = 0;
	owners = owners_of((__u64)lock);
	if (ret == 0 && owners)
		note(owners, (__u64)lock, now, victim, task, !waiter->is_sharing);
	return 0;
}
