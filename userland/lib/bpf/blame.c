// SPDX-License-Identifier: GPL-2.0
/* blame.c: sums, differences and percentiles of what the contention programs counted. */
#include "bpf/hp_blame.h"

#include <errno.h>
#include <stdlib.h>

const char *const hp_row_words[HP_ROW_DOMAIN] = {
	[HP_ROW_IDLE] = "(idle)",	[HP_ROW_UNKNOWN] = "(unknown)", [HP_ROW_BASE] = "base",
	[HP_ROW_KERNEL] = "kernel",	[HP_ROW_IRQ] = "irq",		[HP_ROW_SOFTIRQ] = "softirq",
};

const char *const hp_lost_words[HP_LOST_REASONS] = {
	[HP_LOST_HISTORY] = "history", [HP_LOST_ORIGIN] = "origin", [HP_LOST_NESTED] = "nested",
	[HP_LOST_SWITCH] = "switch",   [HP_LOST_WINDOW] = "window",
};

void hp_blame_clear(struct hp_blame *blame)
{
	free(blame->rows);
	*blame = (struct hp_blame)HP_BLAME_INIT;
}

int hp_blame_init(struct hp_blame *blame, size_t count)
{
	*blame = (struct hp_blame)HP_BLAME_INIT;
	blame->rows = calloc(count, sizeof(*blame->rows));
	if (!blame->rows)
		return -ENOMEM;
	blame->count = count;
	return 0;
}

void hp_blame_add(struct hp_blame *blame, const struct hp_row *rows)
{
	for (size_t i = 0; i < blame->count; i++) {
		struct hp_row *into = &blame->rows[i];

		for (size_t j = 0; j < blame->count; j++) {
			into->by_ns[j] += rows[i].by_ns[j];
			into->preempted_by[j] += rows[i].preempted_by[j];
			into->stolen_ns[j] += rows[i].stolen_ns[j];
		}
		for (size_t j = 0; j < HP_LATENCY_BUCKETS; j++)
			into->latency[j] += rows[i].latency[j];
		into->contended += rows[i].contended;
	}
}

void hp_blame_subtract(struct hp_blame *later, const struct hp_blame *earlier)
{
	for (size_t i = 0; i < later->count; i++) {
		struct hp_row *from = &later->rows[i];
		const struct hp_row *what = &earlier->rows[i];

		for (size_t j = 0; j < later->count; j++) {
			from->by_ns[j] -= what->by_ns[j];
			from->preempted_by[j] -= what->preempted_by[j];
			from->stolen_ns[j] -= what->stolen_ns[j];
		}
		for (size_t j = 0; j < HP_LATENCY_BUCKETS; j++)
			from->latency[j] -= what->latency[j];
		from->contended -= what->contended;
	}
	for (size_t i = 0; i < HP_LOST_REASONS; i++)
		later->lost[i] -= earlier->lost[i];
	later->skipped -= earlier->skipped;
	later->time_ns -= earlier->time_ns;
}

void hp_blame_accumulate(struct hp_blame *into, const struct hp_blame *what)
{
	hp_blame_add(into, what->rows);
	for (size_t i = 0; i < HP_LOST_REASONS; i++)
		into->lost[i] += what->lost[i];
	into->skipped += what->skipped;
	into->time_ns += what->time_ns;
}

static uint64_t sum_of(const __u64 *values, size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += values[i];
	return sum;
}

/* Of a victim's values by aggressor, those of the foreign ones. */
static uint64_t foreign_of(const struct hp_blame *blame, size_t victim, const __u64 *values)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < blame->count; i++)
		sum += hp_blame_is_foreign(victim, i) ? values[i] : 0;
	return sum;
}

uint64_t hp_blame_wait_ns(const struct hp_blame *blame, size_t victim)
{
	return sum_of(blame->rows[victim].by_ns, blame->count);
}

bool hp_blame_is_foreign(size_t victim, size_t aggressor)
{
	return aggressor != HP_ROW_IDLE && aggressor != HP_ROW_UNKNOWN && aggressor != victim;
}

uint64_t hp_blame_foreign_ns(const struct hp_blame *blame, size_t victim)
{
	return foreign_of(blame, victim, blame->rows[victim].by_ns);
}

uint64_t hp_blame_stolen_ns(const struct hp_blame *blame, size_t victim)
{
	return foreign_of(blame, victim, blame->rows[victim].stolen_ns);
}

uint64_t hp_blame_preemptions(const struct hp_blame *blame, size_t victim)
{
	return sum_of(blame->rows[victim].preempted_by, blame->count);
}

uint64_t hp_blame_foreign_preemptions(const struct hp_blame *blame, size_t victim)
{
	return foreign_of(blame, victim, blame->rows[victim].preempted_by);
}

uint64_t hp_blame_waits(const struct hp_blame *blame, size_t victim)
{
	return sum_of(blame->rows[victim].latency, HP_LATENCY_BUCKETS);
}

double hp_blame_contention_rate(const struct hp_blame *blame, size_t victim)
{
	double rate;

	if (victim == HP_ROW_KERNEL || !blame->time_ns)
		return victim == HP_ROW_KERNEL ? -1 : 0;
	rate = (double)blame->rows[victim].contended * (double)HP_WINDOW_NS / (double)blame->time_ns;
	return rate < 1 ? rate : 1;
}

uint64_t hp_latency_percentile_ns(const uint64_t latency[HP_LATENCY_BUCKETS], unsigned int permille)
{
	uint64_t count = 0, before = 0, low;
	double rank;

	for (size_t i = 0; i < HP_LATENCY_BUCKETS; i++)
		count += latency[i];
	rank = (double)count * permille / 1000.0;
	for (size_t i = 0; i < HP_LATENCY_BUCKETS; i++) {
		if (latency[i] && (double)(before + latency[i]) >= rank) {
			low = i ? 1ull << (i - 1) : 0;
			return low + (uint64_t)((double)low * (rank - (double)before) / (double)latency[i]);
		}
		before += latency[i];
	}
	return 0;
}

uint64_t hp_blame_percentile_ns(const struct hp_blame *blame, size_t victim, unsigned int permille)
{
	uint64_t latency[HP_LATENCY_BUCKETS];

	for (size_t i = 0; i < HP_LATENCY_BUCKETS; i++)
		latency[i] = blame->rows[victim].latency[i];
	return hp_latency_percentile_ns(latency, permille);
}

uint64_t hp_blame_lost(const struct hp_blame *blame)
{
	uint64_t sum = blame->skipped;

	for (size_t i = 0; i < HP_LOST_REASONS; i++)
		sum += blame->lost[i];
	return sum;
}
