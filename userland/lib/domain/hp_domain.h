/* SPDX-License-Identifier: GPL-2.0 */
/* hp_domain.h: a running domain: its init, how it is started, found and stopped. */
#ifndef HP_DOMAIN_H
#define HP_DOMAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/hp_err.h"

/*
 * A domain runs as long as its init does: PID 1 of its PID namespace, living
 * in the leaf cgroup TOP/NAME/init. RUN/domains/NAME.json holds the init's pid
 * and start time (which tells a reused pid apart); the rest is asked of the
 * kernel each time.
 */
#define HP_DOMAIN_INIT_LEAF "init"

struct hp_domain {
	pid_t pid;
	int pidfd;
	char *cgroup;		/* "TOP/NAME", from /proc/PID/cgroup */
};

#define HP_DOMAIN_INIT { 0, -1, NULL }

/*
 * Finds the running init. -ENOENT with a text that says whether the domain
 * does not exist (with the nearest name) or its init is dead; *is_dead (may be
 * NULL) tells the two apart.
 */
int hp_domain_open(const char *run_dir, const char *name, struct hp_domain *domain, bool *is_dead,
		   struct hp_err *err);
void hp_domain_close(struct hp_domain *domain);
#define hp_autodomain __attribute__((cleanup(hp_domain_close))) struct hp_domain

/* The hostname inside; caller frees. NULL with err set. */
char *hp_domain_hostname(const struct hp_domain *domain, struct hp_err *err);
int hp_domain_set_hostname(const struct hp_domain *domain, const char *hostname, struct hp_err *err);
/* Whether the domain's network namespace is the one pinned at `path`. */
bool hp_domain_has_netns(const struct hp_domain *domain, const char *path);
/* Names with a record, sorted; free with hp_domain_names_free(). NULL when out of memory. */
char **hp_domain_names(const char *run_dir);
void hp_domain_names_free(char **names);

/* Replaces the record as a whole. */
int hp_domain_record(const char *run_dir, const char *name, pid_t pid, const char *cgroup, struct hp_err *err);
char *hp_domain_record_path(const char *run_dir, const char *name);	/* caller frees */
/* The cgroup that the record names, also of a dead domain; caller frees, NULL without record. */
char *hp_domain_recorded_cgroup(const char *run_dir, const char *name);

/*
 * How domain-init is called: these as options, a pipe for errors as descriptor
 * 3 and a lock to hold while starting as 4.
 */
struct hp_domain_start {
	const char *name, *hostname, *cgroup;
	const char *run_dir;		/* RUN/netns/NAME is joined; the directory is hidden inside */
	const char *lib_dir;		/* hidden inside */
	const char *libexec_dir;	/* holds domain-init */
};
#define HP_DOMAIN_STATUS_FD 3
#define HP_DOMAIN_LOCK_FD 4

/*
 * Starts the init and returns when it is ready. Survives the caller's death at
 * any point: either nobody runs, or the record names who does.
 */
int hp_domain_start(const struct hp_domain_start *start, struct hp_err *err);
/*
 * SIGTERM to everything inside, bounded wait, then the kernel kills the
 * cgroup; returns when the PID namespace is gone and the cgroups below
 * `cgroup` are removed. Success when nothing runs.
 */
int hp_domain_stop(const char *run_dir, const char *name, struct hp_err *err);

/*
 * Drops, from this process and what it will ever execute, the capabilities
 * that reach beyond a domain; the list with reasons is in caps.c. In two
 * halves, for only the first one needs /proc.
 */
int hp_domain_caps_prepare(struct hp_err *err);
int hp_domain_caps_drop(struct hp_err *err);

/* Cgroups below a domain's. */
int hp_leaf_make(const char *cgroup, const char *leaf, struct hp_err *err);
/*
 * Like fork(), but the child is born in the cgroup (leaf NULL = itself). A process that moves in later has
 * its memory moved page by page where the memory nodes differ, for which the kernel has every CPU flush its
 * lists and waits for grace periods: on a busy machine that has taken longer than the time a start may take.
 * The caller has one thread, or the child calls nothing but what is async-signal-safe. -errno on failure.
 */
pid_t hp_leaf_fork(const char *cgroup, const char *leaf, struct hp_err *err);
/* Removes every empty cgroup below; those in use stay. `prefix` NULL = all of them, else names that start so. */
void hp_leaf_sweep(const char *cgroup, const char *prefix);
int hp_leaf_kill(const char *cgroup, struct hp_err *err);

#endif
