/* SPDX-License-Identifier: GPL-2.0 */
/* txn.h: running a transaction under a lock that is held, for the transaction engine only. */
#ifndef HP_APPLY_TXN_H
#define HP_APPLY_TXN_H

#include "apply/hp_txn.h"

struct hp_txn_plan {
	const struct hp_txn_request *request;
	/* The state in force (recovered); taken over. */
	struct hp_state *old;
	/* Going back: what is left behind becomes `previous`, confirmed or not. */
	bool is_rollback;
};

int hp_txn_run_locked(struct hp_ctx *ctx, struct hp_txn_plan *plan, size_t *changed, struct hp_err *err);

#endif
