/* SPDX-License-Identifier: GPL-2.0 */
/* frequency.h: what of a domain's frequency and wake-up latency this machine can set, and why not the rest. */
#ifndef PLAN_FREQUENCY_H
#define PLAN_FREQUENCY_H

#include "plan/hp_plan.h"

/*
 * One file that the policy asks to be written, or would. Rules: Documentation/admin-guide/pm/cpufreq.rst,
 * intel_pstate.rst, amd-pstate.rst, and Documentation/ABI/testing/sysfs-devices-power.
 */
struct plan_freq_item {
	const char *what;		/* "frequency governor", "lowest frequency", "wake-up latency" */
	char path[96];
	char want[32];			/* as the file takes it and reads back */
	char shown[32];			/* as a person says it: "2.4GHz" */
	hwloc_const_bitmap_t cpus;	/* whom the file is for; borrowed */
	char why[320];			/* why it cannot be had; "" = it can */
};

/* 0 goes on; anything else ends the walk and is returned. */
typedef int plan_freq_fn(void *arg, const struct plan_freq_item *item);

/*
 * Every file of a domain in the order in which they must be written (undo goes backwards): an active
 * driver forgets its energy preference under the governor performance and takes none while that is in force.
 * -ENOMEM, or what fn returns.
 */
int plan_freq_each(const struct hp_policy *policy, const struct hp_inventory *inv,
		   const struct hp_assignment *assignment, size_t domain, plan_freq_fn *fn, void *arg);

/* "2.4GHz", "800MHz" or, where these are not exact, "2400.001MHz". */
void plan_khz_text(uint64_t khz, char *text, size_t size);

#endif
