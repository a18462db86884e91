/* SPDX-License-Identifier: GPL-2.0 */
/* undo.h: taking journalled steps back, for the transaction engine only. */
#ifndef HP_APPLY_UNDO_H
#define HP_APPLY_UNDO_H

#include "apply/journal.h"

/*
 * Writes `from` of the first `begun` steps in reverse order, going on past
 * failures, and drops the journal when all succeeded; otherwise it stays for
 * the next attempt. `undone` (may be NULL) marks steps to leave out.
 */
int hp_undo_steps(struct hp_ctx *ctx, struct hp_journal *journal, const struct hp_steps *steps, size_t begun,
		  const bool *undone, struct hp_err *err);
/* hp_txn_recover() for a caller that holds the lock. */
int hp_recover_locked(struct hp_ctx *ctx, int *recovered, struct hp_err *err);

#endif
