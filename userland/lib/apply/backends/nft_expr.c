// SPDX-License-Identifier: GPL-2.0
/* nft_expr.c: one firewall rule in the kernel's terms. */
#include <netinet/in.h>	/* before the kernel's headers, which then leave its types alone */
#include <stdio.h>
#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "net/hp_nftrule.h"
#include "nft.h"

/*
 * User data type of our generation tag: far from those that nft(8) uses, which
 * skips what it does not know.
 */
#define NOTE_TAG 0x68

/* Offsets in the network and transport headers. */
enum { IP_SOURCE = 12, IP_DESTINATION = 16, PORT_SOURCE = 0, PORT_DESTINATION = 2, ICMP_TYPE = 0 };

static void match_no_leg(struct hp_nftrule *f, uint32_t key)
{
	hp_nftrule_load_meta(f, key);
	hp_nftrule_compare(f, NFT_CMP_NEQ, NFT_LEG_PREFIX, strlen(NFT_LEG_PREFIX));
}

static void match_family(struct hp_nftrule *f, uint32_t op)
{
	uint8_t ipv4 = NFPROTO_IPV4;

	hp_nftrule_load_meta(f, NFT_META_NFPROTO);
	hp_nftrule_compare(f, op, &ipv4, sizeof(ipv4));
}

static void refuse_address(struct hp_nftrule *f, uint32_t offset, const char *text)
{
	struct in_addr address = { 0 };

	inet_pton(AF_INET, text, &address);	/* checked when the policy was parsed */
	hp_nftrule_load_payload(f, NFT_PAYLOAD_NETWORK_HEADER, offset, sizeof(address));
	hp_nftrule_compare(f, NFT_CMP_NEQ, &address, sizeof(address));
}

static void match_ports(struct hp_nftrule *f, uint32_t offset, uint16_t first, uint16_t last)
{
	uint16_t low = htons(first), high = htons(last);

	hp_nftrule_load_payload(f, NFT_PAYLOAD_TRANSPORT_HEADER, offset, sizeof(low));
	hp_nftrule_compare(f, first == last ? NFT_CMP_EQ : NFT_CMP_GTE, &low, sizeof(low));
	if (first != last)
		hp_nftrule_compare(f, NFT_CMP_LTE, &high, sizeof(high));
}

static void match_links(struct hp_nftrule *f, const struct nft_rule_spec *spec)
{
	if (spec->is_not_leg_in)
		match_no_leg(f, NFT_META_IIFNAME);
	if (spec->is_not_leg_out)
		match_no_leg(f, NFT_META_OIFNAME);
	if (spec->in)
		hp_nftrule_is_interface(f, NFT_META_IIFNAME, spec->in);
	if (spec->out)
		hp_nftrule_is_interface(f, NFT_META_OIFNAME, spec->out);
}

static void match_packet(struct hp_nftrule *f, const struct nft_rule_spec *spec)
{
	if (spec->is_ipv4 || spec->is_not_ipv4)
		match_family(f, spec->is_ipv4 ? NFT_CMP_EQ : NFT_CMP_NEQ);
	if (spec->source_not)
		refuse_address(f, IP_SOURCE, spec->source_not);
	if (spec->destination_not)
		refuse_address(f, IP_DESTINATION, spec->destination_not);
	if (spec->protocol) {
		hp_nftrule_load_meta(f, NFT_META_L4PROTO);
		hp_nftrule_compare(f, NFT_CMP_EQ, &spec->protocol, sizeof(spec->protocol));
	}
	if (spec->source_first)
		match_ports(f, PORT_SOURCE, spec->source_first, spec->source_last);
	if (spec->destination_first)
		match_ports(f, PORT_DESTINATION, spec->destination_first, spec->destination_last);
	if (spec->has_icmp_type) {
		hp_nftrule_load_payload(f, NFT_PAYLOAD_TRANSPORT_HEADER, ICMP_TYPE, sizeof(spec->icmp_type));
		hp_nftrule_compare(f, NFT_CMP_EQ, &spec->icmp_type, sizeof(spec->icmp_type));
	}
}

static void match_flow(struct hp_nftrule *f, const struct nft_rule_spec *spec)
{
	uint8_t reply = 1;	/* IP_CT_DIR_REPLY */

	if (spec->ct_states)
		hp_nftrule_has_state(f, spec->ct_states, true);
	if (spec->is_reply) {
		hp_nftrule_load_ct(f, NFT_CT_DIRECTION);
		hp_nftrule_compare(f, NFT_CMP_EQ, &reply, sizeof(reply));
	}
}

struct nftnl_udata_buf *nft_note_build(uint8_t comment_type, const struct nft_note *note)
{
	struct nftnl_udata_buf *data = nftnl_udata_buf_alloc(256);	/* NFT_USERDATA_MAXLEN */

	if (!data)
		return NULL;
	nftnl_udata_put_strz(data, comment_type, note->comment);
	nftnl_udata_put_u32(data, NOTE_TAG, note->tag);
	return data;
}

struct nftnl_rule *nft_rule_build(const struct nft_rule_spec *spec, uint32_t tag)
{
	struct hp_nftrule f = { .rule = nftnl_rule_alloc() };
	struct nft_note note = { .tag = tag };
	struct nftnl_udata_buf *data;

	if (!f.rule)
		return NULL;
	memcpy(note.comment, spec->comment, sizeof(note.comment));
	data = nft_note_build(NFTNL_UDATA_RULE_COMMENT, &note);
	nftnl_rule_set_u32(f.rule, NFTNL_RULE_FAMILY, NFPROTO_INET);
	if (!data || nftnl_rule_set_str(f.rule, NFTNL_RULE_TABLE, NFT_TABLE) ||
	    nftnl_rule_set_str(f.rule, NFTNL_RULE_CHAIN, nft_chain_specs[spec->chain].name) ||
	    nftnl_rule_set_data(f.rule, NFTNL_RULE_USERDATA, nftnl_udata_buf_data(data),
				nftnl_udata_buf_len(data)))
		f.is_short = true;
	nftnl_udata_buf_free(data);
	match_links(&f, spec);
	match_packet(&f, spec);
	match_flow(&f, spec);
	if (spec->has_counter)
		hp_nftrule_count(&f);
	hp_nftrule_judge(&f, spec->verdict == NFT_SPEC_ACCEPT ? NF_ACCEPT : NF_DROP);
	if (f.is_short) {
		nftnl_rule_free(f.rule);
		return NULL;
	}
	return f.rule;
}

char *nft_rule_text(struct nftnl_rule *rule)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	hp_nftrule_dump(rule, out);
	fclose(out);
	return text;
}

static void keep_note(uint8_t type, const void *data, uint8_t size, void *arg)
{
	struct nft_note *note = arg;

	if (type == NFTNL_UDATA_RULE_COMMENT)
		snprintf(note->comment, sizeof(note->comment), "%.*s", size, (const char *)data);
	else if (type == NOTE_TAG && size == sizeof(note->tag))
		memcpy(&note->tag, data, sizeof(note->tag));
}

void nft_note_parse(const void *data, uint32_t size, struct nft_note *note)
{
	memset(note, 0, sizeof(*note));
	hp_nftrule_notes(data, size, keep_note, note);
}
