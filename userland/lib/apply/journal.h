/* SPDX-License-Identifier: GPL-2.0 */
/* journal.h: what a running transaction is about to do, one durable JSON line at a time. */
#ifndef HP_APPLY_JOURNAL_H
#define HP_APPLY_JOURNAL_H

#include "apply/hp_txn.h"

/*
 * RUN/journal exists exactly while a transaction is under way. Records:
 *   {"record":"begin","id":ID of the state it leads to,"steps":N}
 *   {"record":"step","n":0,"backend":..,"object":..,"attr":..,"from":..,"to":..}	before the write
 *   {"record":"written"}	all steps made, the new state comes next
 *   {"record":"committed"}	the new state is in place
 *   {"record":"undo","n":0}	before a step is taken back
 *   {"record":"kept","n":0}	it could not be taken back
 * A torn last line was never acted on and is ignored.
 */
struct hp_journal {
	int fd;
};

#define HP_JOURNAL_INIT { -1 }
void hp_journal_close(struct hp_journal *journal);
#define hp_autojournal __attribute__((cleanup(hp_journal_close))) struct hp_journal

/* Starts a journal; -EEXIST when one is there (recover first). */
int hp_journal_begin(const struct hp_ctx *ctx, struct hp_journal *journal, const char *id, size_t steps,
		     struct hp_err *err);
int hp_journal_step(struct hp_journal *journal, size_t n, const struct hp_step *step, struct hp_err *err);
/* "undo" or "kept". */
int hp_journal_undo(struct hp_journal *journal, const char *record, size_t n, struct hp_err *err);
/* "written" or "committed". */
int hp_journal_mark(struct hp_journal *journal, const char *record, struct hp_err *err);
int hp_journal_drop(const struct hp_ctx *ctx, struct hp_err *err);

/* What a killed process left. */
struct hp_journal_rest {
	char *id;		/* NULL: it was killed before the first record was whole */
	struct hp_steps begun;
	/*
	 * Per step: an undo that was killed later has taken it back already. To
	 * take it back again could meet what the undo has put back since.
	 */
	bool *undone;
};

#define HP_JOURNAL_REST_INIT { NULL, HP_STEPS_INIT, NULL }
void hp_journal_rest_clear(struct hp_journal_rest *rest);

/* Reads the journal and opens it for further records; -ENOENT when there is none. */
int hp_journal_reopen(const struct hp_ctx *ctx, struct hp_journal *journal, struct hp_journal_rest *rest,
		      struct hp_err *err);

#endif
