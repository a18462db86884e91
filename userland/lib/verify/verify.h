/* SPDX-License-Identifier: GPL-2.0 */
/* verify.h: what the checks share (private to lib/verify). */
#ifndef VERIFY_H
#define VERIFY_H

#include <stdio.h>
#include <sys/types.h>
#include "verify/hp_verify.h"

struct verify {
	struct hp_ctx *ctx;
	const struct hp_policy *policy;
	const struct hp_inventory *inv;
	const struct hp_assignment *assignment;
	int only;
	const char *top;		/* cgroup of all domains below the hierarchy, "/hostpart" */
	pid_t *inits;			/* per domain, 0 = not running */
	struct hp_promises *out;
};

/* Adds one line; owns nothing of its arguments. */
__attribute__((format(printf, 5, 6)))
void verify_say(struct verify *verify, int domain, const char *topic, enum hp_verdict verdict, const char *fmt, ...);

static inline const char *verify_name(const struct verify *verify, int domain)
{
	return domain < 0 ? "base" : verify->policy->domains[domain].name;
}

static inline bool verify_wants(const struct verify *verify, size_t domain)
{
	return verify->only < 0 || verify->only == (int)domain;
}

/* A value of a domain's cgroup (domain -1 = the cgroup of all domains); NULL when it cannot be read. Caller frees. */
char *verify_cgroup_read(const struct verify *verify, int domain, const char *attr);

/*
 * Runs fn in a short-lived process inside a domain (cgroup and all
 * namespaces; -1 = the base: here). What fn prints to `out` is returned in
 * *answer (caller frees). -ESRCH when the domain does not run; on any failure
 * *answer may say why, and verify_why() puts it in words.
 */
typedef void (*verify_probe_fn)(const void *arg, FILE *out);
int verify_probe(const struct verify *verify, int domain, verify_probe_fn fn, const void *arg, char **answer);
const char *verify_why(const char *answer);

/* The checks, one file each. */
void verify_cpus(struct verify *verify);
void verify_tasks(struct verify *verify);
void verify_memory(struct verify *verify);
void verify_devices(struct verify *verify);
void verify_network(struct verify *verify);
void verify_interrupts(struct verify *verify);
void verify_caches(struct verify *verify);
void verify_frequencies(struct verify *verify);
void verify_hosts(struct verify *verify);
void verify_module(struct verify *verify);

#endif
