// SPDX-License-Identifier: GPL-2.0
/* top_model.c: makes what partctl top shows out of what was sampled. */
#include "top_model.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

static void clear_blame(struct top_model *model)
{
	for (size_t i = 0; i < model->names_count; i++)
		free(model->names[i]);
	for (size_t i = 0; i < model->matrices_count; i++)
		free(model->matrices[i].by_ns);
	free(model->names);
}

void top_model_clear(struct top_model *model)
{
	for (size_t i = 0; i < model->rows_count; i++) {
		free(model->rows[i].name);
		free(model->rows[i].cgroup);
	}
	for (size_t i = 0; i < model->events_count; i++) {
		free(model->events[i].time);
		free(model->events[i].type);
		free(model->events[i].domain);
		free(model->events[i].text);
	}
	for (size_t i = 0; i < model->notes_count; i++)
		free(model->notes[i]);
	clear_blame(model);
	free(model->rows);
	free(model->events);
	free(model->policy);
	*model = (struct top_model){ 0 };
}

size_t top_model_domains(const struct top_model *model)
{
	return model->rows_count - 2;
}

static bool name_row(struct top_row *row, const char *name, const char *cgroup)
{
	row->name = strdup(name);
	row->cgroup = cgroup ? strdup(cgroup) : NULL;
	return row->name && (row->cgroup || !cgroup);
}

int top_model_name(struct top_model *model, char *const *names, char *const *cgroups, size_t count)
{
	bool is_done = true;

	model->rows = calloc(count + 2, sizeof(*model->rows));
	if (!model->rows)
		return -ENOMEM;
	model->rows_count = count + 2;
	for (size_t i = 0; i < count; i++)
		is_done &= name_row(&model->rows[i], names[i], cgroups[i]);
	is_done &= name_row(&model->rows[count], "base", NULL) && name_row(&model->rows[count + 1], "machine", NULL);
	return is_done ? 0 : -ENOMEM;
}

static struct hp_usage_rate no_rate(void)
{
	struct hp_usage_rate rate;
	double *fields = (double *)&rate;

	/* It has nothing but doubles. */
	for (size_t i = 0; i < sizeof(rate) / sizeof(*fields); i++)
		fields[i] = NAN;
	return rate;
}

void top_model_use(struct top_model *model, const struct hp_usage_sample *sample, const struct hp_usage_rates *rates)
{
	size_t count = top_model_domains(model);

	for (size_t i = 0; i < model->rows_count; i++) {
		struct top_row *row = &model->rows[i];

		row->usage = i < count ? sample->subjects[i] : i == count ? sample->base : sample->machine;
		row->wait_p99_ns = row->for_others_ns = NAN;
		row->rate = !rates ? no_rate() : i < count ? rates->subjects[i] : i == count ? rates->base : rates->machine;
	}
	model->seconds = rates ? rates->seconds : 0;
}

static int name_blame(struct top_model *model, size_t count)
{
	model->names = calloc(count, sizeof(*model->names));
	if (!model->names)
		return -ENOMEM;
	model->names_count = count;
	for (size_t i = 0; i < count; i++) {
		model->names[i] = strdup(i < HP_ROW_DOMAIN ? hp_row_words[i] : model->rows[i - HP_ROW_DOMAIN].name);
		if (!model->names[i])
			return -ENOMEM;
	}
	return 0;
}

static struct top_matrix *add_matrix(struct top_model *model, const char *resource)
{
	struct top_matrix *matrix = &model->matrices[model->matrices_count];

	matrix->by_ns = calloc(model->names_count * model->names_count, sizeof(*matrix->by_ns));
	matrix->resource = resource;
	if (!matrix->by_ns)
		return NULL;
	model->matrices_count++;
	return matrix;
}

static void take_waits(struct top_row *into, const struct hp_blame *blame, size_t row)
{
	struct top_waits *waits = &into->waits;

	waits->is_known = true;
	waits->wait_ns = hp_blame_wait_ns(blame, row);
	waits->foreign_ns = hp_blame_foreign_ns(blame, row);
	waits->stolen_ns = hp_blame_stolen_ns(blame, row);
	waits->waits = hp_blame_waits(blame, row);
	waits->p50_ns = hp_blame_percentile_ns(blame, row, 500);
	waits->p99_ns = hp_blame_percentile_ns(blame, row, 990);
	for (size_t i = 0; i < HP_LATENCY_BUCKETS; i++)
		waits->latency[i] = blame->rows[row].latency[i];
	into->wait_p99_ns = (double)waits->p99_ns;
	into->for_others_ns = (double)waits->foreign_ns / ((double)blame->time_ns / 1e9);
}

int top_model_blame(struct top_model *model, const struct hp_blame *blame)
{
	size_t count = top_model_domains(model), n = blame->count;
	struct top_matrix *cpu, *interrupts;

	if (n != HP_ROW_DOMAIN + count)
		return -EINVAL;
	if (name_blame(model, n))
		return -ENOMEM;
	for (size_t i = 0; i <= count; i++)
		take_waits(&model->rows[i], blame, i < count ? HP_ROW_DOMAIN + i : HP_ROW_BASE);
	cpu = add_matrix(model, "cpu");
	interrupts = cpu ? add_matrix(model, "interrupts") : NULL;
	if (!interrupts)
		return -ENOMEM;
	interrupts->is_of_time = true;
	for (size_t victim = 0; victim < n; victim++)
		for (size_t i = 0; i < n; i++) {
			cpu->by_ns[victim * n + i] = blame->rows[victim].by_ns[i];
			interrupts->by_ns[victim * n + i] = blame->rows[victim].stolen_ns[i];
		}
	model->lost += hp_blame_lost(blame);
	return 0;
}

int top_model_wait(struct top_model *model, const char *resource, const struct hp_wait_matrix *matrix)
{
	struct top_matrix *into;

	if (!matrix->count)
		return 0;
	if (matrix->count != model->names_count || model->matrices_count == TOP_MATRICES_MAX)
		return -EINVAL;
	into = add_matrix(model, resource);
	if (!into)
		return -ENOMEM;
	memcpy(into->by_ns, matrix->by_ns, matrix->count * matrix->count * sizeof(*into->by_ns));
	model->lost += hp_wait_lost_count(matrix);
	return 0;
}

void top_model_note(struct top_model *model, const char *fmt, ...)
{
	hp_autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = hp_vformat(fmt, ap);
	va_end(ap);
	for (size_t i = 0; text && i < model->notes_count; i++)
		if (strcmp(model->notes[i], text) == 0)
			return;
	if (text && model->notes_count < TOP_NOTES_MAX)
		model->notes[model->notes_count++] = hp_take(text);
}

size_t top_model_victim(const struct top_model *model, size_t i)
{
	size_t domains = top_model_domains(model);

	if (i < domains)
		return HP_ROW_DOMAIN + i;
	return i - domains > 1 ? SIZE_MAX : i == domains ? HP_ROW_BASE : HP_ROW_KERNEL;
}

size_t top_model_aggressor(const struct top_model *model, size_t i)
{
	static const size_t others[] = { HP_ROW_IRQ, HP_ROW_SOFTIRQ, HP_ROW_UNKNOWN, HP_ROW_IDLE };
	size_t victims = top_model_domains(model) + 2;

	if (i < victims)
		return top_model_victim(model, i);
	return i - victims < hp_array_size(others) ? others[i - victims] : SIZE_MAX;
}

uint64_t top_matrix_total_ns(const struct top_model *model, const struct top_matrix *matrix, size_t victim)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < model->names_count; i++)
		sum += matrix->by_ns[victim * model->names_count + i];
	return sum;
}

double top_matrix_share(const struct top_model *model, const struct top_matrix *matrix, size_t victim, size_t aggressor)
{
	double part = (double)matrix->by_ns[victim * model->names_count + aggressor];
	double whole = matrix->is_of_time ? model->seconds * 1e9 : (double)top_matrix_total_ns(model, matrix, victim);

	return whole > 0 ? part / whole : 0;
}
