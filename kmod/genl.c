// SPDX-License-Identifier: GPL-2.0
/* genl.c: the generic netlink family: which commands there are, what each may carry. */
#include <linux/capability.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <linux/nsproxy.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "hostpart.h"

/*
 * An op without a policy would have its attributes ignored; with this one, the
 * family's default, any attribute is refused.
 */
static const struct nla_policy no_attrs[] = {
	[HP_A_PAD]		= { .type = NLA_REJECT },
};

static const struct nla_policy domain_name_attrs[] = {
	[HP_A_DOMAIN_NAME]	= { .type = NLA_NUL_STRING, .len = HP_DOMAIN_NAME_MAX },
};

static const struct nla_policy stage_attrs[] = {
	[HP_A_DOMAIN]		= NLA_POLICY_NESTED(hp_domain_policy),
	[HP_A_CLAIM]		= NLA_POLICY_NESTED(hp_claim_policy),
};

static const struct nla_policy commit_attrs[] = {
	[HP_A_GENERATION]	= { .type = NLA_U64 },
	[HP_A_DOMAIN_COUNT]	= { .type = NLA_U32 },
	[HP_A_CLAIM_COUNT]	= { .type = NLA_U32 },
};

static const struct nla_policy generation_attrs[] = {
	[HP_A_GENERATION]	= { .type = NLA_U64 },
};

static const struct genl_ops ops[] = {
	{
		.cmd = HP_CMD_GET_INFO,
		.doit = hp_genl_get_info,
		.policy = no_attrs,
		.maxattr = ARRAY_SIZE(no_attrs) - 1,
	}, {
		.cmd = HP_CMD_GET_DOMAIN,
		.flags = GENL_ADMIN_PERM,
		.doit = hp_genl_get_domain,
		.start = hp_genl_start_domains,
		.dumpit = hp_genl_dump_domains,
		.policy = domain_name_attrs,
		.maxattr = ARRAY_SIZE(domain_name_attrs) - 1,
	}, {
		.cmd = HP_CMD_GET_CLAIM,
		.flags = GENL_ADMIN_PERM,
		.start = hp_genl_start_claims,
		.dumpit = hp_genl_dump_claims,
		.policy = domain_name_attrs,
		.maxattr = ARRAY_SIZE(domain_name_attrs) - 1,
	}, {
		.cmd = HP_CMD_GET_EVENT,
		.flags = GENL_ADMIN_PERM,
		.start = hp_genl_check_dumper,
		.dumpit = hp_genl_dump_events,
		.policy = no_attrs,
		.maxattr = ARRAY_SIZE(no_attrs) - 1,
	}, {
		.cmd = HP_CMD_TXN_BEGIN,
		.flags = GENL_ADMIN_PERM,
		.doit = hp_genl_txn_begin,
		.policy = no_attrs,
		.maxattr = ARRAY_SIZE(no_attrs) - 1,
	}, {
		.cmd = HP_CMD_TXN_STAGE,
		.flags = GENL_ADMIN_PERM,
		.doit = hp_genl_txn_stage,
		.policy = stage_attrs,
		.maxattr = ARRAY_SIZE(stage_attrs) - 1,
	}, {
		.cmd = HP_CMD_TXN_COMMIT,
		.flags = GENL_ADMIN_PERM,
		.doit = hp_genl_txn_commit,
		.policy = commit_attrs,
		.maxattr = ARRAY_SIZE(commit_attrs) - 1,
	}, {
		.cmd = HP_CMD_TXN_ABORT,
		.flags = GENL_ADMIN_PERM,
		.doit = hp_genl_txn_abort,
		.policy = no_attrs,
		.maxattr = ARRAY_SIZE(no_attrs) - 1,
	}, {
		.cmd = HP_CMD_RELEASE,
		.flags = GENL_ADMIN_PERM,
		.doit = hp_genl_release,
		.policy = no_attrs,
		.maxattr = ARRAY_SIZE(no_attrs) - 1,
	}, {
		.cmd = HP_CMD_SEAL,
		.flags = GENL_ADMIN_PERM,
		.doit = hp_genl_seal,
		.policy = generation_attrs,
		.maxattr = ARRAY_SIZE(generation_attrs) - 1,
	}, {
		.cmd = HP_CMD_GET_VECTOR,
		.flags = GENL_ADMIN_PERM,
		.start = hp_genl_start_vectors,
		.dumpit = hp_genl_dump_vectors,
		.policy = domain_name_attrs,
		.maxattr = ARRAY_SIZE(domain_name_attrs) - 1,
	},
};

static const struct genl_multicast_group groups[] = {
	{ .name = HP_GENL_MCGRP_EVENTS, .flags = GENL_MCAST_CAP_SYS_ADMIN },
};

struct genl_family hp_genl_family __ro_after_init = {
	.name = HP_GENL_NAME,
	.version = HP_GENL_VERSION,
	.module = THIS_MODULE,
	.netnsok = false,		/* domains live in other namespaces: they see nothing */
	.parallel_ops = true,		/* hp_registry_lock orders writers, RCU serves readers */
	.policy = no_attrs,
	.maxattr = ARRAY_SIZE(no_attrs) - 1,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.resv_start_op = HP_CMD_UNSPEC + 1,	/* strict about the reserved header field */
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

/*
 * Beside the CAP_NET_ADMIN that GENL_ADMIN_PERM has asked for already.  Root of a
 * domain keeps that one, so what belongs to others takes CAP_SYS_ADMIN, of the
 * opener of the socket and of the sender, in the initial user namespace; and the
 * sender has to live in the initial network namespace, else a socket handed into
 * a domain would carry its root's wishes out.
 */
int hp_genl_check_caller(struct sk_buff *skb, struct hp_refusal *why)
{
	if (!netlink_capable(skb, CAP_SYS_ADMIN))
		return hp_refuse(why, -EPERM, "needs CAP_SYS_ADMIN in the initial user namespace");
	if (!net_eq(sock_net(NETLINK_CB(skb).sk), &init_net) ||
	    !net_eq(current->nsproxy->net_ns, &init_net))
		return hp_refuse(why, -EPERM, "only from the initial network namespace");
	return 0;
}

int hp_genl_check_dumper(struct netlink_callback *cb)
{
	struct hp_refusal why = {};

	/* No words: 6.1 hands the start of a dump no extended ack. */
	return hp_genl_check_caller(cb->skb, &why);
}

static int on_netlink(struct notifier_block *nb, unsigned long action, void *data)
{
	const struct netlink_notify *notify = data;

	if (action != NETLINK_URELEASE || notify->protocol != NETLINK_GENERIC ||
	    !net_eq(notify->net, &init_net))
		return NOTIFY_DONE;
	hp_txn_forget(notify->portid);
	hp_refusal_forget(notify->portid);
	return NOTIFY_OK;
}

static struct notifier_block netlink_notifier = {
	.notifier_call = on_netlink,
};

int __init hp_genl_init(void)
{
	int err;

	/* First, so that no socket with a transaction can close unseen. */
	err = netlink_register_notifier(&netlink_notifier);
	if (err)
		return err;
	err = genl_register_family(&hp_genl_family);
	if (err) {
		netlink_unregister_notifier(&netlink_notifier);
		return err;
	}
	hp_event_set_multicast(true);
	return 0;
}

void hp_genl_exit(void)
{
	hp_event_set_multicast(false);
	/* Waits for running commands and their acks. */
	genl_unregister_family(&hp_genl_family);
	netlink_unregister_notifier(&netlink_notifier);
	hp_txn_exit();
	hp_refusal_exit();
}
