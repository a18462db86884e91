/* SPDX-License-Identifier: GPL-2.0 */
/* hp_waits.h: who waited for whom elsewhere than at a processor: disks, memory, locks, ports. */
#ifndef HP_WAITS_H
#define HP_WAITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/hp_err.h"
#include "bpf/hp_contention.h"
#include "contention_wait.h"

enum hp_wait_kind { HP_WAIT_BLOCK, HP_WAIT_MEMORY, HP_WAIT_LOCK, HP_WAIT_NETWORK, HP_WAIT_KINDS };

/*
 * What was counted of one kind, summed over the processors. Victim v and
 * aggressor a are enum hp_row_index, the domains from HP_ROW_DOMAIN on; who is
 * foreign to whom says hp_blame_is_foreign(). Nanoseconds and counts. Starts as
 * HP_WAIT_MATRIX_INIT, and is empty (count 0) when the kind is not at work.
 */
struct hp_wait_matrix {
	size_t count;		/* rows; count * count cells */
	uint64_t *by_ns;	/* [v * count + a]; owned, as are the others */
	uint64_t *events;	/* [v * count + a]: what the kind calls so, see hp_wait_events() */
	uint64_t (*phase_ns)[HP_WAIT_PHASES];	/* [v][phase] */
	uint64_t (*latency)[HP_WAIT_PHASES][HP_LATENCY_BUCKETS];	/* [v][phase][bucket], as in struct hp_row */
	uint64_t lost[HP_WAIT_LOST_REASONS];
	uint64_t skipped;	/* runs of a program that the kernel skipped, as it was at work on the same processor */
	uint64_t time_ns;	/* CLOCK_MONOTONIC when it was read; of a difference: how long it covers */
};

#define HP_WAIT_MATRIX_INIT { 0, NULL, NULL, NULL, NULL, { 0 }, 0, 0 }
void hp_wait_matrix_clear(struct hp_wait_matrix *matrix);
/* An empty square of `count` rows; -ENOMEM. */
int hp_wait_matrix_init(struct hp_wait_matrix *matrix, size_t count);
/* Adds one processor's rows, matrix->count of them. */
void hp_wait_matrix_add(struct hp_wait_matrix *matrix, const struct hp_wait_row *rows);
/* later -= earlier, of the same count: what happened in between. */
void hp_wait_matrix_subtract(struct hp_wait_matrix *later, const struct hp_wait_matrix *earlier);
/* into += what, of the same count: the way back. */
void hp_wait_matrix_accumulate(struct hp_wait_matrix *into, const struct hp_wait_matrix *what);

/* All that the victim waited, and the part of it that others caused. */
uint64_t hp_wait_total_ns(const struct hp_wait_matrix *matrix, size_t victim);
uint64_t hp_wait_foreign_ns(const struct hp_wait_matrix *matrix, size_t victim);
/* How many times the phase ended. */
uint64_t hp_wait_phase_count(const struct hp_wait_matrix *matrix, size_t victim, unsigned int phase);
/* As hp_blame_percentile_ns(), of one phase. */
uint64_t hp_wait_percentile_ns(const struct hp_wait_matrix *matrix, size_t victim, unsigned int phase,
			       unsigned int permille);
/* Short words for enum hp_wait_lost. */
extern const char *const hp_wait_lost_words[HP_WAIT_LOST_REASONS];
/* Everything that was not counted. */
uint64_t hp_wait_lost_count(const struct hp_wait_matrix *matrix);

/* The word for the kind: "block", "memory", "lock", "network"; NULL for a kind that this build does not have. */
const char *hp_wait_resource(enum hp_wait_kind kind);
/* The word for a phase, NULL past the last one; static text. */
const char *hp_wait_phase(enum hp_wait_kind kind, unsigned int phase);
/* The word for what the kind counts as events ("drops"), NULL when it has none; static text. */
const char *hp_wait_events(enum hp_wait_kind kind);

struct hp_waits;

/*
 * Loads and attaches the programs of the kinds (bits 1 << enum hp_wait_kind)
 * and counts from then on, until close. A kind that this kernel or build cannot
 * do is no error: see hp_waits_missing(). The rows are those of
 * hp_contention_open() with the same options, which are not needed afterwards.
 */
int hp_waits_open(const struct hp_contention_options *options, unsigned int kinds, struct hp_waits **out,
		  struct hp_err *err);
/* Begins to count one more kind; one that cannot be done is no error, as above. */
int hp_waits_add(struct hp_waits *waits, enum hp_wait_kind kind, struct hp_err *err);
/*
 * Lets the program of `contention` at the switch call what the kinds have
 * there: to be called at every switch is most of what a program costs. To be
 * done whenever a kind was opened, added or adopted, before it is pinned. What
 * is called so stops with `contention`. On failure the kind keeps a hook of its
 * own and loses nothing.
 */
int hp_waits_share_switch(struct hp_waits *waits, const struct hp_contention *contention, struct hp_err *err);
/*
 * Pins a kind that is at work below `dir` (in bpffs), in a directory of its
 * own, so that it goes on when this process ends. What was pinned there goes.
 * One that is not at work leaves nothing there.
 */
int hp_waits_pin(struct hp_waits *waits, enum hp_wait_kind kind, const char *dir, struct hp_err *err);
/*
 * Takes over the kind that a process pinned below `dir`, instead of
 * hp_waits_add(): nothing is loaded and all is counted on. -ENOENT and -ESTALE
 * as from hp_contention_adopt(); the kind is then still to be added.
 */
int hp_waits_adopt(struct hp_waits *waits, enum hp_wait_kind kind, const char *dir, struct hp_err *err);
/* Frees; NULL is fine. */
void hp_waits_close(struct hp_waits *waits);
/* Stops counting; what was counted can still be read, and no longer moves. */
void hp_waits_stop(struct hp_waits *waits);
/* All since open; each of matrices[] must be empty or of an earlier read, and is the caller's to clear. */
int hp_waits_read(struct hp_waits *waits, struct hp_wait_matrix matrices[HP_WAIT_KINDS], struct hp_err *err);
/* Is anything of the kind counted? */
bool hp_waits_has(const struct hp_waits *waits, enum hp_wait_kind kind);
/* Why the kind, or a part of it, is not at work; NULL when all of it is, or when it was not asked for; static text. */
const char *hp_waits_missing(const struct hp_waits *waits, enum hp_wait_kind kind);
/* Bytes of kernel memory that the maps take; does not grow. */
size_t hp_waits_memory(const struct hp_waits *waits);

#endif
