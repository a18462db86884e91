/* SPDX-License-Identifier: GPL-2.0 */
/* contention_cache.h: what partctl contention says about the last-level cache and the memory behind it. */
#ifndef CONTENTION_CACHE_H
#define CONTENTION_CACHE_H

#include "contention_subject.h"
#include "usage/hp_cache.h"

/* Starts zeroed. */
struct contention_cache {
	struct hp_cache *cache;
	struct hp_cache_use *shown, *before;	/* owned; one for each domain */
	size_t count;
};

int contention_cache_open(struct contention_cache *cache, const struct contention_subject *subject, struct hp_err *err);
void contention_cache_close(struct contention_cache *cache);
/* What there was since the last call, or since open. */
int contention_cache_read_news(struct contention_cache *cache, struct hp_err *err);
/* An object: missing (why, or null) and a list of domains. */
struct json_object *contention_cache_json(const struct contention_subject *subject, const struct contention_cache *cache);
/* A table with an empty line before it; nothing when nothing is counted. */
void contention_cache_print(const struct run *run, const struct contention_subject *subject,
			    const struct contention_cache *cache);
/* Says why nothing is counted. */
void contention_cache_print_losses(const struct run *run, const struct contention_cache *cache);

#endif
