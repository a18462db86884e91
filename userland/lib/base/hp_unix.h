/* SPDX-License-Identifier: GPL-2.0 */
/* hp_unix.h: the address of a Unix socket. */
#ifndef HP_UNIX_H
#define HP_UNIX_H

#include <sys/socket.h>
#include <sys/un.h>
#include "base/hp_err.h"

/* The address of the socket at that path; -ENAMETOOLONG, with a message that says so, when it does not fit, -ENOMEM. */
__attribute__((format(printf, 3, 4)))
int hp_unix_address(struct sockaddr_un *address, struct hp_err *err, const char *fmt, ...);

#endif
