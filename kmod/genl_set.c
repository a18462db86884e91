// SPDX-License-Identifier: GPL-2.0
/* genl_set.c: the commands that change the registry. */
#include <linux/netlink.h>
#include <net/genetlink.h>

#include "hostpart.h"

static struct sk_buff *new_reply(struct genl_info *info, u8 cmd, void **hdr)
{
	struct sk_buff *reply = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);

	if (!reply)
		return NULL;
	*hdr = genlmsg_put_reply(reply, info, &hp_genl_family, 0, cmd);
	if (*hdr)
		return reply;
	nlmsg_free(reply);
	return NULL;
}

static int send_generation(struct sk_buff *reply, void *hdr, struct genl_info *info,
			   u64 generation)
{
	if (nla_put_u64_64bit(reply, HP_A_GENERATION, generation, HP_A_PAD)) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}

int hp_genl_txn_begin(struct sk_buff *skb, struct genl_info *info)
{
	struct hp_refusal why = {};
	struct sk_buff *reply;
	u64 generation = 0;
	void *hdr;
	int err;

	reply = new_reply(info, HP_CMD_TXN_BEGIN, &hdr);
	if (!reply)
		return -ENOMEM;
	err = hp_genl_check_caller(skb, &why);
	if (!err) {
		mutex_lock(&hp_registry_lock);
		err = hp_txn_begin(info->snd_portid, &why);
		generation = hp_registry_table_locked()->generation;
		mutex_unlock(&hp_registry_lock);
	}
	if (!err)
		return send_generation(reply, hdr, info, generation);
	nlmsg_free(reply);
	hp_refusal_report(&why, info);
	return err;
}

static int stage(struct genl_info *info, struct hp_table *table, struct hp_refusal *why)
{
	const struct nlattr *attr;
	int rem, count = 0, err;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		err = hp_parse_entry(attr, HP_FROM_TASK, table, why, info->extack);
		if (err)
			return err;
		count++;
	}
	return count ? 0 : hp_refuse(why, -EINVAL, "empty: no domain, no claim");
}

int hp_genl_txn_stage(struct sk_buff *skb, struct genl_info *info)
{
	struct hp_refusal why = {};
	struct hp_table *table;
	int err;

	err = hp_genl_check_caller(skb, &why);
	if (err)
		goto report;
	mutex_lock(&hp_registry_lock);
	table = hp_txn_table(info->snd_portid);
	if (table)
		err = stage(info, table, &why);
	else
		err = hp_refuse(&why, -ENOENT, "no transaction is open on this socket");
	if (err)
		hp_table_free(hp_txn_close(info->snd_portid));
	mutex_unlock(&hp_registry_lock);
report:
	if (err)
		hp_refusal_report(&why, info);
	return err;
}

static int check_counts(struct genl_info *info, const struct hp_table *table,
			struct hp_refusal *why)
{
	u32 domains, claims;

	if (!info->attrs[HP_A_DOMAIN_COUNT] || !info->attrs[HP_A_CLAIM_COUNT])
		return hp_refuse(why, -EINVAL, "a commit gives the counts of what it staged");
	domains = nla_get_u32(info->attrs[HP_A_DOMAIN_COUNT]);
	claims = nla_get_u32(info->attrs[HP_A_CLAIM_COUNT]);
	if (domains != table->domain_count || claims != table->claim_count)
		return hp_refuse(why, -EINVAL,
				 "%u domains and %u claims are staged, the request says %u and %u",
				 table->domain_count, table->claim_count, domains, claims);
	return 0;
}

/* Takes the staged table over, whatever comes of it. */
static int commit(struct genl_info *info, struct hp_table *table, u64 *generation,
		  struct hp_refusal *why)
{
	struct nlattr *attr = info->attrs[HP_A_GENERATION];
	struct hp_actor_info actor;
	u64 expected = attr ? nla_get_u64(attr) : 0;
	int err;

	hp_actor_set_current(&actor);
	err = check_counts(info, table, why);
	if (!err)
		err = hp_registry_replace(table, attr ? &expected : NULL, HP_EVENT_COMMIT, &actor,
					  why);
	if (err) {
		hp_table_free(table);
		why->attr = err == -ESTALE ? attr : NULL;
		return err;
	}
	*generation = table->generation;
	return 0;
}

int hp_genl_txn_commit(struct sk_buff *skb, struct genl_info *info)
{
	struct hp_refusal why = {};
	struct hp_table *table;
	struct sk_buff *reply;
	u64 generation = 0;
	void *hdr;
	int err;

	/* Made before the change: a commit that took place is never answered by ENOMEM. */
	reply = new_reply(info, HP_CMD_TXN_COMMIT, &hdr);
	if (!reply)
		return -ENOMEM;
	err = hp_genl_check_caller(skb, &why);
	if (!err) {
		mutex_lock(&hp_registry_lock);
		table = hp_txn_close(info->snd_portid);
		if (table)
			err = commit(info, table, &generation, &why);
		else
			err = hp_refuse(&why, -ENOENT, "no transaction is open on this socket");
		mutex_unlock(&hp_registry_lock);
	}
	if (!err) {
		hp_pci_guard_wait();
		return send_generation(reply, hdr, info, generation);
	}
	nlmsg_free(reply);
	hp_refusal_report(&why, info);
	return err;
}

int hp_genl_txn_abort(struct sk_buff *skb, struct genl_info *info)
{
	struct hp_refusal why = {};
	struct hp_table *table;
	int err;

	err = hp_genl_check_caller(skb, &why);
	if (!err) {
		mutex_lock(&hp_registry_lock);
		table = hp_txn_close(info->snd_portid);
		mutex_unlock(&hp_registry_lock);
		if (!table)
			err = hp_refuse(&why, -ENOENT, "no transaction is open on this socket");
		hp_table_free(table);
	}
	if (err)
		hp_refusal_report(&why, info);
	return err;
}

struct released {
	u64 generation;
	u32 domain_count, claim_count;
};

static int release(struct released *released, struct hp_refusal *why)
{
	struct hp_table *empty = hp_table_new();
	struct hp_actor_info actor;
	int err;

	if (!empty)
		return -ENOMEM;
	hp_actor_set_current(&actor);
	mutex_lock(&hp_registry_lock);
	released->domain_count = hp_registry_table_locked()->domain_count;
	released->claim_count = hp_registry_table_locked()->claim_count;
	err = hp_registry_replace(empty, NULL, HP_EVENT_RELEASE, &actor, why);
	released->generation = hp_registry_table_locked()->generation;
	mutex_unlock(&hp_registry_lock);
	if (err)
		hp_table_free(empty);
	return err;
}

int hp_genl_release(struct sk_buff *skb, struct genl_info *info)
{
	struct released released = {};
	struct hp_refusal why = {};
	struct sk_buff *reply;
	void *hdr;
	int err;

	reply = new_reply(info, HP_CMD_RELEASE, &hdr);
	if (!reply)
		return -ENOMEM;
	err = hp_genl_check_caller(skb, &why);
	if (!err)
		err = release(&released, &why);
	if (err) {
		nlmsg_free(reply);
		hp_refusal_report(&why, info);
		return err;
	}
	hp_pci_guard_wait();
	if (nla_put_u32(reply, HP_A_DOMAIN_COUNT, released.domain_count) ||
	    nla_put_u32(reply, HP_A_CLAIM_COUNT, released.claim_count)) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	return send_generation(reply, hdr, info, released.generation);
}

int hp_genl_seal(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[HP_A_GENERATION];
	u64 generation = attr ? nla_get_u64(attr) : 0;
	struct hp_refusal why = {};
	struct hp_actor_info actor;
	struct sk_buff *reply;
	void *hdr;
	int err;

	reply = new_reply(info, HP_CMD_SEAL, &hdr);
	if (!reply)
		return -ENOMEM;
	err = hp_genl_check_caller(skb, &why);
	if (!err) {
		hp_actor_set_current(&actor);
		mutex_lock(&hp_registry_lock);
		err = hp_seal(attr ? &generation : NULL, &actor, &why);
		generation = hp_registry_table_locked()->generation;
		mutex_unlock(&hp_registry_lock);
	}
	if (!err)
		return send_generation(reply, hdr, info, generation);
	if (err == -ESTALE)
		why.attr = attr;
	nlmsg_free(reply);
	hp_refusal_report(&why, info);
	return err;
}
