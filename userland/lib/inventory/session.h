/* SPDX-License-Identifier: GPL-2.0 */
/* session.h: how the person at the keyboard came in. */
#ifndef INV_SESSION_H
#define INV_SESSION_H

#include "base/hp_root.h"

/*
 * The machine's own address in the caller's ssh session ("192.0.2.7",
 * "fe80::1%eth0"), NULL when the caller is not here by ssh. Looks at
 * SSH_CONNECTION and, because sudo drops it, at the environment of the
 * processes above us. Live root only. Caller frees.
 */
char *inv_session_address(struct hp_root *root);

#endif
