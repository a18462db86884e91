// SPDX-License-Identifier: GPL-2.0
/* steps.c: the steps from what the machine has to what is wanted. */
#include "apply/steps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "apply/state.h"
#include "base/hp_auto.h"
#include "base/hp_log.h"

struct hp_step *hp_steps_add(struct hp_steps *steps, enum hp_step_kind kind, const struct hp_setting *setting,
			     const char *from, const char *to)
{
	struct hp_step *step;

	if (steps->count == steps->capacity) {
		size_t capacity = steps->capacity ? 2 * steps->capacity : 64;
		struct hp_step *items = reallocarray(steps->items, capacity, sizeof(*items));

		if (!items)
			return NULL;
		steps->items = items;
		steps->capacity = capacity;
	}
	step = &steps->items[steps->count++];
	*step = (struct hp_step) {
		.kind = kind,
		.backend = setting->backend,
		.object = strdup(setting->object),
		.attr = strdup(setting->attr),
		.from = from ? strdup(from) : NULL,
		.to = to ? strdup(to) : NULL,
		.domain = setting->domain,
		.is_optional = setting->is_optional,
		.loc = setting->loc,
	};
	if (!step->object || !step->attr || (from && !step->from) || (to && !step->to))
		return NULL;
	return step;
}

void hp_steps_clear(struct hp_steps *steps)
{
	for (size_t i = 0; i < steps->count; i++) {
		free(steps->items[i].object);
		free(steps->items[i].attr);
		free(steps->items[i].from);
		free(steps->items[i].to);
	}
	free(steps->items);
	*steps = (struct hp_steps)HP_STEPS_INIT;
}

static int out_of_memory(struct hp_err *err)
{
	return hp_err_set(err, ENOMEM, "out of memory");
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static struct hp_view *find_view(struct hp_views *views, const struct hp_applied *applied)
{
	for (size_t i = 0; i < views->count; i++)
		if (views->items[i].applied == applied)
			return &views->items[i];
	return NULL;
}

static bool has_dropped(const struct hp_state *state, struct hp_views *views)
{
	for (size_t i = 0; i < state->count; i++)
		if (!find_view(views, &state->items[i]))
			return true;
	return false;
}

/*
 * A port that changes domains while a domain goes away must leave the old one
 * first: undoing would otherwise put it into a namespace that is not back yet.
 */
static bool goes_home_first(const struct hp_view *view, bool any_dropped)
{
	return any_dropped && !strcmp(view->setting->backend, "port") &&
	       !hp_backend_satisfies(view->backend, view->setting->attr, view->expected, view->setting->want);
}

/* A setting that is no longer wanted, on a backend that may have gone. */
static int read_dropped(struct hp_ctx *ctx, const struct hp_applied *item, char **live, struct hp_err *err)
{
	const struct hp_setting *setting = &item->setting;
	const struct hp_backend *backend = hp_backend_find(setting->backend);
	hp_autoerr why = HP_ERR_INIT;
	int ret;

	if (!backend)
		return hp_err_set(err, EPROTO, "no backend %s", setting->backend);
	if (backend->probe && backend->probe(ctx, &why) == -EOPNOTSUPP) {
		hp_log(LOG_WARNING, "%s %s has nothing to be restored in: %s", setting->backend,
		       setting->object, why.text ? why.text : "not supported here");
		return -EOPNOTSUPP;
	}
	ret = backend->read(ctx, setting->object, setting->attr, live, err);
	return ret ? hp_err_wrap(err, "%s %s %s", setting->backend, setting->object, setting->attr) : 0;
}

static int plan_restore(struct hp_ctx *ctx, const struct hp_applied *item, struct hp_view *view,
			struct hp_steps *out, struct hp_err *err)
{
	hp_autofree char *live = NULL;
	int ret;

	if (view) {
		if (!hp_steps_add(out, HP_STEP_RESTORE, &item->setting, view->expected, item->original) ||
		    hp_text_replace(&view->expected, item->original))
			return out_of_memory(err);
		return 0;
	}
	ret = read_dropped(ctx, item, &live, err);
	if (ret)
		return ret == -EOPNOTSUPP ? 0 : ret;
	if (is_same_text(live, item->original))
		return 0;
	return hp_steps_add(out, HP_STEP_RESTORE, &item->setting, live, item->original) ? 0 : out_of_memory(err);
}

static int plan_restores(struct hp_ctx *ctx, const struct hp_state *state, struct hp_views *views,
			 struct hp_steps *out, struct hp_err *err)
{
	bool any_dropped = state && has_dropped(state, views);

	for (size_t i = state ? state->count : 0; i-- > 0;) {
		const struct hp_applied *item = &state->items[i];
		struct hp_view *view = find_view(views, item);
		int ret;

		if (item->gap || (view && !goes_home_first(view, any_dropped)))
			continue;
		ret = plan_restore(ctx, item, view, out, err);
		if (ret)
			return ret;
	}
	return 0;
}

/* An optional setting that was refused before, asked for again unchanged. */
static bool is_known_gap(const struct hp_view *view)
{
	return view->applied && view->applied->gap && is_same_text(view->applied->setting.want, view->setting->want);
}

static int plan_sets(struct hp_views *views, struct hp_steps *out, struct hp_err *err)
{
	for (size_t i = 0; i < views->count; i++) {
		struct hp_view *view = &views->items[i];
		const struct hp_setting *setting = view->setting;

		if (!view->is_usable) {
			out->gaps++;
		} else if (hp_backend_satisfies(view->backend, setting->attr, view->expected, setting->want)) {
			out->satisfied++;
		} else if (is_known_gap(view)) {
			out->gaps++;
		} else if (!hp_steps_add(out, HP_STEP_SET, setting, view->expected, setting->want) ||
			   hp_text_replace(&view->expected, setting->want)) {
			return out_of_memory(err);
		}
	}
	return 0;
}

/* First of all, what guards a thing for its owner lets go of it: see hp_backend.meet. */
static int plan_letting_go(struct hp_views *views, struct hp_steps *out, struct hp_err *err)
{
	for (size_t i = 0; i < views->count; i++) {
		struct hp_view *view = &views->items[i];
		const struct hp_setting *setting = view->setting;
		hp_autofree char *stays = NULL;
		int ret;

		if (!view->is_usable || !view->backend->meet || !view->expected)
			continue;
		ret = view->backend->meet(view->expected, setting->want, &stays, err);
		if (ret)
			return hp_err_wrap(err, "%s %s %s", setting->backend, setting->object, setting->attr);
		if (hp_backend_satisfies(view->backend, setting->attr, view->expected, stays))
			continue;
		if (!hp_steps_add(out, HP_STEP_SHRINK, setting, view->expected, stays) ||
		    hp_text_replace(&view->expected, stays))
			return out_of_memory(err);
	}
	return 0;
}

/* Undoing could not bring back what went away by itself, so this is asked while nothing has changed. */
static int check_outlasting(struct hp_ctx *ctx, const struct hp_state *state, struct hp_views *views,
			    struct hp_err *err)
{
	int ret = 0;

	if (!state || !has_dropped(state, views))
		return 0;
	for (size_t i = 0; i < views->count && !ret; i++) {
		const struct hp_view *view = &views->items[i];

		if (view->is_usable && view->backend->outlasts)
			ret = view->backend->outlasts(ctx, view->setting->object, view->setting->attr, err);
	}
	return ret;
}

int hp_steps_plan(struct hp_ctx *ctx, const struct hp_state *state, struct hp_views *views,
		  struct hp_steps *out, struct hp_err *err)
{
	int ret = check_outlasting(ctx, state, views, err);

	if (!ret)
		ret = plan_letting_go(views, out, err);
	if (!ret)
		ret = plan_restores(ctx, state, views, out, err);
	if (!ret)
		ret = hp_steps_plan_cpus(views, out, err);
	return ret ? ret : plan_sets(views, out, err);
}

int hp_steps_compute(struct hp_ctx *ctx, const struct hp_state *state, const struct hp_settings *want,
		     struct hp_steps *out, struct hp_err *err)
{
	hp_autoviews views = HP_VIEWS_INIT;
	int ret = hp_views_read(ctx, state, want, &views, err);

	return ret ? ret : hp_steps_plan(ctx, state, &views, out, err);
}
