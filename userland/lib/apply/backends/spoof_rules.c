// SPDX-License-Identifier: GPL-2.0
/* spoof_rules.c: what a port may send, from text to rules. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>	/* before the kernel's headers, which then leave its types alone */
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "net/hp_netrecord.h"
#include "spoof.h"

#define CHAIN "frames"

void spoof_value_clear(struct spoof_value *value)
{
	free(value->addresses);
	*value = (struct spoof_value)SPOOF_VALUE_INIT;
}

static int add_address(const char *text, struct spoof_value *value)
{
	struct spoof_address *addresses = reallocarray(value->addresses, value->addresses_count + 1, sizeof(*addresses));
	unsigned int unused;

	if (!addresses)
		return -ENOMEM;
	value->addresses = addresses;
	if (value->addresses_count == SPOOF_ADDRESSES_MAX)
		return -EINVAL;
	addresses += value->addresses_count;
	memset(addresses, 0, sizeof(*addresses));
	addresses->family = hp_ip_parse(text, addresses->bytes, &unused);
	value->addresses_count++;
	return addresses->family < 0 ? -EINVAL : 0;
}

static int parse_word(const char *word, struct spoof_value *value)
{
	unsigned char *m = value->mac;
	char hook[8] = "", end;

	if (!strncmp(word, "address=", 8))
		return add_address(word + 8, value);
	if (!strcmp(word, "any4") || !strcmp(word, "any6")) {
		*(word[3] == '4' ? &value->any4 : &value->any6) = true;
		return 0;
	}
	if (!strncmp(word, "mac=", 4))
		return sscanf(word, "mac=%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", &m[0], &m[1], &m[2], &m[3], &m[4],
			      &m[5], &end) == 6 ? 0 : -EINVAL;
	if (sscanf(word, "hook=%7s", hook) == 1) {
		value->is_ingress = !strcmp(hook, "ingress");
		return value->is_ingress || !strcmp(hook, "egress") ? 0 : -EINVAL;
	}
	return sscanf(word, "in=%39s", value->in) == 1 || sscanf(word, "device=%15s", value->device) == 1 ||
	       sscanf(word, "vlan=%u%c", &value->vlan, &end) == 1 ? 0 : -EINVAL;
}

int spoof_value_parse(const char *text, struct spoof_value *value, struct hp_err *err)
{
	hp_autofree char *words = strdup(text);
	char *rest = words, *word;
	int rc = words ? 0 : -ENOMEM;

	while (!rc && (word = strsep(&rest, " ")))
		rc = parse_word(word, value);
	if (!rc && (!value->in[0] || !value->device[0]))
		rc = -EINVAL;
	if (rc == -EINVAL)
		return hp_err_set(err, EINVAL, "\"%s\" is not of the form \"in=alpha device=eth0 hook=egress "
				  "mac=02:00:00:00:00:01 address=192.0.2.1/24\"", text);
	return rc ? hp_err_errno(err, -rc, "parse a sender check") : 0;
}

/*
 * All is looked up from the start of the frame, so that no offset that the
 * sender of a raw frame may choose plays a part. Behind a tag all is 4 bytes on.
 */
enum {
	AT_SOURCE = 6, AT_TYPE = 12, AT_BODY = 14,
	ARP_MAC = AT_BODY + 8, ARP_ADDRESS = AT_BODY + 14, IP4_SOURCE = AT_BODY + 12,
	IP6_NEXT = AT_BODY + 6, IP6_SOURCE = AT_BODY + 8, ICMP6_TYPE = AT_BODY + 40, ICMP6_TARGET = AT_BODY + 48,
};

struct rules {
	const struct spoof_value *value;
	struct hp_fence *fence;
	uint32_t shift;
	struct hp_nftrule *rule;	/* the one that is being filled */
};

static void begin(struct rules *r, const char *comment)
{
	r->rule = hp_fence_add_rule(r->fence, CHAIN, comment);
}

/* From the start of the frame on. */
static void load(struct rules *r, uint32_t offset, uint32_t size)
{
	hp_nftrule_load_payload(r->rule, NFT_PAYLOAD_LL_HEADER, offset, size);
}

static void is(struct rules *r, const void *bytes, uint32_t size)
{
	hp_nftrule_compare(r->rule, NFT_CMP_EQ, bytes, size);
}

static void is_not(struct rules *r, const void *bytes, uint32_t size)
{
	hp_nftrule_compare(r->rule, NFT_CMP_NEQ, bytes, size);
}

static void type_is(struct rules *r, uint16_t type)
{
	uint16_t wire = htons(type);

	load(r, AT_TYPE + r->shift, sizeof(wire));
	is(r, &wire, sizeof(wire));
}

/* Frames of other VLANs of the same port are none of our business. */
static void let_others_pass(struct rules *r)
{
	uint16_t tagged = htons(ETH_P_8021Q), mask = htons(0x0fff), id = htons(r->value->vlan);

	begin(r, "untagged");
	load(r, AT_TYPE, sizeof(tagged));
	is_not(r, &tagged, sizeof(tagged));
	hp_nftrule_judge(r->rule, NF_ACCEPT);
	begin(r, "another VLAN");
	load(r, AT_BODY, sizeof(id));
	hp_nftrule_mask(r->rule, &mask, sizeof(mask));
	is_not(r, &id, sizeof(id));
	hp_nftrule_judge(r->rule, NF_ACCEPT);
}

static void body_is_not(struct rules *r, uint16_t type, const void *mask, const void *bytes, uint32_t size)
{
	begin(r, SPOOF_ADDRESS);
	type_is(r, type);
	load(r, AT_BODY + r->shift, size);
	hp_nftrule_mask(r->rule, mask, size);
	is_not(r, bytes, size);
	hp_fence_count_and_drop(r->rule);
}

/*
 * At a VLAN's parent the kernel tells as the type behind the tag what the
 * sender of a raw frame claims, not what is in the frame. So nothing but IP and
 * ARP passes, and only when it begins like that.
 */
static void check_claims(struct rules *r)
{
	static const uint16_t types[] = { ETH_P_IP, ETH_P_ARP, ETH_P_IPV6 };
	static const unsigned char version = 0xf0, four = 0x40, six = 0x60, all[2] = { 0xff, 0xff }, ether[2] = { 0, 1 };

	begin(r, SPOOF_ADDRESS);
	load(r, AT_TYPE + r->shift, sizeof(types[0]));
	for (size_t i = 0; i < hp_array_size(types); i++) {
		uint16_t wire = htons(types[i]);

		is_not(r, &wire, sizeof(wire));
	}
	hp_fence_count_and_drop(r->rule);
	body_is_not(r, ETH_P_IP, &version, &four, 1);
	body_is_not(r, ETH_P_IPV6, &version, &six, 1);
	body_is_not(r, ETH_P_ARP, all, ether, 2);
}

static void check_mac(struct rules *r)
{
	begin(r, SPOOF_MAC);
	load(r, AT_SOURCE, sizeof(r->value->mac));
	is_not(r, r->value->mac, sizeof(r->value->mac));
	hp_fence_count_and_drop(r->rule);
	begin(r, SPOOF_MAC);
	type_is(r, ETH_P_ARP);
	load(r, ARP_MAC + r->shift, sizeof(r->value->mac));
	is_not(r, r->value->mac, sizeof(r->value->mac));
	hp_fence_count_and_drop(r->rule);
}

static void check_tags(struct rules *r)
{
	static const uint16_t types[] = { ETH_P_8021Q, ETH_P_8021AD, ETH_P_QINQ1 };

	for (size_t i = 0; i < hp_array_size(types); i++) {
		begin(r, SPOOF_VLAN);
		type_is(r, types[i]);
		hp_fence_count_and_drop(r->rule);
	}
}

/* What is in the register is none of the addresses. */
static void is_none_of_ours(struct rules *r, int family, uint32_t size)
{
	for (size_t i = 0; i < r->value->addresses_count; i++)
		if (r->value->addresses[i].family == family)
			is_not(r, r->value->addresses[i].bytes, size);
}

static void check_ip4(struct rules *r)
{
	static const unsigned char nobody[4];	/* an ARP probe asks without saying who */

	begin(r, SPOOF_ADDRESS);
	type_is(r, ETH_P_IP);
	load(r, IP4_SOURCE + r->shift, 4);
	is_none_of_ours(r, AF_INET, 4);
	hp_fence_count_and_drop(r->rule);
	begin(r, SPOOF_ADDRESS);
	type_is(r, ETH_P_ARP);
	load(r, ARP_ADDRESS + r->shift, 4);
	is_not(r, nobody, sizeof(nobody));
	is_none_of_ours(r, AF_INET, 4);
	hp_fence_count_and_drop(r->rule);
}

static void is_not_link_local(struct rules *r, uint32_t offset)
{
	uint16_t mask = htons(0xffc0), prefix = htons(0xfe80);

	load(r, offset, sizeof(prefix));
	hp_nftrule_mask(r->rule, &mask, sizeof(mask));
	is_not(r, &prefix, sizeof(prefix));
}

static void check_ip6(struct rules *r)
{
	static const unsigned char nobody[16], icmp6 = IPPROTO_ICMPV6, advertisement = 136;

	begin(r, SPOOF_ADDRESS);
	type_is(r, ETH_P_IPV6);
	is_not_link_local(r, IP6_SOURCE + r->shift);
	load(r, IP6_SOURCE + r->shift, 16);
	is_not(r, nobody, sizeof(nobody));
	is_none_of_ours(r, AF_INET6, 16);
	hp_fence_count_and_drop(r->rule);
	/* "That address is mine": as ARP's answers. */
	begin(r, SPOOF_ADDRESS);
	type_is(r, ETH_P_IPV6);
	load(r, IP6_NEXT + r->shift, 1);
	is(r, &icmp6, 1);
	load(r, ICMP6_TYPE + r->shift, 1);
	is(r, &advertisement, 1);
	is_not_link_local(r, ICMP6_TARGET + r->shift);
	load(r, ICMP6_TARGET + r->shift, 16);
	is_none_of_ours(r, AF_INET6, 16);
	hp_fence_count_and_drop(r->rule);
}

/*
 * A rule does not match where it cannot look (the kernel finds no link header
 * in some short raw frames), so what passes is said, not only what does not.
 */
static void let_own_pass(struct rules *r)
{
	begin(r, "its own");
	load(r, AT_SOURCE, sizeof(r->value->mac));
	is(r, r->value->mac, sizeof(r->value->mac));
	hp_nftrule_judge(r->rule, NF_ACCEPT);
	begin(r, SPOOF_MAC);
	hp_fence_count_and_drop(r->rule);
}

struct hp_fence *spoof_rules(const struct spoof_value *value, const char *table, const char *text)
{
	struct hp_nftchain chain = {
		.name = CHAIN, .type = "filter", .priority = 0, .device = value->device,
		.hook = value->is_ingress ? NF_NETDEV_INGRESS : NF_NETDEV_EGRESS,
	};
	struct rules r = { value, hp_fence_new(NFPROTO_NETDEV, table, text), value->vlan ? 4 : 0, NULL };

	if (!r.fence)
		return NULL;
	hp_fence_add_chain(r.fence, &chain);
	if (value->vlan)
		let_others_pass(&r);
	check_tags(&r);
	check_mac(&r);
	if (value->vlan)
		check_claims(&r);
	if (!value->any4)
		check_ip4(&r);
	if (!value->any6)
		check_ip6(&r);
	let_own_pass(&r);
	return r.fence;
}
