/* SPDX-License-Identifier: GPL-2.0 */
/* hp_watched.h: the processes of a domain: who is there, who came, who became another program. */
#ifndef HP_WATCHED_H
#define HP_WATCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/hp_err.h"
#include "base/hp_root.h"

/* Many small ones are not worth a look each; the largest are watched. */
enum { HP_WATCHED_MAX = 32 };

struct hp_process {
	uint64_t space;		/* number of its address space: another one after exec */
	pid_t pid;
	int pidfd;		/* of this very process, whatever its number means later */
	uint64_t started, code;	/* /proc/PID/stat: start time, start of the program */
	uint64_t resident_bytes;
	char comm[16];
	bool is_there;		/* seen by the latest look */
};

struct hp_watched {
	struct hp_process items[HP_WATCHED_MAX];	/* by size when they were seen first */
	size_t count;
	size_t total;			/* processes of the domain, watched or not */
	uint64_t next_space;
};

/* What a look found changed. */
struct hp_watched_change {
	bool is_any;		/* the set of processes is another */
	uint64_t gone[HP_WATCHED_MAX];	/* address spaces that ended */
	size_t gone_count;
};

/*
 * Looks at all processes in the cgroup ("hostpart/alpha") and below. Watches
 * the largest; one that is watched stays so until it ends, leaves the cgroup,
 * or a much larger one comes. A failure: the cgroup is not there.
 */
int hp_watched_look(struct hp_watched *watched, struct hp_root *root, const char *cgroup,
		    struct hp_watched_change *change, struct hp_err *err);
/* The one with that address space, or NULL. */
struct hp_process *hp_watched_find(struct hp_watched *watched, uint64_t space);
/* The one with that number, or NULL. */
struct hp_process *hp_watched_find_pid(struct hp_watched *watched, pid_t pid);
/* Whether it lives and is in the cgroup or below, now. */
bool hp_process_is_in(struct hp_root *root, const struct hp_process *process, const char *cgroup);
void hp_watched_clear(struct hp_watched *watched);

#endif
