/* SPDX-License-Identifier: GPL-2.0 */
/* hp_join.h: runs a command inside a running domain, the way a login there would. */
#ifndef HP_JOIN_H
#define HP_JOIN_H

#include <stdbool.h>
#include <sys/types.h>
#include "base/hp_err.h"

struct hp_join {
	const char *run_dir, *domain;
	const char *user;		/* name or uid; NULL = root */
	const char *dir;		/* working directory; NULL = the user's home, or / with a warning */
	char *const *env;		/* more "VAR=VALUE", NULL-terminated; may be NULL */
	char *const *argv;		/* NULL = the user's login shell */
	bool wants_tty;			/* a terminal allocated inside the domain, with this one's modes and size */
};

/* A command that runs; it is a child of the caller. */
struct hp_joined {
	pid_t pid;
	int pidfd;		/* readable when it has ended */
	int terminal;		/* master side, non-blocking; -1 without */
	char *cgroup;		/* "TOP/NAME/run-PID": its own leaf */
};

#define HP_JOINED_INIT { 0, -1, -1, NULL }

/* What a command that could not be executed gives, as in a shell. */
#define HP_JOIN_NOT_EXECUTABLE 126
#define HP_JOIN_NOT_FOUND 127

/*
 * Puts the command into a fresh cgroup below the domain's and into all
 * namespaces of its init, with the capabilities of the domain, default signal
 * handling, a clean environment (HOME USER LOGNAME SHELL PATH HOSTPART_DOMAIN,
 * with TERM LANG LC_* and TZ passed on), this process's descriptors 0 to 2 and
 * no others. Returns when it executes.
 *
 * On failure *status (if positive) is what a shell would give: 126 or 127
 * when the command itself could not be executed.
 */
int hp_join_run(const struct hp_join *join, struct hp_joined *joined, int *status, struct hp_err *err);

/* After the command has ended and was waited for: removes its cgroup unless something still runs there. */
void hp_join_finish(struct hp_joined *joined);

#endif
