/* SPDX-License-Identifier: GPL-2.0 */
/* hp_outlier.h: waits that were longer than a bound, one by one. */
#ifndef HP_OUTLIER_H
#define HP_OUTLIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/hp_err.h"
#include "outlier.h"

struct hp_outlier_options {
	const uint64_t *cgroups;	/* ids; domain i is row HP_ROW_DOMAIN + i; with none, the waits of all tasks are told */
	size_t cgroups_count;		/* at most HP_ROWS_MAX - HP_ROW_DOMAIN */
	uint64_t above_ns;		/* as long or longer is told */
	bool wants_stacks;
};

struct hp_outliers;

/*
 * Loads the programs, attaches them and watches from then on, until close.
 * Kernel memory is taken at once and does not grow. -EOPNOTSUPP when this
 * kernel cannot tell. The options are not needed afterwards.
 */
int hp_outliers_open(const struct hp_outlier_options *options, struct hp_outliers **out, struct hp_err *err);
/* Frees; NULL is fine. */
void hp_outliers_close(struct hp_outliers *outliers);
/* Readable when there is something to read; stays with outliers. */
int hp_outliers_fd(const struct hp_outliers *outliers);
/*
 * Hands over what there is, but not more than some hundred at once, lest those
 * who make them faster than they are told keep us from everything else; `tell`
 * returns true to stop. Returns 1 when there may be more, 0 or -errno.
 */
int hp_outliers_read(struct hp_outliers *outliers, bool (*tell)(void *arg, const struct hp_outlier *outlier), void *arg,
		     struct hp_err *err);
/* Stops watching; what is in the buffer can still be read. */
void hp_outliers_stop(struct hp_outliers *outliers);
/* Outliers for which the buffer had no room, and switches that the kernel did not tell the program; since open. */
int hp_outliers_lost(const struct hp_outliers *outliers, uint64_t *lost, uint64_t *skipped, struct hp_err *err);
/* Bytes of kernel memory that the maps take. */
size_t hp_outliers_memory(const struct hp_outliers *outliers);

/* Whole wait of the victim. */
uint64_t hp_outlier_wait_ns(const struct hp_outlier *outlier);
/* Sorts blamed[] by time, the longest first; returns how many there are. */
size_t hp_outlier_sort(struct hp_outlier *outlier);

#endif
