// SPDX-License-Identifier: GPL-2.0
/* confirm.c: keeps a change for good, or goes back to the state before it. */
#include "apply/hp_txn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "apply/lock.h"
#include "apply/state.h"
#include "apply/txn.h"
#include "apply/undo.h"
#include "base/hp_auto.h"
#include "base/hp_clock.h"
#include "base/hp_log.h"

/* Takes the lock (descriptor returned, or -errno), recovers, loads the state in force. */
static int enter(struct hp_ctx *ctx, struct hp_state **state, struct hp_err *err)
{
	hp_autofd int lock = hp_lock_take(ctx, err);
	int recovered, ret;

	if (lock < 0)
		return lock;
	ret = hp_recover_locked(ctx, &recovered, err);
	if (!ret)
		ret = hp_state_load(ctx, state, err);
	return ret ? ret : hp_take_fd(lock);
}

int hp_txn_confirm(struct hp_ctx *ctx, struct hp_err *err)
{
	hp_autostate *state = NULL;
	hp_autofd int lock = enter(ctx, &state, err);

	if (lock < 0)
		return lock;
	if (!state)
		return hp_err_set(err, ENOENT, "nothing is applied, so there is nothing to confirm");
	if (!state->confirm_by_ns)
		return hp_err_set(err, ENOENT, "nothing waits for confirmation");
	state->confirm_by_ns = 0;
	return hp_state_save(ctx, state, err);
}

/* The target must outlive the run, while the state it hangs on is turned into its successor's `previous`. */
static int roll_back_locked(struct hp_ctx *ctx, struct hp_state **state, size_t *changed, struct hp_err *err)
{
	hp_autostate *target = hp_take((*state)->previous);
	struct hp_settings want;
	struct hp_txn_request request = {
		.policy_file = target ? target->policy_file : NULL,
		.policy_text = target ? target->policy_text : NULL,
		.want = &want,
	};
	struct hp_txn_plan plan = { .request = &request, .old = hp_take(*state), .is_rollback = true };
	int ret;

	if (hp_state_settings(target, &want)) {
		hp_state_free(plan.old);
		return hp_err_set(err, ENOMEM, "out of memory");
	}
	ret = hp_txn_run_locked(ctx, &plan, changed, err);
	free(want.items);	/* the texts are the target's */
	return ret ? hp_err_wrap(err, "roll back") : 0;
}

int hp_txn_rollback(struct hp_ctx *ctx, size_t *changed, struct hp_err *err)
{
	hp_autostate *state = NULL;
	hp_autofd int lock = enter(ctx, &state, err);

	*changed = 0;
	if (lock < 0)
		return lock;
	if (!state)
		return hp_err_set(err, ENOENT, "nothing is applied, so there is nothing to roll back");
	return roll_back_locked(ctx, &state, changed, err);
}

static bool is_overdue(const struct hp_state *state)
{
	return state && state->confirm_by_ns && hp_clock_boottime_ns() >= state->confirm_by_ns;
}

int hp_txn_expire(struct hp_ctx *ctx, bool *expired, struct hp_err *err)
{
	hp_autostate *before = NULL, *state = NULL;
	hp_autofd int lock = -1;
	size_t changed;
	int ret;

	*expired = false;
	/* Most calls end here, without a lock. */
	ret = hp_state_load(ctx, &before, err);
	if (ret || !is_overdue(before))
		return ret;
	lock = enter(ctx, &state, err);
	if (lock < 0)
		return lock;
	if (!is_overdue(state))
		return 0;
	hp_log(LOG_WARNING, "the change was not confirmed in time: rolling back");
	ret = roll_back_locked(ctx, &state, &changed, err);
	*expired = !ret;
	return ret;
}
