// SPDX-License-Identifier: GPL-2.0
/* ipaddr.c: IP addresses of one link. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include "net/hp_netrecord.h"
#include "net/netrecord_body.h"

/* What an administrator chose; the other flags are the kernel's view of the moment. */
#define KEPT_FLAGS \
	(IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | \
	 IFA_F_MCAUTOJOIN)
#define FOREVER 0xffffffffu

/* Values of IFA_PROTO for addresses that the kernel made (5.18 and newer). */
enum { PROTO_UNSPEC, PROTO_LOOPBACK, PROTO_ADVERTISED, PROTO_LINK_LOCAL };

struct listing {
	int index;
	struct hp_netrecords *out;
};

static uint32_t flags_of(const struct ifaddrmsg *head, const struct nlattr *const *attrs)
{
	return attrs[IFA_FLAGS] ? mnl_attr_get_u32(attrs[IFA_FLAGS]) : head->ifa_flags;
}

static bool is_kernel_made(const struct ifaddrmsg *head, const struct nlattr *const *attrs)
{
	int proto = attrs[IFA_PROTO] ? mnl_attr_get_u8(attrs[IFA_PROTO]) : PROTO_UNSPEC;

	if (head->ifa_family == AF_INET6 && (flags_of(head, attrs) & IFA_F_TEMPORARY))
		return true;
	return proto == PROTO_ADVERTISED || proto == PROTO_LINK_LOCAL || proto == PROTO_LOOPBACK;
}

static char *describe(const struct ifaddrmsg *head, const struct nlattr *const *attrs)
{
	const struct nlattr *own = attrs[IFA_LOCAL] ? attrs[IFA_LOCAL] : attrs[IFA_ADDRESS];
	char address[INET6_ADDRSTRLEN], *text;

	if (!own ||
	    !inet_ntop(head->ifa_family, mnl_attr_get_payload(own), address, sizeof(address)))
		return NULL;
	return asprintf(&text, "%s/%u", address, head->ifa_prefixlen) < 0 ? NULL : text;
}

static void copy(struct nlmsghdr *nlh, const struct nlattr *attr)
{
	if (attr)
		mnl_attr_put(nlh, mnl_attr_get_type(attr), mnl_attr_get_payload_len(attr),
			     mnl_attr_get_payload(attr));
}

/* A limited lifetime goes last, without its time stamps, and is left out of comparisons. */
static void copy_lifetime(struct nlmsghdr *nlh, const struct nlattr *attr)
{
	struct ifa_cacheinfo life = { 0 };

	if (!attr || mnl_attr_get_payload_len(attr) < sizeof(life))
		return;
	memcpy(&life, mnl_attr_get_payload(attr), sizeof(life));
	life.cstamp = life.tstamp = 0;
	if (life.ifa_valid != FOREVER)
		mnl_attr_put(nlh, IFA_CACHEINFO, sizeof(life), &life);
}

/* Appends the address with everything that belongs to one moment taken off. */
static int keep(const struct ifaddrmsg *head, const struct nlattr *const *attrs,
		struct hp_netrecords *out)
{
	static const uint16_t kept[] = {
		IFA_ADDRESS, IFA_LOCAL, IFA_LABEL, IFA_BROADCAST, IFA_ANYCAST,
		IFA_RT_PRIORITY, IFA_PROTO,
	};
	struct hp_netlink_request body;
	struct ifaddrmsg *copied = hp_netlink_begin(&body, RTM_NEWADDR, 0, sizeof(*copied));
	size_t size, fixed_size;
	char *text = describe(head, attrs);

	if (!text)
		return -EINVAL;
	*copied = (struct ifaddrmsg){
		.ifa_family = head->ifa_family,
		.ifa_prefixlen = head->ifa_prefixlen,
		.ifa_scope = head->ifa_scope,
	};
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		copy(&body.nlh, attrs[kept[i]]);
	mnl_attr_put_u32(&body.nlh, IFA_FLAGS, flags_of(head, attrs) & KEPT_FLAGS);
	hp_body(&body, &fixed_size);
	copy_lifetime(&body.nlh, attrs[IFA_CACHEINFO]);
	hp_body(&body, &size);
	return hp_netrecords_add(out, text, copied, size, fixed_size);
}

static int keep_message(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifaddrmsg *head = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attrs[IFA_MAX + 1];
	struct listing *list = arg;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*head) ||
	    (list->index && (int)head->ifa_index != list->index))
		return 0;
	if (head->ifa_family != AF_INET && head->ifa_family != AF_INET6)
		return 0;
	hp_netlink_attrs(nlh, sizeof(*head), attrs, IFA_MAX);
	return is_kernel_made(head, attrs) ? 0 : keep(head, attrs, list->out);
}

int hp_ipaddr_list(struct hp_netlink *nl, int index, struct hp_netrecords *out, struct hp_err *err)
{
	struct listing list = { .index = index, .out = out };
	struct hp_netlink_request request;
	struct ifaddrmsg *head = hp_netlink_begin(&request, RTM_GETADDR, NLM_F_DUMP, sizeof(*head));

	head->ifa_index = index;
	if (hp_netlink_ask(nl, &request, keep_message, &list, err))
		return hp_err_wrap(err, "list the addresses");
	return 0;
}

static void put_flags(struct hp_netlink_request *request, uint32_t flags)
{
	mnl_attr_put_u32(&request->nlh, IFA_FLAGS, flags);
}

/* The body for an address written by a person. */
static int build(const char *text, uint32_t flags, struct hp_netlink_request *request)
{
	unsigned char address[16];
	unsigned int prefix;
	int family = hp_ip_parse(text, address, &prefix);
	size_t size = family == AF_INET ? 4 : 16;
	struct ifaddrmsg *head = hp_netlink_begin(request, RTM_NEWADDR, 0, sizeof(*head));

	if (family < 0)
		return family;
	head->ifa_family = family;
	head->ifa_prefixlen = prefix;
	mnl_attr_put(&request->nlh, IFA_LOCAL, size, address);
	mnl_attr_put(&request->nlh, IFA_ADDRESS, size, address);
	if (family == AF_INET && prefix > 0 && prefix < 31) {
		uint32_t broadcast;

		memcpy(&broadcast, address, sizeof(broadcast));
		broadcast |= htonl(0xffffffffu >> prefix);
		mnl_attr_put_u32(&request->nlh, IFA_BROADCAST, broadcast);
	}
	put_flags(request, flags);
	return 0;
}

static int keep_body(struct hp_netlink_request *body, struct hp_netrecords *out)
{
	struct listing list = { .index = 0, .out = out };
	size_t before = out->count;
	int rc = keep_message(&body->nlh, &list);

	return rc ? rc : out->count > before ? 0 : -EINVAL;
}

int hp_ipaddr_from_text(const char *text, struct hp_netrecords *out)
{
	struct hp_netlink_request body;
	int rc = build(text, 0, &body);

	return rc ? rc : keep_body(&body, out);
}

int hp_ipaddr_from_hex(const char *hex, struct hp_netrecords *out)
{
	struct hp_netlink_request body;
	unsigned char bytes[HP_BODY_MAX];
	int size = hp_body_unhex(hex, bytes, sizeof(bytes));

	if (size < (int)sizeof(struct ifaddrmsg))
		return -EINVAL;
	hp_body_load(&body, RTM_NEWADDR, 0, bytes, size);
	return keep_body(&body, out);
}

static int talk(struct hp_netlink *nl, struct hp_netlink_request *request, int index,
		struct hp_err *err)
{
	struct ifaddrmsg *head = mnl_nlmsg_get_payload(&request->nlh);

	head->ifa_index = index;
	return hp_netlink_talk(nl, request, err);
}

int hp_ipaddr_add(struct hp_netlink *nl, int index, const struct hp_netrecord *addr,
		  struct hp_err *err)
{
	struct hp_netlink_request request;
	int rc;

	hp_body_load(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, addr->bytes, addr->size);
	rc = talk(nl, &request, index, err);
	if (rc == -EEXIST) {
		hp_err_clear(err);
		return 0;
	}
	return rc ? hp_err_wrap(err, "add the address %s", addr->text) : 0;
}

int hp_ipaddr_delete(struct hp_netlink *nl, int index, const struct hp_netrecord *addr,
		     struct hp_err *err)
{
	struct hp_netlink_request request;
	int rc;

	/* fixed_size: the kernel wants no lifetime in a removal. */
	hp_body_load(&request, RTM_DELADDR, 0, addr->bytes, addr->fixed_size);
	rc = talk(nl, &request, index, err);
	if (rc == -EADDRNOTAVAIL) {
		hp_err_clear(err);
		return 0;
	}
	return rc ? hp_err_wrap(err, "remove the address %s", addr->text) : 0;
}

int hp_ipaddr_add_bare(struct hp_netlink *nl, int index, const char *address, struct hp_err *err)
{
	struct hp_netlink_request request;
	int rc = build(address, IFA_F_NOPREFIXROUTE, &request);

	if (rc)
		return hp_err_set(err, -rc, "\"%s\" is not an IP address", address);
	request.nlh.nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL;
	rc = talk(nl, &request, index, err);
	if (rc == -EEXIST) {
		hp_err_clear(err);
		return 0;
	}
	return rc ? hp_err_wrap(err, "add the address %s", address) : 0;
}

int hp_ipaddr_set(struct hp_netlink *nl, int index, const struct hp_netrecords *want,
		  struct hp_err *err)
{
	hp_autorecords before = HP_NETRECORDS_INIT, live = HP_NETRECORDS_INIT;

	if (hp_ipaddr_list(nl, index, &before, err))
		return -err->errnum;
	for (size_t i = 0; i < before.count; i++)
		if (!hp_netrecords_has(want, before.items[i].text) &&
		    hp_ipaddr_delete(nl, index, &before.items[i], err))
			return -err->errnum;
	/* Removing a primary address may have taken others along. */
	if (hp_ipaddr_list(nl, index, &live, err))
		return -err->errnum;
	for (size_t i = 0; i < want->count; i++)
		if (!hp_netrecords_has(&live, want->items[i].text) &&
		    hp_ipaddr_add(nl, index, &want->items[i], err))
			return -err->errnum;
	return 0;
}
