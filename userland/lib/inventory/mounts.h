/* SPDX-License-Identifier: GPL-2.0 */
/* mounts.h: the machine's mount table. */
#ifndef INV_MOUNTS_H
#define INV_MOUNTS_H

#include <stddef.h>
#include "base/hp_root.h"

struct inv_mount {
	int major, minor; /* 0:N for file systems without one block device (btrfs, zfs, tmpfs) */
	char *point;		/* "/boot" */
	char *fstype, *source;	/* "ext4", "/dev/nvme0n1p2" */
};

struct inv_mounts {
	struct inv_mount *items;	/* in the order of mounting */
	size_t count;
};

/* PID 1's view, so that a caller's own mount namespace hides nothing. 0 or -ENOMEM; empty when it cannot be read. */
int inv_mounts_read(struct hp_root *root, struct inv_mounts *mounts);
void inv_mounts_free(struct inv_mounts *mounts);
/* The mount that holds an absolute path: the longest point above it, the last one mounted there; NULL if none. */
const struct inv_mount *inv_mounts_find(const struct inv_mounts *mounts, const char *path);

#endif
