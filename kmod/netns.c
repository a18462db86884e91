// SPDX-License-Identifier: GPL-2.0
/* netns.c: the network namespaces of domains, each known without being kept alive. */
#include <linux/err.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <net/net_namespace.h>

#include "hostpart.h"

/*
 * A reference on a struct net would keep a domain's namespace, and the ports in
 * it, after its last process.  So this holds none: the namespace's end takes the
 * pointer away.  The memory stays for as long as that end has not come by here.
 */
struct hp_netns {
	struct list_head node;
	refcount_t refs;
	struct net *net;		/* NULL = gone; known_lock */
};

static DEFINE_SPINLOCK(known_lock);
static LIST_HEAD(known);		/* known_lock */

struct hp_netns *hp_netns_from_fd(u32 fd, struct hp_refusal *why)
{
	struct hp_netns *netns = kzalloc(sizeof(*netns), GFP_KERNEL_ACCOUNT);
	struct net *net;
	int err;

	if (!netns)
		return ERR_PTR(-ENOMEM);
	net = get_net_ns_by_fd(fd);
	if (IS_ERR(net)) {
		kfree(netns);
		err = hp_refuse(why, PTR_ERR(net), "descriptor %u is no network namespace", fd);
		return ERR_PTR(err);
	}
	refcount_set(&netns->refs, 1);
	netns->net = net;
	spin_lock_bh(&known_lock);
	list_add(&netns->node, &known);
	spin_unlock_bh(&known_lock);
	/* From here on it may end at any time. */
	put_net(net);
	return netns;
}

struct hp_netns *hp_netns_get(struct hp_netns *netns)
{
	if (netns)
		refcount_inc(&netns->refs);
	return netns;
}

void hp_netns_put(struct hp_netns *netns)
{
	if (!netns || !refcount_dec_and_test(&netns->refs))
		return;
	spin_lock_bh(&known_lock);
	list_del(&netns->node);
	spin_unlock_bh(&known_lock);
	kfree(netns);
}

struct net *hp_netns_get_net(struct hp_netns *netns)
{
	struct net *net = NULL;

	if (!netns)
		return NULL;
	spin_lock_bh(&known_lock);
	if (netns->net)
		net = maybe_get_net(netns->net);
	spin_unlock_bh(&known_lock);
	return net;
}

u32 hp_netns_ino(struct hp_netns *netns)
{
	u32 ino = 0;

	if (!netns)
		return 0;
	spin_lock_bh(&known_lock);
	if (netns->net && check_net(netns->net))
		ino = netns->net->ns.inum;
	spin_unlock_bh(&known_lock);
	return ino;
}

bool hp_netns_is(struct hp_netns *netns, const struct net *net)
{
	bool is_same;

	if (!netns)
		return false;
	spin_lock_bh(&known_lock);
	is_same = netns->net && netns->net == net;
	spin_unlock_bh(&known_lock);
	return is_same;
}

/* Before any device leaves the namespace. */
static void __net_exit forget(struct net *net)
{
	struct hp_netns *netns;

	spin_lock_bh(&known_lock);
	list_for_each_entry(netns, &known, node)
		if (netns->net == net)
			netns->net = NULL;
	spin_unlock_bh(&known_lock);
}

static struct pernet_operations netns_ops = {
	.pre_exit = forget,
};

int __init hp_netns_init(void)
{
	return register_pernet_subsys(&netns_ops);
}

void hp_netns_exit(void)
{
	unregister_pernet_subsys(&netns_ops);
}
