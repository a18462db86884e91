// SPDX-License-Identifier: GPL-2.0
/* nft_expr.c: one firewall rule in the kernel's terms. */
#include <netinet/in.h>	/* before the kernel's headers, which then leave its types alone */
#include <stdio.h>
#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/expr.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "nft.h"

/*
 * User data type of our generation tag: far from those that nft(8) uses, which
 * skips what it does not know.
 */
#define NOTE_TAG 0x68

/* Offsets in the network and transport headers. */
enum { IP_SOURCE = 12, IP_DESTINATION = 16, PORT_SOURCE = 0, PORT_DESTINATION = 2, ICMP_TYPE = 0 };

/* A rule being filled; the first failed allocation sticks. */
struct filling {
	struct nftnl_rule *rule;
	bool is_short;		/* of memory */
};

static struct nftnl_expr *add(struct filling *f, const char *name)
{
	struct nftnl_expr *expr = f->is_short ? NULL : nftnl_expr_alloc(name);

	if (!expr)
		f->is_short = true;
	else
		nftnl_rule_add_expr(f->rule, expr);
	return expr;
}

static void load_meta(struct filling *f, uint32_t key)
{
	struct nftnl_expr *expr = add(f, "meta");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_DREG, NFT_REG_1);
}

static void load_payload(struct filling *f, uint32_t base, uint32_t offset, uint32_t length)
{
	struct nftnl_expr *expr = add(f, "payload");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_LEN, length);
}

static void load_ct(struct filling *f, uint32_t key)
{
	struct nftnl_expr *expr = add(f, "ct");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_KEY, key);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_DREG, NFT_REG_1);
}

static void compare(struct filling *f, uint32_t op, const void *data, uint32_t length)
{
	struct nftnl_expr *expr = add(f, "cmp");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set(expr, NFTNL_EXPR_CMP_DATA, data, length);
}

static void mask_states(struct filling *f, uint32_t states)
{
	struct nftnl_expr *expr = add(f, "bitwise");
	uint32_t none = 0;

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_LEN, sizeof(states));
	nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_MASK, &states, sizeof(states));
	nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_XOR, &none, sizeof(none));
	compare(f, NFT_CMP_NEQ, &none, sizeof(none));
}

static void match_link(struct filling *f, uint32_t key, const char *link)
{
	char name[HP_LEG_NAME_SIZE] = "";	/* the register holds the name padded with zeros */

	memcpy(name, link, strnlen(link, sizeof(name) - 1));
	load_meta(f, key);
	compare(f, NFT_CMP_EQ, name, sizeof(name));
}

static void match_no_leg(struct filling *f, uint32_t key)
{
	load_meta(f, key);
	compare(f, NFT_CMP_NEQ, NFT_LEG_PREFIX, strlen(NFT_LEG_PREFIX));
}

static void match_family(struct filling *f, uint32_t op)
{
	uint8_t ipv4 = NFPROTO_IPV4;

	load_meta(f, NFT_META_NFPROTO);
	compare(f, op, &ipv4, sizeof(ipv4));
}

static void refuse_address(struct filling *f, uint32_t offset, const char *text)
{
	struct in_addr address = { 0 };

	inet_pton(AF_INET, text, &address);	/* checked when the policy was parsed */
	load_payload(f, NFT_PAYLOAD_NETWORK_HEADER, offset, sizeof(address));
	compare(f, NFT_CMP_NEQ, &address, sizeof(address));
}

static void match_ports(struct filling *f, uint32_t offset, uint16_t first, uint16_t last)
{
	uint16_t low = htons(first), high = htons(last);

	load_payload(f, NFT_PAYLOAD_TRANSPORT_HEADER, offset, sizeof(low));
	compare(f, first == last ? NFT_CMP_EQ : NFT_CMP_GTE, &low, sizeof(low));
	if (first != last)
		compare(f, NFT_CMP_LTE, &high, sizeof(high));
}

static void match_links(struct filling *f, const struct nft_rule_spec *spec)
{
	if (spec->is_not_leg_in)
		match_no_leg(f, NFT_META_IIFNAME);
	if (spec->is_not_leg_out)
		match_no_leg(f, NFT_META_OIFNAME);
	if (spec->in)
		match_link(f, NFT_META_IIFNAME, spec->in);
	if (spec->out)
		match_link(f, NFT_META_OIFNAME, spec->out);
}

static void match_packet(struct filling *f, const struct nft_rule_spec *spec)
{
	if (spec->is_ipv4 || spec->is_not_ipv4)
		match_family(f, spec->is_ipv4 ? NFT_CMP_EQ : NFT_CMP_NEQ);
	if (spec->source_not)
		refuse_address(f, IP_SOURCE, spec->source_not);
	if (spec->destination_not)
		refuse_address(f, IP_DESTINATION, spec->destination_not);
	if (spec->protocol) {
		load_meta(f, NFT_META_L4PROTO);
		compare(f, NFT_CMP_EQ, &spec->protocol, sizeof(spec->protocol));
	}
	if (spec->source_first)
		match_ports(f, PORT_SOURCE, spec->source_first, spec->source_last);
	if (spec->destination_first)
		match_ports(f, PORT_DESTINATION, spec->destination_first, spec->destination_last);
	if (spec->has_icmp_type) {
		load_payload(f, NFT_PAYLOAD_TRANSPORT_HEADER, ICMP_TYPE, sizeof(spec->icmp_type));
		compare(f, NFT_CMP_EQ, &spec->icmp_type, sizeof(spec->icmp_type));
	}
}

static void match_flow(struct filling *f, const struct nft_rule_spec *spec)
{
	uint8_t reply = 1;	/* IP_CT_DIR_REPLY */

	if (spec->ct_states) {
		load_ct(f, NFT_CT_STATE);
		mask_states(f, spec->ct_states);
	}
	if (spec->is_reply) {
		load_ct(f, NFT_CT_DIRECTION);
		compare(f, NFT_CMP_EQ, &reply, sizeof(reply));
	}
}

static void judge(struct filling *f, const struct nft_rule_spec *spec)
{
	struct nftnl_expr *expr;

	if (spec->has_counter)
		add(f, "counter");
	expr = add(f, "immediate");
	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_VERDICT,
			   spec->verdict == NFT_SPEC_ACCEPT ? NF_ACCEPT : NF_DROP);
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
	struct filling f = { .rule = nftnl_rule_alloc() };
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
	judge(&f, spec);
	if (f.is_short) {
		nftnl_rule_free(f.rule);
		return NULL;
	}
	return f.rule;
}

static int write_expr(struct nftnl_expr *expr, void *arg)
{
	const char *name = nftnl_expr_get_str(expr, NFTNL_EXPR_NAME);
	char text[1024];

	/* The numbers of a counter are history, not meaning. */
	if (!strcmp(name, "counter"))
		fputs("[counter]", arg);
	else if (nftnl_expr_snprintf(text, sizeof(text), expr, NFTNL_OUTPUT_DEFAULT, 0) >= 0)
		fprintf(arg, "[%s %s]", name, text);
	return 0;
}

char *nft_rule_text(struct nftnl_rule *rule)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	nftnl_expr_foreach(rule, write_expr, out);
	fclose(out);
	return text;
}

void nft_note_parse(const void *data, uint32_t size, struct nft_note *note)
{
	const unsigned char *p = data, *end = p + size;

	/* type, length, value: read by hand because libnftnl trusts the lengths. */
	memset(note, 0, sizeof(*note));
	for (; end - p >= 2 && end - p >= 2 + p[1]; p += 2 + p[1]) {
		if (p[0] == NFTNL_UDATA_RULE_COMMENT)
			snprintf(note->comment, sizeof(note->comment), "%.*s", p[1],
				 (const char *)p + 2);
		else if (p[0] == NOTE_TAG && p[1] == sizeof(note->tag))
			memcpy(&note->tag, p + 2, sizeof(note->tag));
	}
}
