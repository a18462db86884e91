/* SPDX-License-Identifier: GPL-2.0 */
/* hp_tuner_numbers.h: what a domain's reclaim tuner knows and did, as numbers. */
#ifndef HP_TUNER_NUMBERS_H
#define HP_TUNER_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/hp_policy.h"
#include "reclaim/hp_pace.h"

/* Where references come from: nowhere, DAMON, or the referenced marks in /proc/PID/smaps. */
enum hp_tuner_source { HP_SOURCE_NONE, HP_SOURCE_DAMON, HP_SOURCE_SMAPS, HP_SOURCES };
extern const char *const hp_tuner_source_words[HP_SOURCES];	/* "none", "damon", "smaps" */

/* Sums since the tuner started, in bytes where not said otherwise. */
struct hp_tuner_sums {
	uint64_t freed_anon, freed_cache;	/* mode on: what has left memory, by the cgroup's own counters */
	uint64_t would_anon, would_cache;	/* mode observe */
	uint64_t made_cold;
	uint64_t refault_anon, refault_file;	/* as the kernel counts: all of the domain's */
	uint64_t windows, windows_broken;	/* numbers of them */
	uint64_t cost_ns, active_ns;		/* processor time, and the time in which it was used: not in mode off */
	uint64_t major_faults;
	uint64_t stops, budget_waits;		/* turns without freeing: for pressure, for the budget */
};

/*
 * The working set by distance: the first entry is what was used within the CRP,
 * the second what is not far enough back to be freed, entry 2 + i the band i of
 * hp_learn. Estimates, from samples of the page tables.
 */
enum { HP_TUNER_IN_USE, HP_TUNER_WARM, HP_TUNER_COLD, HP_TUNER_BANDS = HP_TUNER_COLD + HP_LEARN_BANDS };
extern const char *const hp_tuner_band_words[HP_TUNER_COLD + 1];	/* "in use", "warm", "cold" */
/* Where an entry begins, for the policy's distance. */
static inline uint64_t hp_tuner_band_from_ms(size_t band, uint64_t distance_ms)
{
	return band < HP_TUNER_COLD ? 0 : distance_ms << (band - HP_TUNER_COLD);
}

struct hp_tuner_numbers {
	enum hp_reclaim_mode mode;
	enum hp_tuner_source source;
	struct hp_tuner_sums sums;
	uint64_t leaving_bytes;		/* taken from processes, and still in memory while it is written out */
	uint64_t returned_bytes;	/* of what was taken, used again */
	uint64_t distance_ms, policy_distance_ms;	/* from which memory is freed; the policy's */
	uint64_t working_set[HP_TUNER_BANDS];	/* as of the latest look, every half minute */
	unsigned int pressure_milli, pressure_target_milli;	/* thousandths of a percent */
	unsigned int cost_milli, budget_milli;			/* of one core */
	uint64_t window_us;
	size_t regions, processes, watched;
};

#endif
