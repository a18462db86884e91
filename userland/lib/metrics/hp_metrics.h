/* SPDX-License-Identifier: GPL-2.0 */
/* hp_metrics.h: every metric that partd tells, as one table, and one look at the values as a text for Prometheus. */
#ifndef HP_METRICS_H
#define HP_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "bpf/hp_blame.h"
#include "bpf/hp_waits.h"
#include "metrics/hp_counts.h"
#include "reclaim/hp_tuner_numbers.h"
#include "usage/hp_usage.h"

enum hp_metric_type { HP_GAUGE, HP_COUNTER, HP_HISTOGRAM, HP_INFO };

#define HP_METRIC_LABELS_MAX 4

/* A family: all series of one name. The text and hostpart-metrics(7) say what is here. */
struct hp_metric {
	const char *name;	/* counters end in _total, infos in _info */
	enum hp_metric_type type;
	const char *unit;	/* "seconds", "bytes", or "" for a plain number */
	const char *labels[HP_METRIC_LABELS_MAX];	/* names; NULL after the last one; "le" of histograms is not named */
	const char *help;	/* one sentence */
};

enum hp_metric_id {
	HP_METRIC_BUILD,
	HP_METRIC_AGENT_CPU, HP_METRIC_AGENT_RESIDENT, HP_METRIC_AGENT_START, HP_METRIC_COLLECT,
	HP_METRIC_MODULE_PRESENT, HP_METRIC_MODULE_GENERATION, HP_METRIC_MODULE_SEALED, HP_METRIC_MODULE_UNSENT,
	HP_METRIC_APPLIED, HP_METRIC_APPLIED_AT, HP_METRIC_CONFIRM, HP_METRIC_CONFIRM_LEFT,
	HP_METRIC_SETTINGS, HP_METRIC_GAPS, HP_METRIC_UNMENDED, HP_METRIC_LAST_CHECK,
	HP_METRIC_DRIFT, HP_METRIC_EVENTS,
	HP_METRIC_DOMAIN_CPUS, HP_METRIC_DOMAIN_CPU, HP_METRIC_DOMAIN_TASKS,
	HP_METRIC_DOMAIN_MEMORY, HP_METRIC_DOMAIN_MEMORY_MIN, HP_METRIC_DOMAIN_MEMORY_MAX, HP_METRIC_DOMAIN_PRESSURE,
	HP_METRIC_DOMAIN_READ, HP_METRIC_DOMAIN_WRITTEN, HP_METRIC_DOMAIN_RECEIVED, HP_METRIC_DOMAIN_SENT,
	HP_METRIC_FOREIGN_FRAMES,
	HP_METRIC_RECLAIM_MODE, HP_METRIC_RECLAIM_SOURCE, HP_METRIC_RECLAIM_FREED, HP_METRIC_RECLAIM_WOULD,
	HP_METRIC_RECLAIM_LEAVING, HP_METRIC_RECLAIM_COLD, HP_METRIC_RECLAIM_RETURNED, HP_METRIC_RECLAIM_REFAULTED,
	HP_METRIC_RECLAIM_FAULTS, HP_METRIC_RECLAIM_PRESSURE, HP_METRIC_RECLAIM_TARGET, HP_METRIC_RECLAIM_STOPS,
	HP_METRIC_RECLAIM_DISTANCE, HP_METRIC_RECLAIM_WORKING_SET, HP_METRIC_RECLAIM_CPU, HP_METRIC_RECLAIM_COST,
	HP_METRIC_RECLAIM_BUDGET, HP_METRIC_RECLAIM_WINDOW, HP_METRIC_RECLAIM_WINDOWS, HP_METRIC_RECLAIM_REGIONS,
	HP_METRIC_RECLAIM_PROCESSES,
	HP_METRIC_CONTENTION, HP_METRIC_RESOURCE, HP_METRIC_LACK, HP_METRIC_HOOK,
	HP_METRIC_BLAME, HP_METRIC_WAIT, HP_METRIC_LATENCY, HP_METRIC_PREEMPTIONS,
	HP_METRIC_CONTENDED, HP_METRIC_HARM, HP_METRIC_WAIT_LATENCY,
	HP_METRIC_LOST, HP_METRIC_BPF_MEMORY,
	HP_METRICS
};

extern const struct hp_metric hp_metrics_table[HP_METRICS];
extern const char *const hp_metric_type_words[];	/* "gauge", "counter", "histogram", "info" */

/* What the contention programs count; the names of its rows are in order, as many as blame.count. */
struct hp_metrics_contention {
	const struct hp_blame *blame;
	const char *const *rows;
	const char *const *hooks;	/* names of the hooks, NULL-terminated */
	const bool *is_hooked;		/* for each of them */
	uint64_t memory_bytes;		/* of their maps, in the kernel */
	const struct hp_wait_matrix *waits;	/* HP_WAIT_KINDS of them, of the same rows or empty; NULL = none */
	uint64_t waits_memory_bytes;
	const char *const *missing;	/* with waits: why a kind, or a part of it, is not counted; NULL = all of it is */
};

/* What the reclaim tuner of a domain knows and did. */
struct hp_metrics_reclaim {
	const char *domain;
	struct hp_tuner_numbers numbers;
};

/* What a domain tried to send through a port as somebody else. */
struct hp_metrics_port {
	const char *domain, *port;
	uint64_t mac, vlan, address;	/* frames dropped, by what was foreign */
};

/* One look at everything; all borrowed. */
struct hp_metrics {
	const char *version;
	uint64_t agent_cpu_ns, agent_resident_bytes, collect_ns;
	double agent_start_s;		/* seconds since 1970, as all times here that are points in time */
	bool has_module, is_sealed;
	uint64_t module_generation, module_unsent;
	bool is_applied, is_confirm_pending;
	double applied_at_s, confirm_left_s, last_check_s;	/* last_check_s 0 = none yet */
	uint64_t settings, gaps, unmended;
	const struct hp_counts *drift, *events;
	const char *const *domains;	/* names */
	const struct hp_usage *usage;	/* of each domain */
	size_t domains_count;
	const struct hp_metrics_port *ports;	/* that are checked */
	size_t ports_count;
	const struct hp_metrics_reclaim *reclaim;	/* of each tuner */
	size_t reclaim_count;
	const struct hp_metrics_contention *contention;	/* NULL = nothing is counted */
};

/* A text that grows; starts zeroed. */
struct hp_metrics_text {
	char *data;
	size_t length, capacity;
	bool is_open;		/* OpenMetrics 1.0 instead of Prometheus' text format 0.0.4 */
	bool is_short;		/* memory ran out: not to be used */
};
void hp_metrics_text_clear(struct hp_metrics_text *text);

/* All of it; -ENOMEM. What is unknown (HP_USAGE_UNKNOWN) is left out, never told as 0. */
int hp_metrics_write(struct hp_metrics_text *text, const struct hp_metrics *metrics);

/* Names for the fixed rows of a blame matrix, enum hp_row_index below HP_ROW_DOMAIN. */
extern const char *const hp_metrics_row_words[HP_ROW_DOMAIN];

#endif
