/* SPDX-License-Identifier: GPL-2.0 */
/* text.h: writes families and series in the formats that Prometheus reads (private to metrics). */
#ifndef METRICS_TEXT_H
#define METRICS_TEXT_H

#include "metrics/hp_metrics.h"

/* What a family begins with: HELP, TYPE and, in OpenMetrics, UNIT. */
void metrics_begin(struct hp_metrics_text *text, enum hp_metric_id id);
/* One series: the values of the family's labels, in its order. */
void metrics_number(struct hp_metrics_text *text, enum hp_metric_id id, const char *const *labels, uint64_t value);
/* Exact: what is an integer of nanoseconds or microseconds stays so. */
void metrics_ns(struct hp_metrics_text *text, enum hp_metric_id id, const char *const *labels, uint64_t ns);
void metrics_real(struct hp_metrics_text *text, enum hp_metric_id id, const char *const *labels, double value);
/* buckets[i]: how many had less than bounds_ns[i] and not less than the one before; the last, one more, had more than all. */
void metrics_histogram(struct hp_metrics_text *text, enum hp_metric_id id, const char *const *labels,
		       const uint64_t *bounds_ns, const uint64_t *buckets, size_t bounds_count, uint64_t sum_ns);
/* write_reclaim.c: what the reclaim tuners know and did. */
void metrics_reclaim(struct hp_metrics_text *text, const struct hp_metrics_reclaim *reclaim, size_t count);
/* write_contention.c: all that is told about waits; NULL = that nothing is counted. */
void metrics_contention(struct hp_metrics_text *text, const struct hp_metrics_contention *contention);
void metrics_end(struct hp_metrics_text *text);

#endif
