/* SPDX-License-Identifier: GPL-2.0 */
/* hp_tree.h: removes a directory with all that is in it. */
#ifndef HP_TREE_H
#define HP_TREE_H

#include "base/hp_err.h"

/* Follows no links and leaves no mount point; success when there is nothing. 0 or -errno; err may be NULL. */
int hp_tree_remove(const char *dir, struct hp_err *err);

#endif
