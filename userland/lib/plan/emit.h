/* SPDX-License-Identifier: GPL-2.0 */
/* emit.h: what the parts of hp_plan_settings() share (private to lib/plan). */
#ifndef PLAN_EMIT_H
#define PLAN_EMIT_H

#include <stdio.h>
#include "plan/hp_plan.h"

struct emit {
	const struct hp_policy *policy;
	const struct hp_inventory *inv;
	const struct hp_assignment *assignment;
	struct hp_settings *out;
	const char *top;	/* the cgroup that holds the domains */
	char *base_cpus;	/* list format */
	char **cpus;		/* per domain, list format */
};

/* Where a setting comes from; domain -1 = the machine. */
struct emit_for {
	int domain;
	struct hp_loc loc;
};

/* All return 0 or -ENOMEM. */
int emit_text(struct emit *emit, struct emit_for whose, const char *backend, const char *object,
	      const char *attr, const char *want);
int emit_number(struct emit *emit, struct emit_for whose, const char *backend, const char *object,
		const char *attr, uint64_t want);
/* Adds what was printed to a memory stream (closed here) unless it is empty; text is freed. */
int emit_stream(struct emit *emit, struct emit_for whose, const char *backend, const char *object, FILE *stream,
		char **text);

int emit_cgroups(struct emit *emit);		/* systemd and cgroup rows up to the domains' limits */
int emit_device_acls(struct emit *emit);	/* devacl of each domain */
int emit_base_acl(struct emit *emit);		/* devacl base */
int emit_ports(struct emit *emit);
int emit_uplinks(struct emit *emit);		/* uplinks, who may send what through them, NAT */
int emit_star(struct emit *emit);		/* star legs and the nft rules between them */
int emit_irqs(struct emit *emit);		/* masks and interrupts */
int emit_caches(struct emit *emit);		/* groups of resctrl */
int emit_frequencies(struct emit *emit);	/* frequency and wake-up latency */
int emit_registry(struct emit *emit);

/* "TOP/alpha"; caller frees. */
char *emit_cgroup_path(const struct emit *emit, size_t domain);

#endif
