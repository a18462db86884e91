/* SPDX-License-Identifier: GPL-2.0 */
/* hp_cgroup2.h: finds cgroup v2 and translates between cgroup names and kernel ids. */
#ifndef HP_CGROUP2_H
#define HP_CGROUP2_H

#include <stdbool.h>
#include <stdint.h>
#include "base/hp_err.h"

/* A cgroup's name is its path below the hierarchy's root: "hostpart/alpha"; "" is the root. */

/* Where the live machine mounts cgroup v2 ("/sys/fs/cgroup" on most); NULL with err set when nowhere. */
const char *hp_cgroup_root(struct hp_err *err);
/* Path of a cgroup's directory or of a file in it (file NULL = directory); caller frees, NULL on error. */
char *hp_cgroup_path(const char *name, const char *file);
/* Opens the cgroup's directory; -errno on failure. */
int hp_cgroup_open(const char *name, struct hp_err *err);
/* Whether any process is in it or below; false also when it is not there. */
bool hp_cgroup_is_populated(const char *name);
/* The 64-bit id by which the kernel and BPF know the cgroup; never used again after removal. */
int hp_cgroup_id(const char *name, uint64_t *id, struct hp_err *err);
/* Name of the cgroup with that id, caller frees; NULL when it no longer exists. */
char *hp_cgroup_name(uint64_t id);
/*
 * How many processors its tasks may use: those of its cpuset, or of the nearest
 * cgroup above that has one; all that are online when none has.
 */
unsigned int hp_cgroup_cpus(const char *name);
/* Depth below the root: "" is 0, "hostpart/alpha" is 2. */
unsigned int hp_cgroup_level(const char *name);

#endif
