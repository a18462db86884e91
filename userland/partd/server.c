// SPDX-License-Identifier: GPL-2.0
/* server.c: the control socket: one request per connection, root only, progress as it goes. */
#include "agent.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include "apply/hp_engine.h"
#include "base/hp_auto.h"
#include "base/hp_json.h"
#include "base/hp_log.h"
#include "ctl/hp_ctl.h"

enum { CLIENTS_MAX = 32 };

struct client {
	struct agent *agent;
	sd_event_source *source;
	struct hp_ctl_reader reader;
	struct ucred peer;
	int fd;
};

static unsigned int clients_count;

static void drop(struct client *client)
{
	sd_event_source_disable_unref(client->source);
	close(client->fd);
	hp_ctl_reader_clear(&client->reader);
	free(client);
	clients_count--;
}

static void send_progress(void *arg, const struct hp_step *step, size_t index, size_t total, bool done)
{
	struct client *client = arg;
	struct json_object *line = json_object_new_object(), *progress = json_object_new_object();

	json_object_object_add(progress, "step", json_object_new_int64((int64_t)index + 1));
	json_object_object_add(progress, "total", json_object_new_int64((int64_t)total));
	json_object_object_add(progress, "done", json_object_new_boolean(done));
	json_object_object_add(progress, "backend", json_object_new_string(step->backend));
	json_object_object_add(progress, "object", json_object_new_string(step->object));
	json_object_object_add(progress, "attr", json_object_new_string(step->attr));
	json_object_object_add(line, "progress", progress);
	/* A client that went away does not stop a transaction. */
	hp_ctl_send(client->fd, line, NULL);
}

static void tell_done(struct client *client, const char *type, const char *what, size_t changed)
{
	hp_autofree char *done = NULL;
	struct hp_event event = { .type = type, .what = what };

	if (asprintf(&done, "%zu change%s", changed, changed == 1 ? "" : "s") < 0)
		return;
	event.done = done;
	event.actor = (struct hp_actor){ .known = true, .pid = client->peer.pid };
	hp_actor_describe(&event.actor);
	agent_tell(client->agent, &event);
}

static int do_apply(struct client *client, struct json_object *request, size_t *changed, struct hp_err *err)
{
	const struct hp_txn_watch watch = { .step = send_progress, .arg = client };
	struct hp_engine_options options = { .watch = &watch };
	const char *file = hp_json_text(request, "policy_file"), *text = hp_json_text(request, "policy_text");
	struct hp_ctx ctx = client->agent->ctx;
	struct json_object *field;
	int ret;

	if (!file || !text)
		return hp_err_usage(err, "apply needs policy_file and policy_text");
	if (json_object_object_get_ex(request, "confirm_seconds", &field))
		options.confirm_seconds = (unsigned int)json_object_get_int(field);
	ctx.caller = client->peer.pid;
	ret = hp_engine_apply(&ctx, file, text, &options, changed, err);
	if (ret == 0 && *changed)
		tell_done(client, "applied", file, *changed);
	return ret;
}

static int do_teardown(struct client *client, struct json_object *request, size_t *changed, struct hp_err *err)
{
	const struct hp_txn_watch watch = { .step = send_progress, .arg = client };
	int ret = hp_engine_teardown(&client->agent->ctx, &watch, changed, err);

	(void)request;
	if (ret == 0 && *changed)
		tell_done(client, "torn-down", NULL, *changed);
	return ret;
}

static int do_rollback(struct client *client, struct json_object *request, size_t *changed, struct hp_err *err)
{
	int ret = hp_engine_rollback(&client->agent->ctx, changed, err);

	(void)request;
	if (ret == 0)
		tell_done(client, "reverted", "rollback", *changed);
	return ret;
}

static int do_confirm(struct client *client, struct json_object *request, size_t *changed, struct hp_err *err)
{
	int ret = hp_engine_confirm(&client->agent->ctx, err);

	(void)request;
	*changed = 0;
	if (ret == 0)
		tell_done(client, "confirmed", NULL, 0);
	return ret;
}

static const struct command {
	const char *verb;
	int (*run)(struct client *client, struct json_object *request, size_t *changed, struct hp_err *err);
} commands[] = {
	{ "apply", do_apply },
	{ "confirm", do_confirm },
	{ "rollback", do_rollback },
	{ "teardown", do_teardown },
};

static const struct command *find_command(const char *verb)
{
	for (size_t i = 0; verb && i < hp_array_size(commands); i++)
		if (strcmp(commands[i].verb, verb) == 0)
			return &commands[i];
	return NULL;
}

static struct json_object *answer(int ret, size_t changed, const struct hp_err *err)
{
	struct json_object *reply = json_object_new_object(), *body = json_object_new_object();

	json_object_object_add(reply, "ok", json_object_new_boolean(ret == 0));
	if (ret == 0) {
		json_object_object_add(body, "changed", json_object_new_int64((int64_t)changed));
		json_object_object_add(body, "pid", json_object_new_int(getpid()));
		json_object_object_add(reply, "result", body);
		return reply;
	}
	json_object_object_add(body, "text", json_object_new_string(err->text ? err->text : "out of memory"));
	json_object_object_add(body, "errno", json_object_new_int(err->errnum));
	json_object_object_add(body, "exit", json_object_new_int(err->exit));
	json_object_object_add(reply, "error", body);
	return reply;
}

/* A question: nothing on the machine changes, so nothing has to be adopted, and what it asks for is the result. */
static bool serve_reclaim(struct client *client, struct json_object *request)
{
	const char *verb = hp_json_text(request, "verb");
	struct json_object *result, *reply;
	hp_autoerr err = HP_ERR_INIT;
	int ret;

	if (!verb || strcmp(verb, "reclaim") != 0 || client->peer.uid != 0)
		return false;
	result = json_object_new_object();
	ret = reclaim_request(client->agent, request, client->peer.pid, &result, &err);
	reply = answer(ret, 0, &err);
	if (ret == 0)
		json_object_object_add(reply, "result", result);
	else
		json_object_put(result);
	hp_ctl_send(client->fd, reply, NULL);
	return true;
}

static void serve(struct client *client, struct json_object *request)
{
	const struct command *command = find_command(hp_json_text(request, "verb"));
	hp_autoerr err = HP_ERR_INIT;
	size_t changed = 0;
	int ret;

	if (!command)
		ret = hp_err_usage(&err, "partd knows no request '%s'; is partctl newer than partd?",
				   hp_json_text(request, "verb") ? hp_json_text(request, "verb") : "");
	else if (client->peer.uid != 0)
		ret = hp_err_set(&err, EPERM, "only root may ask partd to %s (you are uid %u)", command->verb,
				 client->peer.uid);
	else
		ret = command->run(client, request, &changed, &err);
	if (command) {
		hp_autoerr adopt = HP_ERR_INIT;

		if (agent_adopt(client->agent, &adopt) < 0)
			hp_log(LOG_ERR, "after %s: %s", command->verb, adopt.text);
	}
	hp_ctl_send(client->fd, answer(ret, changed, &err), NULL);
	/* After the answer: who asked for the change does not wait for that. */
	if (command && ret == 0)
		agent_start_hosts(client->agent);
	agent_trim();
}

static int on_client(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct client *client = arg;
	struct json_object *request = NULL;
	hp_autoerr err = HP_ERR_INIT;

	(void)source;
	(void)revents;
	if (hp_ctl_read(fd, &client->reader, &request, &err) < 0) {
		if (err.errnum != EPIPE)
			hp_log(LOG_WARNING, "control socket, pid %d: %s", client->peer.pid, err.text);
		drop(client);
		return 0;
	}
	if (!request)
		return 0;
	if (!serve_reclaim(client, request))
		serve(client, request);
	json_object_put(request);
	return 0;
}

static int on_connect(sd_event_source *source, int listener, uint32_t revents, void *arg)
{
	struct agent *agent = arg;
	hp_autofd int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	socklen_t length = sizeof(struct ucred);
	struct client *client;

	(void)source;
	(void)revents;
	if (fd < 0)
		return 0;
	if (clients_count >= CLIENTS_MAX) {
		hp_log(LOG_WARNING, "control socket: %u connections are open, refusing another", clients_count);
		return 0;
	}
	client = calloc(1, sizeof(*client));
	if (!client)
		return 0;
	client->agent = agent;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &client->peer, &length) < 0 ||
	    sd_event_add_io(agent->loop, &client->source, fd, EPOLLIN, on_client, client) < 0) {
		free(client);
		return 0;
	}
	client->fd = hp_take_fd(fd);
	clients_count++;
	return 0;
}

int server_start(struct agent *agent, struct hp_err *err)
{
	int ret, fd = hp_ctl_listen(&agent->ctx, err);

	if (fd < 0)
		return fd;
	ret = sd_event_add_io(agent->loop, NULL, fd, EPOLLIN, on_connect, agent);
	return ret < 0 ? hp_err_errno(err, -ret, "serving the control socket") : 0;
}
