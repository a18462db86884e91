// SPDX-License-Identifier: GPL-2.0
/* cgroup_remove.c: removes a cgroup with everything in it. */
#include "apply/backends/cgroup_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_clock.h"
#include "base/hp_log.h"

/* Killed tasks may still be in the kernel (a core dump, an NFS wait); after this they count as stuck. */
#define EMPTY_WITHIN_NS (10 * HP_NS_PER_S)

static bool is_populated(int fd)
{
	char text[256];
	ssize_t got = pread(fd, text, sizeof(text) - 1, 0);

	if (got < 0)
		return false;	/* it is gone */
	text[got] = '\0';
	return strstr(text, "populated 1") != NULL;
}

/* cgroup.events notifies with POLLPRI when the last task has left. */
static int wait_empty(struct hp_ctx *ctx, const char *object, struct hp_err *err)
{
	hp_autofree char *path = hp_cgroup_file(object, "cgroup.events");
	int64_t deadline = hp_clock_boottime_ns() + EMPTY_WITHIN_NS;
	hp_autofd int fd = -1;

	if (!path)
		return hp_err_set(err, ENOMEM, "out of memory");
	fd = hp_root_openat(ctx->root, path, O_RDONLY, err);
	if (fd < 0)
		return fd;
	while (is_populated(fd)) {
		struct pollfd event = { .fd = fd, .events = POLLPRI };
		int64_t left = deadline - hp_clock_boottime_ns();

		if (left <= 0)
			return hp_err_set(err, EBUSY, "cgroup %s still has tasks %lld s after they were killed",
					  object, EMPTY_WITHIN_NS / HP_NS_PER_S);
		if (poll(&event, 1, (int)(left / 1000000) + 1) < 0 && errno != EINTR)
			return hp_err_errno(err, errno, "wait for cgroup %s to empty", object);
	}
	return 0;
}

/*
 * The kernel takes a removed cgroup apart later; ended before, its partition
 * gives the CPUs back at once. A refusal only means later, so it is no failure.
 */
static void give_cpus_back(struct hp_ctx *ctx, const char *object)
{
	hp_autofree char *live = NULL;
	hp_autoerr why = HP_ERR_INIT;

	if (hp_cgroup_read(ctx, object, "cpuset.cpus.partition", &live, &why) || !live || !strcmp(live, "member"))
		return;
	if (hp_cgroup_write_partition(ctx, object, "member", &why))
		hp_log(LOG_DEBUG, "%s", why.text);
}

static int remove_tree(struct hp_ctx *ctx, const char *object, struct hp_err *err)
{
	hp_autofree char *dir = hp_cgroup_file(object, NULL);
	char **names = NULL;
	int ret = dir ? hp_root_list(ctx->root, dir, &names, err) : -ENOMEM;

	for (size_t i = 0; !ret && names && names[i]; i++) {
		hp_autofree char *child = NULL, *probe = NULL;

		if (asprintf(&child, "%s/%s", object, names[i]) < 0)
			ret = hp_err_set(err, ENOMEM, "out of memory");
		probe = ret ? NULL : hp_cgroup_file(child, "cgroup.procs");
		/* Only directories have that file. */
		if (probe && hp_root_exists(ctx->root, probe))
			ret = remove_tree(ctx, child, err);
	}
	if (names)
		hp_root_list_free(names);
	if (ret == -ENOENT) {
		if (err)
			hp_err_clear(err);
		return 0;
	}
	if (ret)
		return ret;
	give_cpus_back(ctx, object);
	return hp_cglib_remove(object, err);
}

/* A new cgroup (a container's, say) may appear while the tree is taken down: kill and try again, not for ever. */
#define ATTEMPTS 5

int hp_cgroup_remove(struct hp_ctx *ctx, const char *object, struct hp_err *err)
{
	hp_autofree char *dir = hp_cgroup_file(object, "cgroup.procs");
	hp_autofree char *kill = hp_cgroup_file(object, "cgroup.kill");
	int ret = 0;

	if (!dir || !kill)
		return hp_err_set(err, ENOMEM, "out of memory");
	for (int i = 0; i < ATTEMPTS; i++) {
		if (!hp_root_exists(ctx->root, dir))
			return 0;
		ret = hp_root_write(ctx->root, kill, "1", err);
		if (!ret)
			ret = wait_empty(ctx, object, err);
		if (!ret)
			ret = remove_tree(ctx, object, err);
		if (ret != -EBUSY)
			return ret;
	}
	return ret;
}
