/* SPDX-License-Identifier: GPL-2.0 */
/* hp_os.h: a domain's operating system: booted, found, rebooted and stopped. */
#ifndef HP_OS_H
#define HP_OS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>
#include "base/hp_err.h"

/*
 * Beside its own init a domain may run an operating system: systemd-nspawn
 * boots it in the leaf TOP/NAME/os, so that everything it ever starts is in the
 * domain's partition. A keeper (libexec/domain-os, in TOP/NAME/keeper) arranges
 * its root, starts it again when it reboots, holds its console, and makes the
 * nodes of the domain's devices in its /dev. It needs nobody: partd and partctl
 * may die.
 *
 * Files: RUN/os/NAME.json says what runs, RUN/os/NAME.lock is locked (flock)
 * for as long as the keeper lives, RUN/os/NAME/console is a stream socket, and
 * RUN/os/NAME.functions lists the PCI functions, one address in a line.
 */
#define HP_OS_LEAF "os"
#define HP_OS_KEEPER_LEAF "keeper"
/* What an orderly stop may take before everything is killed; systemd gives each service as much. */
#define HP_OS_STOP_SECONDS 90
/* The same when the domain itself ends: partd answers nobody meanwhile. */
#define HP_OS_END_SECONDS 30

enum hp_os_phase {
	HP_OS_STARTING,		/* PID 1 runs or is about to */
	HP_OS_RUNNING,		/* PID 1 says that it has started up */
	HP_OS_STOPPING,
};
extern const char *const hp_os_phase_words[];	/* NULL-terminated, in enum order */

struct hp_os {
	pid_t keeper, leader;	/* leader: PID 1 inside, as the machine numbers it; 0 = not yet */
	int pidfd;		/* of the keeper: readable when all is over */
	enum hp_os_phase phase;
	unsigned int boots;	/* 1 = has not rebooted */
	uint32_t uid_shift;	/* uid 0 inside; 0 = privileged */
	char *root;		/* "overlay", a directory or a device */
	time_t since;		/* CLOCK_REALTIME second of the last boot */
};

#define HP_OS_INIT { 0, 0, -1, HP_OS_STARTING, 0, 0, NULL, 0 }

/* -ENOENT, with a text that says so, when none runs. */
int hp_os_open(const char *run_dir, const char *name, struct hp_os *os, struct hp_err *err);
void hp_os_close(struct hp_os *os);
#define hp_autoos __attribute__((cleanup(hp_os_close))) struct hp_os

struct hp_os_boot {
	const char *name, *hostname;
	const char *root;			/* as in struct hp_os */
	bool is_privileged;
	const char *run_dir, *lib_dir, *libexec_dir;
};

/*
 * Boots; the domain itself must run. Returns when the operating system has
 * started up, or with seconds 0 as soon as its PID 1 runs. -EEXIST when it runs
 * already; -ETIMEDOUT leaves it running.
 */
int hp_os_boot(const struct hp_os_boot *boot, unsigned int seconds, struct hp_err *err);
/*
 * Asks it to power off, and kills all of it when that takes longer than
 * `seconds` (0 = at once); *was_killed (may be NULL) tells. -ENOENT when none runs.
 */
int hp_os_stop(const char *run_dir, const char *name, unsigned int seconds, bool *was_killed, struct hp_err *err);
/* Asks it to reboot and waits until it has started up again. */
int hp_os_reboot(const char *run_dir, const char *name, unsigned int seconds, struct hp_err *err);
/*
 * For the end of the domain itself, which `cgroup` ("TOP/NAME") is: like
 * hp_os_stop(), but success when none runs; what a dead keeper left goes too.
 */
int hp_os_end(const char *run_dir, const char *name, const char *cgroup, unsigned int seconds, struct hp_err *err);

/* Removes its files below RUN; for a domain that has ended, so that nothing is left of it. */
void hp_os_forget(const char *run_dir, const char *name);

/* Whether somebody stopped it on purpose since the machine started: then it is not started by itself. */
bool hp_os_is_held(const char *run_dir, const char *name);

/* Replaces the list of PCI functions ("0000:03:00.0\n"...); a running keeper follows it. */
int hp_os_put_functions(const char *run_dir, const char *name, const char *list, struct hp_err *err);

/* Paths below run_dir; the caller frees. NULL when out of memory. `suffix` ".json", ".lock", "/console" ... */
char *hp_os_path(const char *run_dir, const char *name, const char *suffix);

/* For the keeper: replaces the record as a whole. */
int hp_os_record(const char *run_dir, const char *name, const struct hp_os *os, struct hp_err *err);

/*
 * How the keeper is called: NAME HOSTNAME CGROUP RUN_DIR LIB_DIR ROOT UID_SHIFT, with a pipe as descriptor 3 on which it says, line by line,
 * "started", "ready" or "failed TEXT".
 */
#define HP_OS_STATUS_FD 3
/* Uids of one domain; uid 0 inside is the shift. */
#define HP_OS_UID_RANGE 65536u
#define HP_OS_NSPAWN "/usr/bin/systemd-nspawn"

/* Tells systemd-machined that the machine is gone, when nobody else could; whether it ever knew it does not matter. */
void hp_os_unregister(const char *name);
/* Whether there is a machined to register with. */
bool hp_os_has_machined(void);

#endif
