// SPDX-License-Identifier: GPL-2.0
/* tuner_copy.c: a tuner's knowledge as a copy, so that nobody waits for its lock while files are read. */
#include "tuner_internal.h"

#include <stdlib.h>
#include <string.h>

const char *const hp_tuner_source_words[HP_SOURCES] = { "none", "damon", "smaps" };
const char *const hp_tuner_band_words[HP_TUNER_COLD + 1] = { "in use", "warm", "cold" };

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

void told_copy(const struct hp_tuner *tuner, struct told *told)
{
	*told = (struct told){ .tuner = tuner, .now_ms = tuner_now_ms(), .threshold_ms = tuner_threshold_ms(tuner),
			       .learn = tuner->learn, .watched = tuner->watched };
	told->capacity = hp_regions_count(tuner->regions);
	told->items = calloc(told->capacity ? told->capacity : 1, sizeof(*told->items));
	if (!told->items)
		told->capacity = 0;
	hp_regions_each(tuner->regions, copy_region, told);
}

const struct hp_process *told_process(struct told *told, const struct hp_region *region)
{
	return hp_watched_find(&told->watched, region->space);
}

uint64_t told_resident(struct told *told, const struct hp_region *region, unsigned int samples)
{
	const struct hp_process *process = told_process(told, region);

	return process ? hp_resident_estimate(told->tuner->root, process->pid, region->start, region->end, samples) : 0;
}

static size_t band_of(const struct told *told, const struct told_region *item)
{
	if (item->score >= told->threshold_ms)
		return HP_TUNER_COLD + hp_learn_band(&told->learn, item->score);
	return item->has_page && item->page.is_correlated ? HP_TUNER_IN_USE : HP_TUNER_WARM;
}

void told_bands(struct told *told, unsigned int samples, uint64_t bands[HP_TUNER_BANDS])
{
	memset(bands, 0, HP_TUNER_BANDS * sizeof(*bands));
	for (size_t i = 0; i < told->count; i++)
		if (!told->items[i].region.is_taken)
			bands[band_of(told, &told->items[i])] += told_resident(told, &told->items[i].region, samples);
}

void hp_tuner_numbers_read(struct hp_tuner *tuner, struct hp_tuner_numbers *numbers)
{
	pthread_mutex_lock(&tuner->lock);
	*numbers = (struct hp_tuner_numbers){
		.mode = tuner->mode, .source = tuner->source, .sums = tuner->sums, .leaving_bytes = tuner->leaving_bytes,
		.returned_bytes = tuner->learn.returned_total, .distance_ms = tuner_threshold_ms(tuner),
		.policy_distance_ms = tuner->spec.distance_ms, .pressure_milli = tuner->pace.pressure_milli,
		.pressure_target_milli = tuner->spec.pressure_milli, .cost_milli = tuner->look.cost_milli,
		.budget_milli = tuner->spec.budget_milli, .window_us = hp_look_values(tuner->look.level).window_us,
		.regions = hp_regions_count(tuner->regions), .processes = tuner->watched.total, .watched = tuner->watched.count,
	};
	memcpy(numbers->working_set, tuner->working_set, sizeof(numbers->working_set));
	pthread_mutex_unlock(&tuner->lock);
}
