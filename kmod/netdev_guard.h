/* SPDX-License-Identifier: GPL-2.0 */
/* netdev_guard.h: what the files of the port guard share. */
#ifndef HP_NETDEV_GUARD_H
#define HP_NETDEV_GUARD_H

#include "hostpart.h"

/* Not under rtnl_lock(), which it takes. The caller keeps @net. */
int hp_netdev_rename(struct net *net, int ifindex, const char *name);

#endif
