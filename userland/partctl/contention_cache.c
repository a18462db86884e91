// SPDX-License-Identifier: GPL-2.0
/* contention_cache.c: what the domains asked of the last-level cache and of memory, as a table or as an object. */
#include "contention_cache.h"

#include <errno.h>
#include "base/hp_text.h"

enum { LINE_BYTES = 64 };

int contention_cache_open(struct contention_cache *cache, const struct contention_subject *subject, struct hp_err *err)
{
	cache->count = subject->count;
	cache->shown = calloc(subject->count + 1, sizeof(*cache->shown));
	cache->before = calloc(subject->count + 1, sizeof(*cache->before));
	if (!cache->shown || !cache->before)
		return hp_err_errno(err, ENOMEM, "counting the events of the cache");
	return hp_cache_open(subject->cgroups, subject->count, &cache->cache, err);
}

void contention_cache_close(struct contention_cache *cache)
{
	hp_cache_close(cache->cache);
	free(cache->shown);
	free(cache->before);
	*cache = (struct contention_cache){ 0 };
}

int contention_cache_read_news(struct contention_cache *cache, struct hp_err *err)
{
	int ret = hp_cache_read(cache->cache, cache->shown, err);

	for (size_t i = 0; ret == 0 && i < cache->count; i++) {
		struct hp_cache_use now = cache->shown[i];

		cache->shown[i].references -= cache->before[i].references;
		cache->shown[i].misses -= cache->before[i].misses;
		cache->before[i] = now;
	}
	return ret;
}

struct json_object *contention_cache_json(const struct contention_subject *subject, const struct contention_cache *cache)
{
	struct json_object *object = json_object_new_object(), *list = json_object_new_array();
	const char *missing = hp_cache_missing(cache->cache);

	for (size_t i = 0; !missing && i < cache->count; i++) {
		struct json_object *item = json_object_new_object();

		out_add_text(item, "name", subject->names[i]);
		out_add_number(item, "references", cache->shown[i].references);
		out_add_number(item, "misses", cache->shown[i].misses);
		out_add_number(item, "memory_bytes", cache->shown[i].misses * LINE_BYTES);
		json_object_array_add(list, item);
	}
	json_object_object_add(object, "domains", list);
	out_add_text(object, "missing", missing);
	return object;
}

void contention_cache_print(const struct run *run, const struct contention_subject *subject,
			    const struct contention_cache *cache)
{
	static const char *const headers[] = { "DOMAIN", ">CACHE REFERENCES", ">MISSES", ">FROM MEMORY", NULL };
	struct out_table *table;
	char references[24], misses[24];

	if (hp_cache_missing(cache->cache))
		return;
	table = out_table_new(run, headers);
	for (size_t i = 0; i < cache->count; i++) {
		hp_autofree char *bytes = hp_size_human(cache->shown[i].misses * LINE_BYTES);

		out_table_row(table, subject->names[i], out_count(references, cache->shown[i].references),
			      out_count(misses, cache->shown[i].misses), bytes);
	}
	putchar('\n');
	out_table_print(table, stdout);
}

void contention_cache_print_losses(const struct run *run, const struct contention_cache *cache)
{
	const char *missing = hp_cache_missing(cache->cache);

	if (missing)
		printf("%snot counted%s  cache and memory bandwidth: %s\n", out_colour(run, OUT_YELLOW), out_colour(run, OUT_PLAIN),
		       missing);
}
