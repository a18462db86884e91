// SPDX-License-Identifier: GPL-2.0
/* write_contention.c: what was counted about waits, family by family. */
#include "metrics/text.h"

/* Up to so many rows every cell of a matrix is told; above only those that are not zero. */
enum { ROWS_WHOLE = 16 };

const char *const hp_metrics_row_words[HP_ROW_DOMAIN] = {
	[HP_ROW_IDLE] = "idle", [HP_ROW_UNKNOWN] = "unknown", [HP_ROW_BASE] = "base", [HP_ROW_KERNEL] = "kernel",
	[HP_ROW_IRQ] = "irq", [HP_ROW_SOFTIRQ] = "softirq",
};

/* Those who run tasks can be victims. */
static bool is_victim(size_t row)
{
	return row == HP_ROW_BASE || row == HP_ROW_KERNEL || row >= HP_ROW_DOMAIN;
}

static bool is_told(const struct hp_blame *blame, size_t victim, size_t aggressor, uint64_t value)
{
	return hp_blame_is_foreign(victim, aggressor) && (value || blame->count <= ROWS_WHOLE);
}

/* The matrix of a kind of waits that is at work, NULL when it is not. */
static const struct hp_wait_matrix *matrix_of(const struct hp_metrics_contention *contention, int kind)
{
	const struct hp_wait_matrix *matrix = contention->waits ? &contention->waits[kind] : NULL;

	return matrix && matrix->count == contention->blame->count ? matrix : NULL;
}

static void put_waits_blame(struct hp_metrics_text *text, const struct hp_metrics_contention *contention)
{
	for (int kind = 0; kind < HP_WAIT_KINDS; kind++) {
		const struct hp_wait_matrix *matrix = matrix_of(contention, kind);
		const char *labels[] = { hp_wait_resource((enum hp_wait_kind)kind), NULL, NULL };

		for (size_t v = 0; matrix && v < matrix->count; v++)
			for (size_t a = 0; is_victim(v) && a < matrix->count; a++) {
				labels[1] = contention->rows[v];
				labels[2] = contention->rows[a];
				if (is_told(contention->blame, v, a, matrix->by_ns[v * matrix->count + a]))
					metrics_ns(text, HP_METRIC_BLAME, labels, matrix->by_ns[v * matrix->count + a]);
			}
	}
}

static void put_waits_total(struct hp_metrics_text *text, const struct hp_metrics_contention *contention)
{
	for (int kind = 0; kind < HP_WAIT_KINDS; kind++) {
		const struct hp_wait_matrix *matrix = matrix_of(contention, kind);
		const char *labels[] = { hp_wait_resource((enum hp_wait_kind)kind), NULL };

		for (size_t v = 0; matrix && v < matrix->count; v++) {
			labels[1] = contention->rows[v];
			if (is_victim(v))
				metrics_ns(text, HP_METRIC_WAIT, labels, hp_wait_total_ns(matrix, v));
		}
	}
}

static void put_contended(struct hp_metrics_text *text, const struct hp_metrics_contention *contention)
{
	metrics_begin(text, HP_METRIC_CONTENDED);
	for (size_t v = HP_ROW_DOMAIN; v < contention->blame->count; v++)
		metrics_ns(text, HP_METRIC_CONTENDED, &contention->rows[v], contention->blame->rows[v].contended * HP_WINDOW_NS);
}

static void put_harm(struct hp_metrics_text *text, const struct hp_metrics_contention *contention)
{
	metrics_begin(text, HP_METRIC_HARM);
	for (int kind = 0; kind < HP_WAIT_KINDS; kind++) {
		const struct hp_wait_matrix *matrix = matrix_of(contention, kind);
		const char *labels[] = { hp_wait_resource((enum hp_wait_kind)kind), hp_wait_events((enum hp_wait_kind)kind), NULL, NULL };

		for (size_t v = 0; matrix && labels[1] && v < matrix->count; v++)
			for (size_t a = 0; is_victim(v) && a < matrix->count; a++) {
				labels[2] = contention->rows[v];
				labels[3] = contention->rows[a];
				if (is_told(contention->blame, v, a, matrix->events[v * matrix->count + a]))
					metrics_number(text, HP_METRIC_HARM, labels, matrix->events[v * matrix->count + a]);
			}
	}
}

static void put_blame(struct hp_metrics_text *text, const struct hp_metrics_contention *contention)
{
	const struct hp_blame *blame = contention->blame;

	metrics_begin(text, HP_METRIC_BLAME);
	for (size_t v = 0; v < blame->count; v++)
		for (size_t a = 0; is_victim(v) && a < blame->count; a++) {
			const char *labels[] = { "cpu", contention->rows[v], contention->rows[a] };

			if (is_told(blame, v, a, blame->rows[v].by_ns[a]))
				metrics_ns(text, HP_METRIC_BLAME, labels, blame->rows[v].by_ns[a]);
			labels[0] = "interrupts";
			/* Base, kernel and domains take time only by being given the processor; domains also by their devices. */
			if (a > HP_ROW_KERNEL && is_told(blame, v, a, blame->rows[v].stolen_ns[a]))
				metrics_ns(text, HP_METRIC_BLAME, labels, blame->rows[v].stolen_ns[a]);
		}
	put_waits_blame(text, contention);
	metrics_begin(text, HP_METRIC_WAIT);
	for (size_t v = 0; v < blame->count; v++)
		if (is_victim(v))
			metrics_ns(text, HP_METRIC_WAIT, (const char *[]){ "cpu", contention->rows[v] }, hp_blame_wait_ns(blame, v));
	put_waits_total(text, contention);
	metrics_begin(text, HP_METRIC_PREEMPTIONS);
	for (size_t v = 0; v < blame->count; v++)
		for (size_t a = 0; is_victim(v) && a < blame->count; a++)
			if (is_victim(a) && is_told(blame, v, a, blame->rows[v].preempted_by[a]))
				metrics_number(text, HP_METRIC_PREEMPTIONS, (const char *[]){ contention->rows[v], contention->rows[a] },
					       blame->rows[v].preempted_by[a]);
}

/* From about a microsecond to 8.6 seconds, in powers of two, as they are counted: bucket i ends at 2^i ns. */
enum { LATENCY_FIRST = 10, LATENCY_LAST = 33, LATENCY_BOUNDS = LATENCY_LAST - LATENCY_FIRST + 1 };

static void put_histogram(struct hp_metrics_text *text, enum hp_metric_id id, const char *const *labels,
			  const __u64 *latency, uint64_t sum_ns)
{
	uint64_t bounds_ns[LATENCY_BOUNDS], buckets[LATENCY_BOUNDS + 1] = { 0 };

	for (size_t i = 0; i < LATENCY_BOUNDS; i++)
		bounds_ns[i] = 1ull << (LATENCY_FIRST + i);
	for (size_t i = 0; i < HP_LATENCY_BUCKETS; i++) {
		size_t into = i <= LATENCY_FIRST ? 0 : i - LATENCY_FIRST;

		buckets[into < LATENCY_BOUNDS ? into : LATENCY_BOUNDS] += latency[i];
	}
	metrics_histogram(text, id, labels, bounds_ns, buckets, LATENCY_BOUNDS, sum_ns);
}

/* Of the other waits only the phases that ever came. */
static void put_wait_latency(struct hp_metrics_text *text, const struct hp_metrics_contention *contention)
{
	metrics_begin(text, HP_METRIC_WAIT_LATENCY);
	for (int kind = 0; kind < HP_WAIT_KINDS; kind++) {
		const struct hp_wait_matrix *matrix = matrix_of(contention, kind);

		for (size_t v = HP_ROW_DOMAIN; matrix && v < matrix->count; v++)
			for (unsigned int phase = 0; hp_wait_phase((enum hp_wait_kind)kind, phase); phase++) {
				const char *labels[] = { hp_wait_resource((enum hp_wait_kind)kind),
							 hp_wait_phase((enum hp_wait_kind)kind, phase), contention->rows[v] };
				__u64 latency[HP_LATENCY_BUCKETS];

				for (size_t i = 0; i < HP_LATENCY_BUCKETS; i++)
					latency[i] = matrix->latency[v][phase][i];
				if (hp_wait_phase_count(matrix, v, phase))
					put_histogram(text, HP_METRIC_WAIT_LATENCY, labels, latency, matrix->phase_ns[v][phase]);
			}
	}
}

static void put_latency(struct hp_metrics_text *text, const struct hp_metrics_contention *contention)
{
	const struct hp_blame *blame = contention->blame;

	metrics_begin(text, HP_METRIC_LATENCY);
	for (size_t v = HP_ROW_BASE; v < blame->count; v++)
		if (is_victim(v))
			put_histogram(text, HP_METRIC_LATENCY, &contention->rows[v], blame->rows[v].latency,
				      hp_blame_wait_ns(blame, v));
	put_wait_latency(text, contention);
}

static void put_lost_waits(struct hp_metrics_text *text, const struct hp_metrics_contention *contention)
{
	for (int kind = 0; kind < HP_WAIT_KINDS; kind++) {
		const struct hp_wait_matrix *matrix = matrix_of(contention, kind);
		const char *labels[] = { hp_wait_resource((enum hp_wait_kind)kind), "skipped" };

		if (!matrix)
			continue;
		metrics_number(text, HP_METRIC_LOST, labels, matrix->skipped);
		for (size_t i = 0; i < HP_WAIT_LOST_REASONS; i++) {
			labels[1] = hp_wait_lost_words[i];
			metrics_number(text, HP_METRIC_LOST, labels, matrix->lost[i]);
		}
	}
}

static void put_lost(struct hp_metrics_text *text, const struct hp_metrics_contention *contention)
{
	static const char *const cpu = "cpu", *const waits = "waits";

	metrics_begin(text, HP_METRIC_LOST);
	for (size_t i = 0; i < HP_LOST_REASONS; i++)
		metrics_number(text, HP_METRIC_LOST, (const char *[]){ cpu, hp_lost_words[i] }, contention->blame->lost[i]);
	metrics_number(text, HP_METRIC_LOST, (const char *[]){ cpu, "skipped" }, contention->blame->skipped);
	put_lost_waits(text, contention);
	metrics_begin(text, HP_METRIC_BPF_MEMORY);
	metrics_number(text, HP_METRIC_BPF_MEMORY, &cpu, contention->memory_bytes);
	if (contention->waits)
		metrics_number(text, HP_METRIC_BPF_MEMORY, &waits, contention->waits_memory_bytes);
}

/* Which of the other waits are counted, and why not. */
static void put_resources(struct hp_metrics_text *text, const struct hp_metrics_contention *contention)
{
	const char *labels[2] = { "cpu", NULL };

	metrics_begin(text, HP_METRIC_RESOURCE);
	metrics_number(text, HP_METRIC_RESOURCE, labels, 1);
	for (int kind = 0; contention->waits && kind < HP_WAIT_KINDS; kind++) {
		labels[0] = hp_wait_resource((enum hp_wait_kind)kind);
		metrics_number(text, HP_METRIC_RESOURCE, labels, matrix_of(contention, kind) != NULL);
	}
	metrics_begin(text, HP_METRIC_LACK);
	for (int kind = 0; contention->missing && kind < HP_WAIT_KINDS; kind++) {
		labels[0] = hp_wait_resource((enum hp_wait_kind)kind);
		labels[1] = contention->missing[kind];
		if (labels[1])
			metrics_number(text, HP_METRIC_LACK, labels, 1);
	}
}

void metrics_contention(struct hp_metrics_text *text, const struct hp_metrics_contention *contention)
{
	metrics_begin(text, HP_METRIC_CONTENTION);
	metrics_number(text, HP_METRIC_CONTENTION, NULL, contention != NULL);
	if (!contention)
		return;
	put_resources(text, contention);
	metrics_begin(text, HP_METRIC_HOOK);
	for (size_t i = 0; contention->hooks[i]; i++)
		metrics_number(text, HP_METRIC_HOOK, &contention->hooks[i], contention->is_hooked[i]);
	put_blame(text, contention);
	put_contended(text, contention);
	put_harm(text, contention);
	put_latency(text, contention);
	put_lost(text, contention);
}
