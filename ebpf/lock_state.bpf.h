/* SPDX-License-Identifier: GPL-2.0 */
/* lock_state.bpf.h: what a lock of the kernel says about itself. */
#ifndef LOCK_STATE_BPF_H
#define LOCK_STATE_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include "contention_lock.h"

#define LCB_F_SPIN 1			/* include/trace/events/lock.h */
#define LCB_F_READ 2
#define LCB_F_WRITE 4
#define LCB_F_RT 8
#define LCB_F_PERCPU 16
#define LCB_F_MUTEX 32
#define MUTEX_FLAGS 7			/* kernel/locking/mutex.c */
#define RWSEM_READER_OWNED 1		/* kernel/locking/rwsem.c */
#define RWSEM_OWNER_FLAGS 3
#define RWSEM_READER_SHIFT 8
#define RT_MUTEX_HAS_WAITERS 1		/* kernel/locking/rtmutex_common.h */

/* Of several readers an rwsem names only the last that came, and keeps its name when all have gone. */
static __always_inline __u64 rwsem_owner(struct rw_semaphore *sem)
{
	__u64 owner = BPF_CORE_READ(sem, owner.counter);

	if ((owner & RWSEM_READER_OWNED) && BPF_CORE_READ(sem, count.counter) >> RWSEM_READER_SHIFT == 0)
		return 0;
	return owner & ~(__u64)RWSEM_OWNER_FLAGS;
}

/* Who holds it, as far as the lock says so; never trusted. */
static __always_inline struct task_struct *find_holder(void *lock, __u32 flags)
{
	struct rt_mutex_base *rt = lock;
	struct mutex *mutex = lock;
	__u64 owner = 0;

	if (flags & LCB_F_MUTEX)
		owner = BPF_CORE_READ(mutex, owner.counter) & ~(__u64)MUTEX_FLAGS;
	else if (flags == LCB_F_READ || flags == LCB_F_WRITE)
		owner = rwsem_owner(lock);
	else if (flags == LCB_F_RT)
		owner = (__u64)BPF_CORE_READ(rt, owner) & ~(__u64)RT_MUTEX_HAS_WAITERS;
	return (struct task_struct *)owner;
}

/* May others hold the lock beside the one that is named? */
static __always_inline bool is_shared(void *lock, __u32 flags)
{
	struct rw_semaphore *sem = lock;

	return (flags == LCB_F_READ || flags == LCB_F_WRITE) && (BPF_CORE_READ(sem, owner.counter) & RWSEM_READER_OWNED);
}

/* A semaphore, which has no flag, counts. */
static __always_inline bool is_sharing(__u32 flags)
{
	return (flags & LCB_F_READ) || !(flags & (LCB_F_WRITE | LCB_F_RT | LCB_F_MUTEX));
}

static __always_inline __u32 kind_of(__u32 flags)
{
	if (flags & LCB_F_MUTEX)
		return HP_LOCK_MUTEX;
	return flags == LCB_F_READ || flags == LCB_F_WRITE ? HP_LOCK_RWSEM : HP_LOCK_OTHER;
}

#endif
