/* SPDX-License-Identifier: GPL-2.0 */
/* complain.h: what is wrong with a policy, gathered in any order and told in text order. */
#ifndef HP_COMPLAIN_H
#define HP_COMPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include "base/hp_err.h"
#include "policy/hp_policy.h"

#define HP_COMPLAINTS_SHOWN 20

struct hp_complaint {
	struct hp_loc loc;
	size_t order;		/* of arrival, for a stable sort */
	char *text;
};

/* Starts as { .file = NAME }; clear it in the end. */
struct hp_complaints {
	const char *file;
	struct hp_complaint *items;
	size_t count, capacity;
	bool is_out_of_memory;
};

/* Notes "what is wrong; what is allowed; did you mean"; running out of memory is noted as such. */
__attribute__((format(printf, 3, 4)))
void hp_complain(struct hp_complaints *bad, struct hp_loc loc, const char *fmt, ...);
static inline bool hp_complaints_any(const struct hp_complaints *bad)
{
	return bad->count || bad->is_out_of_memory;
}
/* True when reading on would only add noise. */
bool hp_complaints_full(const struct hp_complaints *bad);
/*
 * 0 when there are none; else -EINVAL (or -ENOMEM) with err set to one line
 * "FILE:LINE:COLUMN: text" per complaint, at most HP_COMPLAINTS_SHOWN.
 */
int hp_complaints_tell(struct hp_complaints *bad, struct hp_err *err);
void hp_complaints_clear(struct hp_complaints *bad);

/* A value as a message shows it: in quotes, short, without control characters. */
struct hp_shown {
	char text[72];
};
struct hp_shown hp_show(const char *value);

#endif
