/* SPDX-License-Identifier: GPL-2.0 */
/* top_model.h: what partctl top shows, as values: no terminal, no kernel. */
#ifndef TOP_MODEL_H
#define TOP_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include "bpf/hp_waits.h"
#include "usage/hp_usage.h"

enum { TOP_MATRICES_MAX = 2 + HP_WAIT_KINDS, TOP_NOTES_MAX = 4 + HP_WAIT_KINDS };

/* How long tasks waited for a processor, in the time that the model covers. */
struct top_waits {
	bool is_known;
	uint64_t wait_ns, foreign_ns, stolen_ns, waits, p50_ns, p99_ns;
	uint64_t latency[HP_LATENCY_BUCKETS];	/* as in struct hp_row */
};

/* A line of the table: the domains (or cgroups) first, then base, then the machine. */
struct top_row {
	char *name;		/* owned, as is the cgroup */
	char *cgroup;		/* NULL of base and machine */
	struct hp_usage usage;
	struct hp_usage_rate rate;	/* NAN while there was only one look */
	struct top_waits waits;
	double wait_p99_ns;	/* NAN when waits are not counted, or there was only one look */
	double for_others_ns;	/* waited because of others, by the second */
};

/* A square of names_count: by_ns[victim * names_count + aggressor], both enum hp_row_index. */
struct top_matrix {
	const char *resource;	/* static: "cpu", "interrupts", "block" */
	bool is_of_time;	/* shares are of the time, not of what the victim waited */
	uint64_t *by_ns;	/* owned */
};

struct top_event {
	char *time, *type, *domain, *text;	/* owned; UTC as in the log; domain "-" = of none */
	bool is_bad;
};

/* Starts zeroed. */
struct top_model {
	double seconds;		/* that the rates and waits cover; 0 = there was only one look */
	char *policy;		/* the file that is in force; NULL = none, or cgroups were named */
	struct top_row *rows;
	size_t rows_count;	/* at least two */
	char **names;		/* of the matrices' rows; names_count 0 when waits are not counted */
	size_t names_count;
	struct top_matrix matrices[TOP_MATRICES_MAX];
	size_t matrices_count;
	struct top_event *events;	/* the last ones, oldest first */
	size_t events_count;
	char *notes[TOP_NOTES_MAX];	/* what is not shown, and why */
	size_t notes_count;
	uint64_t lost;		/* events of the kernel that were not counted */
};

void top_model_clear(struct top_model *model);
#define top_automodel __attribute__((cleanup(top_model_clear))) struct top_model

/* Names the rows: domains (cgroups beside them, as many), base, machine; -ENOMEM. */
int top_model_name(struct top_model *model, char *const *names, char *const *cgroups, size_t count);
/* Fills usage and rates of all rows; rates NULL = not known yet. */
void top_model_use(struct top_model *model, const struct hp_usage_sample *sample, const struct hp_usage_rates *rates);
/* The waits for processors between two looks, and the first two matrices of them; after top_model_use(); -ENOMEM. */
int top_model_blame(struct top_model *model, const struct hp_blame *blame);
/* One more matrix; -ENOMEM. Nothing when it is empty. */
int top_model_wait(struct top_model *model, const char *resource, const struct hp_wait_matrix *matrix);
/* Says what is not shown; a text that is there already or has no room left is dropped. */
__attribute__((format(printf, 2, 3)))
void top_model_note(struct top_model *model, const char *fmt, ...);

/* How many rows are domains or cgroups. */
size_t top_model_domains(const struct top_model *model);
/* The matrices' i-th victim: domains, base, kernel; SIZE_MAX past the last. */
size_t top_model_victim(const struct top_model *model, size_t i);
/* The i-th aggressor: the victims, then irq, softirq, (unknown), (idle); SIZE_MAX past the last. */
size_t top_model_aggressor(const struct top_model *model, size_t i);
/* All that the victim waited. */
uint64_t top_matrix_total_ns(const struct top_model *model, const struct top_matrix *matrix, size_t victim);
/* Of a cell, from 0 to 1 (interrupts of many processors: more). */
double top_matrix_share(const struct top_model *model, const struct top_matrix *matrix, size_t victim, size_t aggressor);

#endif
