/* SPDX-License-Identifier: GPL-2.0 */
/* contention_math.h: who had a processor when, and how a wait is divided by it; pure, for BPF and user space. */
#ifndef CONTENTION_MATH_H
#define CONTENTION_MATH_H

#include "contention.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

/*
 * What is rare is a function of its own, which the verifier looks at once,
 * whoever calls it; so it cannot know that the pointers are not NULL.
 */
#ifdef __bpf__
#define hp_global __attribute__((noinline))
#else
#define hp_global static __attribute__((noinline, unused))
#endif

#define HP_STRETCHES 8192u	/* powers of two, all three */
#define HP_MARK_EVERY 64u
#define HP_MARKS (HP_STRETCHES / HP_MARK_EVERY)

/* A time during which one row had the processor; it ends where the next begins. */
struct hp_stretch {
	__u64 start_ns;
	__u64 row;
};

/* What every row had consumed when the stretch began that the mark is for. */
struct hp_mark {
	__u64 start_ns;
	__u64 domains_ns;
	__u64 used_ns[HP_ROWS_MAX];
};

/* What every row had consumed when a window began, of windows in which the processor changed hands. */
struct hp_border {
	__u64 window;
	__u64 row;		/* who had the processor as it began */
	__u64 domains_ns;
	__u64 used_ns[HP_ROWS_MAX];
};

/*
 * The last stretches of one processor, stretch n in ring[n % HP_STRETCHES],
 * with a mark at every HP_MARK_EVERYth of them: a wait of any length costs at
 * most two short walks and one subtraction of marks. The last windows likewise,
 * window n in borders[n % HP_WINDOWS]. Starts zeroed. One writer at a time.
 */
struct hp_history {
	__u64 since_ns;		/* start of the newest stretch */
	__u64 row;		/* of the newest stretch */
	__u64 count;		/* stretches begun so far */
	__u64 window_end_ns;	/* of the window in which the newest stretch began */
	__u64 domains_ns;	/* by all rows that are domains, of the next */
	__u64 used_ns[HP_ROWS_MAX];	/* by the stretches that have ended */
	struct hp_stretch ring[HP_STRETCHES];
	struct hp_mark marks[HP_MARKS];
	struct hp_border borders[HP_WINDOWS];
};

/* Of those that time can be lost to for the contention rate: the base is the machine's own domain. */
static __always_inline _Bool hp_row_is_domain(__u64 row)
{
	return row == HP_ROW_BASE || row >= HP_ROW_DOMAIN;
}

/* now_ns, at which the newest stretch ends, lies in another window than its beginning. */
hp_global int hp_history_cross(struct hp_history *history, __u64 now_ns)
{
	__u64 window = now_ns / HP_WINDOW_NS, begun_ns = now_ns - window * HP_WINDOW_NS, row;
	struct hp_border *border;

	if (!history)
		return 0;
	row = history->row;
	border = &history->borders[window & (HP_WINDOWS - 1)];
	border->window = window;
	border->row = row;
	border->domains_ns = history->domains_ns;
	__builtin_memcpy(border->used_ns, history->used_ns, sizeof(border->used_ns));
	/* All of the window until now is the same row's. */
	if (history->count && row < HP_ROWS_MAX) {
		border->used_ns[row] -= begun_ns;
		border->domains_ns -= hp_row_is_domain(row) ? begun_ns : 0;
	}
	history->window_end_ns = now_ns - begun_ns + HP_WINDOW_NS;
	return 0;
}

/* The stretch `index`, which begins at now_ns, is one that has a mark. */
hp_global int hp_history_mark(struct hp_history *history, __u64 index, __u64 now_ns)
{
	struct hp_mark *mark;

	if (!history)
		return 0;
	mark = &history->marks[(index / HP_MARK_EVERY) & (HP_MARKS - 1)];
	mark->start_ns = now_ns;
	mark->domains_ns = history->domains_ns;
	__builtin_memcpy(mark->used_ns, history->used_ns, sizeof(mark->used_ns));
	return 0;
}

/* From now_ns on `row` has the processor. A time before the newest stretch counts as its start. */
static __always_inline void hp_history_begin(struct hp_history *history, __u64 row, __u64 now_ns)
{
	__u64 index = history->count, was = history->row;

	if (now_ns < history->since_ns)
		now_ns = history->since_ns;
	if (index && was < HP_ROWS_MAX) {
		history->used_ns[was] += now_ns - history->since_ns;
		history->domains_ns += hp_row_is_domain(was) ? now_ns - history->since_ns : 0;
	}
	if (now_ns >= history->window_end_ns)
		hp_history_cross(history, now_ns);
	history->ring[index & (HP_STRETCHES - 1)].start_ns = now_ns;
	history->ring[index & (HP_STRETCHES - 1)].row = row;
	if ((index & (HP_MARK_EVERY - 1)) == 0)
		hp_history_mark(history, index, now_ns);
	history->since_ns = now_ns;
	history->row = row;
	history->count = index + 1;
}

struct hp_wait {
	__u64 from_ns, until_ns;
	__u64 victim;		/* row of the task that waited */
	__u64 lost_ns;		/* out: while other domains had the processor */
};

/* Of what the domains consumed, what others than the victim did. */
static __always_inline __u64 hp_taken(__u64 domains_ns, const __u64 *used_ns, __u64 victim)
{
	return hp_row_is_domain(victim) && victim < HP_ROWS_MAX ? domains_ns - used_ns[victim] : domains_ns;
}

/* A wait on its way back through the history. */
struct hp_walk {
	const struct hp_history *history;
	__u64 *by_ns;
	__u64 victim;
	__u64 lost_ns;
	__u64 index;	/* the stretch to look at next */
	__u64 from_ns;
	__u64 end_ns;	/* charged is what comes after it */
	__u64 at;	/* enum hp_walk_at */
};

enum hp_walk_at { HP_WALK_WITHIN, HP_WALK_DONE, HP_WALK_AT_MARK };

/* Charges what the wait has of one stretch. 1 = stop: its beginning is reached, or a mark. For bpf_loop(). */
static long hp_walk_step(__u32 step, void *context)
{
	struct hp_walk *walk = context;
	const struct hp_stretch *stretch = &walk->history->ring[walk->index & (HP_STRETCHES - 1)];
	__u64 start = stretch->start_ns, row = stretch->row;
	__u64 lower = start > walk->from_ns ? start : walk->from_ns;

	(void)step;
	if (lower < walk->end_ns && row < HP_ROWS_MAX) {
		walk->by_ns[row] += walk->end_ns - lower;
		if (row != walk->victim && hp_row_is_domain(row))
			walk->lost_ns += walk->end_ns - lower;
		walk->end_ns = lower;
	}
	if (start <= walk->from_ns)
		walk->at = HP_WALK_DONE;
	else if ((walk->index & (HP_MARK_EVERY - 1)) == 0 && walk->end_ns == start)
		walk->at = HP_WALK_AT_MARK;
	else
		walk->index--;
	return walk->at != HP_WALK_WITHIN;
}

/* Stretches older than this have been written over, and of the block that is being written over nothing is sure. */
static __always_inline __u64 hp_history_oldest_block(const struct hp_history *history)
{
	return history->count > HP_STRETCHES ? (history->count - HP_STRETCHES) / HP_MARK_EVERY + 1 : 0;
}

/* One marked block further back, while that still begins after the wait does. For bpf_loop(). */
static long hp_walk_skip(__u32 step, void *context)
{
	struct hp_walk *walk = context;
	__u64 block = walk->index / HP_MARK_EVERY;

	(void)step;
	if (block <= hp_history_oldest_block(walk->history) ||
	    walk->history->marks[(block - 1) & (HP_MARKS - 1)].start_ns <= walk->from_ns)
		return 1;
	walk->index -= HP_MARK_EVERY;
	return 0;
}

#ifdef __bpf__
#define hp_loop(times, step, context) bpf_loop(times, step, context, 0)
#else
#define hp_loop(times, step, context) do { for (__u32 i_ = 0; i_ < (times) && !step(i_, context); i_++) ; } while (0)
#endif

/*
 * From the marked stretch the walk is at back to the oldest marked one that
 * begins after the wait does: what each row used between the two is the
 * difference of their marks. False when the history does not reach to the
 * stretch before it.
 */
static __always_inline _Bool hp_walk_jump(struct hp_walk *walk)
{
	const struct hp_mark *to = &walk->history->marks[(walk->index / HP_MARK_EVERY) & (HP_MARKS - 1)];
	const struct hp_mark *at;

	hp_loop(HP_MARKS, hp_walk_skip, walk);
	at = &walk->history->marks[(walk->index / HP_MARK_EVERY) & (HP_MARKS - 1)];
	for (__u32 row = 0; row < HP_ROWS_MAX; row++)
		walk->by_ns[row] += to->used_ns[row] - at->used_ns[row];
	walk->lost_ns += hp_taken(to->domains_ns, to->used_ns, walk->victim) -
			 hp_taken(at->domains_ns, at->used_ns, walk->victim);
	if (at->start_ns < walk->end_ns)
		walk->end_ns = at->start_ns;
	if (walk->index / HP_MARK_EVERY <= hp_history_oldest_block(walk->history))
		return 0;
	walk->index--;
	walk->at = HP_WALK_WITHIN;
	return 1;
}

/* A wait during which the processor changed hands; false when the history is too short. */
hp_global int hp_history_divide(const struct hp_history *history, struct hp_wait *wait, struct hp_row *victim)
{
	struct hp_walk walk = { .history = history };

	if (!history || !wait || !victim)
		return 0;
	walk.by_ns = victim->by_ns;
	walk.victim = wait->victim;
	walk.index = history->count - 1;
	walk.from_ns = wait->from_ns;
	walk.end_ns = wait->until_ns;
	/* Twice, for the first mark is passed when it lies ahead of until_ns. */
	hp_loop(2 * HP_MARK_EVERY, hp_walk_step, &walk);
	if (walk.at == HP_WALK_AT_MARK && hp_walk_jump(&walk))
		hp_loop(2 * HP_MARK_EVERY, hp_walk_step, &walk);
	wait->lost_ns = walk.lost_ns;
	if (walk.at == HP_WALK_DONE)
		return 1;
	victim->by_ns[HP_ROW_UNKNOWN] += walk.end_ns - wait->from_ns;
	return 0;
}

/*
 * Adds the wait [from_ns, until_ns) to victim->by_ns[], divided by who had the
 * processor. What is added is until_ns - from_ns, always. Returns 0 when the
 * history did not reach so far back, and a part is in by_ns[HP_ROW_UNKNOWN].
 * from_ns must not be earlier than the first stretch ever.
 */
static __always_inline _Bool hp_history_charge(const struct hp_history *history, struct hp_wait *wait,
					       struct hp_row *victim)
{
	__u64 row = history->row, waited = wait->until_ns - wait->from_ns;

	wait->lost_ns = 0;
	if (wait->from_ns >= wait->until_ns)
		return 1;
	/* Nearly every wait: nobody else came since it began. */
	if (wait->from_ns >= history->since_ns && row < HP_ROWS_MAX) {
		victim->by_ns[row] += waited;
		if (row != wait->victim && hp_row_is_domain(row))
			wait->lost_ns = waited;
		return 1;
	}
	return hp_history_divide(history, wait, victim);
}

/* The bucket of struct hp_row's latency[] for a wait: its number of significant bits. */
static __always_inline __u32 hp_latency_bucket(__u64 wait_ns)
{
	__u32 bits = 0, step;

	if (wait_ns >> (HP_LATENCY_BUCKETS - 1))
		return HP_LATENCY_BUCKETS - 1;
	step = (wait_ns > 0xffffffff) << 5, wait_ns >>= step, bits += step;
	step = (wait_ns > 0xffff) << 4, wait_ns >>= step, bits += step;
	step = (wait_ns > 0xff) << 3, wait_ns >>= step, bits += step;
	step = (wait_ns > 0xf) << 2, wait_ns >>= step, bits += step;
	step = (wait_ns > 0x3) << 1, wait_ns >>= step, bits += step;
	step = wait_ns > 1, wait_ns >>= step, bits += step;
	return bits + (__u32)wait_ns;
}

#endif
