// SPDX-License-Identifier: GPL-2.0
/* nft_kernel.c: the firewall table to and from the kernel. */
#include <netinet/in.h>	/* before the kernel's headers, which then leave its types alone */
#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "nft.h"

/* Room for one more message: a rule has at most some 900 bytes. */
#define MESSAGE_BYTES 8192

struct batch {
	char *bytes;
	size_t size, capacity;
	uint32_t seq, tag;
};

/* ---- reading ---- */

static void begin(struct hp_netlink_request *request, uint16_t type, uint16_t flags)
{
	struct nfgenmsg *head = hp_netlink_begin(request, NFNL_SUBSYS_NFTABLES << 8 | type, flags,
						 sizeof(*head));

	head->nfgen_family = NFPROTO_INET;
	head->version = NFNETLINK_V0;
}

static bool is_ours(const char *table)
{
	return table && !strcmp(table, NFT_TABLE);
}

static int keep_table(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_table *table = nftnl_table_alloc();
	struct nft_image *image = arg;
	struct nft_note note = { 0 };
	uint32_t size = 0;
	const void *data;
	int rc = -ENOMEM;

	if (table)
		rc = nftnl_table_nlmsg_parse(nlh, table) < 0 ? -EPROTO : 0;
	if (!rc) {
		image->exists = true;
		image->flags = nftnl_table_get_u32(table, NFTNL_TABLE_FLAGS);
		if (nftnl_table_is_set(table, NFTNL_TABLE_USERDATA)) {
			data = nftnl_table_get_data(table, NFTNL_TABLE_USERDATA, &size);
			nft_note_parse(data, size, &note);
		}
		image->tag = note.tag;
	}
	if (table)
		nftnl_table_free(table);
	return rc;
}

static int keep_chain(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();
	struct nft_image_chain kept = { 0 };
	int rc = -ENOMEM;

	if (chain)
		rc = nftnl_chain_nlmsg_parse(nlh, chain) < 0 ? -EPROTO : 0;
	if (!rc && is_ours(nftnl_chain_get_str(chain, NFTNL_CHAIN_TABLE))) {
		snprintf(kept.name, sizeof(kept.name), "%s",
			 nftnl_chain_get_str(chain, NFTNL_CHAIN_NAME));
		kept.is_base = nftnl_chain_is_set(chain, NFTNL_CHAIN_HOOKNUM);
		if (kept.is_base && nftnl_chain_is_set(chain, NFTNL_CHAIN_TYPE))
			snprintf(kept.type, sizeof(kept.type), "%s",
				 nftnl_chain_get_str(chain, NFTNL_CHAIN_TYPE));
		kept.hook = nftnl_chain_get_u32(chain, NFTNL_CHAIN_HOOKNUM);
		kept.priority = nftnl_chain_get_s32(chain, NFTNL_CHAIN_PRIO);
		kept.policy = nftnl_chain_get_u32(chain, NFTNL_CHAIN_POLICY);
		rc = nft_image_add_chain(arg, &kept);
	}
	if (chain)
		nftnl_chain_free(chain);
	return rc;
}

static int keep_rule(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();
	int rc = -ENOMEM;

	/*
	 * What libnftnl cannot parse is a rule that we did not make: kept with the
	 * expressions it got so far.
	 */
	if (rule) {
		nftnl_rule_nlmsg_parse(nlh, rule);
		rc = 0;
		if (is_ours(nftnl_rule_get_str(rule, NFTNL_RULE_TABLE)))
			rc = nft_image_add_rule(arg, rule);
		nftnl_rule_free(rule);
	}
	return rc;
}

int nft_kernel_read(struct hp_netlink *nl, struct nft_image *image, struct hp_err *err)
{
	struct hp_netlink_request request;
	int rc;

	begin(&request, NFT_MSG_GETTABLE, 0);
	mnl_attr_put_strz(&request.nlh, NFTA_TABLE_NAME, NFT_TABLE);
	rc = hp_netlink_ask(nl, &request, keep_table, image, err);
	if (rc == -ENOENT) {
		hp_err_clear(err);
		return 0;
	}
	if (rc)
		return hp_err_wrap(err, "read the table inet " NFT_TABLE);
	begin(&request, NFT_MSG_GETCHAIN, NLM_F_DUMP);
	if (hp_netlink_ask(nl, &request, keep_chain, image, err))
		return hp_err_wrap(err, "read the chains of table inet " NFT_TABLE);
	begin(&request, NFT_MSG_GETRULE, NLM_F_DUMP);
	mnl_attr_put_strz(&request.nlh, NFTA_RULE_TABLE, NFT_TABLE);
	if (hp_netlink_ask(nl, &request, keep_rule, image, err))
		return hp_err_wrap(err, "read the rules of table inet " NFT_TABLE);
	return 0;
}

/* ---- writing ---- */

/* Room for a message, or NULL; finish() takes what was used of it. */
static char *room(struct batch *b)
{
	if (b->capacity - b->size < MESSAGE_BYTES) {
		size_t capacity = b->capacity * 2 + MESSAGE_BYTES;
		char *bytes = realloc(b->bytes, capacity);

		if (!bytes)
			return NULL;
		b->bytes = bytes;
		b->capacity = capacity;
	}
	return b->bytes + b->size;
}

static void finish(struct batch *b, const struct nlmsghdr *nlh)
{
	b->size += MNL_ALIGN(nlh->nlmsg_len);
}

static int put_mark(struct batch *b, struct nlmsghdr *(*mark)(char *buf, uint32_t seq))
{
	char *at = room(b);

	if (!at)
		return -ENOMEM;
	finish(b, mark(at, ++b->seq));
	return 0;
}

static int put_table(struct batch *b, uint16_t type, uint16_t flags)
{
	struct nft_note note = { .comment = "kept by hostpart", .tag = b->tag };
	struct nftnl_udata_buf *data = nft_note_build(NFTNL_UDATA_TABLE_COMMENT, &note);
	struct nftnl_table *table = nftnl_table_alloc();
	struct nlmsghdr *nlh;
	char *at = room(b);
	int rc = -ENOMEM;

	if (data && table && at && !nftnl_table_set_str(table, NFTNL_TABLE_NAME, NFT_TABLE)) {
		if (type == NFT_MSG_NEWTABLE)
			nftnl_table_set_data(table, NFTNL_TABLE_USERDATA,
					     nftnl_udata_buf_data(data), nftnl_udata_buf_len(data));
		nlh = nftnl_nlmsg_build_hdr(at, type, NFPROTO_INET, flags, ++b->seq);
		nftnl_table_nlmsg_build_payload(nlh, table);
		finish(b, nlh);
		rc = 0;
	}
	if (table)
		nftnl_table_free(table);
	if (data)
		nftnl_udata_buf_free(data);
	return rc;
}

static int put_chain(struct batch *b, const struct nft_chain_spec *spec)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();
	struct nlmsghdr *nlh;
	char *at = room(b);
	int rc = -ENOMEM;

	if (chain && at && !nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, NFT_TABLE) &&
	    !nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, spec->name) &&
	    !nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, "filter")) {
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, spec->hook);
		nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, NFT_PRIORITY);
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, NF_ACCEPT);
		nlh = nftnl_nlmsg_build_hdr(at, NFT_MSG_NEWCHAIN, NFPROTO_INET, NLM_F_CREATE,
					    ++b->seq);
		nftnl_chain_nlmsg_build_payload(nlh, chain);
		finish(b, nlh);
		rc = 0;
	}
	if (chain)
		nftnl_chain_free(chain);
	return rc;
}

static int put_rule(const struct nft_rule_spec *spec, void *arg)
{
	struct batch *b = arg;
	struct nftnl_rule *rule = nft_rule_build(spec, b->tag);
	char *at = rule ? room(b) : NULL;
	struct nlmsghdr *nlh;

	if (at) {
		nlh = nftnl_nlmsg_build_hdr(at, NFT_MSG_NEWRULE, NFPROTO_INET,
					    NLM_F_CREATE | NLM_F_APPEND, ++b->seq);
		nftnl_rule_nlmsg_build_payload(nlh, rule);
		finish(b, nlh);
	}
	if (rule)
		nftnl_rule_free(rule);
	return at ? 0 : -ENOMEM;
}

/* "Make it, remove it, make it": the first makes the removal succeed whether there was one or not. */
static int fill(struct batch *b, const struct nft_policy *policy, uint32_t *last_seq)
{
	int rc = put_mark(b, nftnl_batch_begin);

	if (!rc)
		rc = put_table(b, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	if (!rc)
		rc = put_table(b, NFT_MSG_DELTABLE, policy ? 0 : NLM_F_ACK);
	*last_seq = b->seq;
	if (policy && !rc) {
		rc = put_table(b, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_ACK);
		*last_seq = b->seq;
		for (size_t i = 0; !rc && i < NFT_CHAINS; i++)
			rc = put_chain(b, &nft_chain_specs[i]);
		if (!rc)
			rc = nft_rules_walk(policy, put_rule, b);
	}
	return rc ? rc : put_mark(b, nftnl_batch_end);
}

int nft_kernel_write(struct hp_netlink *nl, const struct nft_policy *policy, struct hp_err *err)
{
	struct batch b = { .tag = policy ? nft_policy_tag(policy) : 0 };
	uint32_t last_seq = 0;
	int rc = fill(&b, policy, &last_seq);

	if (rc)
		hp_err_errno(err, -rc, "build the table inet " NFT_TABLE);
	else
		rc = hp_netlink_send_batch(nl, b.bytes, b.size, last_seq, NULL, err);
	free(b.bytes);
	if (rc)
		hp_err_wrap(err, policy ? "replace the table inet " NFT_TABLE : "remove the table inet " NFT_TABLE);
	if (rc == -ENOENT)
		hp_err_hint(err, "the kernel may lack a part of nf_tables (CONFIG_NFT_CT, CONFIG_NF_TABLES_INET)");
	return rc;
}
