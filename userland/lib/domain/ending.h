/* SPDX-License-Identifier: GPL-2.0 */
/* ending.h: waits for processes that were told to end. */
#ifndef ENDING_H
#define ENDING_H

#include <stdbool.h>
#include "base/hp_err.h"

/* Whether the process of the pidfd has ended by then; an init has when its whole PID namespace is gone. */
bool hp_process_ends_within(int pidfd, int timeout_ms);
/* Until nothing is in the cgroup or below it; -EBUSY, with a message, when time is up first. */
int hp_cgroup_await_empty(const char *cgroup, int timeout_ms, struct hp_err *err);

#endif
