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
	      nla_put_u32(skb, HP_A_GUARDS, hp_guards_active()) ||
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

/* The message that the largest domain or claim needs; beside their ranges all is small. */
static u32 largest_entry(void)
{
	u32 bytes;

	rcu_read_lock();
	bytes = hp_registry_table()->range_count_max * sizeof(struct hp_range) + NLMSG_GOODSIZE;
	rcu_read_unlock();
	return bytes;
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
		err = hp_genl_put_domain(reply, table, domain);
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

	err = hp_genl_check_caller(skb, &why);
	if (err) {
		hp_refusal_report(&why, info);
		return err;
	}
	if (GENL_REQ_ATTR_CHECK(info, HP_A_DOMAIN_NAME)) {
		NL_SET_ERR_MSG(info->extack, "which domain? Give a name, or ask for a dump");
		return -EINVAL;
	}
	reply = genlmsg_new(largest_entry(), GFP_KERNEL);
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

int hp_genl_start_domains(struct netlink_callback *cb)
{
	int err = hp_genl_check_dumper(cb);

	if (err)
		return err;
	cb->min_dump_alloc = largest_entry();
	return 0;
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

		err = hdr ? hp_genl_put_domain(skb, table, table->domains[cursor->index]) :
			    -EMSGSIZE;
		if (err) {
			genlmsg_cancel(skb, hdr);
			break;
		}
		genlmsg_end(skb, hdr);
	}
	rcu_read_unlock();
	return skb->len ? skb->len : err;
}

int hp_genl_start_filtered(struct netlink_callback *cb, char *domain)
{
	struct nlattr *name = hp_dump_attrs(cb)[HP_A_DOMAIN_NAME];
	int err = hp_genl_check_dumper(cb);
	bool is_known;

	if (err || !name)
		return err;
	nla_strscpy(domain, name, HP_DOMAIN_NAME_MAX + 1);
	rcu_read_lock();
	is_known = hp_table_find_domain(hp_registry_table(), domain);
	rcu_read_unlock();
	if (!is_known)
		NL_SET_ERR_MSG(cb->extack, "no such domain");
	return is_known ? 0 : -ENOENT;
}

int hp_genl_start_claims(struct netlink_callback *cb)
{
	cb->min_dump_alloc = largest_entry();
	return hp_genl_start_filtered(cb, cursor_of(cb)->domain);
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
		err = hdr ? hp_genl_put_claim(skb, table, claim) : -EMSGSIZE;
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
