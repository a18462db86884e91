// SPDX-License-Identifier: GPL-2.0
/* fence_kernel.c: a table of nftables to and from the kernel. */
#include <netinet/in.h>	/* before the kernel's headers, which then leave its types alone */
#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "net/fence.h"

static int fill(struct hp_nftbatch *batch, struct hp_fence *fence)
{
	int rc = fence_note_rules(fence);

	if (!rc)
		rc = hp_nftbatch_replace(batch, NULL, 0);
	for (size_t i = 0; !rc && i < fence->chains_count; i++) {
		const struct fence_chain *from = &fence->chains[i];
		struct hp_nftchain chain = {
			.name = from->name, .type = from->type, .hook = from->hook, .priority = from->priority,
			.device = from->device[0] ? from->device : NULL,
		};

		rc = hp_nftbatch_chain(batch, &chain);
	}
	for (size_t i = 0; !rc && i < fence->rules_count; i++)
		rc = hp_nftbatch_rule(batch, fence->rules[i].filled.rule);
	return rc;
}

int hp_fence_write(struct hp_netlink *nl, struct hp_fence *fence, struct hp_err *err)
{
	hp_autonftbatch batch = { .family = fence->family, .table = fence->table };
	int rc = fill(&batch, fence);

	if (rc)
		return hp_err_errno(err, -rc, "build the table %s", fence->table);
	rc = hp_nftbatch_send(nl, &batch, err);
	if (rc == -ENOENT)
		hp_err_hint(err, "the kernel may lack a part of nf_tables, or the link is gone");
	return rc ? hp_err_wrap(err, "replace the firewall table %s", fence->table) : 0;
}

int hp_fence_remove(struct hp_netlink *nl, uint32_t family, const char *table, struct hp_err *err)
{
	hp_autonftbatch batch = { .family = family, .table = table };
	int rc = hp_nftbatch_remove(&batch);

	if (rc)
		hp_err_errno(err, -rc, "build the table %s", table);
	else
		rc = hp_nftbatch_send(nl, &batch, err);
	return rc ? hp_err_wrap(err, "remove the firewall table %s", table) : 0;
}

/* ---- reading ---- */

struct reading {
	uint32_t family;
	const char *table;
	bool exists;
	FILE *dump, *value;		/* NULL while only counters are read */
	hp_fence_each_count each;
	void *arg;
};

static void begin(struct hp_netlink_request *request, const struct reading *r, uint16_t type,
		  uint16_t flags)
{
	struct nfgenmsg *head = hp_netlink_begin(request, NFNL_SUBSYS_NFTABLES << 8 | type, flags,
						 sizeof(*head));

	head->nfgen_family = r->family;
	head->version = NFNETLINK_V0;
}

static int keep_table(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_table *table = nftnl_table_alloc();
	struct reading *r = arg;
	uint32_t flags;

	if (!table)
		return -ENOMEM;
	if (nftnl_table_nlmsg_parse(nlh, table) >= 0) {
		r->exists = true;
		flags = nftnl_table_get_u32(table, NFTNL_TABLE_FLAGS);
		if (flags && r->dump)
			fprintf(r->dump, "flags %u\n", flags);
	}
	nftnl_table_free(table);
	return 0;
}

static void dump_chain(FILE *out, struct nftnl_chain *chain)
{
	const char *device = nftnl_chain_is_set(chain, NFTNL_CHAIN_DEV) ?
				     nftnl_chain_get_str(chain, NFTNL_CHAIN_DEV) : "";
	struct fence_chain kept = {
		.hook = nftnl_chain_get_u32(chain, NFTNL_CHAIN_HOOKNUM),
		.priority = nftnl_chain_get_s32(chain, NFTNL_CHAIN_PRIO),
	};

	snprintf(kept.name, sizeof(kept.name), "%s", nftnl_chain_get_str(chain, NFTNL_CHAIN_NAME));
	snprintf(kept.type, sizeof(kept.type), "%s",
		 nftnl_chain_is_set(chain, NFTNL_CHAIN_TYPE) ? nftnl_chain_get_str(chain, NFTNL_CHAIN_TYPE) : "");
	snprintf(kept.device, sizeof(kept.device), "%s", device);
	fence_dump_chain(out, &kept);
	if (nftnl_chain_get_u32(chain, NFTNL_CHAIN_POLICY) != NF_ACCEPT)
		fprintf(out, "chain %s has another policy\n", kept.name);
}

static int keep_chain(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();
	struct reading *r = arg;
	const char *table;

	if (!chain)
		return -ENOMEM;
	table = nftnl_chain_nlmsg_parse(nlh, chain) < 0 ? NULL : nftnl_chain_get_str(chain, NFTNL_CHAIN_TABLE);
	if (table && !strcmp(table, r->table))
		dump_chain(r->dump, chain);
	nftnl_chain_free(chain);
	return 0;
}

struct noted {
	char comment[HP_FENCE_COMMENT_SIZE];
	FILE *value;
};

static void keep_note(uint8_t type, const void *data, uint8_t size, void *arg)
{
	struct noted *noted = arg;

	if (type == NFTNL_UDATA_RULE_COMMENT)
		snprintf(noted->comment, sizeof(noted->comment), "%.*s", size, (const char *)data);
	else if (type == FENCE_NOTE_PIECE && noted->value)
		fwrite(data, 1, size, noted->value);
}

static void parse_note(struct nftnl_rule *rule, struct noted *noted)
{
	uint32_t size = 0;
	const void *data = nftnl_rule_is_set(rule, NFTNL_RULE_USERDATA) ?
				   nftnl_rule_get_data(rule, NFTNL_RULE_USERDATA, &size) : NULL;

	hp_nftrule_notes(data, size, keep_note, noted);
}

struct counting {
	const char *comment;
	struct reading *r;
};

static int tell_count(struct nftnl_expr *expr, void *arg)
{
	struct counting *c = arg;

	if (!strcmp(nftnl_expr_get_str(expr, NFTNL_EXPR_NAME), "counter"))
		c->r->each(c->comment, nftnl_expr_get_u64(expr, NFTNL_EXPR_CTR_PACKETS), c->r->arg);
	return 0;
}

static int keep_rule(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();
	struct reading *r = arg;
	const char *table;

	if (!rule)
		return -ENOMEM;
	/* What libnftnl cannot parse is a rule that we did not make: it differs by what it lacks. */
	nftnl_rule_nlmsg_parse(nlh, rule);
	table = nftnl_rule_get_str(rule, NFTNL_RULE_TABLE);
	if (table && !strcmp(table, r->table)) {
		struct noted noted = { "", r->value };
		struct counting counting = { noted.comment, r };

		parse_note(rule, &noted);
		if (r->dump)
			fence_dump_rule(r->dump, rule);
		if (r->each)
			nftnl_expr_foreach(rule, tell_count, &counting);
	}
	nftnl_rule_free(rule);
	return 0;
}

/* 0 also when there is no such table. */
static int ask(struct hp_netlink *nl, struct reading *r, struct hp_err *err)
{
	struct hp_netlink_request request;
	int rc;

	begin(&request, r, NFT_MSG_GETTABLE, 0);
	mnl_attr_put_strz(&request.nlh, NFTA_TABLE_NAME, r->table);
	rc = hp_netlink_ask(nl, &request, keep_table, r, err);
	if (rc == -ENOENT) {
		hp_err_clear(err);
		return 0;
	}
	if (!rc && r->dump) {
		begin(&request, r, NFT_MSG_GETCHAIN, NLM_F_DUMP);
		rc = hp_netlink_ask(nl, &request, keep_chain, r, err);
	}
	if (!rc) {
		begin(&request, r, NFT_MSG_GETRULE, NLM_F_DUMP);
		mnl_attr_put_strz(&request.nlh, NFTA_RULE_TABLE, r->table);
		rc = hp_netlink_ask(nl, &request, keep_rule, r, err);
	}
	return rc ? hp_err_wrap(err, "read the firewall table %s", r->table) : 0;
}

int hp_fence_read(struct hp_netlink *nl, uint32_t family, const char *table,
		  struct hp_fence_found *found, struct hp_err *err)
{
	struct reading r = { .family = family, .table = table };
	hp_autofree char *dump = NULL, *value = NULL;
	size_t dump_size, value_size;
	int rc;

	*found = (struct hp_fence_found){ NULL, NULL };
	r.dump = open_memstream(&dump, &dump_size);
	r.value = open_memstream(&value, &value_size);
	rc = r.dump && r.value ? ask(nl, &r, err) : hp_err_errno(err, ENOMEM, "read a firewall table");
	if (r.dump)
		fclose(r.dump);
	if (r.value)
		fclose(r.value);
	if (!rc && r.exists) {
		found->value = hp_take(value);
		found->dump = hp_take(dump);
	}
	return rc;
}

void hp_fence_found_clear(struct hp_fence_found *found)
{
	free(found->value);
	free(found->dump);
	*found = (struct hp_fence_found){ NULL, NULL };
}

int hp_fence_counts(struct hp_netlink *nl, uint32_t family, const char *table,
		    hp_fence_each_count each, void *arg, struct hp_err *err)
{
	struct reading r = { .family = family, .table = table, .each = each, .arg = arg };

	return ask(nl, &r, err);
}
