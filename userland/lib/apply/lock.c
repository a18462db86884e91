// SPDX-License-Identifier: GPL-2.0
/* lock.c: one writer at a time, by flock on RUN/lock. */
#include "apply/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include "apply/fault.h"
#include "apply/runfile.h"
#include "base/hp_auto.h"

/* The file names its last holder; whoever holds the lock has written it, bar a moment. */
static int report_holder(int fd, const char *path, struct hp_err *err)
{
	char text[64] = "";
	ssize_t got = pread(fd, text, sizeof(text) - 1, 0);
	int ret;

	text[got > 0 ? strcspn(text, "\n") : 0] = '\0';
	ret = hp_err_set(err, EBUSY, "another hostpart process%s%s%s is changing the machine (it holds %s)",
			 *text ? " (" : "", text, *text ? ")" : "", path);
	hp_err_hint(err, "try again when it has finished");
	return ret;
}

static void name_holder(int fd)
{
	char text[64];
	int len = snprintf(text, sizeof(text), "pid %d, %s\n", (int)getpid(), program_invocation_short_name);

	/* Only a message depends on it. */
	if (len < 0 || ftruncate(fd, 0) || pwrite(fd, text, strnlen(text, sizeof(text)), 0) < 0)
		return;
}

int hp_lock_take(const struct hp_ctx *ctx, struct hp_err *err)
{
	char path[PATH_MAX];
	hp_autofd int fd = -1;
	int ret = hp_runfile_make_dir(ctx->run_dir, err);

	if (ret)
		return ret;
	if (snprintf(path, sizeof(path), "%s/lock", ctx->run_dir) >= (int)sizeof(path))
		return hp_err_errno(err, ENAMETOOLONG, "%s", ctx->run_dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return hp_err_errno(err, errno, "open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? report_holder(fd, path, err) :
					      hp_err_errno(err, errno, "lock %s", path);
	name_holder(fd);
	hp_fault_reset();
	return hp_take_fd(fd);
}
