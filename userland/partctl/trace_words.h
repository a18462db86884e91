/* SPDX-License-Identifier: GPL-2.0 */
/* trace_words.h: which waits partctl trace is asked to tell of. */
#ifndef TRACE_WORDS_H
#define TRACE_WORDS_H

#include "bpf/hp_outlier.h"
#include "partctl.h"

/* Starts zeroed. */
struct trace_wish {
	bool is_wanted[HP_OUTLIER_RESOURCES];	/* none: the processor */
	uint64_t above_ns;			/* 0 = not said */
	uint64_t above_of_ns[HP_OUTLIER_RESOURCES];	/* for this resource, 0 = not said */
};

/* Both for a table of options; into is a struct trace_wish. "cpu,lock"; "10ms" or "lock=500us". */
int trace_parse_resource(const char *value, void *into, struct hp_err *err);
int trace_parse_above(const char *value, void *into, struct hp_err *err);
/* The bound of each resource, 0 of those that are not wanted. Bad usage when one was said for a resource that is not. */
int trace_choose(const struct trace_wish *wish, uint64_t above_ns[HP_OUTLIER_RESOURCES], struct hp_err *err);

#endif
