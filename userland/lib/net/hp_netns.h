/* SPDX-License-Identifier: GPL-2.0 */
/* hp_netns.h: network namespaces: open, pin to a file, do something inside. */
#ifndef HP_NETNS_H
#define HP_NETNS_H

#include <stdbool.h>
#include <sys/types.h>
#include "base/hp_err.h"

/*
 * The namespaces of the calling process never change: all entering is done by
 * short-lived helper threads.
 */

/*
 * Opens a pinned (or /proc/PID/ns/net) network namespace. Returns a descriptor
 * or -errno; -EINVAL: something else is there.
 */
int hp_netns_open(const char *path, struct hp_err *err);
/* The one pinned for a domain at RUN_DIR/netns/NAME; as hp_netns_open(), -ENOENT when there is none. */
int hp_netns_open_pinned(const char *run_dir, const char *name, struct hp_err *err);
/* The caller's own. */
int hp_netns_open_own(struct hp_err *err);
/* Whether two descriptors mean the same namespace. */
bool hp_netns_is_same(int fd, int other_fd);
/* Identity of a namespace for as long as it lives: inode number of the nsfs file; 0 on failure. */
ino_t hp_netns_id(int fd);

/*
 * Calls fn(arg, err) in a thread that has joined the namespace; returns its
 * result. /proc/sys/net is that namespace's there. fn must not keep the thread.
 */
int hp_netns_run(int netns_fd, int (*fn)(void *arg, struct hp_err *err), void *arg,
		 struct hp_err *err);

/*
 * Creates a namespace with its loopback up and pins it at DIR/NAME by a bind
 * mount. The mount is made in the mount namespace of process 1 on a shared
 * mount point DIR, so it is seen by the whole machine even when the caller
 * (a service) lives in a mount namespace of its own, and it reaches the caller
 * by propagation. A pin that exists is left as it is.
 */
int hp_netns_pin(const char *dir, const char *name, struct hp_err *err);
/*
 * Unmounts and removes the file; the namespace lives on while processes are in
 * it. Absent = success.
 */
int hp_netns_unpin(const char *dir, const char *name, struct hp_err *err);

#endif
