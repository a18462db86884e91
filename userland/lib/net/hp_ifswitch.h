/* SPDX-License-Identifier: GPL-2.0 */
/* hp_ifswitch.h: per-interface switches /proc/sys/net/FAMILY/conf/INTERFACE/NAME: look, set. */
#ifndef HP_IFSWITCH_H
#define HP_IFSWITCH_H

#include <stdio.h>
#include "base/hp_root.h"

struct hp_ifswitch {
	const char *family, *name, *want;	/* "ipv4", "forwarding", "1"; a list ends with name NULL */
};

/*
 * Of an interface in the namespace netns_fd (HP_NETNS_OWN: the caller's). What
 * this kernel does not have (it may lack IPv6) is left out in both.
 */
/* Writes "; eth0 forwarding is 0, not 1" into problems for each that differs. */
int hp_ifswitch_check(struct hp_root *root, int netns_fd, const char *interface,
		      const struct hp_ifswitch *switches, FILE *problems, struct hp_err *err);
int hp_ifswitch_set(struct hp_root *root, int netns_fd, const char *interface,
		    const struct hp_ifswitch *switches, struct hp_err *err);

#endif
