// SPDX-License-Identifier: GPL-2.0
/* events.c: the event log in RUN: append, read, follow. */
#include "ctl/hp_events.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include "base/hp_auto.h"

enum { LOG_BYTES_MAX = 1 << 20 };

static char *log_path(const struct hp_ctx *ctx, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", ctx->run_dir, name) < 0 ? NULL : path;
}

static void add_text(struct json_object *object, const char *key, const char *text)
{
	if (text)
		json_object_object_add(object, key, json_object_new_string(text));
}

static struct json_object *actor_json(const struct hp_actor *actor)
{
	struct json_object *object;

	if (!actor->known)
		return json_object_new_string("unknown");
	object = json_object_new_object();
	json_object_object_add(object, "pid", json_object_new_int(actor->pid));
	add_text(object, "comm", actor->comm);
	if (actor->cgroup[0])
		add_text(object, "cgroup", actor->cgroup);
	return object;
}

static struct json_object *event_json(const struct hp_event *event)
{
	struct json_object *object = json_object_new_object();
	struct timespec now, boot;
	char text[64];
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	gmtime_r(&now.tv_sec, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + strlen(text), sizeof(text) - strlen(text), ".%03ldZ", now.tv_nsec / 1000000);
	add_text(object, "time", text);
	json_object_object_add(object, "boottime_ns",
			       json_object_new_int64((int64_t)boot.tv_sec * 1000000000 + boot.tv_nsec));
	add_text(object, "type", event->type);
	add_text(object, "domain", event->domain);
	add_text(object, "what", event->what);
	add_text(object, "was", event->was);
	add_text(object, "found", event->found);
	add_text(object, "done", event->done);
	json_object_object_add(object, "actor", actor_json(&event->actor));
	return object;
}

/* Keeps at most two files of LOG_BYTES_MAX: the log must not eat the tmpfs. */
static void turn_over(const struct hp_ctx *ctx, const char *path)
{
	hp_autofree char *old = log_path(ctx, "events.1.jsonl");
	struct stat st;

	if (old && stat(path, &st) == 0 && st.st_size > LOG_BYTES_MAX)
		rename(path, old);
}

int hp_events_append(const struct hp_ctx *ctx, const struct hp_event *event, struct hp_err *err)
{
	hp_autofree char *path = log_path(ctx, "events.jsonl");
	hp_autofree char *line = NULL;
	hp_autofd int fd = -1;
	struct json_object *object = event_json(event);

	if (asprintf(&line, "%s\n", json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN)) < 0)
		line = NULL;
	json_object_put(object);
	if (!path || !line)
		return hp_err_errno(err, ENOMEM, "writing an event");
	if (mkdir(ctx->run_dir, 0755) < 0 && errno != EEXIST)
		return hp_err_errno(err, errno, "making %s", ctx->run_dir);
	turn_over(ctx, path);
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, line, strlen(line)) != (ssize_t)strlen(line))
		return hp_err_errno(err, errno, "writing to %s", path);
	return 0;
}

struct tail {
	size_t skip;		/* lines still to pass over */
	hp_events_fn fn;
	void *arg;
};

static int feed(FILE *file, struct tail *tail)
{
	hp_autofree char *line = NULL;
	size_t capacity = 0;
	int stop = 0;

	while (!stop && getline(&line, &capacity, file) > 0) {
		struct json_object *event;

		if (tail->skip > 0) {
			tail->skip--;
			continue;
		}
		event = json_tokener_parse(line);
		if (json_object_is_type(event, json_type_object))
			stop = tail->fn(tail->arg, event);
		json_object_put(event);
	}
	clearerr(file);
	return stop;
}

static size_t count_lines(const char *path)
{
	hp_autofile FILE *file = fopen(path, "re");
	hp_autofree char *line = NULL;
	size_t capacity = 0, count = 0;

	while (file && getline(&line, &capacity, file) > 0)
		count++;
	return count;
}

int hp_events_read(const struct hp_ctx *ctx, size_t limit, hp_events_fn fn, void *arg, struct hp_err *err)
{
	static const char *const names[] = { "events.1.jsonl", "events.jsonl" };
	struct tail tail = { .fn = fn, .arg = arg };
	size_t total = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < hp_array_size(names); i++) {
			hp_autofree char *path = log_path(ctx, names[i]);
			hp_autofile FILE *file = NULL;

			if (!path)
				return hp_err_errno(err, ENOMEM, "reading the events");
			if (pass == 0) {
				total += count_lines(path);
				continue;
			}
			file = fopen(path, "re");
			if (!file && errno != ENOENT)
				return hp_err_errno(err, errno, "reading %s", path);
			if (file && feed(file, &tail))
				return 0;
		}
		tail.skip = limit && total > limit ? total - limit : 0;
	}
	return 0;
}

/* The log may not exist yet or be turned over: watch the directory, reopen when the name moves. */
int hp_events_follow(const struct hp_ctx *ctx, hp_events_fn fn, void *arg, int stop_fd, struct hp_err *err)
{
	hp_autofree char *path = log_path(ctx, "events.jsonl");
	hp_autofd int notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	hp_autofile FILE *file = NULL;
	struct tail tail = { .fn = fn, .arg = arg };
	struct pollfd polls[2] = { { .fd = notify, .events = POLLIN }, { .fd = stop_fd, .events = POLLIN } };
	char buffer[4096] __attribute__((aligned(8)));

	if (!path)
		return hp_err_errno(err, ENOMEM, "following the events");
	mkdir(ctx->run_dir, 0755);
	if (notify < 0 || inotify_add_watch(notify, ctx->run_dir, IN_CREATE | IN_MODIFY | IN_MOVED_FROM) < 0)
		return hp_err_errno(err, errno, "watching %s", ctx->run_dir);
	file = fopen(path, "re");
	if (file)
		fseek(file, 0, SEEK_END);
	for (;;) {
		ssize_t got;

		if (poll(polls, 2, -1) < 0 && errno != EINTR)
			return hp_err_errno(err, errno, "waiting for events");
		if (polls[1].revents)
			return 0;
		got = read(notify, buffer, sizeof(buffer));
		for (char *p = buffer; got > 0 && p < buffer + got;) {
			const struct inotify_event *note = (const void *)p;

			if ((note->mask & IN_MOVED_FROM) && file && strcmp(note->name, "events.jsonl") == 0) {
				if (feed(file, &tail))
					return 0;
				fclose(hp_take(file));
			}
			p += sizeof(*note) + note->len;
		}
		if (!file)
			file = fopen(path, "re");
		if (file && feed(file, &tail))
			return 0;
	}
}
