// SPDX-License-Identifier: GPL-2.0
/* state_file.c: the state in force as JSON in RUN/state.json. */
#include "apply/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "apply/runfile.h"
#include "apply/setting_json.h"
#include "base/hp_auto.h"
#include "base/hp_json.h"
#include "base/hp_tree.h"

#define STATE_VERSION 1

static struct json_object *item_to_json(const struct hp_applied *item)
{
	struct json_object *obj = json_object_new_object();

	hp_setting_name_to_json(obj, item->setting.backend, item->setting.object, item->setting.attr);
	hp_json_add_text(obj, "want", item->setting.want);
	hp_json_add_text(obj, "original", item->original);
	if (item->gap)
		hp_json_add_text(obj, "gap", item->gap);
	json_object_object_add(obj, "domain", json_object_new_int(item->setting.domain));
	json_object_object_add(obj, "line", json_object_new_int64(item->setting.loc.line));
	json_object_object_add(obj, "column", json_object_new_int64(item->setting.loc.column));
	json_object_object_add(obj, "optional", json_object_new_boolean(item->setting.is_optional));
	return obj;
}

static struct json_object *state_to_json(const struct hp_state *state)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *items = json_object_new_array();

	json_object_object_add(obj, "version", json_object_new_int(STATE_VERSION));
	hp_json_add_text(obj, "id", state->id);
	hp_json_add_text(obj, "policy_file", state->policy_file);
	hp_json_add_text(obj, "policy_text", state->policy_text);
	json_object_object_add(obj, "applied_at", json_object_new_int64(state->applied_at));
	json_object_object_add(obj, "confirm_by_ns", json_object_new_int64(state->confirm_by_ns));
	for (size_t i = 0; i < state->count; i++)
		json_object_array_add(items, item_to_json(&state->items[i]));
	json_object_object_add(obj, "items", items);
	json_object_object_add(obj, "previous", state->previous ? state_to_json(state->previous) : NULL);
	return obj;
}

static int item_from_json(struct hp_state *state, struct json_object *obj)
{
	struct hp_setting setting = {
		.want = (char *)hp_json_text(obj, "want"),
		.domain = (int)hp_json_int(obj, "domain"),
		.loc = { (unsigned int)hp_json_int(obj, "line"), (unsigned int)hp_json_int(obj, "column") },
		.is_optional = hp_json_int(obj, "optional") != 0,
	};
	const char *gap = hp_json_text(obj, "gap");
	struct hp_applied *item;

	if (hp_setting_name_from_json(obj, &setting))
		return -EBADMSG;
	item = hp_state_add(state, &setting, hp_json_text(obj, "original"));
	if (!item)
		return -ENOMEM;
	item->gap = gap ? strdup(gap) : NULL;
	return gap && !item->gap ? -ENOMEM : 0;
}

static int copy_text(char **slot, const char *text)
{
	*slot = text ? strdup(text) : NULL;
	return text && !*slot ? -ENOMEM : 0;
}

static int state_from_json(struct json_object *obj, struct hp_state **out)
{
	hp_autostate *state = calloc(1, sizeof(*state));
	struct json_object *items, *previous;
	int ret;

	if (!state)
		return -ENOMEM;
	if (hp_json_int(obj, "version") != STATE_VERSION || !hp_json_text(obj, "id") ||
	    !json_object_object_get_ex(obj, "items", &items) || !json_object_is_type(items, json_type_array))
		return -EBADMSG;
	if (copy_text(&state->id, hp_json_text(obj, "id")) ||
	    copy_text(&state->policy_file, hp_json_text(obj, "policy_file")) ||
	    copy_text(&state->policy_text, hp_json_text(obj, "policy_text")))
		return -ENOMEM;
	state->applied_at = (time_t)hp_json_int(obj, "applied_at");
	state->confirm_by_ns = hp_json_int(obj, "confirm_by_ns");
	for (size_t i = 0; i < json_object_array_length(items); i++) {
		ret = item_from_json(state, json_object_array_get_idx(items, i));
		if (ret)
			return ret;
	}
	if (json_object_object_get_ex(obj, "previous", &previous) && previous) {
		ret = state_from_json(previous, &state->previous);
		if (ret)
			return ret;
	}
	*out = hp_take(state);
	return 0;
}

int hp_state_save(const struct hp_ctx *ctx, const struct hp_state *state, struct hp_err *err)
{
	hp_autojson *obj = state_to_json(state);
	int ret = hp_runfile_replace(ctx->run_dir, "state.json",
				  json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PRETTY), err);

	return ret ? hp_err_wrap(err, "save the state") : 0;
}

int hp_state_load_raw(const struct hp_ctx *ctx, struct hp_state **state, struct hp_err *err)
{
	hp_autofree char *text = NULL, *path = NULL;
	hp_autojson *obj = NULL;
	int ret;

	*state = NULL;
	ret = hp_runfile_read(ctx->run_dir, "state.json", &text, err);
	if (ret == -ENOENT) {
		if (err)
			hp_err_clear(err);
		return 0;
	}
	if (ret)
		return hp_err_wrap(err, "load the state");
	obj = json_tokener_parse(text);
	ret = obj ? state_from_json(obj, state) : -EBADMSG;
	if (!ret)
		return 0;
	hp_err_errno(err, -ret, "%s/state.json", ctx->run_dir);
	if (ret == -EBADMSG)
		hp_err_hint(err, "it was not written by this version of hostpart; tear down with the version that wrote it");
	return ret;
}

int hp_state_load(const struct hp_ctx *ctx, struct hp_state **state, struct hp_err *err)
{
	int ret = hp_state_load_raw(ctx, state, err);

	/* A teardown that was killed after its commit point: nothing is applied any more. */
	if (!ret && *state && !(*state)->count) {
		hp_state_free(*state);
		*state = NULL;
	}
	return ret;
}

/*
 * Whoever takes the last domain away, the agent or a command while it is not
 * there: the counters that the agent pinned for the domains go too.
 */
static void remove_pinned_counters(const struct hp_ctx *ctx)
{
	hp_autofree char *dir = NULL;

	if (!ctx->bpffs_dir || asprintf(&dir, "%s/contention", ctx->bpffs_dir) < 0)
		return;
	hp_tree_remove(dir, NULL);
	rmdir(ctx->bpffs_dir);	/* stays while something else is pinned there */
}

int hp_state_remove(const struct hp_ctx *ctx, struct hp_err *err)
{
	remove_pinned_counters(ctx);
	return hp_runfile_remove(ctx->run_dir, "state.json", err);
}
