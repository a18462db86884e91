// SPDX-License-Identifier: GPL-2.0
/* damon_windows.bpf.c: passes on what one kdamond tells at the end of each window. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "damon_windows.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 kdamond;	/* its pid */

__u64 lost;	/* one thread writes: the kdamond */

/* 32 processes with some hundred regions each are a window. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} hp_damon_ring SEC(".maps");

SEC("tp_btf/damon_aggregated")
int BPF_PROG(on_aggregated, unsigned int target, struct damon_region *region, unsigned int regions)
{
	struct hp_damon_record *record;

	if ((__u32)bpf_get_current_pid_tgid() != kdamond)
		return 0;
	record = bpf_ringbuf_reserve(&hp_damon_ring, sizeof(*record), 0);
	if (!record) {
		lost++;
		return 0;
	}
	record->start = region->ar.start;
	record->end = region->ar.end;
	record->target = target;
	record->accesses = region->nr_accesses;
	record->regions = regions;
	record->unused = 0;
	bpf_ringbuf_submit(record, 0);
	return 0;
}
