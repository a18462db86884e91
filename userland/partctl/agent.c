// SPDX-License-Identifier: GPL-2.0
/* agent.c: asks partd for a change, or makes it here. */
#include "agent.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>
#include "apply/hp_engine.h"
#include "apply/hp_hosts.h"
#include "ctl/hp_ctl.h"
#include "ctl/hp_events.h"
#include "policy/hp_policy.h"

int policy_read(const char *file, char **text, struct hp_err *err)
{
	int ret = hp_policy_read(file ? file : POLICY_FILE_DEFAULT, text, err);

	if (ret == -ENOENT && !file)
		hp_err_hint(err, "that is where a policy is looked for when none is named; examples are in %s/policies",
			    HP_DATADIR);
	return ret;
}

char *policy_name(const char *file)
{
	const char *path = file ? file : POLICY_FILE_DEFAULT;
	char *absolute = strcmp(path, "-") == 0 ? NULL : realpath(path, NULL);

	return absolute ? absolute : strdup(path);
}

/* One line that is rewritten on a terminal; nothing elsewhere. */
static void show_progress(const struct run *run, long step, long total, const char *what, const char *attr)
{
	if (run->is_quiet || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r\033[K[%ld/%ld] %s %s", step, total, what, attr);
	if (step == total)
		fprintf(stderr, "\r\033[K");
	fflush(stderr);
}

static long field_long(struct json_object *object, const char *key)
{
	struct json_object *field;

	return json_object_object_get_ex(object, key, &field) ? json_object_get_int64(field) : 0;
}

static const char *field_text(struct json_object *object, const char *key)
{
	struct json_object *field;

	return json_object_object_get_ex(object, key, &field) ? json_object_get_string(field) : "";
}

static void remote_progress(void *arg, struct json_object *progress)
{
	show_progress(arg, field_long(progress, "step"), field_long(progress, "total"),
		      field_text(progress, "object"), field_text(progress, "attr"));
}

static void local_progress(void *arg, const struct hp_step *step, size_t index, size_t total, bool done)
{
	(void)done;
	show_progress(arg, (long)index + 1, (long)total, step->object, step->attr);
}

static const char *const change_words[] = { "apply", "confirm", "rollback", "teardown" };

static int make_remote(struct run *run, const struct change_request *request, size_t *changed, struct hp_err *err)
{
	struct json_object *message = json_object_new_object(), *result = NULL;
	int ret;

	json_object_object_add(message, "verb", json_object_new_string(change_words[request->what]));
	if (request->policy_text) {
		json_object_object_add(message, "policy_file", json_object_new_string(request->policy_file));
		json_object_object_add(message, "policy_text", json_object_new_string(request->policy_text));
		json_object_object_add(message, "confirm_seconds", json_object_new_int((int)request->confirm_seconds));
	}
	ret = hp_ctl_call(&run->ctx, message, remote_progress, run, &result, err);
	if (ret == 0)
		*changed = (size_t)field_long(result, "changed");
	json_object_put(result);
	return ret;
}

static int apply_here(struct run *run, const struct change_request *request, const struct hp_txn_watch *watch,
		      size_t *changed, struct hp_err *err)
{
	const struct hp_engine_options options = { request->confirm_seconds, watch };
	int ret = hp_engine_apply(&run->ctx, request->policy_file, request->policy_text, &options, changed, err);

	if (ret == 0 && request->confirm_seconds && *changed)
		ret = hp_engine_spawn_watcher(&run->ctx, err);
	return ret;
}

static void log_change(struct run *run, const struct change_request *request)
{
	static const char *const types[] = { "applied", "confirmed", "reverted", "torn-down" };
	struct hp_event event = { .type = types[request->what], .what = request->policy_file,
				  .actor = { .known = true, .pid = getpid() } };
	hp_autoerr err = HP_ERR_INIT;

	hp_actor_describe(&event.actor);
	if (hp_events_append(&run->ctx, &event, &err) < 0)
		fprintf(stderr, "partctl: %s\n", err.text);
}

/* The change is made whatever becomes of this. */
static void start_hosts(struct run *run)
{
	hp_autoerr not_told = HP_ERR_INIT, err = HP_ERR_INIT;
	unsigned int booted;

	hp_hosts_start(&run->ctx, &not_told, &booted, &err);
	if (hp_err_is_set(&not_told))
		fprintf(stderr, "partctl: devices of the operating systems: %s\n", not_told.text);
	if (hp_err_is_set(&err))
		fprintf(stderr, "partctl: autostart: %s\n", err.text);
}

static int make_here(struct run *run, const struct change_request *request, size_t *changed, struct hp_err *err)
{
	const struct hp_txn_watch watch = { .step = local_progress, .arg = run };
	bool expired = false;
	int ret = hp_engine_expire(&run->ctx, &expired, err);

	*changed = 0;
	if (ret < 0)
		return ret;
	switch (request->what) {
	case CHANGE_APPLY:
		ret = apply_here(run, request, &watch, changed, err);
		break;
	case CHANGE_CONFIRM:
		ret = hp_engine_confirm(&run->ctx, err);
		break;
	case CHANGE_ROLLBACK:
		ret = hp_engine_rollback(&run->ctx, changed, err);
		break;
	case CHANGE_TEARDOWN:
		ret = hp_engine_teardown(&run->ctx, &watch, changed, err);
		break;
	}
	if (ret == 0 && (*changed || request->what == CHANGE_CONFIRM))
		log_change(run, request);
	if (ret == 0 && request->what == CHANGE_APPLY)
		start_hosts(run);
	return ret;
}

int change_make(struct run *run, const struct change_request *request, size_t *changed, struct hp_err *err)
{
	hp_autoerr remote = HP_ERR_INIT;
	int ret;

	if (strcmp(run->root_dir, "/") != 0)
		return hp_err_usage(err, "partctl: a recorded machine cannot be changed: leave out --root");
	if (run->is_local) {
		if (hp_ctl_agent(&run->ctx, NULL) > 0)
			return hp_err_set(err, EBUSY, "partd runs and is the only writer: leave out --local, or stop partd first");
		return make_here(run, request, changed, err);
	}
	ret = make_remote(run, request, changed, &remote);
	if (ret == -ENOTCONN)
		return make_here(run, request, changed, err);
	if (ret < 0) {
		hp_err_set(err, remote.errnum, "%s", remote.text ? remote.text : "partd failed");
		err->exit = remote.exit;
	}
	return ret;
}
