// SPDX-License-Identifier: GPL-2.0
/* tuner_tell.c: what a tuner knows and did, as JSON. */
#include "tuner_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"

enum { SAMPLES_STATUS = 16, SAMPLES_MAP = 32, EXPLAIN_MAX = 64, MILLI = 1000 };

static void number(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_int64(value > INT64_MAX ? INT64_MAX : (int64_t)value));
}

static void text(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, value ? json_object_new_string(value) : NULL);
}

/* Thousandths of a percent as percent. */
static void percent(struct json_object *object, const char *key, uint64_t milli)
{
	json_object_object_add(object, key, json_object_new_double((double)milli / MILLI));
}

/* ---- status ---- */

/* Bands of twice the length each; the first one is what is within the CRP. */
static struct json_object *bands_json(struct told *told)
{
	struct json_object *list = json_object_new_array();
	uint64_t bands[HP_TUNER_BANDS];

	told_bands(told, SAMPLES_STATUS, bands);
	for (size_t i = 0; i < HP_TUNER_BANDS; i++) {
		struct json_object *band;

		if (!bands[i])
			continue;
		band = json_object_new_object();
		text(band, "band", hp_tuner_band_words[i < HP_TUNER_COLD ? i : HP_TUNER_COLD]);
		number(band, "from_ms", hp_tuner_band_from_ms(i, told->learn.distance_ms));
		number(band, "bytes", bands[i]);
		json_object_array_add(list, band);
	}
	return list;
}

static const char *source_word(const struct hp_tuner *tuner)
{
	if (!tuner->spec.is_ranked)
		return "none: the kernel's lists choose";
	switch (tuner->source) {
	case HP_SOURCE_DAMON:
		return "DAMON";
	case HP_SOURCE_SMAPS:
		return "referenced marks of mappings (this kernel has no DAMON)";
	case HP_SOURCE_NONE:
	case HP_SOURCES:
		break;
	}
	return "none";
}

static const char *cache_word(const struct hp_tuner *tuner)
{
	if (!tuner->spec.is_ranked)
		return "the kernel's lists, any memory";
	return tuner->knows_swappiness ? "the kernel's lists, files only"
				       : "the kernel's lists, any memory (this kernel knows no swappiness=)";
}

/* What keeps it from freeing more. */
static const char *limit_word(const struct hp_tuner *tuner)
{
	if (!tuner->has_memory)
		return NULL;
	if (!tuner->memory.swap_free_bytes)
		return "the domain has no swap left: only page cache can be freed";
	if (tuner->memory.current_bytes <= tuner->memory.min_bytes)
		return "all that is used is guaranteed (memory.min)";
	return NULL;
}

static void add_settings(const struct hp_tuner *tuner, struct json_object *object)
{
	number(object, "k", tuner->spec.k);
	number(object, "crp_ms", tuner->spec.crp_ms);
	number(object, "rip_ms", tuner->spec.rip_ms);
	json_object_object_add(object, "ranking", json_object_new_boolean(tuner->spec.is_ranked));
	percent(object, "budget_percent", tuner->spec.budget_milli);
	percent(object, "pressure_target_percent", tuner->spec.pressure_milli);
}

/* Of one core, since the tuner started. */
static uint64_t mean_cost_milli(const struct hp_tuner_sums *sums)
{
	return sums->active_ns ? (uint64_t)((double)sums->cost_ns * 100 * MILLI / (double)sums->active_ns) : 0;
}

static void add_look(const struct hp_tuner *tuner, struct json_object *object)
{
	struct hp_look_values values = hp_look_values(tuner->look.level);

	text(object, "source", source_word(tuner));
	text(object, "cache_source", cache_word(tuner));
	number(object, "kdamond", (uint64_t)tuner->kdamond);
	number(object, "processes", tuner->watched.total);
	number(object, "watched", tuner->watched.count);
	number(object, "regions", hp_regions_count(tuner->regions));
	number(object, "sample_us", values.sample_us);
	number(object, "window_us", values.window_us);
	number(object, "windows", tuner->sums.windows);
	number(object, "windows_lost", tuner->sums.windows_broken);
	percent(object, "cost_percent", tuner->look.cost_milli);
	percent(object, "cost_mean_percent", mean_cost_milli(&tuner->sums));
	number(object, "cost_ns", tuner->sums.cost_ns);
	number(object, "active_ns", tuner->sums.active_ns);
	number(object, "budget_waits", tuner->sums.budget_waits);
	json_object_object_add(object, "is_at_slowest", json_object_new_boolean(tuner->look.level == HP_LOOK_LEVELS - 1));
}

static void add_sums(const struct hp_tuner *tuner, struct json_object *object)
{
	const struct hp_tuner_sums *sums = &tuner->sums;

	number(object, "memory_bytes", tuner->memory.current_bytes);
	number(object, "guarantee_bytes", tuner->memory.min_bytes);
	percent(object, "pressure_percent", tuner->pace.pressure_milli);
	number(object, "pressure_stops", sums->stops);
	number(object, "distance_ms", tuner_threshold_ms(tuner));
	number(object, "freed_bytes", sums->freed_anon);
	number(object, "leaving_bytes", tuner->leaving_bytes);
	number(object, "freed_cache_bytes", sums->freed_cache);
	number(object, "would_free_bytes", sums->would_anon);
	number(object, "would_free_cache_bytes", sums->would_cache);
	number(object, "made_cold_bytes", sums->made_cold);
	number(object, "returned_bytes", tuner->learn.returned_total);
	number(object, "refaulted_anon_bytes", sums->refault_anon);
	number(object, "refaulted_file_bytes", sums->refault_file);
	number(object, "major_faults", sums->major_faults);
}

struct json_object *hp_tuner_status(struct hp_tuner *tuner)
{
	struct json_object *object = json_object_new_object();
	struct told told;

	pthread_mutex_lock(&tuner->lock);
	text(object, "domain", tuner->domain);
	text(object, "mode", hp_reclaim_mode_words[tuner->mode]);
	text(object, "doing", tuner->mode == HP_RECLAIM_OFF ? "nothing" : hp_pace_words[tuner->plan.why]);
	text(object, "limit", limit_word(tuner));
	text(object, "problem", tuner->problem[0] ? tuner->problem : NULL);
	add_settings(tuner, object);
	add_look(tuner, object);
	add_sums(tuner, object);
	told_copy(tuner, &told);
	pthread_mutex_unlock(&tuner->lock);
	json_object_object_add(object, "working_set", bands_json(&told));
	free(told.items);
	return object;
}

/* ---- regions and explain ---- */

static struct json_object *region_json(struct told *told, const struct told_region *item, unsigned int samples)
{
	struct json_object *object = json_object_new_object();
	const struct hp_process *process = told_process(told, &item->region);
	bool is_finite = item->has_page && item->page.distance != HP_LRUK_INFINITE;

	number(object, "pid", process ? (uint64_t)process->pid : 0);
	text(object, "comm", process ? process->comm : "");
	number(object, "start", item->region.start);
	number(object, "end", item->region.end);
	number(object, "resident_bytes", told_resident(told, &item->region, samples));
	json_object_object_add(object, "freed", json_object_new_boolean(item->region.is_taken));
	number(object, "references", item->has_page ? item->page.references : 0);
	json_object_object_add(object, "distance_ms", is_finite ? json_object_new_int64((int64_t)item->page.distance) : NULL);
	json_object_object_add(object, "unused_ms", item->has_page ? json_object_new_int64((int64_t)(told->now_ms - item->page.last)) : NULL);
	number(object, "score_ms", item->score);
	json_object_object_add(object, "in_crp", json_object_new_boolean(item->has_page && item->page.is_correlated));
	return object;
}

struct json_object *hp_tuner_regions(struct hp_tuner *tuner)
{
	struct json_object *object = json_object_new_object(), *list = json_object_new_array();
	struct told told;

	pthread_mutex_lock(&tuner->lock);
	text(object, "domain", tuner->domain);
	text(object, "mode", hp_reclaim_mode_words[tuner->mode]);
	text(object, "source", source_word(tuner));
	number(object, "distance_ms", tuner_threshold_ms(tuner));
	told_copy(tuner, &told);
	pthread_mutex_unlock(&tuner->lock);
	for (size_t i = 0; i < told.count; i++)
		json_object_array_add(list, region_json(&told, &told.items[i], SAMPLES_MAP));
	json_object_object_add(object, "regions", list);
	free(told.items);
	return object;
}

/* Whether a goes before b when memory is freed. */
static bool is_colder(const struct told_region *a, const struct told_region *b)
{
	if (a->page.distance != b->page.distance)
		return a->page.distance > b->page.distance;
	return a->page.last < b->page.last;
}

static size_t count_colder(const struct told *told, const struct told_region *item)
{
	size_t count = 0;

	for (size_t i = 0; i < told->count; i++) {
		const struct told_region *other = &told->items[i];

		count += !other->region.is_taken && other->has_page && !other->page.is_correlated && is_colder(other, item);
	}
	return count;
}

static const char *why_text(const struct hp_tuner *tuner, const struct told *told, const struct told_region *item)
{
	if (item->region.is_taken)
		return tuner->mode == HP_RECLAIM_ON ? "freed, and not used since" : "would have been freed, and not used since";
	if (!item->has_page)
		return "nothing is known of it";
	if (item->page.is_correlated)
		return "used within the correlated reference period: not freed";
	if (item->score < told->threshold_ms)
		return "not far enough back to be freed";
	if (item->page.distance == HP_LRUK_INFINITE)
		return "fewer than K uses are known, the last one long ago: freed first";
	return "its K-th use lies far enough back: freed in its turn";
}

static struct json_object *explain_json(const struct hp_tuner *tuner, struct told *told, const struct told_region *item)
{
	struct json_object *object = region_json(told, item, SAMPLES_MAP), *hist = json_object_new_array();

	for (unsigned int i = 0; item->has_page && i < item->page.references; i++)
		json_object_array_add(hist, json_object_new_int64((int64_t)(told->now_ms - item->hist[i])));
	json_object_object_add(object, "uses_ms_ago", hist);
	number(object, "colder_regions", item->has_page && !item->region.is_taken ? count_colder(told, item) : 0);
	text(object, "why", why_text(tuner, told, item));
	return object;
}

static struct json_object *explain(const struct hp_tuner *tuner, struct told *told, const struct hp_process *process,
				   const uint64_t *address)
{
	struct json_object *object = json_object_new_object(), *list = json_object_new_array();

	text(object, "domain", tuner->domain);
	text(object, "source", source_word(tuner));
	number(object, "k", tuner->spec.k);
	number(object, "crp_ms", tuner->spec.crp_ms);
	number(object, "distance_ms", tuner_threshold_ms(tuner));
	for (size_t i = 0; i < told->count && json_object_array_length(list) < EXPLAIN_MAX; i++) {
		const struct hp_region *region = &told->items[i].region;

		if (region->space == process->space && (!address || (region->start <= *address && *address < region->end)))
			json_object_array_add(list, explain_json(tuner, told, &told->items[i]));
	}
	json_object_object_add(object, "regions", list);
	return object;
}

int hp_tuner_explain(struct hp_tuner *tuner, pid_t pid, const uint64_t *address, struct json_object **answer,
		     struct hp_err *err)
{
	struct told told;
	const struct hp_process *process;
	struct json_object *list;

	pthread_mutex_lock(&tuner->lock);
	told_copy(tuner, &told);
	process = hp_watched_find_pid(&told.watched, pid);
	*answer = process ? explain(tuner, &told, process, address) : NULL;
	pthread_mutex_unlock(&tuner->lock);
	free(told.items);
	if (*answer && address && json_object_object_get_ex(*answer, "regions", &list) && !json_object_array_length(list)) {
		json_object_put(hp_take(*answer));
		return hp_err_set(err, ENOENT, "address 0x%llx of process %d is in no region that is watched",
				  (unsigned long long)*address, pid);
	}
	return 0;
}
