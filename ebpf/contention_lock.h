/* SPDX-License-Identifier: GPL-2.0 */
/* contention_lock.h: who held a kernel lock when, and where in the kernel it was waited for; pure, for BPF and user space. */
#ifndef CONTENTION_LOCK_H
#define CONTENTION_LOCK_H

#include "contention_math.h"

#define HP_LOCK_CHANGES 16u	/* a power of two */
#define HP_LOCK_FRAMES 12u

/* The phases of this kind of wait are the kinds of locks. */
enum hp_lock_kind { HP_LOCK_MUTEX, HP_LOCK_RWSEM, HP_LOCK_SPIN, HP_LOCK_OTHER };

/* Where waits for locks were, by who waited for whom. */
struct hp_lock_site_key {
	__s32 stack;	/* in hp_lock_stacks */
	__u16 victim, aggressor;
};

struct hp_lock_site_time {
	__u64 time_ns;
	__u64 waits;
};

/*
 * Who was seen to hold a lock, and since when: the last changes, change n in
 * changes[n % HP_LOCK_CHANGES], each in one word so that a reader on another
 * processor never sees half of it. A lock shares its place with others: who
 * comes last has it, and the waits of the other are charged to the owner that
 * was seen when they began.
 */
struct hp_lock_owners {
	__u64 lock;
	__u64 count;
	__u64 changes[HP_LOCK_CHANGES];
};

/* 56 bits of nanoseconds are two years and three months of uptime. */
static __always_inline __u64 hp_lock_change(__u64 now_ns, __u64 row)
{
	return now_ns << 8 | (row & 0xff);
}

/* Is this row the last that was seen to hold the lock? */
static __always_inline _Bool hp_lock_is_held_by(const struct hp_lock_owners *owners, __u64 lock, __u64 row)
{
	return owners->lock == lock && owners->count &&
	       (owners->changes[(owners->count - 1) & (HP_LOCK_CHANGES - 1)] & 0xff) == row;
}

/* From now_ns on `row` is known to hold the lock. Returns the index of the change. */
static __always_inline __u64 hp_lock_append(struct hp_lock_owners *owners, __u64 lock, __u64 now_ns, __u64 row)
{
	__u64 index;

	if (owners->lock != lock) {
		owners->count = 0;
		owners->lock = lock;
	}
	index = owners->count;
	owners->changes[index & (HP_LOCK_CHANGES - 1)] = hp_lock_change(now_ns, row);
	owners->count = index + 1;
	return index;
}

/* The same, when that is new. */
static __always_inline void hp_lock_note(struct hp_lock_owners *owners, __u64 lock, __u64 now_ns, __u64 row)
{
	if (!hp_lock_is_held_by(owners, lock, row))
		hp_lock_append(owners, lock, now_ns, row);
}

/* A wait on its way back through the owners that were seen. */
struct hp_lock_walk {
	const struct hp_lock_owners *owners;
	__u64 count;	/* changes to look at, 0 when the place is another lock's */
	__u64 from_ns;
	__u64 end_ns;	/* charged is what comes after it */
	__u64 first;	/* row of the owner when the wait began: has what the changes do not reach */
};

struct hp_lock_part {
	__u64 row;
	__u64 time_ns;
	__u64 change;	/* the word that says so, changes[index]; 0 = none: who was seen when the wait began */
	__u64 index;
};

static __always_inline void hp_lock_walk_begin(struct hp_lock_walk *walk, const struct hp_lock_owners *owners, __u64 lock)
{
	walk->owners = owners;
	walk->count = owners->lock == lock ? owners->count : 0;
}

/*
 * The part of the wait that the step-th newest change has; to be asked for the
 * steps 0 to HP_LOCK_CHANGES. The parts add up to the wait. False when there
 * are no more.
 */
static __always_inline _Bool hp_lock_walk_step(struct hp_lock_walk *walk, __u32 step, struct hp_lock_part *part)
{
	__u64 change, start_ns = walk->from_ns;

	if (walk->end_ns <= walk->from_ns)
		return 0;
	part->row = walk->first;
	part->change = 0;
	part->index = 0;
	if (step < HP_LOCK_CHANGES && step < walk->count) {
		part->index = (walk->count - 1 - step) & (HP_LOCK_CHANGES - 1);
		change = walk->owners->changes[part->index];
		part->change = change;
		if (change >> 8 > start_ns)
			start_ns = change >> 8;
		/* A change that another processor made just now may be newer than the wait's end. */
		if (start_ns > walk->end_ns)
			start_ns = walk->end_ns;
		part->row = change & 0xff;
	}
	part->time_ns = walk->end_ns - start_ns;
	walk->end_ns = start_ns;
	return 1;
}

#endif
