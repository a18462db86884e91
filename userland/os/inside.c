// SPDX-License-Identifier: GPL-2.0
/* inside.c: arranges, from outside, what the operating system finds in /dev, /sys and /proc. */
#include "keeper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/hp_auto.h"

/* What lxcfs computes from the limits of whoever asks, where it runs: free(1) then shows the domain's memory. */
static const char *const figures[] = { "/proc/meminfo", "/proc/swaps", "/proc/uptime" };
#define LXCFS "/var/lib/lxcfs"

struct work {
	const struct keeper *keeper;
	const struct devices *now, *before;	/* before: what was made last time */
	int figures[hp_array_size(figures)];	/* detached mounts, -1 = none */
};

/* Makes the directories above a name below /dev. */
static void make_parents(const char *path)
{
	char copy[512];

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(copy, 0755);
		*slash = '/';
	}
}

static bool has_node(const struct devices *devices, const char *name)
{
	for (size_t i = 0; i < devices->nodes_count; i++)
		if (strcmp(devices->nodes[i].name, name) == 0)
			return true;
	return false;
}

static bool has_link(const struct devices *devices, size_t view, const char *name)
{
	for (size_t i = 0; i < devices->links_count; i++)
		if (devices->links[i].view == view && strcmp(devices->links[i].name, name) == 0)
			return true;
	return false;
}

/* The node is what its mode says from its first moment on: nobody inside opens it too early. */
static int put_node(const struct node *node, uint32_t shift)
{
	dev_t number = makedev(node->major, node->minor);
	mode_t mode = node->mode | (node->is_block ? S_IFBLK : S_IFCHR);
	char path[512];
	struct stat info;

	snprintf(path, sizeof(path), "/dev/%s", node->name);
	if (lstat(path, &info) == 0 && info.st_rdev == number && info.st_mode == mode)
		return 0;
	unlink(path);
	make_parents(path);
	if (mknod(path, mode, number) < 0 || lchown(path, shift + node->uid, shift + node->gid) < 0)
		return -errno;
	return 0;
}

static void put_link(const char *path, const char *target, uint32_t owner)
{
	char live[512];
	ssize_t length = readlink(path, live, sizeof(live) - 1);

	if (length >= 0) {
		live[length] = '\0';
		if (strcmp(live, target) == 0)
			return;
	}
	unlink(path);
	make_parents(path);
	/* Another name of a device that has one: nothing depends on it. */
	if (symlink(target, path) == 0 && lchown(path, owner, owner) < 0)
		unlink(path);
}

static int arrange_dev(const struct work *work)
{
	int ret = 0;

	for (size_t i = 0; i < work->before->nodes_count; i++) {
		char path[512];

		snprintf(path, sizeof(path), "/dev/%s", work->before->nodes[i].name);
		if (!has_node(work->now, work->before->nodes[i].name))
			unlink(path);
	}
	for (size_t i = 0; i < work->before->links_count; i++) {
		char path[512];

		snprintf(path, sizeof(path), "/dev/%s", work->before->links[i].name);
		if (work->before->links[i].view == VIEW_DEV && !has_link(work->now, VIEW_DEV, work->before->links[i].name))
			unlink(path);
	}
	for (size_t i = 0; i < work->now->nodes_count && !ret; i++)
		ret = put_node(&work->now->nodes[i], work->keeper->os.uid_shift);
	for (size_t i = 0; i < work->now->links_count; i++) {
		char path[512];

		snprintf(path, sizeof(path), "/dev/%s", work->now->links[i].name);
		if (work->now->links[i].view == VIEW_DEV)
			put_link(path, work->now->links[i].target, work->keeper->os.uid_shift);
	}
	return ret;
}

static void empty_view(const struct work *work, size_t view)
{
	hp_autodir DIR *dir = opendir(view_dirs[view]);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && !has_link(work->now, view, entry->d_name))
			unlinkat(dirfd(dir), entry->d_name, 0);
}

static int arrange_view(const struct work *work, size_t view, bool is_first)
{
	if (access(view_dirs[view], F_OK) < 0)
		return 0;
	if (is_first && mount("tmpfs", view_dirs[view], "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755,size=1m") < 0)
		return -errno;
	empty_view(work, view);
	for (size_t i = 0; i < work->now->links_count; i++) {
		char path[512];

		if (work->now->links[i].view != view)
			continue;
		snprintf(path, sizeof(path), "%s/%s", view_dirs[view], work->now->links[i].name);
		put_link(path, work->now->links[i].target, work->keeper->os.uid_shift);
	}
	return 0;
}

/* Taken while lxcfs can still be seen; -1 where it does not run. */
static void take_figures(struct work *work)
{
	for (size_t i = 0; i < hp_array_size(figures); i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s%s", LXCFS, figures[i]);
		work->figures[i] = access(path, R_OK) < 0 ? -1 :
			(int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	}
}

static void put_figures(const struct work *work)
{
	for (size_t i = 0; i < hp_array_size(figures); i++)
		if (work->figures[i] >= 0)
			syscall(SYS_move_mount, work->figures[i], "", AT_FDCWD, figures[i], MOVE_MOUNT_F_EMPTY_PATH);
}

/* The process that goes in: PIDs inside never name it, and root inside may not trace it. Exits with an errno. */
__attribute__((noreturn))
static void go_inside(struct work *work, int pidfd, bool is_first)
{
	int ret = 0;

	if (is_first)
		take_figures(work);
	if (setns(pidfd, CLONE_NEWNS) < 0)
		_exit(errno);
	umask(0);
	ret = arrange_dev(work);
	for (size_t i = 0; view_dirs[i] && !ret; i++)
		ret = arrange_view(work, i, is_first);
	if (!ret && is_first)
		put_figures(work);
	_exit(-ret);
}

int inside_arrange(const struct keeper *keeper, const struct devices *now, const struct devices *before, bool is_first,
		   struct hp_err *err)
{
	hp_autofd int pidfd = (int)syscall(SYS_pidfd_open, keeper->os.leader, 0);
	struct work work = { .keeper = keeper, .now = now, .before = before };
	int status;
	pid_t pid;

	if (pidfd < 0)
		return hp_err_errno(err, errno, "process %d", keeper->os.leader);
	pid = fork();
	if (pid == 0)
		go_inside(&work, pidfd, is_first);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return hp_err_errno(err, errno, "entering the operating system of %s", keeper->name);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return hp_err_errno(err, WIFEXITED(status) ? WEXITSTATUS(status) : EINTR, "devices in %s", keeper->name);
	return 0;
}
