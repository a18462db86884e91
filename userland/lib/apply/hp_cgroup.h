/* SPDX-License-Identifier: GPL-2.0 */
/* hp_cgroup.h: what the cgroup backend tells about who disturbs a partition. */
#ifndef HP_CGROUP_H
#define HP_CGROUP_H

#include "apply/hp_backend.h"

/*
 * Finds a sibling of cgroup `top` ("hostpart", or "hostpart/alpha" for its
 * neighbours) whose cpuset.cpus shares CPUs with it: such a sibling makes the
 * partition invalid. 1 = found: *path (name of the cgroup, without leading
 * slash) and *value (its cpuset.cpus) are the caller's; 0 = none; -errno.
 * Healing a partition (writing cpuset.cpus.partition while it reads invalid)
 * takes the shared CPUs from the offender, so ask before healing.
 */
int hp_cgroup_find_overlap(struct hp_ctx *ctx, const char *top, char **path, char **value, struct hp_err *err);

/* Takes the CPUs of `top` out of the sibling's cpuset.cpus and logs what it was. */
int hp_cgroup_shrink(struct hp_ctx *ctx, const char *top, const char *sibling, struct hp_err *err);

#endif
