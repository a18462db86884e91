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
	struct hp_ksyms *ksyms;	/* NULL = no stacks */
	uint64_t count;		/* printed so far */
};

/* As `tell` of hp_outliers_read(), with a struct trace_printer; true when the output is broken. */
bool trace_print(void *arg, const struct hp_outlier *outlier);
/* How many there were and how many were lost. */
int trace_print_summary(const struct trace_printer *printer, const struct hp_outliers *outliers, struct hp_err *err);

#endif
