/* SPDX-License-Identifier: GPL-2.0 */
/* hp_ctl.h: the control socket between partctl and partd: one JSON object per line. */
#ifndef HP_CTL_H
#define HP_CTL_H

#include <json-c/json.h>
#include <stddef.h>
#include "apply/hp_backend.h"

/*
 * RUN/partd.sock, SOCK_STREAM, mode 0600. A client sends one request,
 *   {"verb":"apply","policy_file":F,"policy_text":T,"confirm_seconds":60}
 *   {"verb":"confirm"} {"verb":"rollback"} {"verb":"teardown"}
 *   {"verb":"reclaim","what":"status"|"regions","domain":D} (domain optional)
 *   {"verb":"reclaim","what":"explain","pid":P,"address":A} (address optional)
 *   {"verb":"reclaim","what":"set","domain":D,"mode":M}
 * and reads lines until the one with "ok":
 *   {"progress":{"step":3,"total":40,"done":false,"backend":..,"object":..,"attr":..,"from":..,"to":..}}
 *   {"ok":true,"result":{"changed":40}}
 *   {"ok":false,"error":{"text":..,"errno":..,"exit":1}}
 * The daemon checks SO_PEERCRED: only uid 0 may ask.
 */
#define HP_CTL_LINE_MAX (4u << 20)	/* bytes; a longer line ends the connection */

/* Path of the socket; caller frees. */
char *hp_ctl_path(const struct hp_ctx *ctx);

/* A buffered reader of lines from a stream socket. Starts zeroed. */
struct hp_ctl_reader {
	char *data;
	size_t length, capacity;
};
void hp_ctl_reader_clear(struct hp_ctl_reader *reader);
/*
 * Reads what is there (one recv) and returns in *object the next whole line
 * (caller puts) or NULL when more is needed. -EPIPE at end of stream, -EMSGSIZE,
 * -EBADMSG when the line is not a JSON object.
 */
int hp_ctl_read(int fd, struct hp_ctl_reader *reader, struct json_object **object, struct hp_err *err);
/* Another line already buffered, without reading; NULL when none. */
int hp_ctl_next(struct hp_ctl_reader *reader, struct json_object **object, struct hp_err *err);
/* Sends one object as a line (puts it); blocks at most 5 s. */
int hp_ctl_send(int fd, struct json_object *object, struct hp_err *err);

/* Listens; replaces a stale socket. Returns the descriptor. */
int hp_ctl_listen(const struct hp_ctx *ctx, struct hp_err *err);

/*
 * The process that listens, asked of the kernel, so that also one busy with a
 * change is seen at once; -ENOTCONN when no daemon listens.
 */
pid_t hp_ctl_agent(const struct hp_ctx *ctx, struct hp_err *err);

typedef void (*hp_ctl_progress_fn)(void *arg, struct json_object *progress);
/*
 * One call to the daemon (puts request). *result is the caller's to put.
 * -ENOTCONN when no daemon listens; otherwise errors are the daemon's own,
 * with its exit status.
 */
int hp_ctl_call(const struct hp_ctx *ctx, struct json_object *request, hp_ctl_progress_fn progress, void *arg,
		struct json_object **result, struct hp_err *err);

#endif
