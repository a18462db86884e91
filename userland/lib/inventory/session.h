/* SPDX-License-Identifier: GPL-2.0 */
/* session.h: how the person at the keyboard came in. */
#ifndef INV_SESSION_H
#define INV_SESSION_H

#include <sys/types.h>
#include "base/hp_root.h"

/*
 * The machine's own address in the ssh session that process `pid` belongs to
 * ("192.0.2.7", "fe80::1%eth0"), NULL when it is in none. Looks for
 * SSH_CONNECTION in its environment and, because sudo drops it, in those of the
 * processes above it. Live root only. Caller frees.
 */
char *inv_session_address(struct hp_root *root, pid_t pid);

#endif
