// SPDX-License-Identifier: GPL-2.0
/* idmap.c: mounts seen through the ids of a user namespace. */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

/* Debian 12's C library has these, but its header does not go together with <linux/mount.h>. */
static int open_tree_of(const char *path)
{
	return (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

static int write_map(pid_t pid, const char *file, uint32_t shift, struct hp_err *err)
{
	hp_autofree char *path = hp_format("/proc/%d/%s", pid, file);
	hp_autofd int fd = -1;

	if (!path)
		return hp_err_set(err, ENOMEM, "out of memory");
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || dprintf(fd, "0 %u %u", shift, HP_OS_UID_RANGE) < 0)
		return hp_err_errno(err, errno, "writing %s", path);
	return 0;
}

static int map_user_namespace(pid_t pid, uint32_t shift, struct hp_err *err)
{
	hp_autofree char *path = NULL;
	int fd, ret = write_map(pid, "uid_map", shift, err);

	if (!ret)
		ret = write_map(pid, "gid_map", shift, err);
	if (ret)
		return ret;
	path = hp_format("/proc/%d/ns/user", pid);
	if (!path)
		return hp_err_set(err, ENOMEM, "out of memory");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? hp_err_errno(err, errno, "%s", path) : fd;
}

/* A user namespace that nobody is in, only for its map. */
static int new_user_namespace(uint32_t shift, struct hp_err *err)
{
	int talk[2], fd;
	char byte;
	pid_t pid;

	if (pipe2(talk, O_CLOEXEC) < 0)
		return hp_err_errno(err, errno, "pipe");
	pid = fork();
	if (pid == 0) {
		byte = unshare(CLONE_NEWUSER) < 0 ? (char)errno : 0;
		if (write(talk[1], &byte, 1) == 1)
			pause();
		_exit(1);
	}
	close(talk[1]);
	if (pid < 0 || read(talk[0], &byte, 1) != 1)
		fd = hp_err_errno(err, pid < 0 ? errno : ECHILD, "new user namespace");
	else if (byte)
		fd = hp_err_errno(err, byte, "new user namespace");
	else
		fd = map_user_namespace(pid, shift, err);
	close(talk[0]);
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return fd;
}

static int set_idmap(int tree, const char *path, uint32_t shift, struct hp_err *err)
{
	hp_autofd int user = new_user_namespace(shift, err);
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP };

	if (user < 0)
		return user;
	attr.userns_fd = (uint64_t)user;
	if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) == 0)
		return 0;
	hp_err_errno(err, errno, "mounting %s with the ids of the domain", path);
	if (errno == EINVAL)
		hp_err_hint(err, "its file system cannot do that; ext4, xfs and btrfs can. Or write privileged: true");
	return -err->errnum;
}

int idmap_clone(const char *path, uint32_t shift, bool is_read_only, struct hp_err *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	hp_autofd int tree = open_tree_of(path);
	int ret = 0;

	if (tree < 0)
		return hp_err_errno(err, errno, "a copy of the mount at %s", path);
	if (is_read_only && syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return hp_err_errno(err, errno, "a read-only copy of the mount at %s", path);
	if (shift)
		ret = set_idmap(tree, path, shift, err);
	return ret ? ret : hp_take_fd(tree);
}

int idmap_attach(int tree, const char *target, struct hp_err *err)
{
	if (syscall(SYS_move_mount, tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return hp_err_errno(err, errno, "mounting on %s", target);
	return 0;
}
