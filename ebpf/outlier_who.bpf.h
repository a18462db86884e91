/* SPDX-License-Identifier: GPL-2.0 */
/* outlier_who.bpf.h: remembers who began a wait that ends in an interrupt, for those who tell of single waits. */
#ifndef OUTLIER_WHO_BPF_H
#define OUTLIER_WHO_BPF_H

#include "outlier_wait.bpf.h"

/* Who was at work when the wait began. */
struct hp_outlier_who {
	char comm[HP_OUTLIER_COMM];
	__u64 detail;		/* the kind's own */
	__u32 pid;		/* 0 = not known */
	__u32 unused;
};

/* By the address of what waits. Whoever does not find itself here is not named. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct hp_outlier_who);
} hp_outlier_whos SEC(".maps");

/* The current task is named only when what waits is its own: not an interrupted one, nor who brings others' along. */
static __always_inline void note_who(const void *ctx, __u64 key, __u64 row, __u64 detail)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct hp_outlier_who who = { .detail = detail };

	if (!outlier_above_ns)
		return;
	if (task->pid && is_in_task(ctx) && row_for(task, find_row(task->cgroups->dfl_cgrp)) == row) {
		who.pid = (__u32)task->pid;
		bpf_probe_read_kernel(who.comm, sizeof(who.comm), task->comm);
	}
	bpf_map_update_elem(&hp_outlier_whos, &key, &who, BPF_ANY);
}

/* Names the one that was noted and returns its detail, or `otherwise`. */
static __always_inline __u64 name_who(struct hp_outlier_wait *record, __u64 key, __u64 otherwise)
{
	struct hp_outlier_who *who = bpf_map_lookup_elem(&hp_outlier_whos, &key);

	if (!who)
		return otherwise;
	record->victim.pid = who->pid;
	__builtin_memcpy(record->victim.comm, who->comm, sizeof(record->victim.comm));
	return who->detail;
}

static __always_inline void forget_who(__u64 key)
{
	if (outlier_above_ns)
		bpf_map_delete_elem(&hp_outlier_whos, &key);
}

#endif
