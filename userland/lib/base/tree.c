// SPDX-License-Identifier: GPL-2.0
/* tree.c: removes a directory with all that is in it. */
#include "base/hp_tree.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>

enum { DESCRIPTORS = 16 };

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

int hp_tree_remove(const char *dir, struct hp_err *err)
{
	if (nftw(dir, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0 || errno == ENOENT)
		return 0;
	return hp_err_errno(err, errno, "removing %s", dir);
}
