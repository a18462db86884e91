// SPDX-License-Identifier: GPL-2.0
/* leaf.c: cgroups below a domain's, made for its processes and swept when empty. */
#include "domain/hp_domain.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_cgroup2.h"
#include "base/hp_text.h"

static char *leaf_path(const char *cgroup, const char *leaf, const char *file)
{
	hp_autofree char *name = hp_format("%s%s%s", cgroup, leaf ? "/" : "", leaf ? leaf : "");

	if (!name)
		return NULL;
	return hp_cgroup_path(name, file);
}

int hp_leaf_make(const char *cgroup, const char *leaf, struct hp_err *err)
{
	hp_autofree char *path = leaf_path(cgroup, leaf, NULL);

	if (!path)
		return hp_err_set(err, ENOMEM, "out of memory");
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return hp_err_errno(err, errno, "mkdir %s", path);
	return 0;
}

static int write_file(const char *path, const char *text, struct hp_err *err)
{
	hp_autofd int fd = path ? open(path, O_WRONLY | O_CLOEXEC) : -1;

	if (!path)
		return hp_err_set(err, ENOMEM, "out of memory");
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return hp_err_errno(err, errno, "writing %s to %s", text, path);
	return 0;
}

pid_t hp_leaf_fork(const char *cgroup, const char *leaf, struct hp_err *err)
{
	hp_autofree char *path = leaf_path(cgroup, leaf, NULL);
	hp_autofd int fd = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD };
	long pid;

	if (!path)
		return hp_err_set(err, ENOMEM, "out of memory");
	if (fd < 0)
		return hp_err_errno(err, errno, "%s", path);
	args.cgroup = (uint64_t)fd;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	return pid < 0 ? hp_err_errno(err, errno, "starting a process in %s", path) : (pid_t)pid;
}

int hp_leaf_kill(const char *cgroup, struct hp_err *err)
{
	hp_autofree char *path = leaf_path(cgroup, NULL, "cgroup.kill");

	return write_file(path, "1", err);
}

/* Depth first; rmdir() itself refuses a cgroup that is in use. */
static void remove_below(int parent, const char *prefix)
{
	hp_autodir DIR *dir = NULL;
	struct dirent *entry;
	int copy = fcntl(parent, F_DUPFD_CLOEXEC, 0);

	dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir) {
		hp_close_fd(&copy);
		return;
	}
	while ((entry = readdir(dir))) {
		hp_autofd int below = -1;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.' ||
		    (prefix && strncmp(entry->d_name, prefix, strlen(prefix)) != 0))
			continue;
		below = openat(parent, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (below >= 0)
			remove_below(below, NULL);
		unlinkat(parent, entry->d_name, AT_REMOVEDIR);
	}
}

void hp_leaf_sweep(const char *cgroup, const char *prefix)
{
	hp_autofd int fd = hp_cgroup_open(cgroup, NULL);

	if (fd >= 0)
		remove_below(fd, prefix);
}
