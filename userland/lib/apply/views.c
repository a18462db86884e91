// SPDX-License-Identifier: GPL-2.0
/* views.c: reads what the machine has for each wanted setting. */
#include "apply/steps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "apply/state.h"
#include "base/hp_auto.h"
#include "base/hp_log.h"
#include "base/hp_text.h"

void hp_views_clear(struct hp_views *views)
{
	for (size_t i = 0; i < views->count; i++) {
		free(views->items[i].found);
		free(views->items[i].expected);
	}
	free(views->items);
	*views = (struct hp_views)HP_VIEWS_INIT;
}

char *hp_setting_label(const char *backend, const char *object, const char *attr)
{
	return hp_format("%s %s%s%s", backend, object, *attr ? " " : "", attr);
}

int hp_text_replace(char **slot, const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		return -ENOMEM;
	free(*slot);
	*slot = copy;
	return 0;
}

/* Whether the backend works here; an earlier view of the same backend knows already. */
static int probe(struct hp_ctx *ctx, struct hp_views *views, size_t n, struct hp_err *err)
{
	struct hp_view *view = &views->items[n];
	int ret;

	view->is_usable = true;
	if (!view->backend->probe || !hp_root_is_live(ctx->root))
		return 0;
	for (size_t i = n; i-- > 0;)
		if (views->items[i].backend == view->backend && views->items[i].is_usable)
			return 0;
	ret = view->backend->probe(ctx, err);
	if (ret != -EOPNOTSUPP || !view->setting->is_optional)
		return ret;
	hp_log(LOG_DEBUG, "%s %s is left out: %s", view->setting->backend, view->setting->object,
	       err && err->text ? err->text : "not supported here");
	if (err)
		hp_err_clear(err);
	view->is_usable = false;
	return 0;
}

static int read_view(struct hp_ctx *ctx, struct hp_view *view, struct hp_err *err)
{
	int ret;

	if (!view->is_usable || (!hp_root_is_live(ctx->root) && !view->backend->reads_root_only))
		return 0;
	ret = view->backend->read(ctx, view->setting->object, view->setting->attr, &view->found, err);
	if (ret)
		return ret;
	return hp_text_replace(&view->expected, view->found);
}

static int fill_view(struct hp_ctx *ctx, const struct hp_state *state, struct hp_views *views, size_t n,
		     struct hp_err *err)
{
	struct hp_view *view = &views->items[n];
	hp_autofree char *label = hp_setting_label(view->setting->backend, view->setting->object,
						   view->setting->attr);
	int ret;

	view->applied = hp_state_find(state, view->setting);
	view->backend = hp_backend_find(view->setting->backend);
	if (!view->backend)
		return hp_err_set(err, EPROTO, "%s: no such backend", label);
	ret = probe(ctx, views, n, err);
	if (!ret)
		ret = read_view(ctx, view, err);
	if (ret && err && !hp_err_is_set(err))
		hp_err_errno(err, -ret, "read");
	return ret ? hp_err_wrap(err, "%s", label) : 0;
}

int hp_views_read(struct hp_ctx *ctx, const struct hp_state *state, const struct hp_settings *want,
		  struct hp_views *out, struct hp_err *err)
{
	*out = (struct hp_views)HP_VIEWS_INIT;
	if (!want->count)
		return 0;
	out->items = calloc(want->count, sizeof(*out->items));
	if (!out->items)
		return hp_err_set(err, ENOMEM, "out of memory");
	for (out->count = 0; out->count < want->count; out->count++) {
		int ret;

		out->items[out->count].setting = &want->items[out->count];
		ret = fill_view(ctx, state, out, out->count, err);
		if (ret) {
			free(out->items[out->count].found);
			free(out->items[out->count].expected);
			return ret;
		}
	}
	return 0;
}
