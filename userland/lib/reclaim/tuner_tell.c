// SPDX-License-Identifier: GPL-2.0
/* tuner_tell.c: what a tuner knows and did, as JSON. */
#include "tuner_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"

enum { SAMPLES_STATUS = 16, SAMPLES_MAP = 32, EXPLAIN_MAX = 64, MILLI = 1000 };

/* A copy of the regions with what makes them hot or cold, so that no one waits for the lock while files are read. */
struct told_region {
	struct hp_region region;
	struct hp_lruk_page page;
	uint64_t score, hist[HP_LRUK_K_MAX];
	bool has_page;
};

struct told {
	struct told_region *items;	/* owned */
	size_t count, capacity;
	const struct hp_tuner *tuner;
	uint64_t now_ms;
	struct hp_watched watched;	/* a copy; its pidfds are not to be used */
};

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

static void copy_region(void *arg, const struct hp_region *region)
{
	struct told *told = arg;
	struct told_region *item = &told->items[told->count];

	if (told->count == told->capacity)
		return;
	told->count++;
	*item = (struct told_region){ .region = *region };
	item->has_page = hp_regions_page(told->tuner->regions, region, told->now_ms, &item->page);
	item->score = hp_regions_score(told->tuner->regions, region, told->now_ms);
	for (unsigned int i = 1; item->has_page && i <= item->page.references; i++)
		hp_regions_hist(told->tuner->regions, region, i, &item->hist[i - 1]);
}

/* With the lock. */
static void copy_regions(const struct hp_tuner *tuner, struct told *told)
{
	*told = (struct told){ .tuner = tuner, .now_ms = tuner_now_ms(), .watched = tuner->watched };
	told->capacity = hp_regions_count(tuner->regions);
	told->items = calloc(told->capacity ? told->capacity : 1, sizeof(*told->items));
	if (!told->items)
		told->capacity = 0;
	hp_regions_each(tuner->regions, copy_region, told);
}

static const struct hp_process *process_of(struct told *told, const struct hp_region *region)
{
	return hp_watched_find(&told->watched, region->space);
}

static uint64_t resident(struct told *told, const struct hp_region *region, unsigned int samples)
{
	const struct hp_process *process = process_of(told, region);

	return process ? hp_resident_estimate(told->tuner->root, process->pid, region->start, region->end, samples) : 0;
}

/* ---- status ---- */

/* Bands of twice the length each, from the CRP on; the first one is what is within it. */
static struct json_object *bands_json(const struct hp_tuner *tuner, struct told *told)
{
	uint64_t sums[HP_LEARN_BANDS + 2] = { 0 }, threshold_ms = tuner_threshold_ms(tuner);
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < told->count; i++) {
		const struct told_region *item = &told->items[i];
		size_t band = 0;

		if (item->region.is_taken)
			continue;
		if (item->score >= threshold_ms)
			band = 2 + hp_learn_band(&tuner->learn, item->score);
		else if (!item->has_page || !item->page.is_correlated)
			band = 1;
		if (band > HP_LEARN_BANDS + 1)
			band = HP_LEARN_BANDS + 1;
		sums[band] += resident(told, &item->region, SAMPLES_STATUS);
	}
	for (size_t i = 0; i < hp_array_size(sums); i++) {
		struct json_object *band;
		uint64_t from = i < 2 ? 0 : tuner->spec.distance_ms << (i - 2);

		if (!sums[i])
			continue;
		band = json_object_new_object();
		text(band, "band", i == 0 ? "in use" : i == 1 ? "warm" : "cold");
		number(band, "from_ms", from);
		number(band, "bytes", sums[i]);
		json_object_array_add(list, band);
	}
	return list;
}

static const char *source_word(const struct hp_tuner *tuner)
{
	if (!tuner->spec.is_ranked)
		return "none: the kernel's lists choose";
	switch (tuner->source) {
	case SOURCE_DAMON:
		return "DAMON";
	case SOURCE_SMAPS:
		return "referenced marks of mappings (this kernel has no DAMON)";
	case SOURCE_NONE:
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
	number(object, "cost_ns", tuner->sums.cost_ns);
}

static void add_sums(const struct hp_tuner *tuner, struct json_object *object)
{
	const struct tuner_sums *sums = &tuner->sums;

	number(object, "memory_bytes", tuner->memory.current_bytes);
	number(object, "guarantee_bytes", tuner->memory.min_bytes);
	percent(object, "pressure_percent", tuner->pace.pressure_milli);
	number(object, "pressure_stops", sums->stops);
	number(object, "distance_ms", tuner_threshold_ms(tuner));
	number(object, "freed_bytes", sums->freed_anon);
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
	copy_regions(tuner, &told);
	pthread_mutex_unlock(&tuner->lock);
	json_object_object_add(object, "working_set", bands_json(tuner, &told));
	free(told.items);
	return object;
}

/* ---- regions and explain ---- */

static struct json_object *region_json(struct told *told, const struct told_region *item, unsigned int samples)
{
	struct json_object *object = json_object_new_object();
	const struct hp_process *process = process_of(told, &item->region);
	bool is_finite = item->has_page && item->page.distance != HP_LRUK_INFINITE;

	number(object, "pid", process ? (uint64_t)process->pid : 0);
	text(object, "comm", process ? process->comm : "");
	number(object, "start", item->region.start);
	number(object, "end", item->region.end);
	number(object, "resident_bytes", resident(told, &item->region, samples));
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
	copy_regions(tuner, &told);
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

static const char *why_text(const struct hp_tuner *tuner, const struct told_region *item)
{
	if (item->region.is_taken)
		return tuner->mode == HP_RECLAIM_ON ? "freed, and not used since" : "would have been freed, and not used since";
	if (!item->has_page)
		return "nothing is known of it";
	if (item->page.is_correlated)
		return "used within the correlated reference period: not freed";
	if (item->score < tuner_threshold_ms(tuner))
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
	text(object, "why", why_text(tuner, item));
	return object;
}

static const struct hp_process *find_pid(const struct hp_watched *watched, pid_t pid)
{
	for (size_t i = 0; i < watched->count; i++)
		if (watched->items[i].pid == pid)
			return &watched->items[i];
	return NULL;
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
	copy_regions(tuner, &told);
	process = find_pid(&told.watched, pid);
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
