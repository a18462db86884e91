/* SPDX-License-Identifier: GPL-2.0 */
/* hp_smaps.h: which mappings of a process were used, for kernels without DAMON. */
#ifndef HP_SMAPS_H
#define HP_SMAPS_H

#include <sys/types.h>
#include "base/hp_root.h"
#include "reclaim/hp_regions.h"

/*
 * The anonymous mappings of a process, each used when one of its pages was
 * (the Referenced: of /proc/PID/smaps) since the last call; then their marks
 * are cleared (/proc/PID/clear_refs). As coarse as mappings are, and each call
 * walks all page tables. Returns how many windows were filled in (a new array,
 * owned by the caller), or -errno.
 */
ssize_t hp_smaps_look(struct hp_root *root, pid_t pid, struct hp_window **windows);

#endif
