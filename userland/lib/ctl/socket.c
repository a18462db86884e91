// SPDX-License-Identifier: GPL-2.0
/* socket.c: the two ends of the control socket. */
#include "ctl/hp_ctl.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "base/hp_unix.h"

char *hp_ctl_path(const struct hp_ctx *ctx)
{
	return hp_format("%s/partd.sock", ctx->run_dir);
}

static int address_of(const struct hp_ctx *ctx, struct sockaddr_un *address, struct hp_err *err)
{
	hp_autofree char *path = hp_ctl_path(ctx);

	if (!path)
		return hp_err_errno(err, ENOMEM, "naming the control socket");
	return hp_unix_address(address, err, "%s", path);
}

static int connect_to(const struct sockaddr_un *address, struct hp_err *err)
{
	hp_autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return hp_err_errno(err, errno, "opening a socket");
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0) {
		if (errno == ENOENT || errno == ECONNREFUSED)
			return hp_err_set(err, ENOTCONN, "partd is not running (nothing listens on %s)", address->sun_path);
		return hp_err_errno(err, errno, "connecting to %s", address->sun_path);
	}
	return hp_take_fd(fd);
}

int hp_ctl_listen(const struct hp_ctx *ctx, struct hp_err *err)
{
	struct sockaddr_un address;
	hp_autofd int fd = -1;
	hp_autofd int other = -1;
	mode_t mask;
	int ret = address_of(ctx, &address, err);

	if (ret < 0)
		return ret;
	ret = other = connect_to(&address, err);
	if (ret >= 0)
		return hp_err_set(err, EBUSY, "another partd is already listening on %s", address.sun_path);
	/* Only a socket that surely has no owner may be replaced. */
	if (ret != -ENOTCONN)
		return ret;
	if (err)
		hp_err_clear(err);
	if (mkdir(ctx->run_dir, 0755) < 0 && errno != EEXIST)
		return hp_err_errno(err, errno, "making %s", ctx->run_dir);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return hp_err_errno(err, errno, "opening a socket");
	unlink(address.sun_path);
	mask = umask(0177);
	ret = bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 16) < 0 ? -errno : 0;
	umask(mask);
	if (ret < 0)
		return hp_err_errno(err, -ret, "listening on %s", address.sun_path);
	return hp_take_fd(fd);
}

pid_t hp_ctl_agent(const struct hp_ctx *ctx, struct hp_err *err)
{
	struct ucred listener;
	socklen_t length = sizeof(listener);
	struct sockaddr_un address;
	hp_autofd int fd = -1;
	int ret = address_of(ctx, &address, err);

	if (ret == 0)
		ret = fd = connect_to(&address, err);
	if (ret < 0)
		return ret;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &listener, &length) < 0)
		return hp_err_errno(err, errno, "asking who listens on %s", address.sun_path);
	return listener.pid;
}

/* The daemon's refusal becomes our own error, text and exit status alike. */
static int take_error(struct json_object *reply, struct hp_err *err)
{
	struct json_object *error, *field;
	int errnum = EIO, code = HP_EXIT_FAIL;
	const char *text = "partd refused without saying why";

	if (json_object_object_get_ex(reply, "error", &error)) {
		if (json_object_object_get_ex(error, "text", &field) && json_object_is_type(field, json_type_string))
			text = json_object_get_string(field);
		if (json_object_object_get_ex(error, "errno", &field))
			errnum = json_object_get_int(field);
		if (json_object_object_get_ex(error, "exit", &field))
			code = json_object_get_int(field);
	}
	/* ENOTCONN is how this call says that no daemon listens; a daemon that answers may not say it too. */
	if (errnum <= 0 || errnum == ENOTCONN)
		errnum = EIO;
	hp_err_set(err, errnum, "%s", text);
	if (err && code == HP_EXIT_USAGE)
		err->exit = HP_EXIT_USAGE;
	return -errnum;
}

/* Returns 1 when the reply was the final one. */
static int take_reply(struct json_object *reply, hp_ctl_progress_fn progress, void *arg,
		      struct json_object **result, struct hp_err *err)
{
	struct json_object *field;

	if (json_object_object_get_ex(reply, "progress", &field)) {
		if (progress)
			progress(arg, field);
		return 0;
	}
	if (!json_object_object_get_ex(reply, "ok", &field))
		return hp_err_set(err, EBADMSG, "partd sent an answer that is neither progress nor a result");
	if (!json_object_get_boolean(field))
		return take_error(reply, err);
	if (json_object_object_get_ex(reply, "result", &field))
		*result = json_object_get(field);
	return 1;
}

int hp_ctl_call(const struct hp_ctx *ctx, struct json_object *request, hp_ctl_progress_fn progress, void *arg,
		struct json_object **result, struct hp_err *err)
{
	__attribute__((cleanup(hp_ctl_reader_clear))) struct hp_ctl_reader reader = { 0 };
	struct sockaddr_un address;
	hp_autofd int fd = -1;
	int ret = address_of(ctx, &address, err);

	*result = NULL;
	if (ret == 0)
		ret = fd = connect_to(&address, err);
	if (ret < 0) {
		json_object_put(request);
		return ret;
	}
	ret = hp_ctl_send(fd, request, err);
	while (ret == 0) {
		struct json_object *reply = NULL;

		ret = hp_ctl_read(fd, &reader, &reply, err);
		if (ret == 0 && reply)
			ret = take_reply(reply, progress, arg, result, err);
		json_object_put(reply);
	}
	return ret < 0 ? ret : 0;
}
