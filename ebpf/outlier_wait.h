/* SPDX-License-Identifier: GPL-2.0 */
/* outlier_wait.h: one wait for anything but a processor that was too long, as the kernel tells it to user space. */
#ifndef OUTLIER_WAIT_H
#define OUTLIER_WAIT_H

#include "contention_block.h"
#include "contention_lock.h"
#include "contention_wait.h"
#include "outlier.h"

#define HP_OUTLIER_HOLDERS (HP_LOCK_CHANGES + 1)
#define HP_OUTLIER_NAME 32u	/* DISK_NAME_LEN; the name of a port is shorter */

/* A lock: its address is the same in each wait for it. */
struct hp_outlier_lock {
	__u64 address;
	__u64 unused[8];
};

/* A request for a disk. The rows had the disk meanwhile. */
struct hp_outlier_block {
	__u64 sector;		/* its first, of 512 bytes; ~0 = not known */
	__u64 phase_ns[2];	/* enum hp_block_phase; their sum is the wait */
	__u32 bytes;
	__u32 operation;	/* enum req_op of the kernel */
	__u32 major, minor;	/* of the whole disk */
	char name[HP_OUTLIER_NAME];
};

/* A packet. The rows' packets were sent meanwhile. */
struct hp_outlier_network {
	__u32 port;		/* its index; 0 = not known */
	__u32 bytes;
	char name[HP_OUTLIER_NAME];
	__u64 unused[4];
};

/*
 * The times of the rows, or of the holders, add up to the wait; what
 * HP_ROW_UNKNOWN has of it the kernel does not tell.
 */
struct hp_outlier_wait {
	__u64 end_ns;		/* CLOCK_MONOTONIC */
	__u64 wait_ns;
	__u32 phase;		/* which of its kind, as hp_wait_phase() has it */
	__u32 rows;		/* that rows_ns has; 0 = holders it is */
	struct hp_outlier_task victim;	/* pid 0 = the kernel does not tell which task; its row is known */
	union {
		struct hp_outlier_lock lock;
		struct hp_outlier_block block;
		struct hp_outlier_network network;
	};
	/* Where in the kernel it waited, innermost first, 0 ends it; none when nobody stood there. */
	__u64 stack[HP_OUTLIER_FRAMES];
	union {
		__u64 rows_ns[HP_ROWS_MAX];	/* because of which row: block, memory, network */
		/* Because of which task: lock. The latest first; pid 0 = not known; one may be there twice. */
		struct hp_outlier_task holders[HP_OUTLIER_HOLDERS];
	};
};

/*
 * The task that was seen to hold a lock when the change of the same place in
 * struct hp_lock_owners was made. Two processors may write at once, and one
 * may read meanwhile: the check tells whether it is whole, and of that change.
 */
struct hp_lock_holder {
	__u64 name[HP_OUTLIER_COMM / 8];
	__u32 pid;		/* 0 = not known */
	__u32 row;		/* HP_ROW_UNKNOWN: of readers nobody knows who is still there */
	__u64 check;
};

struct hp_lock_holders {
	struct hp_lock_holder changes[HP_LOCK_CHANGES];
};

static __always_inline __u64 hp_lock_holder_check(const struct hp_lock_holder *holder, __u64 change)
{
	__u64 sum = change + 1;

	/* Each step is one-to-one in what it takes in: no single word can change unnoticed. */
	sum = (sum ^ holder->name[0]) * 0x9e3779b97f4a7c15ull;
	sum = (sum ^ holder->name[1]) * 0x9e3779b97f4a7c15ull;
	return (sum ^ ((__u64)holder->row << 32 | holder->pid)) * 0x9e3779b97f4a7c15ull;
}

#endif
