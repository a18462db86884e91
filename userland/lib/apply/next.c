// SPDX-License-Identifier: GPL-2.0
/* next.c: the state that a change leads to. */
#include "apply/next.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "apply/state.h"
#include "base/hp_auto.h"
#include "base/hp_clock.h"

static int add_items(struct hp_state *next, const struct hp_views *views)
{
	for (size_t i = 0; i < views->count; i++) {
		const struct hp_view *view = &views->items[i];
		struct hp_applied *item;

		if (!view->is_usable)
			continue;
		item = hp_state_add(next, view->setting, view->applied ? view->applied->original : view->found);
		if (!item)
			return -ENOMEM;
		/* Asked for before, refused before, still not there: no step tries again. */
		if (view->applied && view->applied->gap &&
		    !hp_backend_satisfies(view->backend, view->setting->attr, view->expected, view->setting->want) &&
		    hp_text_replace(&item->gap, view->applied->gap))
			return -ENOMEM;
	}
	return 0;
}

static int64_t deadline(const struct hp_txn_plan *plan, bool is_change)
{
	unsigned int seconds = plan->request->confirm_seconds;

	if (plan->request->is_settling)
		return plan->old ? plan->old->confirm_by_ns : 0;
	/* Without a change there is nothing to confirm, unless the change before still waits. */
	if (!seconds || (!is_change && !(plan->old && plan->old->confirm_by_ns)))
		return 0;
	return hp_clock_boottime_ns() + (int64_t)seconds * HP_NS_PER_S;
}

static void choose_previous(struct hp_txn_plan *plan, struct hp_state *next, bool is_change)
{
	struct hp_state *old = plan->old;

	if (!old || !plan->request->want->count)
		return;
	/* What was never confirmed is no place to return to. */
	if (!plan->is_rollback && (!is_change || old->confirm_by_ns || plan->request->is_settling))
		next->previous = hp_take(old->previous);
	else
		hp_state_set_previous(next, hp_take(plan->old));
}

int hp_state_next(struct hp_txn_plan *plan, const struct hp_views *views, bool is_change,
		  struct hp_state **next, struct hp_err *err)
{
	const struct hp_txn_request *request = plan->request;
	hp_autostate *state = hp_state_new();

	if (!state || hp_text_replace(&state->policy_file, request->policy_file) ||
	    hp_text_replace(&state->policy_text, request->policy_text) || add_items(state, views))
		return hp_err_set(err, ENOMEM, "out of memory");
	state->applied_at = time(NULL);
	state->confirm_by_ns = deadline(plan, is_change);
	choose_previous(plan, state, is_change);
	*next = hp_take(state);
	return 0;
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool is_same_item(const struct hp_applied *a, const struct hp_applied *b)
{
	return !strcmp(a->setting.backend, b->setting.backend) &&
	       !strcmp(a->setting.object, b->setting.object) &&
	       !strcmp(a->setting.attr, b->setting.attr) &&
	       is_same_text(a->setting.want, b->setting.want) &&
	       is_same_text(a->original, b->original) && is_same_text(a->gap, b->gap);
}

bool hp_state_is_same(const struct hp_state *a, const struct hp_state *b)
{
	size_t a_count = a ? a->count : 0, b_count = b ? b->count : 0;

	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++)
		if (!is_same_item(&a->items[i], &b->items[i]))
			return false;
	return !a_count || (is_same_text(a->policy_file, b->policy_file) &&
			    is_same_text(a->policy_text, b->policy_text) && a->confirm_by_ns == b->confirm_by_ns);
}
