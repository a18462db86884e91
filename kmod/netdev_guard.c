// SPDX-License-Identifier: GPL-2.0
/* netdev_guard.c: keeps claimed network ports in their domain's namespace under their name. */
#include <linux/list.h>
#include <linux/netdevice.h>
#include <linux/pci.h>
#include <linux/ratelimit.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include <net/rtnetlink.h>

#include "netdev_guard.h"

/*
 * A notifier sees each port that appears, moves or is renamed, in the context of
 * who did it; a work item puts it right afterwards.  Each heal answers one change
 * by somebody else, so a fight costs the other as much, and nothing spins; what
 * fails is tried again after a while.  Events are limited, heals are not.
 *
 * When a namespace dies, the kernel returns the ports in it to the initial one.
 * Their functions are parked instead: the ports vanish with their driver.
 */
#define FALLBACK_NAME	"hpport%d"	/* when the wanted one is taken */
#define RETRY_JIFFIES	(3 * HZ)

struct port {
	struct list_head node;
	const struct net_device *dev;	/* only to compare, except under rtnl_lock() */
	bool must_tend;
	bool must_retry;		/* it failed: in a while */
	bool is_settled;		/* was right since the table came */
	bool has_actor;			/* somebody moved or renamed it since */
	int error;			/* of the last attempt, negative */
	struct hp_actor_info actor;
	struct ratelimit_state limit;	/* of events */
};

/* Where a port belongs. */
struct place {
	struct net *net;		/* referenced; NULL = it died */
	struct pci_dev *pdev;		/* as long as the device */
	struct hp_event event;		/* filled in as far as known */
	char name[IFNAMSIZ];		/* "" = as it is */
};

static LIST_HEAD(ports);		/* rtnl_lock() */
static struct workqueue_struct *queue;
static struct task_struct *own_task;	/* who heals */
static bool must_walk;			/* the table changed, or memory was short */
static void run(struct work_struct *work);
static DECLARE_DELAYED_WORK(work, run);

static struct pci_dev *function_of(const struct net_device *dev)
{
	struct device *parent;

	for (parent = dev->dev.parent; parent; parent = parent->parent)
		if (dev_is_pci(parent))
			return to_pci_dev(parent);
	return NULL;
}

static void describe(const struct hp_table *table, const struct hp_claim *claim,
		     struct place *place)
{
	struct hp_event *event = &place->event;

	event->resource = HP_CLAIM_PCI;
	event->generation = table->generation;
	event->pci = hp_pci_address_of(place->pdev);
	strscpy(event->domain, claim->domain->name, sizeof(event->domain));
}

/*
 * False when the port is nobody's, or its domain told no namespace.  The name is
 * for a function's first port.  Virtual devices on top go their own way.
 */
static bool find_place(const struct net_device *dev, struct place *place)
{
	const struct hp_table *table;
	const struct hp_claim *claim;

	memset(place, 0, sizeof(*place));
	place->pdev = function_of(dev);
	if (!place->pdev || (dev->rtnl_link_ops && !dev->rtnl_link_ops->netns_refund))
		return false;
	rcu_read_lock();
	table = hp_registry_table();
	claim = hp_table_pci_owner(table, place->pdev);
	if (!claim || !claim->domain->netns) {
		rcu_read_unlock();
		return false;
	}
	describe(table, claim, place);
	place->net = hp_netns_get_net(claim->domain->netns);
	if (!dev->dev_port)
		strscpy(place->name, claim->pci.port_name, sizeof(place->name));
	rcu_read_unlock();
	return true;
}

static void leave_place(struct place *place)
{
	if (place->net)
		put_net(place->net);
}

static bool is_there(const struct net_device *dev, const struct place *place)
{
	return place->net && net_eq(dev_net(dev), place->net);
}

static bool is_named(const struct net_device *dev, const struct place *place)
{
	return !place->name[0] || !strcmp(dev->name, place->name);
}

static struct port *find_port(const struct net_device *dev)
{
	struct port *port;

	ASSERT_RTNL();
	list_for_each_entry(port, &ports, node)
		if (port->dev == dev)
			return port;
	return NULL;
}

static struct port *get_port(const struct net_device *dev)
{
	struct port *port = find_port(dev);

	if (port)
		return port;
	port = kzalloc(sizeof(*port), GFP_KERNEL);
	if (!port) {
		WRITE_ONCE(must_walk, true);
		return NULL;
	}
	port->dev = dev;
	ratelimit_state_init(&port->limit, 5 * HZ, 10);
	ratelimit_set_flags(&port->limit, RATELIMIT_MSG_ON_RELEASE);
	list_add(&port->node, &ports);
	return port;
}

static void forget(const struct net_device *dev)
{
	struct port *port = find_port(dev);

	if (!port)
		return;
	list_del(&port->node);
	kfree(port);
}

static void note_change(const struct net_device *dev)
{
	struct port *port;
	struct place place;

	if (!find_place(dev, &place))
		return;
	port = get_port(dev);
	if (port && is_there(dev, &place) && is_named(dev, &place)) {
		port->is_settled = true;
	} else {
		if (port && port->is_settled && !port->has_actor &&
		    READ_ONCE(own_task) != current) {
			hp_actor_set_current(&port->actor);
			port->has_actor = true;
		}
		if (port)
			port->must_tend = true;
		mod_delayed_work(queue, &work, port ? 0 : RETRY_JIFFIES);
	}
	leave_place(&place);
}

static int on_netdev(struct notifier_block *block, unsigned long action, void *data)
{
	struct net_device *dev = netdev_notifier_info_to_dev(data);

	if (action == NETDEV_REGISTER || action == NETDEV_CHANGENAME)
		note_change(dev);
	else if (action == NETDEV_UNREGISTER && dev->reg_state != NETREG_REGISTERED)
		forget(dev);
	return NOTIFY_DONE;
}

static struct notifier_block netdev_block = {
	.notifier_call = on_netdev,
};

static void tell(struct port *port, struct place *place, u32 type, int err)
{
	struct hp_event *event = &place->event;
	bool is_news = err != port->error;

	port->error = err;
	/* Somebody's doing is told, and so is each new failure; what a commit asks for is not. */
	if (!(err ? is_news : port->has_actor) || !__ratelimit(&port->limit))
		return;
	event->type = type;
	event->error = -err;
	if (port->has_actor)
		event->actor = port->actor;
	strscpy(event->port, port->dev->name, sizeof(event->port));
	hp_event_emit(event, GFP_KERNEL);
	if (err)
		pr_notice("hostpart: port %s of %s is not where it belongs (%d)\n", event->port,
			  event->domain, err);
}

/* The name may be taken in the new namespace by a device that is not ours to rename. */
static int move(struct net_device *dev, const struct place *place)
{
	int err = -EEXIST;

	if (place->name[0])
		err = hp_change_net_namespace(dev, place->net, place->name);
	if (err == -EEXIST)
		err = hp_change_net_namespace(dev, place->net, FALLBACK_NAME);
	return err;
}

static void park(struct port *port, struct place *place)
{
	if (!hp_pci_guard_park(place->pdev) || port->error == -ENETDOWN)
		return;
	port->error = -ENETDOWN;	/* told once */
	place->event.type = HP_EVENT_PORT_PARKED;
	strscpy(place->event.port, port->dev->name, sizeof(place->event.port));
	hp_event_emit(&place->event, GFP_KERNEL);
}

/* Puts a port into its namespace. Returns whether its name is still to be set. */
static bool tend(struct port *port, struct net_device *dev, struct place *place)
{
	int err;

	if (!place->net) {
		park(port, place);
		return false;
	}
	if (!is_there(dev, place)) {
		err = move(dev, place);
		tell(port, place, HP_EVENT_PORT_MOVED_BACK, err);
		if (err) {
			port->must_retry = true;
			return false;
		}
		port->has_actor = false;
	}
	if (!is_named(dev, place))
		return true;
	port->is_settled = true;
	port->has_actor = false;
	port->error = 0;
	return false;
}

static void tell_renamed(const struct net_device *dev, struct place *place, const char *found,
			 int err)
{
	struct port *port;

	rtnl_lock();
	port = find_port(dev);
	if (port) {
		snprintf(place->event.reason, sizeof(place->event.reason),
			 err ? "cannot be called %s" : "was called %s", err ? place->name : found);
		tell(port, place, HP_EVENT_PORT_RENAMED_BACK, err);
		port->has_actor = false;
		port->must_retry = err;
		port->is_settled |= !err;
	}
	rtnl_unlock();
}

/*
 * Tends the first port of the list that needs it; false when none is left.  Under
 * the lock the device is alive: its end passes the notifier.  Renaming has to let
 * go of the lock, and then the port's number in the namespace stands for it.
 */
static bool tend_next(void)
{
	struct net_device *dev;
	char found[IFNAMSIZ];
	struct place place;
	struct port *port;
	bool must_rename;
	int ifindex;

	rtnl_lock();
	list_for_each_entry(port, &ports, node)
		if (port->must_tend)
			break;
	if (list_entry_is_head(port, &ports, node)) {
		rtnl_unlock();
		return false;
	}
	port->must_tend = false;
	dev = (struct net_device *)port->dev;
	if (!find_place(dev, &place)) {
		rtnl_unlock();
		return true;
	}
	must_rename = tend(port, dev, &place);
	ifindex = dev->ifindex;
	strscpy(found, dev->name, sizeof(found));
	rtnl_unlock();
	if (must_rename)
		tell_renamed(dev, &place, found,
			     hp_netdev_rename(place.net, ifindex, place.name));
	leave_place(&place);
	return true;
}

/* The ports that are there already when a table comes. */
static void walk(void)
{
	struct net_device *dev;
	struct place place;
	struct port *port;
	struct net *net;

	rtnl_lock();
	down_read(&net_rwsem);
	for_each_net(net) {
		for_each_netdev(net, dev) {
			if (!find_place(dev, &place))
				continue;
			leave_place(&place);
			port = get_port(dev);
			if (!port)
				continue;
			port->must_tend = true;
			port->is_settled = false;
			port->has_actor = false;
			port->error = 0;
		}
	}
	up_read(&net_rwsem);
	rtnl_unlock();
}

static void retry(void)
{
	struct port *port;

	rtnl_lock();
	list_for_each_entry(port, &ports, node) {
		port->must_tend |= port->must_retry;
		port->must_retry = false;
	}
	rtnl_unlock();
}

static bool wants_retry(void)
{
	struct port *port;
	bool must_retry = READ_ONCE(must_walk);

	rtnl_lock();
	list_for_each_entry(port, &ports, node)
		must_retry |= port->must_retry;
	rtnl_unlock();
	return must_retry;
}

static void run(struct work_struct *unused)
{
	WRITE_ONCE(own_task, current);
	if (xchg(&must_walk, false))
		walk();
	retry();
	while (tend_next())
		cond_resched();
	WRITE_ONCE(own_task, NULL);
	if (wants_retry())
		queue_delayed_work(queue, &work, RETRY_JIFFIES);
}

static bool has_namespaces(const struct hp_table *table)
{
	u32 i;

	for (i = 0; i < table->domain_count; i++)
		if (table->domains[i]->netns)
			return true;
	return false;
}

void hp_netdev_guard_settle(const struct hp_table *now)
{
	lockdep_assert_held(&hp_registry_lock);
	if (!has_namespaces(now))
		return;
	WRITE_ONCE(must_walk, true);
	mod_delayed_work(queue, &work, 0);
}

/* Comes before the kernel moves the ports away, and mostly the parking does as well. */
static void __net_exit park_ports(struct net *net)
{
	struct net_device *dev;
	struct place place;
	struct port *port;
	bool is_needed;

	rcu_read_lock();
	is_needed = has_namespaces(hp_registry_table());
	rcu_read_unlock();
	if (!is_needed)
		return;
	rtnl_lock();
	for_each_netdev(net, dev) {
		if (!find_place(dev, &place))
			continue;
		port = place.net ? NULL : get_port(dev);
		if (port)
			park(port, &place);
		leave_place(&place);
	}
	rtnl_unlock();
}

/* Of devices, because those end before the kernel's own that moves the ports. */
static struct pernet_operations port_ops = {
	.pre_exit = park_ports,
};

int __init hp_netdev_guard_init(void)
{
	int err = -ENOMEM;

	queue = alloc_workqueue("hostpart_netdev", WQ_UNBOUND, 1);
	if (!queue)
		return err;
	err = register_pernet_device(&port_ops);
	if (err)
		goto destroy_queue;
	err = register_netdevice_notifier(&netdev_block);
	if (err)
		goto unregister_ops;
	hp_guards_set(HP_GUARD_NETDEV);
	return 0;

unregister_ops:
	unregister_pernet_device(&port_ops);
destroy_queue:
	destroy_workqueue(queue);
	return err;
}

void hp_netdev_guard_exit(void)
{
	struct port *port, *next;

	hp_guards_clear(HP_GUARD_NETDEV);
	unregister_netdevice_notifier(&netdev_block);
	unregister_pernet_device(&port_ops);
	cancel_delayed_work_sync(&work);
	destroy_workqueue(queue);
	list_for_each_entry_safe(port, next, &ports, node)
		kfree(port);
	INIT_LIST_HEAD(&ports);
}
