/* SPDX-License-Identifier: GPL-2.0 */
/* hp_usage.h: what domains, the base and the whole machine use: processors, memory, disks, ports, and their pressure. */
#ifndef HP_USAGE_H
#define HP_USAGE_H

#include <stddef.h>
#include <stdint.h>
#include "base/hp_err.h"
#include "base/hp_root.h"

/*
 * Everything is read from files below a root, so a recorded tree can stand in
 * for a machine. What a kernel or a controller that is off does not tell is
 * HP_USAGE_UNKNOWN (in rates NAN), never 0.
 */
#define HP_USAGE_UNKNOWN UINT64_MAX
#define HP_USAGE_UNLIMITED (UINT64_MAX - 1)	/* of a limit: "max" */

enum hp_usage_resource { HP_USAGE_CPU, HP_USAGE_MEMORY, HP_USAGE_IO, HP_USAGE_RESOURCES };
extern const char *const hp_usage_resource_words[];	/* "cpu", "memory", "io" */

/* Pressure stall information: since boot, how long some, and all, of the tasks that had work waited. */
struct hp_usage_pressure {
	uint64_t some_us, full_us;
};

/* Since boot, or since the cgroup was made. Disks: bytes and requests; ports: what they received and sent. */
struct hp_usage {
	uint64_t cpu_us, user_us, system_us;
	uint64_t throttled_us;			/* held back by cpu.max; UNKNOWN without the controller */
	uint64_t processors;			/* it may use: the effective ones, or those online */
	uint64_t memory_bytes;			/* charged, page cache included; of the machine: what is not free */
	uint64_t memory_min_bytes;		/* its guarantee */
	uint64_t memory_max_bytes;		/* its limit; of the machine: all there is */
	uint64_t tasks;				/* processes and threads */
	struct hp_usage_pressure pressure[HP_USAGE_RESOURCES];
	uint64_t read_bytes, written_bytes, reads, writes;
	uint64_t received_bytes, sent_bytes, received_packets, sent_packets, dropped_packets;
};

/* Of whom: a cgroup by its name below the hierarchy's root ("hostpart/alpha"). */
struct hp_usage_subject {
	const char *cgroup;
	/*
	 * It is a domain, with an init: the ports of its network namespace are
	 * its own. The network use of other cgroups is unknown.
	 */
	bool has_init;
};

/* One look at all of them; starts as HP_USAGE_SAMPLE_INIT. */
struct hp_usage_sample {
	uint64_t time_ns;		/* CLOCK_MONOTONIC, before the first file was read */
	struct hp_usage *subjects;	/* in the order asked for; owned */
	size_t count;
	struct hp_usage base;		/* what is in none of the subjects: see hp_usage_read() */
	struct hp_usage machine;
};

#define HP_USAGE_SAMPLE_INIT { 0 }
void hp_usage_sample_clear(struct hp_usage_sample *sample);
#define hp_autosample __attribute__((cleanup(hp_usage_sample_clear))) struct hp_usage_sample

/*
 * Reads all of it; a cgroup that is not there has unknown values only. Disks
 * that stand on other devices (RAID, device mapper, loop) are left out, for
 * what they do is counted below them; so are ports that no device is behind,
 * except a domain's leg of the star. The base's memory is the machine's less
 * the subjects'; its ports are those of process 1. Its counters of processors
 * and disks, and the machine's of ports, stay unknown, as a subject that ends
 * takes its own along: only rates have them. *sample must be empty or of an earlier read.
 */
int hp_usage_read(struct hp_root *root, const struct hp_usage_subject *subjects, size_t count,
		  struct hp_usage_sample *sample, struct hp_err *err);

/* What happened in between, by the second; shares are of the time, from 0 to 1. NAN = unknown. */
struct hp_usage_rate {
	double processors, user_processors, system_processors;	/* busy: 1.5 is one and a half */
	double throttled_share;
	double some_share[HP_USAGE_RESOURCES], full_share[HP_USAGE_RESOURCES];
	double read_bytes, written_bytes, reads, writes;
	double received_bytes, sent_bytes, received_packets, sent_packets, dropped_packets;
};

struct hp_usage_rates {
	double seconds;			/* that it covers */
	struct hp_usage_rate *subjects;	/* owned */
	size_t count;
	struct hp_usage_rate base, machine;
};

#define HP_USAGE_RATES_INIT { 0 }
void hp_usage_rates_clear(struct hp_usage_rates *rates);
#define hp_autorates __attribute__((cleanup(hp_usage_rates_clear))) struct hp_usage_rates

/*
 * Of two samples of the same subjects, the second one later. A counter that
 * went backwards began anew (a domain was restarted) and counts from 0. The
 * base has what the machine's rate of processors and disks exceeds the
 * subjects' by, at least 0; the machine has the sum of all ports' rates.
 * -ENOMEM; -EINVAL when the samples do not belong together.
 */
int hp_usage_rates_between(const struct hp_usage_sample *before, const struct hp_usage_sample *after,
			   struct hp_usage_rates *rates);

#endif
