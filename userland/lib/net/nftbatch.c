// SPDX-License-Identifier: GPL-2.0
/* nftbatch.c: the batch that replaces a table of nftables. */
#include <netinet/in.h>	/* before the kernel's headers, which then leave its types alone */
#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>
#include "net/hp_nftbatch.h"

/* Room for one more message: a rule with 64 addresses has some 6000 bytes. */
#define MESSAGE_BYTES 16384

void hp_nftbatch_clear(struct hp_nftbatch *b)
{
	free(b->bytes);
	b->bytes = NULL;
}

/* Room for a message, or NULL; finish() takes what was used of it. */
static char *room(struct hp_nftbatch *b)
{
	if (b->capacity - b->size < MESSAGE_BYTES) {
		size_t capacity = b->capacity * 2 + MESSAGE_BYTES;
		char *bytes = realloc(b->bytes, capacity);

		if (!bytes)
			return NULL;
		/* libmnl pads attributes with whatever is there. */
		memset(bytes + b->capacity, 0, capacity - b->capacity);
		b->bytes = bytes;
		b->capacity = capacity;
	}
	return b->bytes + b->size;
}

static void finish(struct hp_nftbatch *b, const struct nlmsghdr *nlh)
{
	b->size += MNL_ALIGN(nlh->nlmsg_len);
}

static int put_mark(struct hp_nftbatch *b, struct nlmsghdr *(*mark)(char *buf, uint32_t seq))
{
	char *at = room(b);

	if (!at)
		return -ENOMEM;
	finish(b, mark(at, ++b->seq));
	return 0;
}

static int put_table(struct hp_nftbatch *b, uint16_t type, uint16_t flags, const void *note, uint32_t note_size)
{
	struct nftnl_table *table = nftnl_table_alloc();
	struct nlmsghdr *nlh;
	char *at = room(b);
	int rc = -ENOMEM;

	if (table && at && !nftnl_table_set_str(table, NFTNL_TABLE_NAME, b->table) &&
	    (!note || !nftnl_table_set_data(table, NFTNL_TABLE_USERDATA, note, note_size))) {
		nlh = nftnl_nlmsg_build_hdr(at, type, b->family, flags, ++b->seq);
		nftnl_table_nlmsg_build_payload(nlh, table);
		finish(b, nlh);
		rc = 0;
	}
	if (table)
		nftnl_table_free(table);
	return rc;
}

/* "Make it, remove it": the first makes the removal succeed whether there was one or not. */
static int put_removal(struct hp_nftbatch *b, uint16_t flags)
{
	int rc = put_mark(b, nftnl_batch_begin);

	if (!rc)
		rc = put_table(b, NFT_MSG_NEWTABLE, NLM_F_CREATE, NULL, 0);
	if (!rc)
		rc = put_table(b, NFT_MSG_DELTABLE, flags, NULL, 0);
	b->last_seq = b->seq;
	return rc;
}

int hp_nftbatch_remove(struct hp_nftbatch *b)
{
	return put_removal(b, NLM_F_ACK);
}

int hp_nftbatch_replace(struct hp_nftbatch *b, const void *note, uint32_t note_size)
{
	int rc = put_removal(b, 0);

	if (!rc)
		rc = put_table(b, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_ACK, note, note_size);
	b->last_seq = b->seq;
	return rc;
}

int hp_nftbatch_chain(struct hp_nftbatch *b, const struct hp_nftchain *spec)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();
	struct nlmsghdr *nlh;
	char *at = room(b);
	int rc = -ENOMEM;

	if (chain && at && !nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, b->table) &&
	    !nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, spec->name) &&
	    !nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, spec->type) &&
	    (!spec->device || !nftnl_chain_set_str(chain, NFTNL_CHAIN_DEV, spec->device))) {
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, spec->hook);
		nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, spec->priority);
		nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, NF_ACCEPT);
		nlh = nftnl_nlmsg_build_hdr(at, NFT_MSG_NEWCHAIN, b->family, NLM_F_CREATE, ++b->seq);
		nftnl_chain_nlmsg_build_payload(nlh, chain);
		finish(b, nlh);
		rc = 0;
	}
	if (chain)
		nftnl_chain_free(chain);
	return rc;
}

int hp_nftbatch_rule(struct hp_nftbatch *b, struct nftnl_rule *rule)
{
	char *at = room(b);
	struct nlmsghdr *nlh;

	if (!at)
		return -ENOMEM;
	nlh = nftnl_nlmsg_build_hdr(at, NFT_MSG_NEWRULE, b->family, NLM_F_CREATE | NLM_F_APPEND, ++b->seq);
	nftnl_rule_nlmsg_build_payload(nlh, rule);
	finish(b, nlh);
	return 0;
}

int hp_nftbatch_send(struct hp_netlink *nl, struct hp_nftbatch *b, struct hp_err *err)
{
	if (put_mark(b, nftnl_batch_end))
		return hp_err_errno(err, ENOMEM, "build the table %s", b->table);
	return hp_netlink_send_batch(nl, b->bytes, b->size, b->last_seq, NULL, err);
}
