/* SPDX-License-Identifier: GPL-2.0 */
/* netwatch.h: private to lib/net: decoding notifications into events. */
#ifndef HP_NETWATCH_DECODE_H
#define HP_NETWATCH_DECODE_H

#include "net/hp_netwatch.h"

/* Events waiting to be read. Those of an unfinished commit are not ready yet. */
struct netwatch_queue {
	struct hp_net_event *items;
	size_t count, capacity;
	size_t next;		/* first that was not read */
	size_t ready;		/* up to here their actor is known, or never will be */
	uint8_t family;		/* NFPROTO_* of it */
	char table[64];		/* only this firewall table; "" for links */
};

/* 0 or -ENOMEM. Messages of no interest are skipped. */
int netwatch_decode_link(struct netwatch_queue *queue, const struct nlmsghdr *nlh);
int netwatch_decode_nft(struct netwatch_queue *queue, const struct nlmsghdr *nlh);
int netwatch_push(struct netwatch_queue *queue, const struct hp_net_event *event);

#endif
