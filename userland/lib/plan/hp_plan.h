/* SPDX-License-Identifier: GPL-2.0 */
/* hp_plan.h: policy + inventory -> assignment -> ordered settings; pure, no system calls. */
#ifndef HP_PLAN_H
#define HP_PLAN_H

#include "plan/hp_setting.h"
#include "inventory/hp_inventory.h"
#include "policy/hp_policy.h"

/* What an uplink of the policy stands on and is called by; index i is the domain's uplink i. */
struct hp_assigned_uplink {
	char *parent;			/* interface name in the base */
	char mac[18];			/* given, made, or (ipvlan) the parent's; "" = not known */
};

/* What one domain gets. Index i is the policy's domain i. */
struct hp_assigned_domain {
	const char *name;		/* borrowed from the policy */
	hwloc_bitmap_t cpus;		/* whole cores */
	unsigned int cores;
	hwloc_bitmap_t nodes;		/* memory nodes */
	uint64_t memory_bytes, guarantee_bytes, swap_bytes;
	size_t *pci;			/* indexes into inventory pci[] */
	const struct hp_device_spec **pci_specs;	/* the selector that chose pci[i] */
	size_t pci_count;
	char *link_address;		/* "10.203.0.2" or NULL */
	struct hp_assigned_uplink *uplinks;
	size_t uplinks_count;
};

/* A promise that this machine or kernel cannot keep; reported, never hidden. */
struct hp_gap {
	int domain;			/* -1 = the whole machine */
	char *what, *why;
};

struct hp_assignment {
	struct hp_assigned_domain *domains;
	size_t domains_count;
	hwloc_bitmap_t base_cpus;	/* all online CPUs that no domain has */
	uint64_t base_memory_bytes;
	char *base_link_address;	/* the star's hub address; NULL without star */
	struct hp_gap *gaps;
	size_t gaps_count;
};

/*
 * Same policy + same inventory -> same assignment. Refuses (HP_EXIT_USAGE)
 * with "FILE:LINE:COLUMN: ..." naming the line that caused it and what would
 * fit instead. `current` (may be NULL) is the assignment in force: placements
 * are kept where they still satisfy the policy.
 */
int hp_assign(const struct hp_policy *policy, const struct hp_inventory *inv,
	      const struct hp_assignment *current, struct hp_assignment **out, struct hp_err *err);
void hp_assignment_free(struct hp_assignment *assignment);
void hp_assignment_freep(struct hp_assignment **assignment);
#define hp_autoassignment __attribute__((cleanup(hp_assignment_freep))) struct hp_assignment

/* Index of the domain that has each of the machine's pci_count functions, -1 = none. */
void hp_assignment_owners(const struct hp_assignment *assignment, int *owner, size_t pci_count);

/*
 * The settings that realise an assignment, in the order in which they must be
 * made (undo goes backwards). Values are canonical texts; see hp_setting.h.
 */
int hp_plan_settings(const struct hp_policy *policy, const struct hp_inventory *inv,
		     const struct hp_assignment *assignment, struct hp_settings *out, struct hp_err *err);

/*
 * What the assignment claims, in the form of hp_setting.h's "registry" "table", for domains that
 * run or (is_active false) that nobody has started yet. NULL when out of memory; caller frees.
 */
char *hp_plan_claims(const struct hp_policy *policy, const struct hp_inventory *inv,
		     const struct hp_assignment *assignment, bool is_active);

/*
 * The reverse: what a list of applied settings says about the domains of
 * `policy` (CPUs, nodes, star addresses; pci stays empty), for hp_assign()'s
 * `current`. A domain that the settings do not know has empty sets.
 */
int hp_assignment_from_settings(const struct hp_policy *policy, const struct hp_settings *applied,
				struct hp_assignment **out, struct hp_err *err);

#endif
