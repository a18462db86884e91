/* SPDX-License-Identifier: GPL-2.0 */
/* core_fixes.bpf.h: the only place that knows how kernels differ. */
#ifndef CORE_FIXES_BPF_H
#define CORE_FIXES_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/*
 * bpf_get_current_ancestor_cgroup_id() is not offered to every program type
 * on 6.1, so the cgroup of the current task is read from the task itself.
 * 0 = the task's cgroup is above that level.
 */
static __always_inline __u64 current_cgroup_id_at(__u32 level)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct cgroup *cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp);
	struct cgroup *ancestor = NULL;

	if (level > (__u32)BPF_CORE_READ(cgroup, level))
		return 0;
	bpf_core_read(&ancestor, sizeof(ancestor), &cgroup->ancestors[level]);
	return BPF_CORE_READ(ancestor, kn, id);
}

#endif
