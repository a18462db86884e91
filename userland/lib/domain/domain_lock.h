/* SPDX-License-Identifier: GPL-2.0 */
/* domain_lock.h: one start or stop of a domain at a time, also across a caller's death. */
#ifndef DOMAIN_LOCK_H
#define DOMAIN_LOCK_H

#include "base/hp_err.h"

/*
 * Makes and locks RUN/domains (flock); returns the descriptor, or -errno. A
 * starting init inherits it, so that whoever cleans up after a killed caller
 * waits until that init has either recorded itself or given up.
 */
int hp_domain_lock(const char *run_dir, struct hp_err *err);

#endif
