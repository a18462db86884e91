/* SPDX-License-Identifier: GPL-2.0 */
/* outlier_math.h: which tasks had a processor when, and who of them to name for a wait; pure, for BPF and user space. */
#ifndef OUTLIER_MATH_H
#define OUTLIER_MATH_H

#include "contention_math.h"
#include "outlier.h"

#define HP_TURNS 1024u	/* a power of two */

/* A time during which one task had the processor; it ends where the next begins. */
struct hp_turn {
	__u64 start_ns;
	__u32 pid;
	__u32 row;
	char comm[HP_OUTLIER_COMM];
};

/* The last turns of one processor, turn n in ring[n % HP_TURNS]. Starts zeroed. One writer at a time. */
struct hp_turns {
	__u64 count;
	__u64 since_ns;		/* start of the newest */
	struct hp_turn ring[HP_TURNS];
};

/* The place for the turn that begins now; the caller fills pid, row and comm. Time does not go back. */
static __always_inline struct hp_turn *hp_turns_begin(struct hp_turns *turns, __u64 now_ns)
{
	struct hp_turn *turn = &turns->ring[turns->count & (HP_TURNS - 1)];

	if (now_ns < turns->since_ns)
		now_ns = turns->since_ns;
	turn->start_ns = now_ns;
	turns->since_ns = now_ns;
	turns->count++;
	return turn;
}

static __always_inline void hp_outlier_take(struct hp_outlier_task *task, const struct hp_turn *turn, __u64 time_ns)
{
	task->time_ns = time_ns;
	task->pid = turn->pid;
	task->row = turn->row;
	__builtin_memcpy(task->comm, turn->comm, sizeof(task->comm));
}

/* Adds a turn's time to its task's. When there is no room left, the one with the least makes room. */
static __always_inline void hp_outlier_blame(struct hp_outlier *out, const struct hp_turn *turn, __u64 time_ns)
{
	__u64 least_ns = ~0ull;
	__u32 least = 0;

	for (__u32 i = 0; i < HP_OUTLIER_BLAMED; i++) {
		if (out->blamed[i].time_ns && out->blamed[i].pid == turn->pid) {
			out->blamed[i].time_ns += time_ns;
			return;
		}
		if (out->blamed[i].time_ns < least_ns) {
			least_ns = out->blamed[i].time_ns;
			least = i;
		}
	}
	if (least_ns && least_ns >= time_ns) {
		out->others_ns += time_ns;
		return;
	}
	out->others_ns += least_ns;
	hp_outlier_take(&out->blamed[least & (HP_OUTLIER_BLAMED - 1)], turn, time_ns);
}

struct hp_turns_walk {
	const struct hp_turns *turns;
	struct hp_outlier *out;
	__u64 index;	/* the turn to look at next */
	__u64 from_ns;
	__u64 end_ns;	/* told is what comes after it */
};

/* One turn further back. 1 = stop: the wait's beginning is reached, or the history's. For bpf_loop(). */
static long hp_turns_step(__u32 step, void *context)
{
	struct hp_turns_walk *walk = context;
	const struct hp_turn *turn = &walk->turns->ring[walk->index & (HP_TURNS - 1)];
	__u64 start = turn->start_ns, lower = start > walk->from_ns ? start : walk->from_ns;

	(void)step;
	if (lower < walk->end_ns) {
		hp_outlier_blame(walk->out, turn, walk->end_ns - lower);
		walk->end_ns = lower;
	}
	if (start <= walk->from_ns || walk->index == 0 || walk->index + HP_TURNS <= walk->turns->count)
		return 1;
	walk->index--;
	return 0;
}

/*
 * Says in `out` (blamed, others_ns and unknown_ns zeroed before) who had the
 * processor during the wait [from_ns, until_ns), what is known of it, and
 * whether the wait began with the loss of the processor: then the turn before
 * is the victim's own.
 */
static __attribute__((noinline)) _Bool hp_turns_tell(const struct hp_turns *turns, struct hp_outlier *out, __u64 from_ns,
						     __u64 until_ns)
{
	struct hp_turns_walk walk = { turns, out, turns->count - 1, from_ns, until_ns };
	const struct hp_turn *before;

	if (turns->count) {
		hp_loop(HP_TURNS, hp_turns_step, &walk);
		before = &turns->ring[(walk.index - 1) & (HP_TURNS - 1)];
		out->was_preempted = walk.end_ns == from_ns && walk.index > 0 && walk.index + HP_TURNS > turns->count &&
				     turns->ring[walk.index & (HP_TURNS - 1)].start_ns == from_ns &&
				     before->pid == out->victim.pid;
	}
	out->unknown_ns = walk.end_ns - from_ns;
	return out->was_preempted;
}

#endif
