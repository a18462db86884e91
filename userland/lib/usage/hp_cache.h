/* SPDX-License-Identifier: GPL-2.0 */
/* hp_cache.h: what domains ask of the last-level cache and of memory behind it, by the processor's counters. */
#ifndef HP_CACHE_H
#define HP_CACHE_H

#include <stddef.h>
#include <stdint.h>
#include "base/hp_err.h"

/* The processor's own events, scaled when it had to share its counters among several. */
struct hp_cache_use {
	uint64_t references;	/* of the last-level cache */
	uint64_t misses;	/* each brings a line of 64 bytes from memory */
};

struct hp_cache;

/*
 * Begins to count for each of the cgroups (names as in hp_cgroup2.h), all
 * below it included. A machine without such counters, as most virtual ones, is
 * no error: see hp_cache_missing().
 */
int hp_cache_open(char *const *cgroups, size_t count, struct hp_cache **out, struct hp_err *err);
/* Frees; NULL is fine. */
void hp_cache_close(struct hp_cache *cache);
/* Why nothing is counted, NULL when it is; static text. */
const char *hp_cache_missing(const struct hp_cache *cache);
/* All since open, uses[] in the order of the cgroups; zeros when nothing is counted. */
int hp_cache_read(const struct hp_cache *cache, struct hp_cache_use *uses, struct hp_err *err);

#endif
