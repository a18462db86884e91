// SPDX-License-Identifier: GPL-2.0
/* genl_get.c: the commands that read. */
#include <linux/string.h>
#include <net/genetlink.h>

#include "hostpart.h"

/* Where a dump goes on; lives in netlink_callback.ctx. */
struct dump_cursor {
	u32 index;
	char domain[HP_DOMAIN_NAME_MAX + 1];	/* "" = all; claims only */
};

static struct dump_cursor *cursor_of(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct dump_cursor) > sizeof(cb->ctx));
	return (struct dump_cursor *)cb->ctx;
}

static int put_info(struct sk_buff *skb)
{
	const struct hp_table *table;
	u64 seq, unsent;
	int err;

	hp_event_counts(&seq, &unsent);
	rcu_read_lock();
	table = hp_registry_table();
	err = nla_put_string(skb, HP_A_MODULE_VERSION, HP_MODULE_VERSION) ||
	      nla_put_u32(skb, HP_A_ABI, HP_ABI) ||
	      nla_put_u64_64bit(skb, HP_A_GENERATION, table->generation, HP_A_PAD) ||
	      nla_put_u32(skb, HP_A_GUARDS, HP_GUARD_CPU_OFFLINE | HP_GUARD_UNLOAD) ||
	      nla_put_u32(skb, HP_A_DOMAIN_COUNT, table->domain_count) ||
	      nla_put_u32(skb, HP_A_CLAIM_COUNT, table->claim_count) ||
	      nla_put_u32(skb, HP_A_DOMAIN_LIMIT, HP_DOMAIN_LIMIT) ||
	      nla_put_u32(skb, HP_A_CLAIM_LIMIT, HP_CLAIM_LIMIT) ||
	      nla_put_u64_64bit(skb, HP_A_EVENT_SEQ, seq, HP_A_PAD) ||
	      nla_put_u64_64bit(skb, HP_A_EVENT_UNSENT, unsent, HP_A_PAD);
	rcu_read_unlock();
	return err ? -EMSGSIZE : 0;
}

int hp_genl_get_info(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *reply = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *hdr;

	if (!reply)
		return -ENOMEM;
	hdr = genlmsg_put_reply(reply, info, &hp_genl_family, 0, HP_CMD_GET_INFO);
	if (!hdr || put_info(reply)) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}

static int put_domain(struct sk_buff *skb, const struct hp_table *table,
		      const struct hp_domain *domain)
{
	struct nlattr *nest;

	if (nla_put_u64_64bit(skb, HP_A_GENERATION, table->generation, HP_A_PAD))
		return -EMSGSIZE;
	nest = nla_nest_start(skb, HP_A_DOMAIN);
	if (!nest || nla_put_string(skb, HP_DOMAIN_A_NAME, domain->name) ||
	    nla_put_u64_64bit(skb, HP_DOMAIN_A_CGROUP_ID, domain->cgroup_id, HP_DOMAIN_A_PAD) ||
	    nla_put_u32(skb, HP_DOMAIN_A_FLAGS, domain->flags) ||
	    nla_put_u32(skb, HP_DOMAIN_A_CLAIM_COUNT, domain->claim_count))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int reply_domain(struct sk_buff *reply, struct genl_info *info, const char *name,
			struct hp_refusal *why)
{
	void *hdr = genlmsg_put_reply(reply, info, &hp_genl_family, 0, HP_CMD_GET_DOMAIN);
	const struct hp_domain *domain;
	const struct hp_table *table;
	int err;

	if (!hdr)
		return -EMSGSIZE;
	rcu_read_lock();
	table = hp_registry_table();
	domain = hp_table_find_domain(table, name);
	if (domain)
		err = put_domain(reply, table, domain);
	else
		err = hp_refuse(why, -ENOENT, "no domain %s", name);
	rcu_read_unlock();
	if (!err)
		genlmsg_end(reply, hdr);
	return err;
}

int hp_genl_get_domain(struct sk_buff *skb, struct genl_info *info)
{
	struct hp_refusal why = {};
	struct sk_buff *reply;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, HP_A_DOMAIN_NAME)) {
		NL_SET_ERR_MSG(info->extack, "which domain? Give a name, or ask for a dump");
		return -EINVAL;
	}
	reply = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	why.attr = info->attrs[HP_A_DOMAIN_NAME];
	err = reply_domain(reply, info, nla_data(info->attrs[HP_A_DOMAIN_NAME]), &why);
	if (err) {
		hp_refusal_report(&why, info);
		nlmsg_free(reply);
		return err;
	}
	return genlmsg_reply(reply, info);
}

/* A table replaced during the dump shows as NLM_F_DUMP_INTR: ask again. */
static void *start_entry(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				&hp_genl_family, NLM_F_MULTI, cmd);

	if (hdr)
		genl_dump_check_consistent(cb, hdr);
	return hdr;
}

int hp_genl_dump_domains(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump_cursor *cursor = cursor_of(cb);
	const struct hp_table *table;
	int err = 0;

	rcu_read_lock();
	table = hp_registry_table();
	cb->seq = (u32)table->generation;
	for (; cursor->index < table->domain_count; cursor->index++) {
		void *hdr = start_entry(skb, cb, HP_CMD_GET_DOMAIN);

		err = hdr ? put_domain(skb, table, table->domains[cursor->index]) : -EMSGSIZE;
		if (err) {
			genlmsg_cancel(skb, hdr);
			break;
		}
		genlmsg_end(skb, hdr);
	}
	rcu_read_unlock();
	return skb->len ? skb->len : err;
}

static int put_pci(struct sk_buff *skb, const struct hp_claim *claim)
{
	return nla_put_u32(skb, HP_CLAIM_A_PCI_SEGMENT, claim->pci.segment) ||
	       nla_put_u32(skb, HP_CLAIM_A_PCI_BUS, claim->pci.bus) ||
	       nla_put_u32(skb, HP_CLAIM_A_PCI_DEVICE, claim->pci.device) ||
	       nla_put_u32(skb, HP_CLAIM_A_PCI_FUNCTION, claim->pci.function);
}

static int put_values(struct sk_buff *skb, const struct hp_claim *claim)
{
	u32 bytes = claim->range_count * sizeof(struct hp_range);

	switch (claim->type) {
	case HP_CLAIM_CPU:
		return nla_put(skb, HP_CLAIM_A_CPUS, bytes, claim->ranges);
	case HP_CLAIM_MEMORY:
		if (bytes && nla_put(skb, HP_CLAIM_A_MEM_NODES, bytes, claim->ranges))
			return -EMSGSIZE;
		return nla_put_u64_64bit(skb, HP_CLAIM_A_MEM_BYTES, claim->memory_bytes,
					 HP_CLAIM_A_PAD);
	case HP_CLAIM_PCI:
		return put_pci(skb, claim);
	}
	WARN_ON_ONCE(1);
	return -EMSGSIZE;
}

static int put_claim(struct sk_buff *skb, const struct hp_table *table,
		     const struct hp_claim *claim)
{
	struct nlattr *nest;

	if (nla_put_u64_64bit(skb, HP_A_GENERATION, table->generation, HP_A_PAD))
		return -EMSGSIZE;
	nest = nla_nest_start(skb, HP_A_CLAIM);
	if (!nest || nla_put_string(skb, HP_CLAIM_A_DOMAIN, claim->domain->name) ||
	    nla_put_u32(skb, HP_CLAIM_A_TYPE, claim->type) || put_values(skb, claim))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int hp_genl_start_claims(struct netlink_callback *cb)
{
	struct nlattr *name = hp_dump_attrs(cb)[HP_A_DOMAIN_NAME];
	struct dump_cursor *cursor = cursor_of(cb);
	const struct hp_table *table;
	bool is_known = true;

	if (name)
		nla_strscpy(cursor->domain, name, sizeof(cursor->domain));
	rcu_read_lock();
	table = hp_registry_table();
	if (name)
		is_known = hp_table_find_domain(table, cursor->domain);
	/* The largest claim must fit a message; everything beside its ranges is small. */
	cb->min_dump_alloc = table->range_count_max * sizeof(struct hp_range) + NLMSG_GOODSIZE;
	rcu_read_unlock();
	if (!is_known)
		NL_SET_ERR_MSG(cb->extack, "no such domain");
	return is_known ? 0 : -ENOENT;
}

int hp_genl_dump_claims(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump_cursor *cursor = cursor_of(cb);
	const struct hp_table *table;
	int err = 0;

	rcu_read_lock();
	table = hp_registry_table();
	cb->seq = (u32)table->generation;
	for (; cursor->index < table->claim_count; cursor->index++) {
		const struct hp_claim *claim = table->claims[cursor->index];
		void *hdr;

		if (cursor->domain[0] && strcmp(cursor->domain, claim->domain->name))
			continue;
		hdr = start_entry(skb, cb, HP_CMD_GET_CLAIM);
		err = hdr ? put_claim(skb, table, claim) : -EMSGSIZE;
		if (err) {
			genlmsg_cancel(skb, hdr);
			break;
		}
		genlmsg_end(skb, hdr);
	}
	rcu_read_unlock();
	return skb->len ? skb->len : err;
}

int hp_genl_dump_events(struct sk_buff *skb, struct netlink_callback *cb)
{
	u64 *next_seq = (u64 *)cb->ctx;
	struct hp_event event;
	int err = 0;

	BUILD_BUG_ON(sizeof(*next_seq) > sizeof(cb->ctx));
	while (hp_event_get(*next_seq, &event)) {
		void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
					&hp_genl_family, NLM_F_MULTI, HP_CMD_GET_EVENT);

		err = hdr ? hp_event_put(skb, &event) : -EMSGSIZE;
		if (err) {
			genlmsg_cancel(skb, hdr);
			break;
		}
		genlmsg_end(skb, hdr);
		*next_seq = event.seq + 1;
	}
	return skb->len ? skb->len : err;
}
