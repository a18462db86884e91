/* SPDX-License-Identifier: GPL-2.0 */
/* hp_verify.h: asks the live kernel whether each promise of an assignment holds. */
#ifndef HP_VERIFY_H
#define HP_VERIFY_H

#include "apply/hp_backend.h"
#include "plan/hp_plan.h"

enum hp_verdict {
	HP_KEPT,	/* looked, and it holds */
	HP_BROKEN,	/* looked, and it does not hold */
	HP_GAP,		/* this kernel or machine cannot keep it, or it cannot be looked at; says why */
};

struct hp_promise {
	int domain;		/* index in the policy; -1 = the machine */
	const char *topic;	/* "cpus", "alone", "confined", "memory", "device", "network", "interrupts", "host", "module" */
	enum hp_verdict verdict;
	char *text;		/* what was promised, and what was found where they differ */
};

struct hp_promises {
	struct hp_promise *items;
	size_t count, capacity;
	size_t kept, broken, gaps;
};

#define HP_PROMISES_INIT { NULL, 0, 0, 0, 0, 0 }
void hp_promises_clear(struct hp_promises *promises);
#define hp_autopromises __attribute__((cleanup(hp_promises_clear))) struct hp_promises

/*
 * Checks every promise by reading the kernel's own files and by trying it from
 * inside the domains (an affinity, an open, a connection); what apply recorded
 * is not consulted. Needs root on the live machine. Leaves nothing behind.
 * only = index of one domain, -1 = all. Takes up to about two seconds (a
 * dropped packet is known by its silence).
 */
int hp_verify_run(struct hp_ctx *ctx, const struct hp_policy *policy, const struct hp_inventory *inv,
		  const struct hp_assignment *assignment, int only, struct hp_promises *out, struct hp_err *err);

#endif
