// SPDX-License-Identifier: GPL-2.0
/* waits_network.c: waits of packets in the queues of ports, and packets that are dropped there. */
#include "bpf/wait_ops.h"

#include <errno.h>
#include "base/hp_auto.h"
#include "contention_network.h"
#include "contention_network.skel.h"

static const struct hp_wait_program programs[] = {
	{ "hp_network_enqueue", NULL },
	{ "hp_network_dequeue", NULL },
	{ "hp_network_drop", "this kernel has no tracepoint kfree_skb: packets dropped in queues are not counted" },
	{ "hp_network_destroy", "this kernel has no tracepoint qdisc_destroy: after many ports came and went new ones are not counted" },
};

_Static_assert(hp_array_size(programs) <= HP_WAIT_PROGRAMS_MAX, "all of them can be taken over");

static int open_network(struct hp_wait_source *source, unsigned int rows_count)
{
	struct contention_network_bpf *skel = hp_wait_open(contention_network_bpf, source, rows_count);

	if (!skel)
		return -errno;
	/* A packet notes one number for each row, and there are many packets. */
	return bpf_map__set_value_size(skel->maps.hp_packets,
				       (unsigned int)(offsetof(struct hp_packet, used_ns) + rows_count * sizeof(__u64)));
}

const struct hp_wait_ops hp_wait_network = {
	.resource = "network",
	.phases = { [HP_NETWORK_QUEUE] = "queue" },
	.events = "drops",
	.programs = programs,
	.programs_count = hp_array_size(programs),
	.open = open_network,
};
