/* SPDX-License-Identifier: GPL-2.0 */
/* hp_netwatch.h: sees links come, go and change, and firewall tables being altered. */
#ifndef HP_NETWATCH_H
#define HP_NETWATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "net/hp_link.h"

enum hp_net_event_kind {
	HP_NET_LINK_CHANGED,	/* new, or changed: see link.flags */
	HP_NET_LINK_GONE,	/* deleted, or moved to another namespace */
	HP_NET_TABLE_ADDED, HP_NET_TABLE_REMOVED,
	HP_NET_CHAIN_ADDED, HP_NET_CHAIN_REMOVED,
	HP_NET_RULE_ADDED, HP_NET_RULE_REMOVED,
	HP_NET_LOST,		/* events were lost: look at everything again */
};
extern const char *const hp_net_event_words[];	/* in enum order, "link changed", "table removed" … */

struct hp_net_event {
	enum hp_net_event_kind kind;
	struct hp_link link;	/* HP_NET_LINK_*; what the kernel did not tell is empty */
	bool has_moved;		/* HP_NET_LINK_GONE: it went to another namespace */
	char table[64], chain[64];	/* of the firewall; "" where it does not apply */
	uint64_t handle;	/* of a rule */
	pid_t pid; /* who did it, in the initial pid namespace; 0 = the kernel does not say */
	char comm[16];		/* its name */
};

/*
 * A subscription. Its descriptor polls readable when there is something to
 * read; it is non-blocking and belongs to the watch. Close with
 * hp_netwatch_close(). The kernel tells the actor of a firewall change (the
 * generation message that ends every commit), not of a link change.
 */
struct hp_netwatch;

/*
 * Links of a namespace (HP_NETNS_OWN or a descriptor, which is not kept). NULL
 * with err set on failure.
 */
struct hp_netwatch *hp_netwatch_links(int netns_fd, struct hp_err *err);
/* One firewall table, of a family NFPROTO_*, in a namespace. */
struct hp_netwatch *hp_netwatch_table(int netns_fd, uint8_t family, const char *table,
				       struct hp_err *err);
int hp_netwatch_fd(const struct hp_netwatch *watch);
/*
 * 1: *event is filled; 0: nothing (more) now; -errno. Call until 0: one readable
 * descriptor may mean several events, and a commit's events come out together
 * once the commit is complete.
 */
int hp_netwatch_read(struct hp_netwatch *watch, struct hp_net_event *event, struct hp_err *err);
void hp_netwatch_close(struct hp_netwatch *watch);
void hp_netwatch_closep(struct hp_netwatch **watch);
#define hp_autonetwatch __attribute__((cleanup(hp_netwatch_closep))) struct hp_netwatch

#endif
