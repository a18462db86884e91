/* SPDX-License-Identifier: GPL-2.0 */
/* hp_file.h: files that a person names on the command line, read whole. */
#ifndef HP_FILE_H
#define HP_FILE_H

#include <stddef.h>
#include "base/hp_err.h"

/*
 * Reads FILE, "-" being standard input. *text has a NUL behind its *length
 * bytes (and may contain others); owned by the caller. -EFBIG when there are
 * more than max_bytes, else 0 or -errno; err (may be NULL) names the file.
 */
int hp_file_read(const char *file, size_t max_bytes, char **text, size_t *length,
		 struct hp_err *err);

#endif
