/* SPDX-License-Identifier: GPL-2.0 */
/* hwloc_load.h: an hwloc topology of a root, whatever the environment says. */
#ifndef HWLOC_LOAD_H
#define HWLOC_LOAD_H

#include <hwloc.h>
#include "base/hp_err.h"
#include "base/hp_root.h"

/*
 * Loads CPUs, caches and memory (no I/O: libpci reads that) of the machine
 * below root, CPUs that our own cgroup hides included. hwloc takes the root
 * from the environment, so this is not for use beside threads that call getenv().
 */
int inv_hwloc_load(struct hp_root *root, hwloc_topology_t *topology, struct hp_err *err);
/* The same from a synthetic description. */
int inv_hwloc_load_synthetic(const char *description, hwloc_topology_t *topology,
			     struct hp_err *err);

#endif
