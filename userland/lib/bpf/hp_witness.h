/* SPDX-License-Identifier: GPL-2.0 */
/* hp_witness.h: who wrote to control files and moved ports, as the kernel saw it. */
#ifndef HP_WITNESS_H
#define HP_WITNESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/hp_err.h"

enum hp_witness_source { HP_WITNESSED_CGROUP = 1, HP_WITNESSED_SYSFS, HP_WITNESSED_PROC, HP_WITNESSED_NETDEV };

struct hp_witnessed {
	enum hp_witness_source source;
	uint64_t time_ns;	/* CLOCK_BOOTTIME */
	pid_t pid;
	uid_t uid;
	uint64_t cgroup_id;	/* of the writer */
	char comm[17];
	/* "/intruder/cpuset.cpus" below the cgroup root, "/sys/..." or "/proc/irq/24/smp_affinity"; the port's name. */
	char path[512];
	char value[65];		/* what was written (first 64 bytes), or "moved", "renamed", "flags" */
	int ifindex;		/* ports, else 0 */
};

struct hp_witness;

/*
 * Loads and attaches what this kernel has; writes by process own_pid are not
 * told. -EOPNOTSUPP when the kernel has none of the hooks. Ends with close (or
 * with the process).
 */
int hp_witness_open(pid_t own_pid, struct hp_witness **witness, struct hp_err *err);
void hp_witness_close(struct hp_witness *witness);
/* For poll(POLLIN); owned by `witness`. */
int hp_witness_fd(const struct hp_witness *witness);
/* Calls fn for each record there is now, oldest first; never blocks. */
typedef void (*hp_witness_fn)(void *arg, const struct hp_witnessed *seen);
int hp_witness_drain(struct hp_witness *witness, hp_witness_fn fn, void *arg);
/* Kernel functions that this kernel lacks, NULL-terminated; borrowed. What they would have told stays unknown. */
const char *const *hp_witness_missing(const struct hp_witness *witness);

#endif
