/* SPDX-License-Identifier: GPL-2.0 */
/* domain_init.h: the steps by which a process becomes a domain's init. */
#ifndef DOMAIN_INIT_H
#define DOMAIN_INIT_H

#include "base/hp_err.h"

struct init_request {
	const char *name, *hostname, *cgroup, *run_dir, *lib_dir;
};

/* Gives the calling process's new mount namespace the mounts of a host of its own. */
int mounts_arrange(const struct init_request *request, struct hp_err *err);

/* Reaps until told to end from outside, then ends everything inside. Never returns. */
__attribute__((noreturn)) void supervise(void);

#endif
