/* SPDX-License-Identifier: GPL-2.0 */
/* cpus.h: who owns which core while CPUs are being assigned (private to lib/plan). */
#ifndef PLAN_CPUS_H
#define PLAN_CPUS_H

#include "plan/plan_place.h"
#include "plan/plan_run.h"

#define CORE_FREE (-1)

/* Owners are numbered like the policy's domains; the base comes after them. */
struct cpu_claim {
	const struct hp_cpus_spec *spec;	/* NULL: a base without a cpus line */
	unsigned int cores;			/* how many in all; for the base: at least */
	unsigned int has;			/* settled so far */
	enum hp_core_kind kind;			/* ANY where all cores are alike */
};

struct cpu_table {
	struct plan_run *run;
	struct cpu_claim *claims;	/* domains, then the base */
	size_t base;			/* index of the base */
	int *owner;			/* per core: claim index or CORE_FREE */
	unsigned char *core_class;	/* per core: enum place_class */
	int *core_of_cpu;		/* -1 = no online core has it */
	int cpus_end;			/* length of core_of_cpu */
	unsigned int total[CLASS_COUNT];
};

const char *cpu_owner_name(const struct cpu_table *table, size_t owner);
struct hp_loc cpu_owner_loc(const struct cpu_table *table, size_t owner);

/* Settles explicit lists; refuses split cores, absent CPUs and overlaps. */
int cpus_take_lists(struct cpu_table *table);
/* Refuses the first request that cannot be met beside those before it, with what would fit. */
int cpus_check_counts(struct cpu_table *table);
/* Settles cores of the placement in force that still satisfy the policy. */
int cpus_keep_current(struct cpu_table *table);
/* Settles the first CPU's core (CPU 0's, if online) for the base where that starves nobody. */
void cpus_prefer_boot_core(struct cpu_table *table);
/* Places the rest. */
int cpus_place_rest(struct cpu_table *table);

/* Free cores and open needs. */
void cpus_tally(const struct cpu_table *table, struct place_tally *tally);
void cpus_settle(struct cpu_table *table, size_t core, size_t owner);
void cpus_release(struct cpu_table *table, size_t core);

#endif
