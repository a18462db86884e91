/* SPDX-License-Identifier: GPL-2.0 */
/* hp_outlier.h: waits that were longer than a bound, one by one. */
#ifndef HP_OUTLIER_H
#define HP_OUTLIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/hp_err.h"
#include "bpf/hp_waits.h"
#include "outlier.h"
#include "outlier_wait.h"

/* What is waited for: the processor, and HP_OUTLIER_WAITS + enum hp_wait_kind. */
enum hp_outlier_resource { HP_OUTLIER_CPU, HP_OUTLIER_WAITS, HP_OUTLIER_RESOURCES = HP_OUTLIER_WAITS + HP_WAIT_KINDS };

/* "cpu", "block", ...; NULL for what this build does not have; static text. */
const char *hp_outlier_resource(unsigned int resource);

struct hp_outlier_options {
	const uint64_t *cgroups;	/* ids; domain i is row HP_ROW_DOMAIN + i; with none, the waits of all tasks are told */
	size_t cgroups_count;		/* at most HP_ROWS_MAX - HP_ROW_DOMAIN */
	uint64_t above_ns[HP_OUTLIER_RESOURCES];	/* as long or longer is told; 0 = the resource is not watched */
	bool wants_stacks;
};

struct hp_outliers;

/*
 * Loads the programs, attaches them and watches from then on, until close.
 * Kernel memory is taken at once and does not grow. A resource that this
 * kernel cannot tell of is passed over, see hp_outliers_missing(); -EOPNOTSUPP
 * when that are all. The options are not needed afterwards.
 */
int hp_outliers_open(const struct hp_outlier_options *options, struct hp_outliers **out, struct hp_err *err);
/* Frees; NULL is fine. */
void hp_outliers_close(struct hp_outliers *outliers);
/* Is the resource watched? */
bool hp_outliers_has(const struct hp_outliers *outliers, unsigned int resource);
/* Why it, or a part of it, is not, though it was asked for; NULL when nothing is missing; static text. */
const char *hp_outliers_missing(const struct hp_outliers *outliers, unsigned int resource);
/* Readable when there is something to read; stays with outliers. */
int hp_outliers_fd(const struct hp_outliers *outliers);

/* Whom to tell; each returns true to stop. */
struct hp_outlier_reader {
	bool (*tell)(void *arg, const struct hp_outlier *outlier);
	bool (*tell_wait)(void *arg, enum hp_wait_kind kind, const struct hp_outlier_wait *wait);
	void *arg;
};

/*
 * Hands over what there is, but not more than some hundred of each resource at
 * once, lest those who make them faster than they are told keep us from
 * everything else. Returns 1 when there may be more, 0 or -errno.
 */
int hp_outliers_read(struct hp_outliers *outliers, const struct hp_outlier_reader *reader, struct hp_err *err);
/* Stops watching; what is in the buffers can still be read. */
void hp_outliers_stop(struct hp_outliers *outliers);

/* What was missed of one resource since open. */
struct hp_outlier_losses {
	uint64_t lost;		/* outliers for which the buffer had no room */
	uint64_t unfollowed;	/* waits of any length that were not followed: no room for them, or their end was not told */
	uint64_t skipped;	/* events that the kernel did not tell the programs, as they were at work on the same processor */
};
int hp_outliers_losses(const struct hp_outliers *outliers, unsigned int resource, struct hp_outlier_losses *losses,
		       struct hp_err *err);
/* Bytes of kernel memory that the maps take. */
size_t hp_outliers_memory(const struct hp_outliers *outliers);

/* Whole wait of the victim. */
uint64_t hp_outlier_wait_ns(const struct hp_outlier *outlier);
/* Sorts blamed[] by time, the longest first; returns how many there are. */
size_t hp_outlier_sort(struct hp_outlier *outlier);
/*
 * Because of whom it was waited, the longest time first: tasks for a lock, for
 * the rest rows, whose pid is 0. Returns how many there are. What the kernel
 * does not tell is not among them but in *unknown_ns; together they are the wait.
 */
size_t hp_outlier_wait_blamed(const struct hp_outlier_wait *wait, struct hp_outlier_task blamed[HP_ROWS_MAX],
			      uint64_t *unknown_ns);
/* "read", "write", ... of a request's operation; NULL when it is not known; static text. */
const char *hp_outlier_block_operation(unsigned int operation);

#endif
