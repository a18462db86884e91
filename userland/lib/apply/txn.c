// SPDX-License-Identifier: GPL-2.0
/* txn.c: makes the steps of one change, or takes them back. */
#include "apply/txn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "apply/fault.h"
#include "apply/journal.h"
#include "apply/lock.h"
#include "apply/next.h"
#include "apply/state.h"
#include "apply/steps.h"
#include "apply/undo.h"
#include "base/hp_auto.h"
#include "base/hp_log.h"

#define REPAIRS_MAX 2

struct txn {
	struct hp_ctx *ctx;
	struct hp_txn_plan *plan;
	struct hp_views views;
	struct hp_steps steps;
	struct hp_state *next;
	struct hp_journal journal;
	size_t begun;		/* steps in the journal */
};

static void clear_txn(struct txn *txn)
{
	hp_views_clear(&txn->views);
	hp_steps_clear(&txn->steps);
	hp_state_free(txn->next);
	hp_journal_close(&txn->journal);
}

static void report(const struct txn *txn, size_t n, bool done)
{
	const struct hp_txn_watch *watch = txn->plan->request->watch;

	if (watch && watch->step)
		watch->step(watch->arg, &txn->steps.items[n], n, txn->steps.count, done);
}

/*
 * An optional setting that cannot be made is a gap of the new state, not a
 * failure. One that cannot be taken back means another thing by now: a driver
 * that starts anew gets interrupts by other numbers.
 */
static bool take_gap(struct txn *txn, const struct hp_step *step, int ret, struct hp_err *err)
{
	struct hp_setting key = { .backend = step->backend, .object = step->object, .attr = step->attr };
	struct hp_applied *item;

	if (ret != -EOPNOTSUPP || !step->is_optional)
		return false;
	if (step->kind == HP_STEP_RESTORE) {
		hp_log(LOG_INFO, "%s %s stays as it is: %s", step->backend, step->object, err->text);
		hp_err_clear(err);
		return true;
	}
	if (step->kind != HP_STEP_SET)
		return false;
	item = hp_state_find(txn->next, &key);
	if (!item || hp_text_replace(&item->gap, err->text ? err->text : "not supported here"))
		return false;
	hp_log(LOG_INFO, "%s %s: %s", step->backend, step->object, item->gap);
	hp_err_clear(err);
	return true;
}

static int make_step(struct txn *txn, size_t n, struct hp_err *err)
{
	const struct hp_step *step = &txn->steps.items[n];
	const struct hp_backend *backend = hp_backend_find(step->backend);
	hp_autofree char *label = hp_setting_label(step->backend, step->object, step->attr);
	int ret;

	report(txn, n, false);
	ret = hp_journal_step(&txn->journal, n, step, err);
	if (ret)
		return ret;
	txn->begun = n + 1;
	ret = hp_fault_write(step->backend, err);
	if (!ret)
		ret = backend->write(txn->ctx, step->object, step->attr, step->to, err);
	if (ret && !take_gap(txn, step, ret, err))
		return hp_err_wrap(err, "step %zu of %zu, %s", n + 1, txn->steps.count, label);
	report(txn, n, true);
	return 0;
}

static const struct hp_step *find_step(const struct hp_steps *steps, const struct hp_setting *setting)
{
	for (size_t i = 0; i < steps->count; i++) {
		const struct hp_step *step = &steps->items[i];

		if (!strcmp(step->object, setting->object) && !strcmp(step->attr, setting->attr) &&
		    !strcmp(step->backend, setting->backend))
			return step;
	}
	return NULL;
}

static bool is_gap(const struct txn *txn, const struct hp_view *view)
{
	const struct hp_applied *item = hp_state_find(txn->next, view->setting);

	return !view->is_usable || !item || item->gap;
}

/* Reads the setting back; *live is what it reads when it does not hold. 1 = it does not. */
static int is_broken(const struct txn *txn, const struct hp_view *view, char **live, struct hp_err *err)
{
	const struct hp_setting *setting = view->setting;
	int ret;

	if (is_gap(txn, view))
		return 0;
	ret = view->backend->read(txn->ctx, setting->object, setting->attr, live, err);
	if (ret)
		return hp_err_wrap(err, "read %s %s %s back", setting->backend, setting->object, setting->attr);
	return !hp_backend_satisfies(view->backend, setting->attr, *live, setting->want);
}

/* What somebody else keeps as it is, written again and again, holds up no change that can do without. */
static bool leave_gap(struct txn *txn, const struct hp_setting *setting, const char *live)
{
	struct hp_applied *item = setting->is_optional ? hp_state_find(txn->next, setting) : NULL;
	hp_autofree char *text = NULL;

	if (!item || asprintf(&text, "it is put back to \"%s\"", live ? live : "(absent)") < 0)
		return false;
	item->gap = hp_take(text);
	hp_log(LOG_NOTICE, "%s %s: %s", setting->backend, setting->object, item->gap);
	return true;
}

/*
 * Adds a step for every setting that does not hold although it was made or
 * held before. Undoing goes back to what was there at first: for one that
 * held, that is its wanted value.
 */
static int plan_repairs(struct txn *txn, bool is_last, char **broken, struct hp_err *err)
{
	for (size_t i = 0; i < txn->views.count; i++) {
		const struct hp_view *view = &txn->views.items[i];
		const struct hp_setting *setting = view->setting;
		hp_autofree char *live = NULL;
		const struct hp_step *earlier;
		int ret = is_broken(txn, view, &live, err);

		if (ret < 0)
			return ret;
		if (!ret || (is_last && leave_gap(txn, setting, live)))
			continue;
		earlier = find_step(&txn->steps, setting);
		if (!*broken && asprintf(broken, "%s %s %s reads \"%s\", not \"%s\"", setting->backend,
					 setting->object, setting->attr, live ? live : "(absent)",
					 setting->want) < 0)
			*broken = NULL;
		if (!hp_steps_add(&txn->steps, HP_STEP_SET, setting, earlier ? earlier->from : setting->want,
				  setting->want))
			return hp_err_set(err, ENOMEM, "out of memory");
	}
	return 0;
}

static int make_steps(struct txn *txn, struct hp_err *err)
{
	for (unsigned int repairs = 0;; repairs++) {
		hp_autofree char *broken = NULL;
		int ret = 0;

		for (size_t i = txn->begun; i < txn->steps.count && !ret; i++)
			ret = make_step(txn, i, err);
		if (!ret)
			ret = plan_repairs(txn, repairs == REPAIRS_MAX, &broken, err);
		if (ret || txn->begun == txn->steps.count)
			return ret;
		if (repairs == REPAIRS_MAX)
			return hp_err_set(err, EIO, "everything was written, but %s",
					  broken ? broken : "a setting does not hold");
		hp_log(LOG_NOTICE, "%s: writing it again", broken ? broken : "a setting does not hold");
	}
}

static int commit(struct txn *txn, struct hp_err *err)
{
	int ret = hp_journal_mark(&txn->journal, "written", err);

	return ret ? ret : hp_state_save(txn->ctx, txn->next, err);
}

/* Past the commit point nothing can turn back; what fails here is repaired by the next call. */
static void settle(struct txn *txn)
{
	hp_autoerr err = HP_ERR_INIT;
	bool is_marked = !hp_journal_mark(&txn->journal, "committed", &err);

	if (hp_journal_drop(txn->ctx, &err) || (!txn->next->count && hp_state_remove(txn->ctx, &err)) || !is_marked)
		hp_log(LOG_WARNING, "%s", err.text);
}

static int turn_back(struct txn *txn, struct hp_err *err)
{
	hp_autoerr why = HP_ERR_INIT;
	int ret = -err->errnum;

	if (hp_undo_steps(txn->ctx, &txn->journal, &txn->steps, txn->begun, NULL, &why))
		hp_err_hint(err, "undoing the steps before failed too: %s", why.text);
	else
		hp_err_hint(err, "nothing is changed: the steps before it were undone");
	return ret;
}

/* No step to make: at most the record changes. */
static int save_record(struct txn *txn, struct hp_err *err)
{
	int ret;

	if (hp_state_is_same(txn->plan->old, txn->next))
		return 0;
	ret = hp_state_save(txn->ctx, txn->next, err);
	return !ret && !txn->next->count ? hp_state_remove(txn->ctx, err) : ret;
}

static int run(struct txn *txn, size_t *changed, struct hp_err *err)
{
	struct hp_txn_plan *plan = txn->plan;
	int ret = hp_views_read(txn->ctx, plan->old, plan->request->want, &txn->views, err);

	if (!ret)
		ret = hp_steps_plan(txn->ctx, plan->old, &txn->views, &txn->steps, err);
	if (!ret)
		ret = hp_state_next(plan, &txn->views, txn->steps.count > 0, &txn->next, err);
	if (ret)
		return ret;
	if (!txn->steps.count)
		return save_record(txn, err);
	ret = hp_journal_begin(txn->ctx, &txn->journal, txn->next->id, txn->steps.count, err);
	if (!ret)
		ret = make_steps(txn, err);
	if (!ret)
		ret = commit(txn, err);
	if (ret)
		return turn_back(txn, err);
	settle(txn);
	*changed = txn->steps.count;
	return 0;
}

int hp_txn_run_locked(struct hp_ctx *ctx, struct hp_txn_plan *plan, size_t *changed, struct hp_err *err)
{
	__attribute__((cleanup(clear_txn))) struct txn txn = {
		.ctx = ctx, .plan = plan, .views = HP_VIEWS_INIT, .steps = HP_STEPS_INIT, .journal = HP_JOURNAL_INIT,
	};
	hp_autoerr own = HP_ERR_INIT;
	int ret = run(&txn, changed, err ? err : &own);

	hp_state_free(plan->old);
	plan->old = NULL;
	return ret;
}

int hp_txn_run(struct hp_ctx *ctx, const struct hp_txn_request *request, size_t *changed, struct hp_err *err)
{
	struct hp_txn_plan plan = { .request = request };
	hp_autofd int lock = hp_lock_take(ctx, err);
	int recovered, ret;

	*changed = 0;
	if (lock < 0)
		return lock;
	ret = hp_recover_locked(ctx, &recovered, err);
	if (!ret)
		ret = hp_state_load(ctx, &plan.old, err);
	return ret ? ret : hp_txn_run_locked(ctx, &plan, changed, err);
}
