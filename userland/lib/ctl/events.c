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
#include "base/hp_clock.h"
#include "base/hp_text.h"

#define LOG_NAME "events.jsonl"
#define LOG_NAME_OLD "events.1.jsonl"

enum { LOG_BYTES_MAX = 1 << 20 };

static char *log_path(const struct hp_ctx *ctx, const char *name)
{
	return hp_format("%s/%s", ctx->run_dir, name);
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
	struct timespec now;
	char text[64];
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + strlen(text), sizeof(text) - strlen(text), ".%03ldZ", now.tv_nsec / 1000000);
	add_text(object, "time", text);
	json_object_object_add(object, "boottime_ns", json_object_new_int64(hp_clock_boottime_ns()));
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
	hp_autofree char *old = log_path(ctx, LOG_NAME_OLD);
	struct stat st;

	if (old && stat(path, &st) == 0 && st.st_size > LOG_BYTES_MAX)
		rename(path, old);
}

int hp_events_append(const struct hp_ctx *ctx, const struct hp_event *event, struct hp_err *err)
{
	hp_autofree char *path = log_path(ctx, LOG_NAME);
	hp_autofree char *line = NULL;
	hp_autofd int fd = -1;
	struct json_object *object = event_json(event);

	line = hp_format("%s\n", json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
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
	int64_t after_ns;	/* events up to this time are known already */
	hp_events_fn fn;
	void *arg;
};

static bool is_new(const struct tail *tail, struct json_object *event)
{
	struct json_object *field;

	return json_object_is_type(event, json_type_object) &&
	       (tail->after_ns <= 0 || (json_object_object_get_ex(event, "boottime_ns", &field) &&
					json_object_get_int64(field) > tail->after_ns));
}

static int feed(FILE *file, struct tail *tail)
{
	hp_autofree char *line = NULL;
	size_t capacity = 0;
	ssize_t length;
	int stop = 0;

	while (!stop && (length = getline(&line, &capacity, file)) > 0) {
		struct json_object *event;

		if (line[length - 1] != '\n') {
			/* A line that is still being written: the next call reads it whole. */
			fseeko(file, -length, SEEK_CUR);
			break;
		}
		if (tail->skip > 0) {
			tail->skip--;
			continue;
		}
		event = json_tokener_parse(line);
		if (is_new(tail, event))
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
	static const char *const names[] = { LOG_NAME_OLD, LOG_NAME };
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

struct follower {
	const char *path;
	int notify;
	FILE *file;		/* NULL while the log does not exist */
	struct tail tail;
};

static void end_follower(struct follower *follower)
{
	hp_close_fd(&follower->notify);
	hp_close_file(&follower->file);
}

/* Reads on where it stopped; a log that has just appeared is read from its start. */
static int read_on(struct follower *follower)
{
	if (!follower->file)
		follower->file = fopen(follower->path, "re");
	return follower->file ? feed(follower->file, &follower->tail) : 0;
}

/* The log that is followed was renamed or removed: what is left in it comes before what its successor says. */
static int let_go(struct follower *follower)
{
	int stop = follower->file ? feed(follower->file, &follower->tail) : 0;

	hp_close_file(&follower->file);
	follower->file = NULL;
	return stop;
}

static int take_notes(struct follower *follower)
{
	char buffer[4096] __attribute__((aligned(8)));
	ssize_t got = read(follower->notify, buffer, sizeof(buffer));

	for (char *at = buffer; got > 0 && at < buffer + got;) {
		const struct inotify_event *note = (const void *)at;

		if ((note->mask & (IN_MOVED_FROM | IN_DELETE)) && strcmp(note->name, LOG_NAME) == 0 && let_go(follower))
			return 1;
		at += sizeof(*note) + note->len;
	}
	return read_on(follower);
}

static int watch(struct follower *follower, const struct hp_ctx *ctx, struct hp_err *err)
{
	mkdir(ctx->run_dir, 0755);
	follower->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (follower->notify < 0 ||
	    inotify_add_watch(follower->notify, ctx->run_dir, IN_CREATE | IN_MODIFY | IN_MOVED_FROM | IN_DELETE) < 0)
		return hp_err_errno(err, errno, "watching %s", ctx->run_dir);
	return 0;
}

/* The log may not exist yet or be turned over: watch the directory, reopen when the name moves. */
int hp_events_follow(const struct hp_ctx *ctx, int64_t after_ns, hp_events_fn fn, void *arg, int stop_fd,
		     struct hp_err *err)
{
	hp_autofree char *path = log_path(ctx, LOG_NAME);
	__attribute__((cleanup(end_follower))) struct follower follower = {
		.path = path, .notify = -1, .tail = { .after_ns = after_ns, .fn = fn, .arg = arg } };
	struct pollfd polls[2] = { { .events = POLLIN }, { .fd = stop_fd, .events = POLLIN } };
	int ret;

	if (!path)
		return hp_err_errno(err, ENOMEM, "following the events");
	ret = watch(&follower, ctx, err);
	if (ret < 0)
		return ret;
	polls[0].fd = follower.notify;
	/* What came between the caller's last look and the watch. */
	if (read_on(&follower))
		return 0;
	for (;;) {
		if (poll(polls, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return hp_err_errno(err, errno, "waiting for events");
		}
		if (polls[1].revents || take_notes(&follower))
			return 0;
	}
}
