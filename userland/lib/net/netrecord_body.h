/* SPDX-License-Identifier: GPL-2.0 */
/* netrecord_body.h: private to lib/net: the body of an address or route message. */
#ifndef HP_NETRECORD_BODY_H
#define HP_NETRECORD_BODY_H

#include <stddef.h>
#include "net/hp_netlink.h"

#define HP_BODY_MAX 4096	/* bytes; a multipath route of 100 hops fits */

/* "00ff…" into bytes: length, or -EINVAL. */
int hp_body_unhex(const char *hex, unsigned char *bytes, size_t max);
/* Copies a body into a request whose type and flags are given. */
void hp_body_load(struct hp_netlink_request *request, uint16_t type, uint16_t flags,
		  const unsigned char *bytes, size_t size);
/* The body of a message being built. */
static inline const unsigned char *hp_body(const struct hp_netlink_request *request, size_t *size)
{
	*size = mnl_nlmsg_get_payload_len(&request->nlh);
	return mnl_nlmsg_get_payload(&request->nlh);
}

#endif
