/* SPDX-License-Identifier: GPL-2.0 */
/* hp_file.h: files read whole, and replaced whole. */
#ifndef HP_FILE_H
#define HP_FILE_H

#include <stddef.h>
#include <sys/types.h>
#include "base/hp_err.h"

/*
 * Reads FILE, "-" being standard input. *text has a NUL behind its *length
 * bytes (and may contain others); owned by the caller. -EFBIG when there are
 * more than max_bytes, else 0 or -errno; err (may be NULL) names the file.
 */
int hp_file_read(const char *file, size_t max_bytes, char **text, size_t *length,
		 struct hp_err *err);

/* All of it, also when a signal comes between; -errno. */
int hp_file_write_all(int fd, const void *data, size_t size);

/*
 * Writes PATH anew: at any time, also after a crash, the old or the new file
 * is there whole. It is made as PATH.new first, and renamed when it is on the
 * disk. 0 or -errno; on failure PATH is as it was.
 */
int hp_file_replace(const char *path, const void *data, size_t size, mode_t mode, struct hp_err *err);

#endif
