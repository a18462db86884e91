// SPDX-License-Identifier: GPL-2.0
/* watcher.c: a detached process that rolls an unconfirmed change back at its deadline. */
#include "apply/hp_engine.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <syslog.h>
#include "base/hp_auto.h"
#include "base/hp_clock.h"
#include "base/hp_log.h"

/* How long it tries again when somebody else holds the lock at the deadline. */
#define PATIENCE_NS (60 * HP_NS_PER_S)
#define RETRY_MS 200

/* The deadline that waits for confirmation; 0 = none does any more. */
static int64_t pending_deadline(struct hp_ctx *ctx)
{
	hp_autostate *state = NULL;

	return hp_state_load(ctx, &state, NULL) || !state ? 0 : state->confirm_by_ns;
}

/* Sleeps until the deadline (which a later apply may move); false = confirmed or replaced. */
static bool wait_deadline(struct hp_ctx *ctx, int notify)
{
	int64_t deadline;

	while ((deadline = pending_deadline(ctx))) {
		int64_t left = deadline - hp_clock_boottime_ns();
		struct pollfd event = { .fd = notify, .events = POLLIN };
		char drain[4096];

		if (left <= 0)
			return true;
		/* A poll timeout stands still in a suspend: look at the clock at least once a minute. */
		if (left > 60 * HP_NS_PER_S)
			left = 60 * HP_NS_PER_S;
		if (poll(&event, 1, (int)(left / 1000000) + 1) > 0 && read(notify, drain, sizeof(drain)) < 0)
			break;
	}
	return false;
}

static void expire(struct hp_ctx *ctx)
{
	int64_t give_up = hp_clock_boottime_ns() + PATIENCE_NS;

	for (;;) {
		hp_autoerr err = HP_ERR_INIT;
		bool expired;
		int ret = hp_engine_expire(ctx, &expired, &err);

		if (!ret)
			return;
		if (ret != -EBUSY || hp_clock_boottime_ns() > give_up) {
			syslog(LOG_ERR, "roll back the unconfirmed change: %s", err.text ? err.text : strerror(-ret));
			return;
		}
		poll(NULL, 0, RETRY_MS);
	}
}

/* Runs in the grandchild; keeps nothing of the caller's terminal or directory. */
static void watch(struct hp_ctx *ctx, int notify)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	prctl(PR_SET_NAME, "hostpart-watch");
	signal(SIGHUP, SIG_IGN);
	unsetenv("HOSTPART_FAIL_AT");
	unsetenv("HOSTPART_KILL_AT");
	for (int fd = 0; null >= 0 && fd <= 2; fd++)
		dup2(null, fd);
	if (chdir("/"))
		syslog(LOG_WARNING, "chdir /: %s", strerror(errno));
	if (wait_deadline(ctx, notify))
		expire(ctx);
}

static int open_notify(struct hp_ctx *ctx, struct hp_err *err)
{
	hp_autofd int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	/* The state file is replaced by rename, so its directory is what to watch. */
	if (fd < 0 || inotify_add_watch(fd, ctx->run_dir, IN_MOVED_TO | IN_DELETE) < 0)
		return hp_err_errno(err, errno, "watch %s", ctx->run_dir);
	return hp_take_fd(fd);
}

int hp_engine_spawn_watcher(struct hp_ctx *ctx, struct hp_err *err)
{
	hp_autofd int notify = -1;
	pid_t child;
	int status;

	if (!pending_deadline(ctx))
		return hp_err_set(err, ENOENT, "nothing waits for confirmation");
	notify = open_notify(ctx, err);
	if (notify < 0)
		return notify;
	child = fork();
	if (child < 0)
		return hp_err_errno(err, errno, "start the watcher");
	if (!child) {
		/* A session of its own, and nobody's child: a hangup or an exit of the caller is not its end. */
		pid_t grandchild = setsid() < 0 ? -1 : fork();

		if (!grandchild)
			watch(ctx, notify);
		_exit(grandchild < 0);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return hp_err_errno(err, errno, "start the watcher");
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return hp_err_set(err, EAGAIN, "the watcher could not be started");
	return 0;
}
