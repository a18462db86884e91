/* SPDX-License-Identifier: GPL-2.0 */
/* hp_root.h: the one way to read and write /sys, /proc and cgroupfs, relative to a root. */
#ifndef HP_ROOT_H
#define HP_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include "base/hp_err.h"

/*
 * A machine's file tree: "/" for the live machine, any directory for a
 * recorded one. Paths given to these functions are absolute ("/sys/...") and
 * are looked up below the root; symbolic links inside a recorded tree are
 * resolved inside it (openat2 RESOLVE_IN_ROOT where the kernel has it).
 */
struct hp_root;

/* Returns NULL with err set when DIR cannot be opened. Free with hp_root_close(). */
struct hp_root *hp_root_open(const char *dir, struct hp_err *err);
void hp_root_close(struct hp_root *root);
void hp_root_closep(struct hp_root **root);
#define hp_autoroot __attribute__((cleanup(hp_root_closep))) struct hp_root

/* True when the root is "/": the only root that may be written. */
bool hp_root_is_live(const struct hp_root *root);
const char *hp_root_path(const struct hp_root *root);

/*
 * Reads a whole small file (at most 1 MiB). *text is NUL-terminated, its last
 * newline removed; owned by the caller. Returns 0 or -errno; err (may be NULL)
 * names the file.
 */
int hp_root_read(struct hp_root *root, const char *path, char **text, struct hp_err *err);
/* The same for a path built like printf; returns NULL when it cannot be read. */
__attribute__((format(printf, 2, 3)))
char *hp_root_readf(struct hp_root *root, const char *fmt, ...);
/* Writes text as one write(2); refused with EROFS unless the root is live. */
int hp_root_write(struct hp_root *root, const char *path, const char *text, struct hp_err *err);
bool hp_root_exists(struct hp_root *root, const char *path);
/* Names in a directory, sorted in natural order (cpu2 before cpu10), without . and ..; NULL-terminated. */
int hp_root_list(struct hp_root *root, const char *path, char ***names, struct hp_err *err);
void hp_root_list_free(char **names);
/* Target of a symbolic link (not resolved further); NULL when there is none. */
char *hp_root_readlink(struct hp_root *root, const char *path);
/* Opens a file for polling or repeated reads; -errno on failure. */
int hp_root_openat(struct hp_root *root, const char *path, int flags, struct hp_err *err);

#endif
