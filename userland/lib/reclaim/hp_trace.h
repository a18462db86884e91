/* SPDX-License-Identifier: GPL-2.0 */
/* hp_trace.h: a reference string: which page was used, in order. */
#ifndef HP_TRACE_H
#define HP_TRACE_H

#include <stddef.h>
#include <stdint.h>
#include "base/hp_err.h"

/*
 * As text: one page id per line, a decimal number from 0 to 2^64 - 1. Blanks
 * around it, empty lines, "#" and what follows it, CR before the line's end and
 * a missing end of the last line are all fine. Signs, fractions, other bases
 * and a second number in a line are not.
 */
struct hp_trace {
	uint32_t *pages;	/* the references: pages numbered from 0 as they appear first */
	size_t count;
	size_t room;
	uint64_t *ids;		/* of each page, as the file calls it */
	uint32_t pages_count;
	uint32_t pages_room;
};

/* So that each reference and each page has a 32-bit number. */
#define HP_TRACE_MAX (UINT32_MAX - 1)

/*
 * Reads FILE, "-" being standard input, to its end. A line that is not as above:
 * -EINVAL, exit status 2, "FILE:LINE:COLUMN: what is wrong". -EFBIG beyond
 * HP_TRACE_MAX references, -ENOMEM, or what the file system says. The trace takes 4 bytes for each
 * reference and up to 40 for each page; the caller frees it. On failure there is none.
 */
int hp_trace_read(const char *file, struct hp_trace **trace, struct hp_err *err);
/* The same from memory; `name` stands for the file in messages. */
int hp_trace_parse(const char *name, const char *text, size_t length, struct hp_trace **trace, struct hp_err *err);
void hp_trace_free(struct hp_trace *trace);

static inline void hp_trace_freep(struct hp_trace **trace)
{
	hp_trace_free(*trace);
}
#define hp_autotrace __attribute__((cleanup(hp_trace_freep))) struct hp_trace

#endif
