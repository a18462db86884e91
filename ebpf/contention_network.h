/* SPDX-License-Identifier: GPL-2.0 */
/* contention_network.h: what the programs about ports keep of a packet that waits, and how many they follow. */
#ifndef CONTENTION_NETWORK_H
#define CONTENTION_NETWORK_H

#include "contention_station.h"

#define HP_PACKETS_MAX 16384u
#define HP_QDISCS_MAX 1024u
#define HP_BATCH_MAX 32u		/* packets that are looked at of those that leave a queue together */
#define HP_SENT_STALE_NS 100000000u	/* whoever sent last is not waited for longer than that */

enum hp_network_phase { HP_NETWORK_QUEUE };

/* Of the last field only as many places are there as there are rows. */
struct hp_packet {
	__u64 row;		/* whose it is */
	__u64 bytes;
	__u64 qdisc;		/* where it waits */
	__u64 since_ns;		/* in the station's time */
	__u64 used_ns[HP_ROWS_MAX];	/* what each had of the queue's time when the wait began */
};

#endif
