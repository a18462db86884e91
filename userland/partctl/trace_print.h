/* SPDX-License-Identifier: GPL-2.0 */
/* trace_print.h: how partctl shows one long wait. */
#ifndef TRACE_PRINT_H
#define TRACE_PRINT_H

#include "bpf/hp_ksyms.h"
#include "bpf/hp_outlier.h"
#include "contention_subject.h"

struct trace_printer {
	const struct run *run;
	const struct contention_subject *subject;
	struct hp_ksyms *ksyms;	/* NULL = functions are not named */
	bool wants_stacks;
	uint64_t counts[HP_OUTLIER_RESOURCES];	/* printed so far */
};

/* The members of struct hp_outlier_reader, with a struct trace_printer; true when the output is broken. */
bool trace_print(void *arg, const struct hp_outlier *outlier);
bool trace_print_wait(void *arg, enum hp_wait_kind kind, const struct hp_outlier_wait *wait);
/* What cannot be watched, before anything else is said. */
void trace_print_missing(const struct trace_printer *printer, const struct hp_outliers *outliers);
/* How many there were and how many were lost. */
int trace_print_summary(const struct trace_printer *printer, const struct hp_outliers *outliers, struct hp_err *err);

/* ---- what both kinds of lines are made of ---- */

/*
 * A process chooses its own name, and a person that of a port: no byte of it
 * may reach the terminal as a command, or spoil the JSON. The name ends at a 0
 * or after `size` bytes; text, which is returned, has one more.
 */
const char *trace_clean_name(char *text, const char *name, size_t size);
/* When the wait ended, in UTC with microseconds. */
const char *trace_format_clock(char text[40], uint64_t monotonic_ns);
/* "name[123] of alpha", "alpha" when the kernel does not tell the task, "(idle)". */
void trace_print_task(const struct trace_printer *printer, const struct hp_outlier_task *task);
/* The tasks that are to blame with their times, and after them what is not known; nothing but a separator stands before. */
const char *trace_print_blamed(const struct trace_printer *printer, uint32_t victim, const struct hp_outlier_task *blamed,
			       size_t count);
void trace_print_rest(const char *what, uint64_t time_ns, const char **separator);
/* The frames, one a line. */
void trace_print_stack(const struct trace_printer *printer, const __u64 stack[HP_OUTLIER_FRAMES]);
/* Objects; what the kernel does not tell is null. */
struct json_object *trace_task_json(const struct trace_printer *printer, const struct hp_outlier_task *task);
struct json_object *trace_stack_json(const struct trace_printer *printer, const __u64 stack[HP_OUTLIER_FRAMES]);
struct json_object *trace_blamed_json(const struct trace_printer *printer, uint32_t victim, const struct hp_outlier_task *blamed,
				      size_t count);
/* One line; puts the object. */
void trace_print_object(const struct run *run, struct json_object *object);

#endif
