/* SPDX-License-Identifier: GPL-2.0 */
/* contention_waits.h: what partctl contention says about waits for disks, memory, locks and ports. */
#ifndef CONTENTION_WAITS_H
#define CONTENTION_WAITS_H

#include "bpf/hp_waits.h"
#include "contention_cache.h"
#include "contention_locks.h"
#include "contention_subject.h"

/* Starts zeroed. */
struct contention_waits {
	struct hp_waits *waits;
	unsigned int without;	/* bits 1 << enum hp_wait_kind */
	struct hp_wait_matrix shown[HP_WAIT_KINDS];	/* of the last read */
	struct hp_wait_matrix before[HP_WAIT_KINDS];
	struct contention_cache cache;
	struct contention_locks locks;	/* where locks were waited for, since the beginning */
};

/* The kind of the resource with this name, HP_WAIT_KINDS when there is none such. */
enum hp_wait_kind contention_waits_kind(const char *resource);

/* Begins to count every kind but those in `without`, by the hooks of `contention` where it has the same. */
int contention_waits_open(struct contention_waits *waits, const struct hp_contention_options *options,
			  const struct hp_contention *contention, struct hp_err *err);
void contention_waits_close(struct contention_waits *waits);
void contention_waits_stop(struct contention_waits *waits);
/* All since the beginning. */
int contention_waits_read(struct contention_waits *waits, struct hp_err *err);
/* All since the last call. */
int contention_waits_read_news(struct contention_waits *waits, struct hp_err *err);
size_t contention_waits_memory(const struct contention_waits *waits);

/* The cells of the matrix, as objects and as lines. */
void contention_waits_add_cells(struct json_object *list, const struct contention_subject *subject,
				const struct contention_waits *waits);
void contention_waits_add_lines(struct out_table *table, const struct contention_subject *subject,
				const struct contention_waits *waits);
/* How long the waits were, what else came of them, what was lost: a list with one object for each resource. */
struct json_object *contention_waits_json(const struct contention_subject *subject,
					  const struct contention_waits *waits);
/* The same as tables, with an empty line before each; nothing when nothing waited. */
void contention_waits_print(const struct run *run, const struct contention_subject *subject,
			    const struct contention_waits *waits);
void contention_waits_print_losses(const struct run *run, const struct contention_waits *waits);

#endif
