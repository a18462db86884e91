// SPDX-License-Identifier: GPL-2.0
/* netwatch_decode.c: the kernel's network notifications as events. */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include "net/netwatch.h"

int netwatch_decode_link(struct netwatch_queue *queue, const struct nlmsghdr *nlh)
{
	struct hp_net_event event = { .kind = HP_NET_LINK_CHANGED };
	const struct nlattr *attrs[IFLA_MAX + 1];
	int rc;

	if (!hp_link_parse(nlh, &event.link))
		return 0;
	if (nlh->nlmsg_type == RTM_DELLINK) {
		/* A bridge tells that a port left it by a removal in its own family. */
		if (((const struct ifinfomsg *)mnl_nlmsg_get_payload(nlh))->ifi_family != AF_UNSPEC)
			return 0;
		hp_netlink_attrs(nlh, sizeof(struct ifinfomsg), attrs, IFLA_MAX);
		event.kind = HP_NET_LINK_GONE;
		event.has_moved = attrs[IFLA_NEW_NETNSID] != NULL;
	}
	rc = netwatch_push(queue, &event);
	queue->ready = queue->count;
	return rc;
}

static void copy_text(char *to, size_t size, const struct nlattr *attr)
{
	if (attr)
		snprintf(to, size, "%.*s", (int)mnl_attr_get_payload_len(attr), mnl_attr_get_str(attr));
}

/* The message that ends a commit says who made it; then the commit's events may be read. */
static void finish_commit(struct netwatch_queue *queue, const struct nlmsghdr *nlh)
{
	const struct nlattr *attrs[NFTA_GEN_MAX + 1];

	hp_netlink_attrs(nlh, sizeof(struct nfgenmsg), attrs, NFTA_GEN_MAX);
	for (size_t i = queue->ready; i < queue->count; i++) {
		if (attrs[NFTA_GEN_PROC_PID])
			queue->items[i].pid = ntohl(mnl_attr_get_u32(attrs[NFTA_GEN_PROC_PID]));
		copy_text(queue->items[i].comm, sizeof(queue->items[i].comm),
			  attrs[NFTA_GEN_PROC_NAME]);
	}
	queue->ready = queue->count;
}

/*
 * Tables, chains and rules number their attributes alike only for the table's
 * name, so each is read on its own.
 */
static bool fill(struct hp_net_event *event, unsigned int type, const struct nlmsghdr *nlh)
{
	const struct nlattr *attrs[NFTA_CHAIN_MAX + 1];

	hp_netlink_attrs(nlh, sizeof(struct nfgenmsg), attrs, NFTA_CHAIN_MAX);
	switch (type) {
	case NFT_MSG_NEWTABLE:
	case NFT_MSG_DELTABLE:
		event->kind = type == NFT_MSG_NEWTABLE ? HP_NET_TABLE_ADDED : HP_NET_TABLE_REMOVED;
		copy_text(event->table, sizeof(event->table), attrs[NFTA_TABLE_NAME]);
		return true;
	case NFT_MSG_NEWCHAIN:
	case NFT_MSG_DELCHAIN:
		event->kind = type == NFT_MSG_NEWCHAIN ? HP_NET_CHAIN_ADDED : HP_NET_CHAIN_REMOVED;
		copy_text(event->table, sizeof(event->table), attrs[NFTA_CHAIN_TABLE]);
		copy_text(event->chain, sizeof(event->chain), attrs[NFTA_CHAIN_NAME]);
		return true;
	case NFT_MSG_NEWRULE:
	case NFT_MSG_DELRULE:
		event->kind = type == NFT_MSG_NEWRULE ? HP_NET_RULE_ADDED : HP_NET_RULE_REMOVED;
		copy_text(event->table, sizeof(event->table), attrs[NFTA_RULE_TABLE]);
		copy_text(event->chain, sizeof(event->chain), attrs[NFTA_RULE_CHAIN]);
		if (attrs[NFTA_RULE_HANDLE] &&
		    mnl_attr_get_payload_len(attrs[NFTA_RULE_HANDLE]) == sizeof(uint64_t))
			event->handle = be64toh(mnl_attr_get_u64(attrs[NFTA_RULE_HANDLE]));
		return true;
	default:
		return false;
	}
}

int netwatch_decode_nft(struct netwatch_queue *queue, const struct nlmsghdr *nlh)
{
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(nlh);
	unsigned int type = NFNL_MSG_TYPE(nlh->nlmsg_type);
	struct hp_net_event event = { 0 };

	if (NFNL_SUBSYS_ID(nlh->nlmsg_type) != NFNL_SUBSYS_NFTABLES ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*head))
		return 0;
	if (type == NFT_MSG_NEWGEN) {
		finish_commit(queue, nlh);
		return 0;
	}
	if (head->nfgen_family != queue->family || !fill(&event, type, nlh) ||
	    strcmp(event.table, queue->table))
		return 0;
	return netwatch_push(queue, &event);
}
