// SPDX-License-Identifier: GPL-2.0
/* nft_kernel.c: the firewall table to and from the kernel. */
#include <netinet/in.h>	/* before the kernel's headers, which then leave its types alone */
#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "net/hp_nftbatch.h"
#include "nft.h"

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

struct writing {
	struct hp_nftbatch batch;
	uint32_t tag;
};

static int put_chain(struct hp_nftbatch *batch, const struct nft_chain_spec *spec)
{
	struct hp_nftchain chain = {
		.name = spec->name, .type = "filter", .hook = spec->hook, .priority = NFT_PRIORITY,
	};

	return hp_nftbatch_chain(batch, &chain);
}

static int put_rule(const struct nft_rule_spec *spec, void *arg)
{
	struct writing *w = arg;
	struct nftnl_rule *rule = nft_rule_build(spec, w->tag);
	int rc = rule ? hp_nftbatch_rule(&w->batch, rule) : -ENOMEM;

	if (rule)
		nftnl_rule_free(rule);
	return rc;
}

static int fill(struct writing *w, const struct nft_policy *policy)
{
	struct nft_note note = { .comment = "kept by hostpart", .tag = w->tag };
	struct nftnl_udata_buf *data = nft_note_build(NFTNL_UDATA_TABLE_COMMENT, &note);
	int rc = -ENOMEM;

	if (data) {
		rc = hp_nftbatch_replace(&w->batch, nftnl_udata_buf_data(data), nftnl_udata_buf_len(data));
		nftnl_udata_buf_free(data);
	}
	for (size_t i = 0; !rc && i < NFT_CHAINS; i++)
		rc = put_chain(&w->batch, &nft_chain_specs[i]);
	return rc ? rc : nft_rules_walk(policy, put_rule, w);
}

int nft_kernel_write(struct hp_netlink *nl, const struct nft_policy *policy, struct hp_err *err)
{
	struct writing w = {
		.batch = { .family = NFPROTO_INET, .table = NFT_TABLE },
		.tag = policy ? nft_policy_tag(policy) : 0,
	};
	int rc = policy ? fill(&w, policy) : hp_nftbatch_remove(&w.batch);

	if (rc)
		hp_err_errno(err, -rc, "build the table inet " NFT_TABLE);
	else
		rc = hp_nftbatch_send(nl, &w.batch, err);
	hp_nftbatch_clear(&w.batch);
	if (rc)
		hp_err_wrap(err, policy ? "replace the table inet " NFT_TABLE : "remove the table inet " NFT_TABLE);
	if (rc == -ENOENT)
		hp_err_hint(err, "the kernel may lack a part of nf_tables (CONFIG_NFT_CT, CONFIG_NF_TABLES_INET)");
	return rc;
}
