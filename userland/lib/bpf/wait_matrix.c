// SPDX-License-Identifier: GPL-2.0
/* wait_matrix.c: sums, differences and percentiles of what the programs about waits counted. */
#include "bpf/hp_waits.h"

#include <errno.h>
#include <stdlib.h>

const char *const hp_wait_lost_words[HP_WAIT_LOST_REASONS] = {
	[HP_WAIT_LOST_ROOM] = "room", [HP_WAIT_LOST_EVENT] = "event",
};

void hp_wait_matrix_clear(struct hp_wait_matrix *matrix)
{
	free(matrix->by_ns);
	free(matrix->events);
	free(matrix->phase_ns);
	free(matrix->latency);
	*matrix = (struct hp_wait_matrix)HP_WAIT_MATRIX_INIT;
}

int hp_wait_matrix_init(struct hp_wait_matrix *matrix, size_t count)
{
	*matrix = (struct hp_wait_matrix)HP_WAIT_MATRIX_INIT;
	matrix->by_ns = calloc(count * count, sizeof(*matrix->by_ns));
	matrix->events = calloc(count * count, sizeof(*matrix->events));
	matrix->phase_ns = calloc(count, sizeof(*matrix->phase_ns));
	matrix->latency = calloc(count, sizeof(*matrix->latency));
	if (!matrix->by_ns || !matrix->events || !matrix->phase_ns || !matrix->latency) {
		hp_wait_matrix_clear(matrix);
		return -ENOMEM;
	}
	matrix->count = count;
	return 0;
}

void hp_wait_matrix_add(struct hp_wait_matrix *matrix, const struct hp_wait_row *rows)
{
	for (size_t v = 0; v < matrix->count; v++) {
		for (size_t a = 0; a < matrix->count; a++) {
			matrix->by_ns[v * matrix->count + a] += rows[v].by_ns[a];
			matrix->events[v * matrix->count + a] += rows[v].events[a];
		}
		for (unsigned int phase = 0; phase < HP_WAIT_PHASES; phase++) {
			matrix->phase_ns[v][phase] += rows[v].phase_ns[phase];
			for (unsigned int i = 0; i < HP_LATENCY_BUCKETS; i++)
				matrix->latency[v][phase][i] += rows[v].latency[phase][i];
		}
	}
}

/* into += sign * what; unsigned arithmetic makes a subtraction of it, too. */
static void combine(struct hp_wait_matrix *into, const struct hp_wait_matrix *what, uint64_t sign)
{
	for (size_t i = 0; i < into->count * into->count; i++) {
		into->by_ns[i] += sign * what->by_ns[i];
		into->events[i] += sign * what->events[i];
	}
	for (size_t v = 0; v < into->count; v++)
		for (unsigned int phase = 0; phase < HP_WAIT_PHASES; phase++) {
			into->phase_ns[v][phase] += sign * what->phase_ns[v][phase];
			for (unsigned int i = 0; i < HP_LATENCY_BUCKETS; i++)
				into->latency[v][phase][i] += sign * what->latency[v][phase][i];
		}
	for (unsigned int i = 0; i < HP_WAIT_LOST_REASONS; i++)
		into->lost[i] += sign * what->lost[i];
	into->skipped += sign * what->skipped;
	into->time_ns += sign * what->time_ns;
}

void hp_wait_matrix_subtract(struct hp_wait_matrix *later, const struct hp_wait_matrix *earlier)
{
	combine(later, earlier, (uint64_t)-1);
}

void hp_wait_matrix_accumulate(struct hp_wait_matrix *into, const struct hp_wait_matrix *what)
{
	combine(into, what, 1);
}

uint64_t hp_wait_total_ns(const struct hp_wait_matrix *matrix, size_t victim)
{
	uint64_t sum = 0;

	for (size_t a = 0; a < matrix->count; a++)
		sum += matrix->by_ns[victim * matrix->count + a];
	return sum;
}

uint64_t hp_wait_foreign_ns(const struct hp_wait_matrix *matrix, size_t victim)
{
	uint64_t sum = 0;

	for (size_t a = 0; a < matrix->count; a++)
		if (hp_blame_is_foreign(victim, a))
			sum += matrix->by_ns[victim * matrix->count + a];
	return sum;
}

uint64_t hp_wait_phase_count(const struct hp_wait_matrix *matrix, size_t victim, unsigned int phase)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < HP_LATENCY_BUCKETS; i++)
		sum += matrix->latency[victim][phase][i];
	return sum;
}

uint64_t hp_wait_percentile_ns(const struct hp_wait_matrix *matrix, size_t victim, unsigned int phase,
			       unsigned int permille)
{
	return hp_latency_percentile_ns(matrix->latency[victim][phase], permille);
}

uint64_t hp_wait_lost_count(const struct hp_wait_matrix *matrix)
{
	uint64_t sum = matrix->skipped;

	for (unsigned int i = 0; i < HP_WAIT_LOST_REASONS; i++)
		sum += matrix->lost[i];
	return sum;
}
