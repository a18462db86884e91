// SPDX-License-Identifier: GPL-2.0
/* iproute.c: routes that use one link. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include "base/hp_auto.h"
#include "net/hp_netrecord.h"
#include "net/netrecord_body.h"

struct listing {
	int index;
	struct hp_netrecords *out;
};

static size_t address_size(int family)
{
	return family == AF_INET ? 4 : 16;
}

static void write_address(int family, const struct nlattr *attr, char *text, size_t size)
{
	text[0] = '\0';
	if (attr && mnl_attr_get_payload_len(attr) == address_size(family))
		inet_ntop(family, mnl_attr_get_payload(attr), text, size);
}

/* RTA_VIA: an IPv4 route whose gateway has an IPv6 address. */
static void write_gateway(const struct rtmsg *head, const struct nlattr *const *attrs, char *text,
			  size_t size)
{
	const struct rtvia *via = attrs[RTA_VIA] ? mnl_attr_get_payload(attrs[RTA_VIA]) : NULL;

	write_address(head->rtm_family, attrs[RTA_GATEWAY], text, size);
	if (via && mnl_attr_get_payload_len(attrs[RTA_VIA]) ==
			   sizeof(*via) + address_size(via->rtvia_family))
		inet_ntop(via->rtvia_family, via->rtvia_addr, text, size);
}

static void write_destination(const struct rtmsg *head, const struct nlattr *const *attrs,
			      char *text, size_t size)
{
	char address[INET6_ADDRSTRLEN];

	write_address(head->rtm_family, attrs[RTA_DST], address, sizeof(address));
	if (!head->rtm_dst_len)
		snprintf(text, size, "default");
	else
		snprintf(text, size, "%s/%u", address, head->rtm_dst_len);
}

static unsigned int table_of(const struct rtmsg *head, const struct nlattr *const *attrs)
{
	return attrs[RTA_TABLE] ? mnl_attr_get_u32(attrs[RTA_TABLE]) : head->rtm_table;
}

static void describe_into(FILE *out, const struct rtmsg *head, const struct nlattr *const *attrs)
{
	char destination[64], gateway[64], source[64];

	write_destination(head, attrs, destination, sizeof(destination));
	write_gateway(head, attrs, gateway, sizeof(gateway));
	write_address(head->rtm_family, attrs[RTA_PREFSRC], source, sizeof(source));
	if (head->rtm_family == AF_INET6 && !head->rtm_dst_len)
		fputs("-6 ", out);
	fputs(destination, out);
	if (gateway[0])
		fprintf(out, " via %s", gateway);
	if (attrs[RTA_MULTIPATH])
		fputs(" multipath", out);
	if (table_of(head, attrs) != RT_TABLE_MAIN)
		fprintf(out, " table %u", table_of(head, attrs));
	if (attrs[RTA_PRIORITY])
		fprintf(out, " metric %u", mnl_attr_get_u32(attrs[RTA_PRIORITY]));
	if (source[0])
		fprintf(out, " src %s", source);
	if (head->rtm_flags & RTNH_F_ONLINK)
		fputs(" onlink", out);
}

static char *describe(const struct rtmsg *head, const struct nlattr *const *attrs)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	describe_into(out, head, attrs);
	fclose(out);
	return text;
}

/* Walks the hops of a multipath route; true when one of them leaves through the link. */
static bool uses_link(const struct nlattr *multipath, int index)
{
	struct rtnexthop *hop = mnl_attr_get_payload(multipath);
	int left = mnl_attr_get_payload_len(multipath);

	for (; RTNH_OK(hop, left); left -= RTNH_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop))
		if (hop->rtnh_ifindex == index)
			return true;
	return false;
}

/* In every hop: index `from` becomes `to`; the kernel's view of the moment goes. */
static void patch_hops(struct nlattr *multipath, int from, int to)
{
	struct rtnexthop *hop = mnl_attr_get_payload(multipath);
	int left = mnl_attr_get_payload_len(multipath);

	for (; RTNH_OK(hop, left); left -= RTNH_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop)) {
		hop->rtnh_flags &= RTNH_F_ONLINK;
		if (hop->rtnh_ifindex == from)
			hop->rtnh_ifindex = to;
	}
}

static struct nlattr *find_multipath(struct hp_netlink_request *request)
{
	struct nlattr *attr;

	mnl_attr_for_each(attr, &request->nlh, sizeof(struct rtmsg))
		if (mnl_attr_get_type(attr) == RTA_MULTIPATH)
			return attr;
	return NULL;
}

/* Not kept: the link itself, statistics, and nexthop objects (the same hop is also spelt out). */
static bool is_of_the_moment(uint16_t type)
{
	return type == RTA_OIF || type == RTA_CACHEINFO || type == RTA_NH_ID || type == RTA_IIF;
}

static bool is_kernel_made(const struct rtmsg *head)
{
	return head->rtm_protocol == RTPROT_KERNEL || head->rtm_protocol == RTPROT_REDIRECT ||
	       head->rtm_protocol == RTPROT_RA || (head->rtm_flags & RTM_F_CLONED);
}

static int keep(const struct nlmsghdr *nlh, int index, struct hp_netrecords *out)
{
	const struct rtmsg *head = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attrs[RTA_MAX + 1], *attr;
	struct hp_netlink_request body;
	struct rtmsg *copied = hp_netlink_begin(&body, RTM_NEWROUTE, 0, sizeof(*copied));
	struct nlattr *multipath;
	size_t size;

	hp_netlink_attrs(nlh, sizeof(*head), attrs, RTA_MAX);
	*copied = *head;
	copied->rtm_flags &= RTNH_F_ONLINK;
	mnl_attr_for_each(attr, nlh, sizeof(*head)) {
		if (is_of_the_moment(mnl_attr_get_type(attr)))
			continue;
		/* NLA_F_NESTED must stay: newer attributes are parsed strictly. */
		if (!mnl_attr_put_check(&body.nlh, HP_BODY_MAX, attr->nla_type,
					mnl_attr_get_payload_len(attr), mnl_attr_get_payload(attr)))
			return -E2BIG;
	}
	multipath = find_multipath(&body);
	if (multipath)
		patch_hops(multipath, index, 0);
	hp_body(&body, &size);
	return hp_netrecords_add(out, describe(head, attrs), copied, size, size);
}

static int keep_message(const struct nlmsghdr *nlh, void *arg)
{
	const struct rtmsg *head = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attrs[RTA_MAX + 1];
	struct listing *list = arg;
	bool is_ours;

	if (nlh->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(nlh) < sizeof(*head) ||
	    is_kernel_made(head))
		return 0;
	hp_netlink_attrs(nlh, sizeof(*head), attrs, RTA_MAX);
	is_ours = (attrs[RTA_OIF] && (int)mnl_attr_get_u32(attrs[RTA_OIF]) == list->index) ||
		  (attrs[RTA_MULTIPATH] && uses_link(attrs[RTA_MULTIPATH], list->index));
	return is_ours ? keep(nlh, list->index, list->out) : 0;
}

int hp_iproute_list(struct hp_netlink *nl, int index, struct hp_netrecords *out, struct hp_err *err)
{
	static const unsigned char families[] = { AF_INET, AF_INET6 };
	struct listing list = { .index = index, .out = out };

	for (size_t i = 0; i < sizeof(families); i++) {
		struct hp_netlink_request request;
		struct rtmsg *head = hp_netlink_begin(&request, RTM_GETROUTE, NLM_F_DUMP,
						      sizeof(*head));
		int rc;

		head->rtm_family = families[i];
		mnl_attr_put_u32(&request.nlh, RTA_OIF, index);
		rc = hp_netlink_ask(nl, &request, keep_message, &list, err);
		/* A kernel without the family has no routes of it. */
		if (rc == -EOPNOTSUPP || rc == -EAFNOSUPPORT)
			hp_err_clear(err);
		else if (rc)
			return hp_err_wrap(err, "list the routes");
	}
	return 0;
}

int hp_iproute_from_hex(const char *hex, struct hp_netrecords *out)
{
	struct hp_netlink_request body;
	unsigned char bytes[HP_BODY_MAX];
	int size = hp_body_unhex(hex, bytes, sizeof(bytes));

	if (size < (int)sizeof(struct rtmsg))
		return -EINVAL;
	hp_body_load(&body, RTM_NEWROUTE, 0, bytes, size);
	return keep(&body.nlh, 0, out);
}

static int put_words(const struct hp_iproute_spec *spec, struct rtmsg *head, struct nlmsghdr *nlh)
{
	unsigned char destination[16], gateway[16], source[16];
	unsigned int prefix = 0, unused;
	bool is_default = !strcmp(spec->destination, "default");
	int family = is_default ? hp_ip_parse(spec->gateway ? spec->gateway : "", gateway, &unused)
				: hp_ip_parse(spec->destination, destination, &prefix);

	if (family < 0)
		return family;
	head->rtm_family = family;
	head->rtm_dst_len = prefix;
	if (!is_default)
		mnl_attr_put(nlh, RTA_DST, address_size(family), destination);
	if (spec->gateway) {
		if (hp_ip_parse(spec->gateway, gateway, &unused) != family)
			return -EINVAL;
		mnl_attr_put(nlh, RTA_GATEWAY, address_size(family), gateway);
	}
	if (spec->source) {
		if (hp_ip_parse(spec->source, source, &unused) != family)
			return -EINVAL;
		mnl_attr_put(nlh, RTA_PREFSRC, address_size(family), source);
	}
	return 0;
}

int hp_iproute_from_spec(const struct hp_iproute_spec *spec, struct hp_netrecords *out)
{
	struct hp_netlink_request body;
	struct rtmsg *head = hp_netlink_begin(&body, RTM_NEWROUTE, 0, sizeof(*head));
	int rc;

	head->rtm_table = RT_TABLE_MAIN;
	head->rtm_protocol = RTPROT_STATIC;
	head->rtm_scope = spec->gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	head->rtm_type = RTN_UNICAST;
	head->rtm_flags = spec->is_onlink ? RTNH_F_ONLINK : 0;
	rc = put_words(spec, head, &body.nlh);
	return rc ? rc : keep(&body.nlh, 0, out);
}

/* The record's message with the link filled in. */
static void load(struct hp_netlink_request *request, uint16_t type, uint16_t flags,
		 const struct hp_netrecord *route, int index)
{
	struct nlattr *multipath;

	hp_body_load(request, type, flags, route->bytes, route->size);
	multipath = find_multipath(request);
	if (multipath)
		patch_hops(multipath, 0, index);
	else
		mnl_attr_put_u32(&request->nlh, RTA_OIF, index);
}

int hp_iproute_add(struct hp_netlink *nl, int index, const struct hp_netrecord *route,
		   struct hp_err *err)
{
	struct hp_netlink_request request;
	int rc;

	/*
	 * Append keeps the order of routes that differ only in their gateway; an equal
	 * one is refused.
	 */
	load(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_APPEND, route, index);
	rc = hp_netlink_talk(nl, &request, err);
	if (rc == -EEXIST) {
		hp_err_clear(err);
		return 0;
	}
	return rc ? hp_err_wrap(err, "add the route %s", route->text) : 0;
}

int hp_iproute_delete(struct hp_netlink *nl, int index, const struct hp_netrecord *route,
		      struct hp_err *err)
{
	struct hp_netlink_request request;
	int rc;

	load(&request, RTM_DELROUTE, 0, route, index);
	rc = hp_netlink_talk(nl, &request, err);
	if (rc == -ESRCH) {
		hp_err_clear(err);
		return 0;
	}
	return rc ? hp_err_wrap(err, "remove the route %s", route->text) : 0;
}

static const struct rtmsg *open_record(const struct hp_netrecord *route,
				       struct hp_netlink_request *request,
				       const struct nlattr **attrs)
{
	hp_body_load(request, RTM_NEWROUTE, 0, route->bytes, route->size);
	hp_netlink_attrs(&request->nlh, sizeof(struct rtmsg), attrs, RTA_MAX);
	return mnl_nlmsg_get_payload(&request->nlh);
}

bool hp_iproute_default_gateway(const struct hp_netrecord *route, char *gateway, size_t size)
{
	const struct nlattr *attrs[RTA_MAX + 1];
	struct hp_netlink_request request;
	const struct rtmsg *head = open_record(route, &request, attrs);

	if (head->rtm_dst_len || table_of(head, attrs) != RT_TABLE_MAIN ||
	    head->rtm_type != RTN_UNICAST)
		return false;
	write_gateway(head, attrs, gateway, size);
	return gateway[0] != '\0';
}

int hp_iproute_set_gateway(struct hp_netlink *nl, int index, const char *gateway, struct hp_err *err)
{
	struct hp_iproute_spec spec = { .destination = "default", .gateway = gateway };
	hp_autorecords live = HP_NETRECORDS_INIT, want = HP_NETRECORDS_INIT;
	char other[64], now[64];

	if (hp_iproute_from_spec(&spec, &want))
		return hp_err_set(err, EINVAL, "\"%s\" is not a gateway's address", gateway);
	hp_iproute_default_gateway(&want.items[0], now, sizeof(now));
	if (hp_iproute_list(nl, index, &live, err))
		return -err->errnum;
	for (size_t i = 0; i < live.count; i++) {
		if (!hp_iproute_default_gateway(&live.items[i], other, sizeof(other)) ||
		    !strchr(other, ':') != !strchr(now, ':'))
			continue;
		if (!strcmp(other, now))
			return 0;
		if (hp_iproute_delete(nl, index, &live.items[i], err))
			return -err->errnum;
	}
	if (hp_iproute_add(nl, index, &want.items[0], err)) {
		if (err->errnum == ENETUNREACH)
			hp_err_hint(err, "the gateway %s must be in the subnet of one of the port's addresses", gateway);
		return -err->errnum;
	}
	return 0;
}

void hp_iproute_words(const struct hp_netrecord *route, char *destination, char *gateway,
		      char *source)
{
	const struct nlattr *attrs[RTA_MAX + 1];
	struct hp_netlink_request request;
	const struct rtmsg *head = open_record(route, &request, attrs);

	write_destination(head, attrs, destination, 64);
	write_gateway(head, attrs, gateway, 64);
	write_address(head->rtm_family, attrs[RTA_PREFSRC], source, 64);
}
