// SPDX-License-Identifier: GPL-2.0
/* netns.c: opens network namespaces and runs functions inside them. */
#include "net/hp_netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include "base/hp_auto.h"

struct visit {
	int netns_fd;
	int (*fn)(void *arg, struct hp_err *err);
	void *arg;
	struct hp_err *err;
	int rc;
};

int hp_netns_open(const char *path, struct hp_err *err)
{
	hp_autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0)
		return hp_err_errno(err, errno, "open the network namespace %s", path);
	if (fstatfs(fd, &fs))
		return hp_err_errno(err, errno, "examine %s", path);
	if (fs.f_type != NSFS_MAGIC || ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET)
		return hp_err_set(err, EINVAL, "%s is not a network namespace", path);
	return hp_take_fd(fd);
}

int hp_netns_open_pinned(const char *run_dir, const char *name, struct hp_err *err)
{
	hp_autofree char *path = NULL;

	if (asprintf(&path, "%s/netns/%s", run_dir, name) < 0) {
		path = NULL;
		return hp_err_errno(err, ENOMEM, "open the network namespace of %s", name);
	}
	return hp_netns_open(path, err);
}

int hp_netns_open_own(struct hp_err *err)
{
	return hp_netns_open("/proc/thread-self/ns/net", err);
}

ino_t hp_netns_id(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? 0 : st.st_ino;
}

bool hp_netns_is_same(int fd, int other_fd)
{
	struct stat a, b;

	return !fstat(fd, &a) && !fstat(other_fd, &b) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static void *visit(void *arg)
{
	struct visit *v = arg;

	if (setns(v->netns_fd, CLONE_NEWNET))
		v->rc = hp_err_errno(v->err, errno, "enter a network namespace");
	else
		v->rc = v->fn(v->arg, v->err);
	return NULL;
}

int hp_netns_run(int netns_fd, int (*fn)(void *arg, struct hp_err *err), void *arg,
		 struct hp_err *err)
{
	struct visit v = { .netns_fd = netns_fd, .fn = fn, .arg = arg, .err = err };
	sigset_t all, before;
	pthread_t thread;
	int rc;

	/* Signals stay with the caller's threads: the visitor inherits a full mask. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&thread, NULL, visit, &v);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc)
		return hp_err_errno(err, rc, "start a thread to enter a network namespace");
	pthread_join(thread, NULL);
	return v.rc;
}
