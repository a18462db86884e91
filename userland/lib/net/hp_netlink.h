/* SPDX-License-Identifier: GPL-2.0 */
/* hp_netlink.h: one question-and-answer netlink socket, in this or another network namespace. */
#ifndef HP_NETLINK_H
#define HP_NETLINK_H

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>
#include "base/hp_err.h"

/*
 * lib/net is a layer beside lib/kernel and lib/bpf: it speaks rtnetlink and
 * nfnetlink for the backends and for partd, and knows nothing of policies,
 * plans or settings. It includes nothing but lib/base.
 *
 * A socket stays in the namespace in which it was opened, so one process can
 * hold several without ever changing its own namespaces. Not thread safe.
 * `err` is never NULL in this layer.
 */
struct hp_netlink;

#define HP_NETNS_OWN (-1)	/* wherever a netns descriptor is asked for: the caller's own */

/*
 * bus: NETLINK_ROUTE, NETLINK_NETFILTER. Returns NULL with err set. Close with
 * hp_netlink_close().
 */
struct hp_netlink *hp_netlink_open(int bus, int netns_fd, struct hp_err *err);
void hp_netlink_close(struct hp_netlink *nl);
void hp_netlink_closep(struct hp_netlink **nl);
#define hp_autonetlink __attribute__((cleanup(hp_netlink_closep))) struct hp_netlink

/* A request being built; attributes go in with mnl_attr_put_*() on `nlh`. */
struct hp_netlink_request {
	union {
		struct nlmsghdr nlh;
		char bytes[8192];
	};
};

/*
 * Starts a request with `type`, NLM_F_REQUEST | flags and `extra_size` zeroed
 * bytes of family header (returned).
 */
void *hp_netlink_begin(struct hp_netlink_request *request, uint16_t type, uint16_t flags,
		       size_t extra_size);

/*
 * Sends and waits for the kernel's verdict: 0 or -errno, err then holds the
 * errno's text and the kernel's own explanation where it gave one.
 */
int hp_netlink_talk(struct hp_netlink *nl, struct hp_netlink_request *request, struct hp_err *err);

/*
 * Asks (one object, or all of them when the request has NLM_F_DUMP) and calls
 * `each` for every answer after the whole answer has come: a dump that the
 * kernel marks as inconsistent is repeated first, so `each` never sees two
 * halves. A negative return of `each` ends the walk and is returned.
 */
typedef int (*hp_netlink_each)(const struct nlmsghdr *nlh, void *arg);
int hp_netlink_ask(struct hp_netlink *nl, struct hp_netlink_request *request, hp_netlink_each each,
		   void *arg, struct hp_err *err);

/*
 * Sends an nfnetlink batch that is already built and waits until the message
 * with sequence number `last_seq` (sent with NLM_F_ACK) is acknowledged, which
 * the kernel does after the commit. The first refusal is the error;
 * *refused_seq (may be NULL) tells which message it was.
 */
int hp_netlink_send_batch(struct hp_netlink *nl, const void *bytes, size_t size, uint32_t last_seq,
			  uint32_t *refused_seq, struct hp_err *err);

/*
 * Attributes of a message by type, NULL where absent; types above max are
 * ignored (a newer kernel may send them). table has max + 1 slots.
 */
void hp_netlink_attrs(const struct nlmsghdr *nlh, size_t header_size, const struct nlattr **table,
		      uint16_t max);
void hp_netlink_nested(const struct nlattr *nest, const struct nlattr **table, uint16_t max);

#endif
