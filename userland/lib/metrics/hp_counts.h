/* SPDX-License-Identifier: GPL-2.0 */
/* hp_counts.h: counters of things that happened, by labels, kept in a file so that they outlive the agent. */
#ifndef HP_COUNTS_H
#define HP_COUNTS_H

#include <stddef.h>
#include <stdint.h>
#include "base/hp_err.h"

#define HP_COUNTS_LABELS 4
#define HP_COUNT_LABEL_MAX 63	/* bytes; longer values are cut */
#define HP_COUNTS_MAX 512u	/* different label sets; what comes then is counted as "other" in all labels */

struct hp_count {
	char labels[HP_COUNTS_LABELS][HP_COUNT_LABEL_MAX + 1];	/* "" for those not used */
	uint64_t value;
};

/* Starts zeroed. */
struct hp_counts {
	struct hp_count *items;		/* in the order in which they first came; owned */
	size_t count;
};
void hp_counts_clear(struct hp_counts *counts);

/* One more of these labels; NULL counts as "". 0 or -ENOMEM. */
int hp_counts_add(struct hp_counts *counts, const char *const labels[HP_COUNTS_LABELS]);

/*
 * A file of lines "VALUE<tab>LABEL<tab>LABEL<tab>LABEL<tab>LABEL", replaced as
 * a whole (write, rename). A missing file loads as no counts; lines that make
 * no sense are passed over. *counts must be empty.
 */
int hp_counts_load(struct hp_counts *counts, const char *path, struct hp_err *err);
int hp_counts_save(const struct hp_counts *counts, const char *path, struct hp_err *err);

#endif
