/* SPDX-License-Identifier: GPL-2.0 */
/* contention_rows.bpf.h: which row a task or a cgroup is; every contention object asks here. */
#ifndef CONTENTION_ROWS_BPF_H
#define CONTENTION_ROWS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "contention.h"
#include "core_fixes.bpf.h"

#define PF_KTHREAD 0x00200000		/* include/linux/sched.h */
#define CGROUP_DEPTH_MAX 32

/* Which cgroup is which row's. User space gives several objects the same one. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HP_ROWS_MAX);
	__type(key, __u64);
	__type(value, __u32);
} hp_domains SEC(".maps");

/* The nearest ancestor that is a domain. */
static __noinline __u64 find_row(struct cgroup *cgroup)
{
	int level = BPF_CORE_READ(cgroup, level);
	struct cgroup *ancestor = NULL;
	__u32 *row;
	__u64 id;

	for (int i = 0; i < CGROUP_DEPTH_MAX && level > 0; i++, level--) {
		bpf_core_read(&ancestor, sizeof(ancestor), &cgroup->ancestors[level]);
		id = BPF_CORE_READ(ancestor, kn, id);
		row = bpf_map_lookup_elem(&hp_domains, &id);
		if (row)
			return *row;
	}
	return HP_ROW_BASE;
}

/* The row of a task whose cgroup has this one: kernel threads outside of the domains are not base. */
static __always_inline __u64 row_for(struct task_struct *task, __u64 cgroup_row)
{
	return cgroup_row == HP_ROW_BASE && (task->flags & PF_KTHREAD) ? HP_ROW_KERNEL : cgroup_row;
}

#endif
