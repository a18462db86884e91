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

/*
 * What follows is for programs whose task comes with its type (tp_btf): their
 * fields are read directly, which costs no call.
 */
static __always_inline __u64 cgroup_id_of(struct task_struct *task)
{
	return task->cgroups->dfl_cgrp->kn->id;
}

/* The processor whose run queue the task is in; 5.16 made it so on x86, before that it was task->cpu. */
static __always_inline __u32 processor_of(struct task_struct *task)
{
	return task->thread_info.cpu;
}

/*
 * The clock of the run queue that the task is in. Found through the fair
 * class's group (set for tasks of every class): the variable `runqueues` is
 * known by name only to kernels with CONFIG_KALLSYMS_ALL, and asking for this
 * processor's takes a call.
 */
static __always_inline __u64 queue_clock_of(struct task_struct *task)
{
	return task->se.cfs_rq->rq->clock;
}

/* Does the task stand still for lack of memory, as PSI has it? Never on a kernel without CONFIG_PSI. */
static __always_inline bool is_in_memstall(struct task_struct *task)
{
	return bpf_core_field_exists(task->in_memstall) && BPF_CORE_READ_BITFIELD(task, in_memstall);
}

#define TASK_STACK_BYTES 16384	/* THREAD_SIZE of x86-64 and arm64 */

/*
 * Is it the current task that is at work, not an interrupt or a softirq? Those
 * have stacks of their own, and a program's arguments are on the stack of
 * whoever called it. The count of interrupts under way is known by name only
 * to kernels with CONFIG_KALLSYMS_ALL. False where that is not known.
 */
static __always_inline bool is_in_task(const void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 low = (__u64)task->stack, high = low + TASK_STACK_BYTES;

	/* The verifier lets the pointer be compared, but not be reckoned with: clang must not make one comparison of two. */
	barrier_var(low);
	barrier_var(high);
	return (__u64)ctx >= low && (__u64)ctx < high;
}

/* 6.15 made the parent an RCU pointer under another name. */
struct kernfs_node___rcu_parent {
	struct kernfs_node *__parent;
} __attribute__((preserve_access_index));

static __always_inline struct kernfs_node *kernfs_parent_of(struct kernfs_node *node)
{
	struct kernfs_node___rcu_parent *newer = (void *)node;

	if (bpf_core_field_exists(newer->__parent))
		return BPF_CORE_READ(newer, __parent);
	return BPF_CORE_READ(node, parent);
}

/* Start of the user buffer of a one-part write; NULL for others (writev), whose first bytes are then not known. */
static __always_inline const void *iter_user_base(struct iov_iter *iter)
{
	if (BPF_CORE_READ(iter, iter_type) != bpf_core_enum_value(enum iter_type, ITER_UBUF))
		return NULL;
	return BPF_CORE_READ(iter, ubuf);
}

/* The cgroup that a request's first bio is charged to; NULL without one, or without CONFIG_BLK_CGROUP. */
static __always_inline struct cgroup *request_cgroup(struct request *rq)
{
	struct bio *bio = rq->bio;

	if (!bio || !bpf_core_field_exists(bio->bi_blkg) || !bio->bi_blkg)
		return NULL;
	return bio->bi_blkg->blkcg->css.cgroup;
}

/* The cgroup that a socket was made in; NULL without one, or for the small stand-ins of sockets that wait to open or close. */
static __always_inline struct cgroup *socket_cgroup(struct sock *sk)
{
	unsigned char state;

	if (!sk || !bpf_core_field_exists(sk->sk_cgrp_data))
		return NULL;
	state = sk->__sk_common.skc_state;
	if (state == BPF_TCP_TIME_WAIT || state == BPF_TCP_NEW_SYN_RECV)
		return NULL;
	return sk->sk_cgrp_data.cgroup;
}

/* Did a queueing discipline refuse the packet? 6.18 has several reasons for that. */
enum skb_drop_reason___newer {
	SKB_DROP_REASON_QDISC_OVERLIMIT___newer = 1,
	SKB_DROP_REASON_QDISC_CONGESTED___newer,
};

static __always_inline bool is_queue_drop(__u32 reason)
{
	if (reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_QDISC_DROP))
		return true;
	if (bpf_core_enum_value_exists(enum skb_drop_reason___newer, SKB_DROP_REASON_QDISC_OVERLIMIT___newer) &&
	    reason == bpf_core_enum_value(enum skb_drop_reason___newer, SKB_DROP_REASON_QDISC_OVERLIMIT___newer))
		return true;
	return bpf_core_enum_value_exists(enum skb_drop_reason___newer, SKB_DROP_REASON_QDISC_CONGESTED___newer) &&
	       reason == bpf_core_enum_value(enum skb_drop_reason___newer, SKB_DROP_REASON_QDISC_CONGESTED___newer);
}

/* The discipline at the root of the port's queue that the packet goes to. */
static __always_inline struct Qdisc *root_qdisc(struct sk_buff *skb)
{
	struct netdev_queue *queues = BPF_CORE_READ(skb, dev, _tx);
	__u64 index = BPF_CORE_READ(skb, queue_mapping);

	queues = (void *)queues + index * bpf_core_type_size(struct netdev_queue);
	return BPF_CORE_READ(queues, qdisc);
}

#endif
