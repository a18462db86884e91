// SPDX-License-Identifier: GPL-2.0
/* nftrule.c: the expressions of one nftables rule. */
#include <netinet/in.h>	/* before the kernel's headers, which then leave its types alone */
#include <stdio.h>	/* libnftnl/expr.h needs FILE */
#include <libnftnl/expr.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include "net/hp_nftrule.h"

static struct nftnl_expr *add(struct hp_nftrule *r, const char *name)
{
	struct nftnl_expr *expr = r->is_short ? NULL : nftnl_expr_alloc(name);

	if (!expr)
		r->is_short = true;
	else
		nftnl_rule_add_expr(r->rule, expr);
	return expr;
}

void hp_nftrule_load_meta(struct hp_nftrule *r, uint32_t key)
{
	struct nftnl_expr *expr = add(r, "meta");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_META_DREG, NFT_REG_1);
}

void hp_nftrule_load_ct(struct hp_nftrule *r, uint32_t key)
{
	struct nftnl_expr *expr = add(r, "ct");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_KEY, key);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CT_DREG, NFT_REG_1);
}

void hp_nftrule_load_payload(struct hp_nftrule *r, uint32_t base, uint32_t offset, uint32_t size)
{
	struct nftnl_expr *expr = add(r, "payload");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_PAYLOAD_LEN, size);
}

void hp_nftrule_mask(struct hp_nftrule *r, const void *mask, uint32_t size)
{
	struct nftnl_expr *expr = add(r, "bitwise");
	static const unsigned char zeros[16];

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_BITWISE_LEN, size);
	nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_MASK, mask, size);
	nftnl_expr_set(expr, NFTNL_EXPR_BITWISE_XOR, zeros, size);
}

void hp_nftrule_compare(struct hp_nftrule *r, uint32_t op, const void *bytes, uint32_t size)
{
	struct nftnl_expr *expr = add(r, "cmp");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set(expr, NFTNL_EXPR_CMP_DATA, bytes, size);
}

void hp_nftrule_is_interface(struct hp_nftrule *r, uint32_t key, const char *name)
{
	char padded[16] = "";	/* the register holds the name padded with zeros */

	memcpy(padded, name, strnlen(name, sizeof(padded) - 1));
	hp_nftrule_load_meta(r, key);
	hp_nftrule_compare(r, NFT_CMP_EQ, padded, sizeof(padded));
}

void hp_nftrule_has_state(struct hp_nftrule *r, uint32_t states, bool is_wanted)
{
	static const uint32_t none;

	hp_nftrule_load_ct(r, NFT_CT_STATE);
	hp_nftrule_mask(r, &states, sizeof(states));
	hp_nftrule_compare(r, is_wanted ? NFT_CMP_NEQ : NFT_CMP_EQ, &none, sizeof(none));
}

void hp_nftrule_count(struct hp_nftrule *r)
{
	add(r, "counter");
}

void hp_nftrule_judge(struct hp_nftrule *r, uint32_t verdict)
{
	struct nftnl_expr *expr = add(r, "immediate");

	if (!expr)
		return;
	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(expr, NFTNL_EXPR_IMM_VERDICT, verdict);
}

void hp_nftrule_masquerade(struct hp_nftrule *r)
{
	add(r, "masq");
}

static int dump_expr(struct nftnl_expr *expr, void *arg)
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

void hp_nftrule_dump(struct nftnl_rule *rule, FILE *out)
{
	nftnl_expr_foreach(rule, dump_expr, out);
}

void hp_nftrule_notes(const void *data, uint32_t size, hp_nftrule_each_note each, void *arg)
{
	const unsigned char *p = data, *end = p + size;

	/* type, length, value */
	for (; p && end - p >= 2 && end - p >= 2 + p[1]; p += 2 + p[1])
		each(p[0], p + 2, p[1], arg);
}
