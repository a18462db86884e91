// SPDX-License-Identifier: GPL-2.0
/* heal.c: makes applied settings hold again. */
#include "apply/hp_txn.h"

#include <errno.h>
#include <string.h>
#include "apply/lock.h"
#include "apply/state.h"
#include "apply/undo.h"
#include "base/hp_auto.h"

/* Heals one setting if it drifted; 1 = it had drifted. */
static int heal_item(struct hp_ctx *ctx, const struct hp_applied *item, hp_drift_fn drift, void *arg,
		     struct hp_err *err)
{
	const struct hp_setting *setting = &item->setting;
	const struct hp_backend *backend = hp_backend_find(setting->backend);
	hp_autofree char *live = NULL;
	hp_autoerr why = HP_ERR_INIT;
	int ret;

	if (item->gap)
		return 0;
	if (!backend)
		return hp_err_set(err, EPROTO, "no backend %s", setting->backend);
	ret = backend->read(ctx, setting->object, setting->attr, &live, &why);
	if (!ret && hp_backend_satisfies(backend, setting->attr, live, setting->want))
		return 0;
	if (!ret)
		ret = backend->write(ctx, setting->object, setting->attr, setting->want, &why);
	if (drift)
		drift(arg, item, live, ret, ret ? (why.text ? why.text : strerror(-ret)) : NULL);
	return 1;
}

static int check_state(struct hp_ctx *ctx, const struct hp_state *state, struct hp_err *err)
{
	hp_autostate *now = NULL;
	int recovered, ret = hp_recover_locked(ctx, &recovered, err);

	if (!ret)
		ret = hp_state_load(ctx, &now, err);
	if (ret)
		return ret;
	if (!now || strcmp(now->id, state->id))
		return hp_err_set(err, ESTALE, "the state in force was replaced in the meantime");
	return 0;
}

int hp_txn_heal(struct hp_ctx *ctx, const struct hp_state *state, const char *backend,
		hp_drift_fn drift, void *arg, struct hp_err *err)
{
	hp_autofd int lock = hp_lock_take(ctx, err);
	int ret;

	if (lock < 0)
		return lock;
	ret = check_state(ctx, state, err);
	for (size_t i = 0; i < state->count && ret >= 0; i++)
		if (!backend || !strcmp(backend, state->items[i].setting.backend))
			ret = heal_item(ctx, &state->items[i], drift, arg, err);
	return ret < 0 ? ret : 0;
}
