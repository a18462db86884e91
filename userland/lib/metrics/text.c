// SPDX-License-Identifier: GPL-2.0
/* text.c: writes families and series in Prometheus' text format 0.0.4 and in OpenMetrics 1.0. */
#include "metrics/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_text.h"

enum { GROW_BYTES = 16384 };

void hp_metrics_text_clear(struct hp_metrics_text *text)
{
	free(text->data);
	*text = (struct hp_metrics_text){ .is_open = text->is_open };
}

static void put_bytes(struct hp_metrics_text *text, const char *bytes, size_t length)
{
	if (text->is_short)
		return;
	if (text->length + length > text->capacity) {
		size_t capacity = (text->length + length) * 3 / 2 + GROW_BYTES;
		char *data = realloc(text->data, capacity);

		if (!data) {
			text->is_short = true;
			return;
		}
		text->data = data;
		text->capacity = capacity;
	}
	memcpy(text->data + text->length, bytes, length);
	text->length += length;
}

static void put(struct hp_metrics_text *text, const char *string)
{
	put_bytes(text, string, strlen(string));
}

/* Label values: \ " and line ends are escaped in both formats; what is not text (a comm) does not get here. */
static void put_escaped(struct hp_metrics_text *text, const char *value)
{
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			put_bytes(text, "\\", 1);
		if (*value == '\n')
			put(text, "\\n");
		else
			put_bytes(text, value, 1);
	}
}

/* OpenMetrics names a family without the suffix that its series have. */
static size_t family_length(const struct hp_metrics_text *text, const struct hp_metric *metric)
{
	static const char *const suffixes[] = { [HP_GAUGE] = NULL, [HP_COUNTER] = "_total", [HP_HISTOGRAM] = NULL, [HP_INFO] = "_info" };
	const char *suffix = suffixes[metric->type];
	size_t length = strlen(metric->name);

	return text->is_open && suffix && hp_text_ends_with(metric->name, suffix) ? length - strlen(suffix) : length;
}

static void put_comment(struct hp_metrics_text *text, const char *keyword, const struct hp_metric *metric, const char *rest)
{
	put(text, keyword);
	put_bytes(text, metric->name, family_length(text, metric));
	put(text, " ");
	put(text, rest);
	put(text, "\n");
}

void metrics_begin(struct hp_metrics_text *text, enum hp_metric_id id)
{
	const struct hp_metric *metric = &hp_metrics_table[id];
	/* The older format has no infos. */
	const char *type = metric->type == HP_INFO && !text->is_open ? "gauge" : hp_metric_type_words[metric->type];

	put_comment(text, "# HELP ", metric, metric->help);
	put_comment(text, "# TYPE ", metric, type);
	if (text->is_open && *metric->unit)
		put_comment(text, "# UNIT ", metric, metric->unit);
}

/* Name, suffix and labels of a series; `le` NULL for none. */
static void put_series(struct hp_metrics_text *text, enum hp_metric_id id, const char *suffix, const char *const *labels,
		       const char *le)
{
	const struct hp_metric *metric = &hp_metrics_table[id];
	const char *before = "{";

	put(text, metric->name);
	put(text, suffix);
	for (size_t i = 0; i < HP_METRIC_LABELS_MAX && metric->labels[i]; i++) {
		put(text, before);
		put(text, metric->labels[i]);
		put(text, "=\"");
		put_escaped(text, labels[i]);
		put(text, "\"");
		before = ",";
	}
	if (le) {
		put(text, before);
		put(text, "le=\"");
		put(text, le);
		put(text, "\"");
		before = ",";
	}
	put(text, *before == ',' ? "} " : " ");
}

static void put_number(struct hp_metrics_text *text, uint64_t value)
{
	char digits[32];

	put_bytes(text, digits, (size_t)snprintf(digits, sizeof(digits), "%" PRIu64 "\n", value));
}

static void put_ns(struct hp_metrics_text *text, uint64_t ns)
{
	char digits[40];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64 ".%09" PRIu64, ns / 1000000000, ns % 1000000000);

	while (digits[length - 1] == '0' && digits[length - 2] != '.')
		length--;
	digits[length++] = '\n';
	put_bytes(text, digits, (size_t)length);
}

void metrics_number(struct hp_metrics_text *text, enum hp_metric_id id, const char *const *labels, uint64_t value)
{
	put_series(text, id, "", labels, NULL);
	put_number(text, value);
}

void metrics_ns(struct hp_metrics_text *text, enum hp_metric_id id, const char *const *labels, uint64_t ns)
{
	put_series(text, id, "", labels, NULL);
	put_ns(text, ns);
}

void metrics_real(struct hp_metrics_text *text, enum hp_metric_id id, const char *const *labels, double value)
{
	char digits[40];

	put_series(text, id, "", labels, NULL);
	if (isinf(value))
		put(text, value > 0 ? "+Inf\n" : "-Inf\n");
	else
		put_bytes(text, digits, (size_t)snprintf(digits, sizeof(digits), "%.15g\n", value));
}

void metrics_histogram(struct hp_metrics_text *text, enum hp_metric_id id, const char *const *labels,
		       const uint64_t *bounds_ns, const uint64_t *buckets, size_t bounds_count, uint64_t sum_ns)
{
	uint64_t count = 0;
	char le[40];

	for (size_t i = 0; i < bounds_count; i++) {
		count += buckets[i];
		snprintf(le, sizeof(le), "%.12g", (double)bounds_ns[i] / 1e9);
		put_series(text, id, "_bucket", labels, le);
		put_number(text, count);
	}
	count += buckets[bounds_count];
	put_series(text, id, "_bucket", labels, "+Inf");
	put_number(text, count);
	put_series(text, id, "_sum", labels, NULL);
	put_ns(text, sum_ns);
	put_series(text, id, "_count", labels, NULL);
	put_number(text, count);
}

void metrics_end(struct hp_metrics_text *text)
{
	if (text->is_open)
		put(text, "# EOF\n");
}
