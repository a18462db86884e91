/* SPDX-License-Identifier: GPL-2.0 */
/* hp_damon.h: DAMON, the kernel's monitor of memory accesses, driven through sysfs without touching what is others'. */
#ifndef HP_DAMON_H
#define HP_DAMON_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/hp_err.h"
#include "base/hp_root.h"

/*
 * The kernel has one directory for all users of DAMON; the number of monitors
 * (kdamonds) in it cannot be changed while any of them runs, and changing it
 * resets them all. So either all of them are ours or none: who finds others
 * there leaves them alone. RUN/damon says how many are ours in this boot, and
 * each of ours has an interval that nobody sets by chance: so those that a
 * killed program left are found again.
 */
struct hp_damon;

/* A monitor for each of `count` slots, made when the first one starts. Turns off what an earlier run left. */
int hp_damon_open(struct hp_root *root, const char *run_dir, unsigned int count, struct hp_damon **damon,
		  struct hp_err *err);
/* Stops all of ours and makes room for others. */
void hp_damon_close(struct hp_damon *damon);

struct hp_damon_watch {
	unsigned int sample_us, window_us, regions_max;
	const pid_t *pids;	/* at least one */
	size_t count;
};

/*
 * Watches processes from now on; target i of the windows is pids[i]. The slot
 * must be stopped. *kdamond: the kernel thread that does it. Any thread may
 * call. -EOPNOTSUPP: the kernel has no DAMON; -EBUSY: somebody else uses it,
 * err says who; -ESRCH: a process has ended meanwhile.
 */
int hp_damon_start(struct hp_damon *damon, unsigned int slot, const struct hp_damon_watch *watch, pid_t *kdamond,
		   struct hp_err *err);
/* Other intervals and numbers of regions for a slot that runs; its processes stay, and what it has found out. */
int hp_damon_retune(struct hp_damon *damon, unsigned int slot, const struct hp_damon_watch *watch);
/* Makes room for others when no slot runs any more. */
void hp_damon_stop(struct hp_damon *damon, unsigned int slot);
/* False when it ended by itself (all processes did) or somebody turned it off. */
bool hp_damon_runs(struct hp_damon *damon, unsigned int slot);

/* ---- what it sees: the tracepoint damon:damon_aggregated of one kdamond ---- */

struct hp_damon_events;

/* One region at the end of a window. */
struct hp_damon_seen {
	uint64_t target, start, end;
	unsigned int accesses, regions;	/* regions: how many this target has in this window */
};

/* Needs the kernel's BTF. The descriptor becomes readable as windows end. */
int hp_damon_events_open(pid_t kdamond, struct hp_damon_events **events, struct hp_err *err);
void hp_damon_events_close(struct hp_damon_events *events);
int hp_damon_events_fd(const struct hp_damon_events *events);
/* Calls fn for all that is there. */
void hp_damon_events_read(struct hp_damon_events *events, void (*fn)(void *arg, const struct hp_damon_seen *seen), void *arg);
uint64_t hp_damon_events_lost(const struct hp_damon_events *events);

#endif
