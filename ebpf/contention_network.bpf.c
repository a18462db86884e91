// SPDX-License-Identifier: GPL-2.0
/* contention_network.bpf.c: divides every wait in a port's queue among those whose packets were sent meanwhile. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "contention_network.h"
#include "contention_wait.bpf.h"
#include "outlier_who.bpf.h"

/*
 * A packet waits in the queueing discipline of a port from the moment it is
 * put there until it is taken out to be sent. The time between two takings
 * belongs to those whose packets the first one took, by their bytes: the port
 * was sending these. Packets that find the queue empty and the port free skip
 * it; they do not wait, and cost nothing here.
 *
 * A packet that is dropped there is an event of its owner, because of whoever
 * sent most of late. A packet is its socket's cgroup's; those without a socket
 * (forwarded, or the kernel's own) are the kernel's.
 */

char LICENSE[] SEC("license") = "GPL";

struct hp_queue {
	struct bpf_spin_lock lock;
	__u64 waiting;		/* packets that we follow in it */
	__u64 sent_ns;		/* when something was taken out last */
	__u64 lately[HP_ROWS_MAX];	/* bytes sent, the older ones fading away */
	struct hp_station station;
};

/* By the address of the discipline at a port's (or port's queue's) root. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HP_QDISCS_MAX);
	__type(key, __u64);
	__type(value, struct hp_queue);
} hp_queues SEC(".maps");

/*
 * By its address. Of those whose end is not told the oldest make room. The
 * size of the value is set at load, by the number of rows: no types for that.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, HP_PACKETS_MAX);
	__uint(key_size, sizeof(__u64));
	__uint(value_size, sizeof(struct hp_packet));
} hp_packets SEC(".maps");

/* Never written: what a new queue and a new packet begin as; no types, for a lock must not be copied. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct hp_queue));
} hp_blank_queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hp_packet);
} hp_blank_packet SEC(".maps");

static __always_inline struct hp_queue *queue_of(struct Qdisc *qdisc)
{
	__u64 key = (__u64)qdisc;
	struct hp_queue *queue = bpf_map_lookup_elem(&hp_queues, &key);
	__u32 zero = 0;
	void *blank;

	if (queue)
		return queue;
	blank = bpf_map_lookup_elem(&hp_blank_queue, &zero);
	if (blank)
		bpf_map_update_elem(&hp_queues, &key, blank, BPF_NOEXIST);
	return bpf_map_lookup_elem(&hp_queues, &key);
}

static __always_inline struct hp_packet *find_packet(struct sk_buff *skb)
{
	__u64 key = (__u64)skb;

	return bpf_map_lookup_elem(&hp_packets, &key);
}

static __always_inline __u64 owner_of(struct sk_buff *skb)
{
	struct cgroup *cgroup = socket_cgroup(skb->sk);

	return cgroup ? find_row(cgroup) : HP_ROW_KERNEL;
}

SEC("tp_btf/qdisc_enqueue")
int BPF_PROG(hp_network_enqueue, struct Qdisc *qdisc, const struct netdev_queue *txq, struct sk_buff *skb)
{
	struct hp_queue *queue = queue_of(qdisc);
	__u64 key = (__u64)skb, now;
	struct hp_packet *packet;
	__u32 zero = 0;
	void *blank = bpf_map_lookup_elem(&hp_blank_packet, &zero);

	if (!queue || !blank || bpf_map_update_elem(&hp_packets, &key, blank, BPF_ANY)) {
		count_wait_lost(HP_WAIT_LOST_ROOM);
		return 0;
	}
	packet = bpf_map_lookup_elem(&hp_packets, &key);
	if (!packet)
		return 0;
	packet->row = owner_of(skb);
	packet->bytes = skb->len;
	packet->qdisc = (__u64)qdisc;
	now = bpf_ktime_get_ns();
	bpf_spin_lock(&queue->lock);
	now = hp_station_advance(&queue->station, rows_count, now);
	if (!queue->waiting && now - queue->sent_ns > HP_SENT_STALE_NS)
		hp_station_empty(&queue->station, rows_count);
	queue->waiting++;
	hp_station_note(&queue->station, rows_count, packet->used_ns);
	bpf_spin_unlock(&queue->lock);
	packet->since_ns = now;
	note_who(ctx, key, packet->row, skb->len);
	return 0;
}

/* The packet leaves the queue at that time; what others had of the queue's time is in packet->used_ns then. */
static __always_inline __u64 leave(struct hp_queue *queue, struct hp_packet *packet, __u64 now, bool is_sent,
				   bool is_first)
{
	__u64 row = packet->row, bytes = packet->bytes;

	bpf_spin_lock(&queue->lock);
	now = hp_station_advance(&queue->station, rows_count, now);
	hp_station_settle(&queue->station, rows_count, packet->used_ns);
	if (queue->waiting)
		queue->waiting--;
	if (is_first)
		hp_station_empty(&queue->station, rows_count);
	if (is_sent) {
		hp_station_add(&queue->station, row, bytes);
		queue->sent_ns = now;
	}
	if (is_sent && row < HP_ROWS_MAX)
		queue->lately[row] += bytes;
	bpf_spin_unlock(&queue->lock);
	return now;
}

static __always_inline void tell(__u64 key, const struct hp_packet *packet, __u64 wait_ns)
{
	struct sk_buff *skb = (struct sk_buff *)key;
	struct hp_outlier_wait *record;
	struct net_device *port;

	if (!is_outlier(packet->row, wait_ns))
		return;
	record = new_outlier(packet->row, wait_ns, HP_NETWORK_QUEUE);
	if (!record)
		return;
	name_who(record, key, 0);
	record->network.bytes = (__u32)packet->bytes;
	port = BPF_CORE_READ(skb, dev);
	if (port) {
		record->network.port = BPF_CORE_READ(port, ifindex);
		bpf_probe_read_kernel_str(record->network.name, sizeof(port->name), port->name);
	}
	record->rows = rows_count;
	for (__u32 i = 0; i < HP_ROWS_MAX && i < rows_count; i++)
		record->rows_ns[i] = packet->used_ns[i];
	bpf_ringbuf_submit(record, 0);
}

static __always_inline void count_wait(__u64 key, struct hp_packet *packet, __u64 now)
{
	struct hp_wait_row *victim = wait_row_of(packet->row);

	if (!victim)
		return;
	for (__u32 i = 0; i < HP_ROWS_MAX && i < rows_count; i++)
		if (packet->used_ns[i])
			add_to(&victim->by_ns[i], packet->used_ns[i]);
	count_phase(victim, HP_NETWORK_QUEUE, now - packet->since_ns);
	tell(key, packet, now - packet->since_ns);
}

/* What was sent long ago counts less and less. */
static __always_inline void fade(struct hp_queue *queue)
{
	bpf_spin_lock(&queue->lock);
	for (__u32 row = 0; row < HP_ROWS_MAX && row < rows_count; row++)
		queue->lately[row] -= queue->lately[row] >> 6;
	bpf_spin_unlock(&queue->lock);
}

/*
 * A packet that we do not follow leaves: it was there before us, and nobody
 * knows whose it is; or it had left before and came back from the driver, and
 * is what the queue is known to be busy with.
 */
static __always_inline void pass(struct hp_queue *queue, __u64 now)
{
	bpf_spin_lock(&queue->lock);
	now = hp_station_advance(&queue->station, rows_count, now);
	if (!queue->station.weight)
		hp_station_add(&queue->station, HP_ROW_UNKNOWN, 1);
	queue->sent_ns = now;
	bpf_spin_unlock(&queue->lock);
}

/* Packets on their way out of a queue. */
struct leaving {
	struct hp_queue *queue;
	__u64 qdisc;
	__u64 skb;
	__u64 now;
	__u64 is_first;
};

/* One of several that leave together. */
static long leave_next(__u32 index, struct leaving *leaving)
{
	__u64 key = leaving->skb, left;
	struct hp_packet *packet = bpf_map_lookup_elem(&hp_packets, &key);
	struct hp_queue *queue = leaving->queue;

	if (packet && queue && packet->qdisc == leaving->qdisc) {
		if (leaving->is_first)
			fade(queue);
		left = leave(queue, packet, leaving->now, true, leaving->is_first);
		leaving->is_first = 0;
		count_wait(key, packet, left);
		bpf_map_delete_elem(&hp_packets, &key);
		forget_who(key);
	} else if (queue) {
		pass(queue, leaving->now);
	}
	bpf_core_read(&leaving->skb, sizeof(leaving->skb), &((struct sk_buff *)key)->next);
	return !leaving->skb;
}

SEC("tp_btf/qdisc_dequeue")
int BPF_PROG(hp_network_dequeue, struct Qdisc *qdisc, const struct netdev_queue *txq, int packets, struct sk_buff *skb)
{
	struct leaving leaving = { NULL, (__u64)qdisc, (__u64)skb, 0, 1 };

	/* Nearly always one. */
	if (!skb)
		return 0;
	leaving.queue = queue_of(qdisc);
	leaving.now = bpf_ktime_get_ns();
	if (leaving.queue)
		bpf_loop(packets > 0 && packets < (int)HP_BATCH_MAX ? (__u32)packets : HP_BATCH_MAX, leave_next, &leaving, 0);
	return 0;
}

/* Whoever sent most of late is why there was no room. */
struct heaviest {
	const struct hp_queue *queue;
	__u64 most, sender;
};

/* For bpf_loop(): in a loop of its own the verifier would follow every order in which rows can be the heaviest so far. */
static long weigh(__u32 row, void *context)
{
	struct heaviest *heaviest = context;
	__u64 index = row, lately;

	barrier_var(index);	/* the verifier must see the very register checked that is used */
	if (index >= HP_ROWS_MAX)
		return 1;
	lately = heaviest->queue->lately[index];
	if (lately > heaviest->most) {
		heaviest->most = lately;
		heaviest->sender = index;
	}
	return 0;
}

static __always_inline __u64 find_sender(const struct hp_queue *queue)
{
	struct heaviest heaviest = { .queue = queue, .sender = HP_ROW_UNKNOWN };

	bpf_loop(rows_count, weigh, &heaviest, 0);
	return heaviest.sender;
}

static __always_inline void count_drop(struct hp_queue *queue, __u64 row)
{
	struct hp_wait_row *victim = wait_row_of(row);
	__u64 sender = find_sender(queue);

	barrier_var(sender);
	if (victim && sender < HP_ROWS_MAX)
		add_to(&victim->events[sender], 1);
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(hp_network_drop, struct sk_buff *skb, void *location, enum skb_drop_reason reason)
{
	struct hp_packet *packet = find_packet(skb);
	__u64 key = (__u64)skb, left;
	struct hp_queue *queue;
	struct Qdisc *qdisc;

	/* Dropped from the queue, or refused by it. */
	if (!packet && !is_queue_drop(reason))
		return 0;
	qdisc = root_qdisc(skb);
	queue = queue_of(qdisc);
	if (packet && packet->qdisc != (__u64)qdisc) {
		/* It left the queue without our being told, and is dropped elsewhere. */
		count_wait_lost(HP_WAIT_LOST_EVENT);
	} else if (queue) {
		if (packet) {
			left = leave(queue, packet, bpf_ktime_get_ns(), false, false);
			count_wait(key, packet, left);
		}
		count_drop(queue, packet ? packet->row : owner_of(skb));
	}
	if (packet) {
		bpf_map_delete_elem(&hp_packets, &key);
		forget_who(key);
	}
	return 0;
}

SEC("tp_btf/qdisc_destroy")
int BPF_PROG(hp_network_destroy, struct Qdisc *qdisc)
{
	__u64 key = (__u64)qdisc;

	bpf_map_delete_elem(&hp_queues, &key);
	return 0;
}
