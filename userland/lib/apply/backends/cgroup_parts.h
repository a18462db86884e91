/* SPDX-License-Identifier: GPL-2.0 */
/* cgroup_parts.h: the pieces of the cgroup backend. */
#ifndef HP_BACKEND_CGROUP_PARTS_H
#define HP_BACKEND_CGROUP_PARTS_H

#include "apply/hp_cgroup.h"

#define HP_CGROUP_MOUNT "/sys/fs/cgroup"

/* "/sys/fs/cgroup/hostpart/alpha/FILE", file NULL = the directory; object "/" is the root. Caller frees; NULL = no memory. */
char *hp_cgroup_file(const char *object, const char *file);
/* Reads one file of a cgroup; *value NULL when it does not exist. */
int hp_cgroup_read(struct hp_ctx *ctx, const char *object, const char *file, char **value, struct hp_err *err);

/* ---- cgroup_lib.c: through libcgroup ---- */
int hp_cglib_create(const char *object, struct hp_err *err);
/* Removes one empty cgroup; 0 when it is gone already, -EBUSY when it is not empty. */
int hp_cglib_remove(const char *object, struct hp_err *err);
/* Writes "CONTROLLER.FILE"; the value is not empty. */
int hp_cglib_set(const char *object, const char *file, const char *value, struct hp_err *err);

/* ---- cgroup_remove.c ---- */
int hp_cgroup_remove(struct hp_ctx *ctx, const char *object, struct hp_err *err);

/* ---- cgroup_partition.c ---- */
int hp_cgroup_write_partition(struct hp_ctx *ctx, const char *object, const char *value, struct hp_err *err);

/* ---- cgroup_subtree.c ---- */
int hp_cgroup_write_subtree(struct hp_ctx *ctx, const char *object, const char *value, struct hp_err *err);
bool hp_cgroup_has_words(const char *text, const char *words);

/* ---- cgroup_mount.c ---- */
int hp_cgroup_probe(struct hp_ctx *ctx, struct hp_err *err);
int hp_cgroup_read_nsdelegate(struct hp_ctx *ctx, char **value, struct hp_err *err);
int hp_cgroup_write_nsdelegate(struct hp_ctx *ctx, const char *value, struct hp_err *err);

#endif
