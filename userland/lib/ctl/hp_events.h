/* SPDX-License-Identifier: GPL-2.0 */
/* hp_events.h: what happened to the domains: a bounded log that outlives the agent. */
#ifndef HP_EVENTS_H
#define HP_EVENTS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "apply/hp_backend.h"

/* Who did it. Unknown fields stay 0 or empty; known = false prints "unknown". */
struct hp_actor {
	bool known;
	pid_t pid;
	char comm[16];
	char cgroup[256];	/* path below the cgroup root, "" = unknown */
};

/* Fills comm and cgroup from /proc while the process lives. */
void hp_actor_describe(struct hp_actor *actor);

/*
 * One event. type: "drift" (something no longer held), "refused" (a guard said
 * no), "applied", "reverted", "confirmed", "torn-down", "reclaim" (its mode was set),
 * "agent" (partd started or stopped).
 * Texts are borrowed; NULL fields are left out.
 */
struct hp_event {
	const char *type, *domain, *what, *was, *found, *done;
	struct hp_actor actor;
};

/*
 * RUN/events.jsonl, one JSON object per line, appended with one write(2);
 * turned over to events.1.jsonl at 1 MiB. Keys: time (RFC 3339 UTC),
 * boottime_ns, type, domain, what, was, found, done, actor {pid, comm,
 * cgroup} or "unknown".
 */
int hp_events_append(const struct hp_ctx *ctx, const struct hp_event *event, struct hp_err *err);

typedef int (*hp_events_fn)(void *arg, struct json_object *event);	/* non-zero stops */
/* Calls fn for the kept events, oldest first; the last `limit` ones only when limit > 0. */
int hp_events_read(const struct hp_ctx *ctx, size_t limit, hp_events_fn fn, void *arg, struct hp_err *err);
/*
 * Waits for new ones (inotify) and calls fn for each event younger than
 * boottime after_ns (that of the last event known; 0 = all of the present
 * log), until fn stops it or the descriptor `stop_fd` (-1 = none) is readable.
 */
int hp_events_follow(const struct hp_ctx *ctx, int64_t after_ns, hp_events_fn fn, void *arg, int stop_fd,
		     struct hp_err *err);

#endif
