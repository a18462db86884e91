// SPDX-License-Identifier: GPL-2.0
/* contention_block.bpf.c: divides every wait for a disk among those whose requests it served meanwhile. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "contention_block.h"
#include "contention_wait.bpf.h"
#include "outlier_who.bpf.h"

/*
 * A request waits from its insertion into the scheduler's queue, or from its
 * issue when it skips that, until its completion. The device's time goes to
 * those whose requests it has in hand, in equal parts for each request; what
 * each had of it during the wait is what the wait is divided by, in the queue
 * and in the device alike.
 */

#define REQUEST_OPERATION 0xff	/* REQ_OP_MASK, include/linux/blk_types.h */

char LICENSE[] SEC("license") = "GPL";

struct hp_disk {
	struct bpf_spin_lock lock;
	struct hp_station station;
};

/* By the address of its request queue. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HP_DISKS_MAX);
	__type(key, __u64);
	__type(value, struct hp_disk);
} hp_disks SEC(".maps");

/* By its address. The size of the value is set at load, by the number of rows: the map has no types for that. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HP_REQUESTS_MAX);
	__uint(key_size, sizeof(__u64));
	__uint(value_size, sizeof(struct hp_request));
} hp_requests SEC(".maps");

/*
 * Never written: what a new disk and a new request begin as. They are too large
 * for the stack; and no types, for a lock must not be copied.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct hp_disk));
} hp_blank_disk SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hp_request);
} hp_blank_request SEC(".maps");

static __always_inline struct hp_disk *disk_of(struct request *rq)
{
	__u64 key = (__u64)rq->q;
	struct hp_disk *disk = bpf_map_lookup_elem(&hp_disks, &key);
	__u32 zero = 0;
	void *blank;

	if (disk)
		return disk;
	blank = bpf_map_lookup_elem(&hp_blank_disk, &zero);
	if (blank)
		bpf_map_update_elem(&hp_disks, &key, blank, BPF_NOEXIST);
	return bpf_map_lookup_elem(&hp_disks, &key);
}

/*
 * The cgroup that its first bio is charged to: that is right also for what was
 * written back later by a kernel thread. Without the io controller bios are
 * charged to an ancestor that is no domain; then it is whoever brings it.
 */
static __always_inline __u64 owner_of(struct request *rq)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct cgroup *cgroup = request_cgroup(rq);
	__u64 row = HP_ROW_BASE;

	/* Ids are of one hierarchy; a disk's controller may be in another, of version 1. */
	if (cgroup && cgroup->root == task->cgroups->dfl_cgrp->root)
		row = find_row(cgroup);
	if (row != HP_ROW_BASE)
		return row;
	return task->pid ? row_for(task, find_row(task->cgroups->dfl_cgrp)) : HP_ROW_KERNEL;
}

/* A wait begins. */
static __always_inline struct hp_request *new_request(const void *ctx, struct request *rq)
{
	__u64 key = (__u64)rq;
	struct hp_request *request;
	__u32 zero = 0;
	void *blank = bpf_map_lookup_elem(&hp_blank_request, &zero);

	if (!blank || bpf_map_update_elem(&hp_requests, &key, blank, BPF_ANY)) {
		count_wait_lost(HP_WAIT_LOST_ROOM);
		return NULL;
	}
	request = bpf_map_lookup_elem(&hp_requests, &key);
	if (!request)
		return NULL;
	request->row = owner_of(rq);
	note_who(ctx, key, request->row, rq->__sector);
	return request;
}

static __always_inline struct hp_request *find_request(struct request *rq)
{
	__u64 key = (__u64)rq;

	return bpf_map_lookup_elem(&hp_requests, &key);
}

/* A request that we believed to be under way begins anew: its end was not told. */
static __always_inline void forget(struct hp_disk *disk, struct hp_request *request)
{
	__u64 now = bpf_ktime_get_ns(), row = request->row;

	count_wait_lost(HP_WAIT_LOST_EVENT);
	if (request->state != HP_REQUEST_ISSUED)
		return;
	bpf_spin_lock(&disk->lock);
	hp_station_advance(&disk->station, rows_count, now);
	hp_station_remove(&disk->station, row, 1);
	bpf_spin_unlock(&disk->lock);
}

SEC("tp_btf/block_rq_insert")
int BPF_PROG(hp_block_insert, struct request *rq)
{
	struct hp_request *request = find_request(rq);
	struct hp_disk *disk = disk_of(rq);
	__u64 now;

	if (!disk) {
		count_wait_lost(HP_WAIT_LOST_ROOM);
		return 0;
	}
	if (request) {
		if (request->state == HP_REQUEST_RETURNED)
			return 0;
		forget(disk, request);
	}
	request = new_request(ctx, rq);
	if (!request)
		return 0;
	request->state = HP_REQUEST_QUEUED;
	now = bpf_ktime_get_ns();
	bpf_spin_lock(&disk->lock);
	request->since_ns = hp_station_advance(&disk->station, rows_count, now);
	hp_station_note(&disk->station, rows_count, request->used_ns);
	bpf_spin_unlock(&disk->lock);
	return 0;
}

SEC("tp_btf/block_rq_issue")
int BPF_PROG(hp_block_issue, struct request *rq)
{
	struct hp_request *request = find_request(rq);
	struct hp_disk *disk = disk_of(rq);
	__u64 now, row, is_new;

	if (!disk) {
		count_wait_lost(HP_WAIT_LOST_ROOM);
		return 0;
	}
	if (request && request->state == HP_REQUEST_ISSUED) {
		forget(disk, request);
		request = NULL;
	}
	is_new = !request;
	if (!request)
		request = new_request(ctx, rq);
	if (!request)
		return 0;
	row = request->row;
	now = bpf_ktime_get_ns();
	bpf_spin_lock(&disk->lock);
	now = hp_station_advance(&disk->station, rows_count, now);
	if (is_new)
		hp_station_note(&disk->station, rows_count, request->used_ns);
	else
		request->phase_ns[HP_BLOCK_QUEUE] += now - request->since_ns;
	hp_station_add(&disk->station, row, 1);
	bpf_spin_unlock(&disk->lock);
	request->since_ns = now;
	request->state = HP_REQUEST_ISSUED;
	return 0;
}

/* The device gave it back unserved. */
SEC("tp_btf/block_rq_requeue")
int BPF_PROG(hp_block_requeue, struct request *rq)
{
	struct hp_request *request = find_request(rq);
	struct hp_disk *disk = disk_of(rq);
	__u64 now, row;

	if (!request || !disk || request->state != HP_REQUEST_ISSUED)
		return 0;
	row = request->row;
	now = bpf_ktime_get_ns();
	bpf_spin_lock(&disk->lock);
	now = hp_station_advance(&disk->station, rows_count, now);
	hp_station_remove(&disk->station, row, 1);
	bpf_spin_unlock(&disk->lock);
	request->phase_ns[HP_BLOCK_DEVICE] += now - request->since_ns;
	request->since_ns = now;
	request->state = HP_REQUEST_RETURNED;
	return 0;
}

/* Tells of one request. Parts of it may have been completed before: its first sector is what was noted when it began. */
static __always_inline void tell(struct request *rq, const struct hp_request *request)
{
	__u64 wait_ns = request->phase_ns[HP_BLOCK_QUEUE] + request->phase_ns[HP_BLOCK_DEVICE], row = request->row;
	struct hp_outlier_wait *record;
	struct gendisk *disk;

	if (!is_outlier(row, wait_ns))
		return;
	record = new_outlier(row, wait_ns, request->state == HP_REQUEST_ISSUED ? HP_BLOCK_DEVICE : HP_BLOCK_QUEUE);
	if (!record)
		return;
	record->block.sector = name_who(record, (__u64)rq, ~0ull);
	record->block.phase_ns[HP_BLOCK_QUEUE] = request->phase_ns[HP_BLOCK_QUEUE];
	record->block.phase_ns[HP_BLOCK_DEVICE] = request->phase_ns[HP_BLOCK_DEVICE];
	record->block.bytes = rq->__data_len;
	record->block.operation = rq->cmd_flags & REQUEST_OPERATION;
	disk = rq->q->disk;
	if (disk) {
		record->block.major = BPF_CORE_READ(disk, major);
		record->block.minor = BPF_CORE_READ(disk, first_minor);
		bpf_probe_read_kernel_str(record->block.name, sizeof(record->block.name), disk->disk_name);
	}
	record->rows = rows_count;
	for (__u32 i = 0; i < HP_ROWS_MAX && i < rows_count; i++)
		record->rows_ns[i] = request->used_ns[i];
	bpf_ringbuf_submit(record, 0);
}

/* The wait is over: what the others had of the device meanwhile, and the request itself. */
static __always_inline struct hp_wait_row *end_wait(struct request *rq, struct hp_request *request)
{
	__u64 now = bpf_ktime_get_ns(), row = request->row, state = request->state;
	struct hp_disk *disk = disk_of(rq);
	struct hp_wait_row *victim;

	if (!disk)
		return NULL;
	bpf_spin_lock(&disk->lock);
	now = hp_station_advance(&disk->station, rows_count, now);
	if (state == HP_REQUEST_ISSUED)
		hp_station_remove(&disk->station, row, 1);
	hp_station_settle(&disk->station, rows_count, request->used_ns);
	bpf_spin_unlock(&disk->lock);
	if (state == HP_REQUEST_ISSUED)
		request->phase_ns[HP_BLOCK_DEVICE] += now - request->since_ns;
	else
		request->phase_ns[HP_BLOCK_QUEUE] += now - request->since_ns;
	victim = wait_row_of(row);
	if (!victim)
		return NULL;
	for (__u32 i = 0; i < HP_ROWS_MAX && i < rows_count; i++)
		if (request->used_ns[i])
			add_to(&victim->by_ns[i], request->used_ns[i]);
	return victim;
}

SEC("tp_btf/block_rq_complete")
int BPF_PROG(hp_block_complete, struct request *rq, blk_status_t error, unsigned int bytes)
{
	struct hp_request *request = find_request(rq);
	struct hp_wait_row *victim;
	__u64 key = (__u64)rq;

	/* Some drivers complete a request in parts. */
	if (!request || rq->__data_len > bytes)
		return 0;
	victim = end_wait(rq, request);
	if (victim) {
		count_phase(victim, HP_BLOCK_QUEUE, request->phase_ns[HP_BLOCK_QUEUE]);
		count_phase(victim, HP_BLOCK_DEVICE, request->phase_ns[HP_BLOCK_DEVICE]);
		tell(rq, request);
	}
	bpf_map_delete_elem(&hp_requests, &key);
	forget_who(key);
	return 0;
}

/* It becomes a part of the request before it, which goes on waiting: its own time ends, and was no whole wait. */
SEC("tp_btf/block_rq_merge")
int BPF_PROG(hp_block_merge, struct request *rq)
{
	struct hp_request *request = find_request(rq);
	struct hp_wait_row *victim;
	__u64 key = (__u64)rq;

	if (!request)
		return 0;
	victim = end_wait(rq, request);
	if (victim) {
		add_to(&victim->phase_ns[HP_BLOCK_QUEUE], request->phase_ns[HP_BLOCK_QUEUE]);
		add_to(&victim->phase_ns[HP_BLOCK_DEVICE], request->phase_ns[HP_BLOCK_DEVICE]);
	}
	bpf_map_delete_elem(&hp_requests, &key);
	forget_who(key);
	return 0;
}
