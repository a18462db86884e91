// SPDX-License-Identifier: GPL-2.0
/* top_events.c: what happened to the domains, as lines for partctl top. */
#include "top_source.h"

#include <errno.h>
#include <string.h>
#include "base/hp_json.h"
#include "base/hp_text.h"
#include "ctl/hp_events.h"

static char *actor_of(struct json_object *event)
{
	struct json_object *actor, *pid;

	if (!json_object_object_get_ex(event, "actor", &actor) || !json_object_is_type(actor, json_type_object) ||
	    !json_object_object_get_ex(actor, "pid", &pid))
		return hp_format("by unknown");
	return hp_format("by %s[%d]", hp_json_text(actor, "comm") ? hp_json_text(actor, "comm") : "?", json_object_get_int(pid));
}

/* As 'partctl events' says it, in ASCII. */
static char *describe(struct json_object *event)
{
	const char *what = hp_json_text(event, "what"), *was = hp_json_text(event, "was"), *found = hp_json_text(event, "found");
	const char *done = hp_json_text(event, "done");
	hp_autofree char *actor = actor_of(event);

	if (!actor)
		return NULL;
	return hp_format("%s%s%s%s%s%s%s%s%s", what ? what : "", was ? " should be " : "", was ? was : "",
			 found ? " found " : "", found ? found : "", done ? " -> " : "", done ? done : "",
			 what || done ? " " : "", actor);
}

static int add_event(void *arg, struct json_object *event)
{
	struct top_model *model = arg;
	struct top_event *events = reallocarray(model->events, model->events_count + 1, sizeof(*events)), *into;
	const char *type = hp_json_text(event, "type"), *time = hp_json_text(event, "time"), *domain = hp_json_text(event, "domain");

	if (!events)
		return 1;
	model->events = events;
	into = &events[model->events_count++];
	*into = (struct top_event) {
		.time = strdup(time ? time : ""),
		.type = strdup(type ? type : "?"),
		.domain = strdup(domain ? domain : "-"),
		.text = describe(event),
		.is_bad = type && (strcmp(type, "drift") == 0 || strcmp(type, "refused") == 0),
	};
	return !into->time || !into->type || !into->domain || !into->text;
}

int top_events_read(struct run *run, struct top_model *model, struct hp_err *err)
{
	hp_autoerr why = HP_ERR_INIT;
	struct top_event *last;

	if (hp_events_read(&run->ctx, TOP_EVENTS_MAX, add_event, model, &why))
		top_model_note(model, "no events: %.*s", (int)strcspn(why.text, "\n"), why.text);
	last = model->events_count ? &model->events[model->events_count - 1] : NULL;
	if (last && (!last->time || !last->type || !last->domain || !last->text))
		return hp_err_errno(err, ENOMEM, "reading the events");
	return 0;
}
