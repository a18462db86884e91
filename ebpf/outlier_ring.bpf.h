/* SPDX-License-Identifier: GPL-2.0 */
/* outlier_ring.bpf.h: the buffer in which user space is told of single waits, and what did not fit into it. */
#ifndef OUTLIER_RING_BPF_H
#define OUTLIER_RING_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

/* User space knows both by the beginning of their names. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} hp_outlier_ring SEC(".maps");

/* Records for which the ring had no room. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} hp_outlier_lost SEC(".maps");

static __always_inline void count_no_room(void)
{
	__u32 zero = 0;
	__u64 *lost = bpf_map_lookup_elem(&hp_outlier_lost, &zero);

	if (lost)
		__sync_fetch_and_add(lost, 1);	/* an interrupt may come between */
}

#endif
