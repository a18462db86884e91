/* SPDX-License-Identifier: GPL-2.0 */
/* keeper.h: the parts of the process that keeps a domain's operating system running. */
#ifndef KEEPER_H
#define KEEPER_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/hp_err.h"
#include "base/hp_root.h"
#include "domain/hp_os.h"

struct keeper {
	const char *name, *hostname, *cgroup, *run_dir, *lib_dir;
	struct hp_os os;		/* what the record says */
	char *dir;			/* RUN/os/NAME: the socket, and mount points that only this process sees */
	char *root_dir;			/* where nspawn finds the root: DIR/root */
	struct hp_root *machine;	/* "/" */
	bool is_registered;		/* machined knows it */
	pid_t nspawn;			/* child; 0 = none */
	int status;			/* tells whoever boots; -1 = nobody listens any more */
	int signals, notify, uevents;
	unsigned int looks_left;	/* udev names devices a moment after the kernel: looked at again so often */
	bool is_arranged;		/* in this boot */
	struct devices {
		struct node *nodes;
		size_t nodes_count;
		struct link *links;
		size_t links_count;
	} made;
};

/* root.c: mounts the root below DIR in this process's own mount namespace. */
int root_mount(const struct keeper *keeper, struct hp_err *err);

/* idmap.c */
/* A copy of the mount at `path` (not what is mounted below), with uid 0 become shift; -errno. */
int idmap_clone(const char *path, uint32_t shift, bool is_read_only, struct hp_err *err);
/* Attaches what idmap_clone() returned. */
int idmap_attach(int tree, const char *target, struct hp_err *err);

/* seed.c: what DISK/upper says differently from the machine: written once, the hostname every time. */
int seed_layer(const char *disk, const char *hostname, bool is_privileged, struct hp_err *err);

/* nspawn.c: starts systemd-nspawn in the domain's leaf on the console's terminal. */
int nspawn_start(struct keeper *keeper, int terminal, struct hp_err *err);
/* How it ended says that the operating system wants to be started again. */
#define NSPAWN_REBOOT 133

/* console.c: the terminal of the operating system, and whoever is connected to it. */
#define CONSOLE_FDS 10
int console_open(const char *dir, struct hp_err *err);
int console_terminal(void);		/* slave side, for nspawn */
size_t console_poll(struct pollfd *fds);	/* fills at most CONSOLE_FDS */
void console_serve(const struct pollfd *fds, size_t count);
/* The last lines that were written there, for a message; caller frees. */
char *console_tail(void);

/* devices.c: what of the machine's devices belongs to the domain. */
struct node {
	char *name;			/* below /dev: "nvme0n1p1", "dri/card0" */
	bool is_block;
	unsigned int major, minor;
	mode_t mode;			/* permissions; owner and group as on the machine */
	uid_t uid;
	gid_t gid;
};
struct link {
	char *name, *target;		/* below /dev, relative target; or a view's entry */
	size_t view;			/* index into view_dirs[], VIEW_DEV for /dev */
};
#define VIEW_DEV ((size_t)-1)
extern const char *const view_dirs[];	/* directories of sysfs that list devices; NULL-terminated */
int devices_find(const struct keeper *keeper, struct devices *devices, struct hp_err *err);
void devices_clear(struct devices *devices);

/*
 * inside.c: makes /dev, the views and what free(1) reads inside as they have
 * to be; before: what was made last time, nothing when it is_first in this boot.
 */
int inside_arrange(const struct keeper *keeper, const struct devices *now, const struct devices *before, bool is_first,
		   struct hp_err *err);

#endif
