/* SPDX-License-Identifier: GPL-2.0 */
/* runfile.h: the files in RUN: private, durable, replaced whole. */
#ifndef HP_APPLY_RUNFILE_H
#define HP_APPLY_RUNFILE_H

#include <stddef.h>
#include "base/hp_err.h"

/* Makes dir (0755) and its missing parents. */
int hp_runfile_make_dir(const char *dir, struct hp_err *err);
/* *text is NUL-terminated and owned by the caller; -ENOENT when there is no such file. */
int hp_runfile_read(const char *dir, const char *name, char **text, struct hp_err *err);
/* As hp_file_replace(), for root alone (0600), with the directory on the disk as well. */
int hp_runfile_replace(const char *dir, const char *name, const char *text, struct hp_err *err);
/* A missing file is fine. */
int hp_runfile_remove(const char *dir, const char *name, struct hp_err *err);
int hp_runfile_sync_dir(const char *dir, struct hp_err *err);

#endif
