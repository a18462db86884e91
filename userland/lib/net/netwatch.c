// SPDX-License-Identifier: GPL-2.0
/* netwatch.c: subscriptions to the kernel's network notifications. */
#include "net/netwatch.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "net/hp_netns.h"

#define RECEIVE_BYTES 65536
/* A big ruleset loaded by somebody else is told rule by rule. */
#define ROOM_BYTES (4 << 20)

const char *const hp_net_event_words[] = {
	[HP_NET_LINK_CHANGED] = "link changed", [HP_NET_LINK_GONE] = "link gone",
	[HP_NET_TABLE_ADDED] = "table added", [HP_NET_TABLE_REMOVED] = "table removed",
	[HP_NET_CHAIN_ADDED] = "chain added", [HP_NET_CHAIN_REMOVED] = "chain removed",
	[HP_NET_RULE_ADDED] = "rule added", [HP_NET_RULE_REMOVED] = "rule removed",
	[HP_NET_LOST] = "events lost",
};

struct hp_netwatch {
	struct mnl_socket *sock;
	int bus;
	unsigned int group;
	int (*decode)(struct netwatch_queue *queue, const struct nlmsghdr *nlh);
	struct netwatch_queue queue;
	char *buffer;
};

static int subscribe(void *arg, struct hp_err *err)
{
	struct hp_netwatch *w = arg;
	int group = w->group, room = ROOM_BYTES;

	w->sock = mnl_socket_open2(w->bus, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!w->sock)
		return hp_err_errno(err, errno, "open a netlink socket");
	if (setsockopt(mnl_socket_get_fd(w->sock), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		setsockopt(mnl_socket_get_fd(w->sock), SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (mnl_socket_bind(w->sock, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_setsockopt(w->sock, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return hp_err_errno(err, errno, "subscribe to network notifications");
	return 0;
}

static struct hp_netwatch *start(struct hp_netwatch *w, int netns_fd, struct hp_err *err)
{
	w->buffer = malloc(RECEIVE_BYTES);
	if (!w->buffer) {
		hp_err_errno(err, ENOMEM, "subscribe to network notifications");
		hp_netwatch_close(w);
		return NULL;
	}
	if (netns_fd == HP_NETNS_OWN ? subscribe(w, err)
				     : hp_netns_run(netns_fd, subscribe, w, err)) {
		hp_netwatch_close(w);
		return NULL;
	}
	return w;
}

struct hp_netwatch *hp_netwatch_links(int netns_fd, struct hp_err *err)
{
	struct hp_netwatch *w = calloc(1, sizeof(*w));

	if (!w) {
		hp_err_errno(err, ENOMEM, "watch links");
		return NULL;
	}
	w->bus = NETLINK_ROUTE;
	w->group = RTNLGRP_LINK;
	w->decode = netwatch_decode_link;
	return start(w, netns_fd, err);
}

struct hp_netwatch *hp_netwatch_table(int netns_fd, uint8_t family, const char *table,
				       struct hp_err *err)
{
	struct hp_netwatch *w = calloc(1, sizeof(*w));

	if (!w) {
		hp_err_errno(err, ENOMEM, "watch the table %s", table);
		return NULL;
	}
	w->bus = NETLINK_NETFILTER;
	w->group = NFNLGRP_NFTABLES;
	w->decode = netwatch_decode_nft;
	w->queue.family = family;
	snprintf(w->queue.table, sizeof(w->queue.table), "%s", table);
	return start(w, netns_fd, err);
}

int hp_netwatch_fd(const struct hp_netwatch *watch)
{
	return mnl_socket_get_fd(watch->sock);
}

void hp_netwatch_close(struct hp_netwatch *watch)
{
	if (!watch)
		return;
	if (watch->sock)
		mnl_socket_close(watch->sock);
	free(watch->queue.items);
	free(watch->buffer);
	free(watch);
}

void hp_netwatch_closep(struct hp_netwatch **watch)
{
	hp_netwatch_close(*watch);
}

int netwatch_push(struct netwatch_queue *q, const struct hp_net_event *event)
{
	if (q->count == q->capacity) {
		size_t capacity = q->capacity ? q->capacity * 2 : 16;
		struct hp_net_event *items = reallocarray(q->items, capacity, sizeof(*items));

		if (!items)
			return -ENOMEM;
		q->items = items;
		q->capacity = capacity;
	}
	q->items[q->count++] = *event;
	return 0;
}

static bool pop(struct netwatch_queue *q, struct hp_net_event *event)
{
	if (q->next >= q->ready)
		return false;
	*event = q->items[q->next++];
	if (q->next == q->count)
		q->next = q->ready = q->count = 0;
	return true;
}

/* What was lost may have held the end of a commit, so everything queued goes out as it is. */
static int note_loss(struct netwatch_queue *q)
{
	struct hp_net_event lost = { .kind = HP_NET_LOST };
	int rc = netwatch_push(q, &lost);

	q->ready = q->count;
	return rc;
}

/* Reads one datagram into the queue: 1, 0 when there is none, -errno. */
static int receive(struct hp_netwatch *w)
{
	ssize_t size = mnl_socket_recvfrom(w->sock, w->buffer, RECEIVE_BYTES);
	const struct nlmsghdr *nlh = (void *)w->buffer;
	int left = size, rc = 0;

	if (size < 0 && errno == ENOBUFS)
		return note_loss(&w->queue) ? -ENOMEM : 1;
	if (size < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : errno == EINTR ? 1 : -errno;
	for (; !rc && mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		rc = w->decode(&w->queue, nlh);
	return rc ? rc : 1;
}

int hp_netwatch_read(struct hp_netwatch *watch, struct hp_net_event *event, struct hp_err *err)
{
	int rc = 1;

	while (rc > 0) {
		if (pop(&watch->queue, event))
			return 1;
		rc = receive(watch);
	}
	return rc < 0 ? hp_err_errno(err, -rc, "read network notifications") : 0;
}
