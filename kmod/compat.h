/* SPDX-License-Identifier: GPL-2.0 */
/* compat.h: the only place that knows how the supported kernels (6.1, 6.12) differ. */
#ifndef HP_COMPAT_H
#define HP_COMPAT_H

#include <linux/netdevice.h>
#include <linux/version.h>
#include <net/genetlink.h>

/* The parsed attributes of a dump request moved into a struct genl_info in 6.6. */
static inline struct nlattr **hp_dump_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

/* The kernel that moves a device says why it cannot in an extack since 6.9. */
static inline int hp_change_net_namespace(struct net_device *dev, struct net *net,
					  const char *pattern)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
	return __dev_change_net_namespace(dev, net, pattern, 0, NULL);
#else
	return __dev_change_net_namespace(dev, net, pattern, 0);
#endif
}

#endif
