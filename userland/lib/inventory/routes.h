/* SPDX-License-Identifier: GPL-2.0 */
/* routes.h: the machine's IPv4 routing table. */
#ifndef INV_ROUTES_H
#define INV_ROUTES_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/hp_root.h"

#define INV_ROUTE_REFUSED 0x0200u	/* RTF_REJECT: an unreachable or blackhole route */

struct inv_route {
	char port[IFNAMSIZ];		/* "*" for a refused one */
	uint32_t destination;		/* network byte order */
	unsigned int prefix;		/* 0-32 */
	bool is_refused;
};

/* Calls visit for each route of the main table until it returns non-zero; returns that. No table: 0, no call. */
int inv_each_route(struct hp_root *root, int (*visit)(const struct inv_route *route, void *arg),
		   void *arg);

#endif
