// SPDX-License-Identifier: GPL-2.0
/* write_reclaim.c: what the reclaim tuners know and did, family by family. */
#include "metrics/text.h"

#include <inttypes.h>
#include <stdio.h>
#include "base/hp_auto.h"

enum { MILLI = 100000 };	/* thousandths of a percent in one */

/* A family with a number or two for each domain: where they are in struct hp_tuner_numbers. */
struct family {
	enum hp_metric_id id;
	size_t offset;
	const char *label;	/* the second label's value, or NULL */
	size_t second;		/* another number of the same family, with second_label */
	const char *second_label;
};
#define NUMBER(field) offsetof(struct hp_tuner_numbers, field)

static const struct family families[] = {
	{ HP_METRIC_RECLAIM_FREED, NUMBER(sums.freed_anon), "anon", NUMBER(sums.freed_cache), "cache" },
	{ HP_METRIC_RECLAIM_WOULD, NUMBER(sums.would_anon), NULL, 0, NULL },
	{ HP_METRIC_RECLAIM_LEAVING, NUMBER(leaving_bytes), NULL, 0, NULL },
	{ HP_METRIC_RECLAIM_COLD, NUMBER(sums.made_cold), NULL, 0, NULL },
	{ HP_METRIC_RECLAIM_RETURNED, NUMBER(returned_bytes), NULL, 0, NULL },
	{ HP_METRIC_RECLAIM_REFAULTED, NUMBER(sums.refault_anon), "anon", NUMBER(sums.refault_file), "file" },
	{ HP_METRIC_RECLAIM_FAULTS, NUMBER(sums.major_faults), NULL, 0, NULL },
	{ HP_METRIC_RECLAIM_STOPS, NUMBER(sums.stops), "pressure", NUMBER(sums.budget_waits), "budget" },
	{ HP_METRIC_RECLAIM_WINDOWS, NUMBER(sums.windows), "taken", NUMBER(sums.windows_broken), "lost" },
};

static void put_numbers(struct hp_metrics_text *text, const struct hp_metrics_reclaim *reclaim, size_t count)
{
	for (size_t i = 0; i < hp_array_size(families); i++) {
		const struct family *family = &families[i];

		metrics_begin(text, family->id);
		for (size_t d = 0; d < count; d++) {
			const char *numbers = (const char *)&reclaim[d].numbers, *labels[] = { reclaim[d].domain, family->label };

			metrics_number(text, family->id, labels, *(const uint64_t *)(const void *)(numbers + family->offset));
			labels[1] = family->second_label;
			if (family->second_label)
				metrics_number(text, family->id, labels, *(const uint64_t *)(const void *)(numbers + family->second));
		}
	}
}

static void put_states(struct hp_metrics_text *text, const struct hp_metrics_reclaim *reclaim, size_t count)
{
	metrics_begin(text, HP_METRIC_RECLAIM_MODE);
	for (size_t d = 0; d < count; d++)
		for (size_t mode = 0; hp_reclaim_mode_words[mode]; mode++)
			metrics_number(text, HP_METRIC_RECLAIM_MODE, (const char *[]){ reclaim[d].domain, hp_reclaim_mode_words[mode] },
				       reclaim[d].numbers.mode == mode);
	metrics_begin(text, HP_METRIC_RECLAIM_SOURCE);
	for (size_t d = 0; d < count; d++)
		metrics_number(text, HP_METRIC_RECLAIM_SOURCE,
			       (const char *[]){ reclaim[d].domain, hp_tuner_source_words[reclaim[d].numbers.source] }, 1);
	metrics_begin(text, HP_METRIC_RECLAIM_REGIONS);
	for (size_t d = 0; d < count; d++)
		metrics_number(text, HP_METRIC_RECLAIM_REGIONS, &reclaim[d].domain, reclaim[d].numbers.regions);
	metrics_begin(text, HP_METRIC_RECLAIM_PROCESSES);
	for (size_t d = 0; d < count; d++) {
		const struct hp_tuner_numbers *numbers = &reclaim[d].numbers;
		size_t small = numbers->processes > numbers->watched ? numbers->processes - numbers->watched : 0;

		metrics_number(text, HP_METRIC_RECLAIM_PROCESSES, (const char *[]){ reclaim[d].domain, "watched" }, numbers->watched);
		metrics_number(text, HP_METRIC_RECLAIM_PROCESSES, (const char *[]){ reclaim[d].domain, "small" }, small);
	}
}

static void put_ratios(struct hp_metrics_text *text, const struct hp_metrics_reclaim *reclaim, size_t count)
{
	static const struct {
		enum hp_metric_id id;
		size_t offset;
	} ratios[] = {
		{ HP_METRIC_RECLAIM_PRESSURE, NUMBER(pressure_milli) }, { HP_METRIC_RECLAIM_TARGET, NUMBER(pressure_target_milli) },
		{ HP_METRIC_RECLAIM_COST, NUMBER(cost_milli) }, { HP_METRIC_RECLAIM_BUDGET, NUMBER(budget_milli) },
	};

	for (size_t i = 0; i < hp_array_size(ratios); i++) {
		metrics_begin(text, ratios[i].id);
		for (size_t d = 0; d < count; d++) {
			const char *milli = (const char *)&reclaim[d].numbers + ratios[i].offset;

			metrics_real(text, ratios[i].id, &reclaim[d].domain, *(const unsigned int *)(const void *)milli / (double)MILLI);
		}
	}
}

static void put_times(struct hp_metrics_text *text, const struct hp_metrics_reclaim *reclaim, size_t count)
{
	metrics_begin(text, HP_METRIC_RECLAIM_DISTANCE);
	for (size_t d = 0; d < count; d++)
		metrics_ns(text, HP_METRIC_RECLAIM_DISTANCE, &reclaim[d].domain, reclaim[d].numbers.distance_ms * 1000000);
	metrics_begin(text, HP_METRIC_RECLAIM_CPU);
	for (size_t d = 0; d < count; d++)
		metrics_ns(text, HP_METRIC_RECLAIM_CPU, &reclaim[d].domain, reclaim[d].numbers.sums.cost_ns);
	metrics_begin(text, HP_METRIC_RECLAIM_WINDOW);
	for (size_t d = 0; d < count; d++)
		metrics_ns(text, HP_METRIC_RECLAIM_WINDOW, &reclaim[d].domain, reclaim[d].numbers.window_us * 1000);
}

/* Empty bands too: a line of a graph that ends where it should be 0 says less. */
static void put_working_set(struct hp_metrics_text *text, const struct hp_metrics_reclaim *reclaim, size_t count)
{
	metrics_begin(text, HP_METRIC_RECLAIM_WORKING_SET);
	for (size_t d = 0; d < count; d++) {
		const struct hp_tuner_numbers *numbers = &reclaim[d].numbers;

		for (size_t i = 0; numbers->mode != HP_RECLAIM_OFF && i < HP_TUNER_BANDS; i++) {
			const char *labels[] = { reclaim[d].domain, hp_tuner_band_words[i < HP_TUNER_COLD ? i : HP_TUNER_COLD], NULL };
			char from[24];

			snprintf(from, sizeof(from), "%" PRIu64, hp_tuner_band_from_ms(i, numbers->policy_distance_ms) / 1000);
			labels[2] = from;
			metrics_number(text, HP_METRIC_RECLAIM_WORKING_SET, labels, numbers->working_set[i]);
		}
	}
}

void metrics_reclaim(struct hp_metrics_text *text, const struct hp_metrics_reclaim *reclaim, size_t count)
{
	put_states(text, reclaim, count);
	put_numbers(text, reclaim, count);
	put_ratios(text, reclaim, count);
	put_times(text, reclaim, count);
	put_working_set(text, reclaim, count);
}
