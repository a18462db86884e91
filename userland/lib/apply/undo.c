// SPDX-License-Identifier: GPL-2.0
/* undo.c: takes journalled steps back, in this process or after another one was killed. */
#include "apply/undo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "apply/lock.h"
#include "apply/state.h"
#include "apply/steps.h"
#include "base/hp_auto.h"
#include "base/hp_log.h"

static int undo_step(struct hp_ctx *ctx, const struct hp_step *step, struct hp_err *err)
{
	const struct hp_backend *backend = hp_backend_find(step->backend);
	hp_autofree char *label = hp_setting_label(step->backend, step->object, step->attr);
	int ret;

	if (!backend)
		return hp_err_set(err, EPROTO, "%s: no such backend", label);
	ret = backend->write(ctx, step->object, step->attr, step->from, err);
	/* What can never be done was not done either. */
	if (ret == -EOPNOTSUPP) {
		hp_err_clear(err);
		return 0;
	}
	return ret ? hp_err_wrap(err, "undo %s", label) : 0;
}

/* A full disk must not stop an undo: without the record, a kill right now makes recovery repeat more of it. */
static void note(struct hp_journal *journal, const char *record, size_t n)
{
	hp_autoerr why = HP_ERR_INIT;

	if (hp_journal_undo(journal, record, n, &why))
		hp_log(LOG_WARNING, "%s", why.text);
}

int hp_undo_steps(struct hp_ctx *ctx, struct hp_journal *journal, const struct hp_steps *steps, size_t begun,
		  const bool *undone, struct hp_err *err)
{
	size_t failed = 0;

	for (size_t i = begun; i-- > 0;) {
		hp_autoerr why = HP_ERR_INIT;
		int ret;

		if (undone && undone[i])
			continue;
		note(journal, "undo", i);
		ret = undo_step(ctx, &steps->items[i], &why);
		if (!ret)
			continue;
		note(journal, "kept", i);
		hp_log(LOG_ERR, "%s", why.text ? why.text : strerror(-ret));
		if (!failed++)
			hp_err_set(err, -ret, "%s", why.text ? why.text : strerror(-ret));
	}
	if (!failed)
		return hp_journal_drop(ctx, err);
	hp_err_hint(err, "%zu of %zu steps could not be undone; %s/journal stays and the next command tries again",
		    failed, begun, ctx->run_dir);
	return err ? -err->errnum : -EIO;
}

static int finish(struct hp_ctx *ctx, const struct hp_state *state, struct hp_err *err)
{
	int ret = hp_journal_drop(ctx, err);

	/* An empty state is a teardown's commit point and has served. */
	return !ret && state && !state->count ? hp_state_remove(ctx, err) : ret;
}

int hp_recover_locked(struct hp_ctx *ctx, int *recovered, struct hp_err *err)
{
	__attribute__((cleanup(hp_journal_rest_clear))) struct hp_journal_rest rest = HP_JOURNAL_REST_INIT;
	hp_autojournal journal = HP_JOURNAL_INIT;
	hp_autostate *state = NULL;
	int ret;

	*recovered = 0;
	ret = hp_journal_reopen(ctx, &journal, &rest, err);
	if (ret && ret != -ENOENT)
		return hp_err_wrap(err, "recover");
	if (err)
		hp_err_clear(err);
	if (hp_state_load_raw(ctx, &state, err))
		return hp_err_wrap(err, "recover");
	if (ret == -ENOENT)
		return state && !state->count ? hp_state_remove(ctx, err) : 0;
	if (rest.id && state && !strcmp(rest.id, state->id)) {
		*recovered = 2;
		hp_log(LOG_NOTICE, "an interrupted change was complete");
		return finish(ctx, state, err);
	}
	*recovered = 1;
	hp_log(LOG_NOTICE, "undoing an interrupted change (%zu steps)", rest.begun.count);
	ret = hp_undo_steps(ctx, &journal, &rest.begun, rest.begun.count, rest.undone, err);
	return ret ? hp_err_wrap(err, "recover") : 0;
}

int hp_txn_recover(struct hp_ctx *ctx, int *recovered, struct hp_err *err)
{
	hp_autofd int lock = hp_lock_take(ctx, err);

	*recovered = 0;
	return lock < 0 ? lock : hp_recover_locked(ctx, recovered, err);
}
