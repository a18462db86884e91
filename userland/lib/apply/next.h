/* SPDX-License-Identifier: GPL-2.0 */
/* next.h: the state that a change leads to, for the transaction engine only. */
#ifndef HP_APPLY_NEXT_H
#define HP_APPLY_NEXT_H

#include "apply/steps.h"
#include "apply/txn.h"

/*
 * Originals come from the state in force, else from the views. Takes the
 * parts of plan->old that become `previous`, so the old state is complete
 * only as far as its items go afterwards. is_change: there are steps to make.
 */
int hp_state_next(struct hp_txn_plan *plan, const struct hp_views *views, bool is_change,
		  struct hp_state **next, struct hp_err *err);
/* Whether only id and time differ. Either may be NULL = nothing applied. */
bool hp_state_is_same(const struct hp_state *a, const struct hp_state *b);

#endif
