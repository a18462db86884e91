// SPDX-License-Identifier: GPL-2.0
/* link.c: network links through rtnetlink. */
#include "net/hp_link.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"

struct listing {
	struct hp_link *links;
	size_t count, capacity;
};

static void copy_text(char *to, size_t size, const struct nlattr *attr)
{
	if (attr)
		snprintf(to, size, "%.*s", (int)mnl_attr_get_payload_len(attr), mnl_attr_get_str(attr));
}

static void copy_mac(unsigned char *to, const struct nlattr *attr)
{
	if (attr && mnl_attr_get_payload_len(attr) == HP_MAC_BYTES)
		memcpy(to, mnl_attr_get_payload(attr), HP_MAC_BYTES);
}

static int number(const struct nlattr *attr)
{
	if (!attr || mnl_attr_get_payload_len(attr) < sizeof(uint32_t))
		return 0;
	return (int)mnl_attr_get_u32(attr);
}

static unsigned int short_number(const struct nlattr *attr)
{
	return attr && mnl_attr_get_payload_len(attr) >= sizeof(uint16_t) ? mnl_attr_get_u16(attr) : 0;
}

/* The attributes of each kind have a numbering of their own. */
static void parse_kind(struct hp_link *link, const struct nlattr *data)
{
	const struct nlattr *attrs[IFLA_VLAN_MAX + 1];

	hp_netlink_nested(data, attrs, IFLA_VLAN_MAX);
	if (!strcmp(link->kind, "vlan"))
		link->vlan = short_number(attrs[IFLA_VLAN_ID]);
	else if (!strcmp(link->kind, "macvlan"))
		link->is_private = number(attrs[IFLA_MACVLAN_MODE]) == MACVLAN_MODE_PRIVATE;
	else if (!strcmp(link->kind, "ipvlan"))
		link->is_private = short_number(attrs[IFLA_IPVLAN_FLAGS]) & IPVLAN_F_PRIVATE;
}

bool hp_link_parse(const struct nlmsghdr *nlh, struct hp_link *link)
{
	const struct nlattr *attrs[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1];
	const struct ifinfomsg *head = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type != RTM_NEWLINK && nlh->nlmsg_type != RTM_DELLINK)
		return false;
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*head))
		return false;
	hp_netlink_attrs(nlh, sizeof(*head), attrs, IFLA_MAX);
	hp_netlink_nested(attrs[IFLA_LINKINFO], info, IFLA_INFO_MAX);
	memset(link, 0, sizeof(*link));
	link->index = head->ifi_index;
	link->flags = head->ifi_flags;
	link->mtu = number(attrs[IFLA_MTU]);
	link->master = number(attrs[IFLA_MASTER]);
	link->lower = number(attrs[IFLA_LINK]);
	link->is_lower_elsewhere = attrs[IFLA_LINK_NETNSID] != NULL;
	copy_text(link->name, sizeof(link->name), attrs[IFLA_IFNAME]);
	copy_text(link->kind, sizeof(link->kind), info[IFLA_INFO_KIND]);
	parse_kind(link, info[IFLA_INFO_DATA]);
	copy_text(link->parent, sizeof(link->parent), attrs[IFLA_PARENT_DEV_NAME]);
	copy_text(link->parent_bus, sizeof(link->parent_bus), attrs[IFLA_PARENT_DEV_BUS_NAME]);
	copy_mac(link->mac, attrs[IFLA_ADDRESS]);
	copy_mac(link->perm_mac, attrs[IFLA_PERM_ADDRESS]);
	return true;
}

static int add_link(const struct nlmsghdr *nlh, void *arg)
{
	struct listing *list = arg;

	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 16;
		struct hp_link *links = reallocarray(list->links, capacity, sizeof(*links));

		if (!links)
			return -ENOMEM;
		list->links = links;
		list->capacity = capacity;
	}
	if (hp_link_parse(nlh, &list->links[list->count]))
		list->count++;
	return 0;
}

static int by_index(const void *a, const void *b)
{
	const struct hp_link *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

int hp_link_list(struct hp_netlink *nl, struct hp_link **links, size_t *count, struct hp_err *err)
{
	struct hp_netlink_request request;
	struct listing list = { 0 };
	int rc;

	hp_netlink_begin(&request, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
	rc = hp_netlink_ask(nl, &request, add_link, &list, err);
	if (rc) {
		free(list.links);
		return hp_err_wrap(err, "list the network links");
	}
	if (list.count)
		qsort(list.links, list.count, sizeof(*list.links), by_index);
	*links = list.links;
	*count = list.count;
	return 0;
}

static int keep_link(const struct nlmsghdr *nlh, void *arg)
{
	return hp_link_parse(nlh, arg) ? 0 : -EPROTO;
}

int hp_link_find(struct hp_netlink *nl, const char *name, struct hp_link *link, struct hp_err *err)
{
	struct hp_netlink_request request;
	int rc;

	hp_netlink_begin(&request, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(&request.nlh, IFLA_IFNAME, name);
	rc = hp_netlink_ask(nl, &request, keep_link, link, err);
	if (rc == -ENODEV)
		return hp_err_set(err, ENOENT, "no network link is named %s", name);
	return rc ? hp_err_wrap(err, "look for the network link %s", name) : 0;
}

static struct ifinfomsg *change(struct hp_netlink_request *request, int index)
{
	struct ifinfomsg *head = hp_netlink_begin(request, RTM_SETLINK, 0, sizeof(*head));

	head->ifi_index = index;
	return head;
}

int hp_link_set_flags(struct hp_netlink *nl, int index, unsigned int flags, unsigned int mask,
		      struct hp_err *err)
{
	struct hp_netlink_request request;
	struct ifinfomsg *head = change(&request, index);

	head->ifi_flags = flags;
	head->ifi_change = mask;
	return hp_netlink_talk(nl, &request, err);
}

int hp_link_set_mtu(struct hp_netlink *nl, int index, unsigned int mtu, struct hp_err *err)
{
	struct hp_netlink_request request;

	change(&request, index);
	mnl_attr_put_u32(&request.nlh, IFLA_MTU, mtu);
	return hp_netlink_talk(nl, &request, err);
}

int hp_link_rename(struct hp_netlink *nl, int index, const char *name, struct hp_err *err)
{
	struct hp_netlink_request request;

	change(&request, index);
	mnl_attr_put_strz(&request.nlh, IFLA_IFNAME, name);
	return hp_netlink_talk(nl, &request, err);
}

int hp_link_delete(struct hp_netlink *nl, int index, struct hp_err *err)
{
	struct hp_netlink_request request;

	change(&request, index);
	request.nlh.nlmsg_type = RTM_DELLINK;
	return hp_netlink_talk(nl, &request, err);
}

int hp_link_move(struct hp_netlink *nl, int index, int netns_fd, const char *name,
		 struct hp_err *err)
{
	struct hp_netlink_request request;

	change(&request, index);
	mnl_attr_put_u32(&request.nlh, IFLA_NET_NS_FD, netns_fd);
	mnl_attr_put_strz(&request.nlh, IFLA_IFNAME, name);
	return hp_netlink_talk(nl, &request, err);
}

static void put_end(struct nlmsghdr *nlh, const struct hp_veth_end *end)
{
	mnl_attr_put_strz(nlh, IFLA_IFNAME, end->name);
	mnl_attr_put(nlh, IFLA_ADDRESS, HP_MAC_BYTES, end->mac);
}

int hp_link_create_veth(struct hp_netlink *nl, const struct hp_veth_end *here,
			const struct hp_veth_end *there, int netns_fd, struct hp_err *err)
{
	struct hp_netlink_request request;
	struct nlattr *info, *data, *peer;

	hp_netlink_begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
			 sizeof(struct ifinfomsg));
	put_end(&request.nlh, here);
	info = mnl_attr_nest_start(&request.nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(&request.nlh, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(&request.nlh, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(&request.nlh, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(&request.nlh, sizeof(struct ifinfomsg));
	put_end(&request.nlh, there);
	mnl_attr_put_u32(&request.nlh, IFLA_NET_NS_FD, netns_fd);
	mnl_attr_nest_end(&request.nlh, peer);
	mnl_attr_nest_end(&request.nlh, data);
	mnl_attr_nest_end(&request.nlh, info);
	return hp_netlink_talk(nl, &request, err);
}

static void put_kind_data(struct nlmsghdr *nlh, const struct hp_upper_link *spec)
{
	struct nlattr *data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);

	if (!strcmp(spec->kind, "vlan"))
		mnl_attr_put_u16(nlh, IFLA_VLAN_ID, spec->vlan);
	else if (!strcmp(spec->kind, "macvlan"))
		mnl_attr_put_u32(nlh, IFLA_MACVLAN_MODE, MACVLAN_MODE_PRIVATE);
	else
		mnl_attr_put_u16(nlh, IFLA_IPVLAN_MODE, IPVLAN_MODE_L2);
	if (!strcmp(spec->kind, "ipvlan"))
		mnl_attr_put_u16(nlh, IFLA_IPVLAN_FLAGS, IPVLAN_F_PRIVATE);
	mnl_attr_nest_end(nlh, data);
}

int hp_link_create_upper(struct hp_netlink *nl, const struct hp_upper_link *spec, int netns_fd,
			 struct hp_err *err)
{
	struct hp_netlink_request request;
	struct nlattr *info;

	hp_netlink_begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(&request.nlh, IFLA_IFNAME, spec->name);
	mnl_attr_put_u32(&request.nlh, IFLA_LINK, spec->lower);
	mnl_attr_put_u32(&request.nlh, IFLA_NET_NS_FD, netns_fd);
	if (spec->mac)
		mnl_attr_put(&request.nlh, IFLA_ADDRESS, HP_MAC_BYTES, spec->mac);
	info = mnl_attr_nest_start(&request.nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(&request.nlh, IFLA_INFO_KIND, spec->kind);
	put_kind_data(&request.nlh, spec);
	mnl_attr_nest_end(&request.nlh, info);
	return hp_netlink_talk(nl, &request, err);
}
