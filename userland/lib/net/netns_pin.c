// SPDX-License-Identifier: GPL-2.0
/* netns_pin.c: keeps network namespaces alive by bind mounts that the whole machine sees. */
#include "net/hp_netns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "net/hp_link.h"
#include "net/hp_netlink.h"

/* What a helper thread is asked to do in the machine's mount namespace. */
struct pinning {
	const char *dir, *path;
	struct hp_err *err;
	int rc;
};

static int open_mount_ns(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC);
}

/*
 * Moves this thread into the mount namespace of process 1. A service's own
 * mount namespace is a slave of it: mounts made there would stay hidden from
 * the machine, the other way round they propagate. Where process 1 may not be
 * looked at (a sandbox), this namespace is all there is.
 */
static int enter_machine_mounts(struct hp_err *err)
{
	hp_autofd int own = open_mount_ns("/proc/thread-self/ns/mnt");
	hp_autofd int machine = open_mount_ns("/proc/1/ns/mnt");

	if (machine < 0 && (errno == EACCES || errno == EPERM))
		return 0;
	if (machine < 0 || own < 0)
		return hp_err_errno(err, errno, "open the mount namespaces of process 1 and of this one");
	if (hp_netns_is_same(machine, own))
		return 0;
	/*
	 * A thread may change its mount namespace only when it shares root and directory
	 * with nobody.
	 */
	if (unshare(CLONE_FS) || setns(machine, CLONE_NEWNS))
		return hp_err_errno(err, errno, "enter the mount namespace of process 1");
	return 0;
}

/*
 * DIR becomes a shared mount point of its own, whatever the propagation of the
 * file system below it.
 */
static int share_directory(const char *dir, struct hp_err *err)
{
	if (mkdir(dir, 0755) && errno != EEXIST)
		return hp_err_errno(err, errno, "create %s", dir);
	if (!mount("", dir, "none", MS_SHARED | MS_REC, NULL))
		return 0;
	if (errno != EINVAL)
		return hp_err_errno(err, errno, "share the mount point %s", dir);
	if (mount(dir, dir, "none", MS_BIND | MS_REC, NULL))
		return hp_err_errno(err, errno, "make %s a mount point", dir);
	if (mount("", dir, "none", MS_SHARED | MS_REC, NULL))
		return hp_err_errno(err, errno, "share the mount point %s", dir);
	return 0;
}

static int raise_loopback(struct hp_err *err)
{
	hp_autonetlink *nl = hp_netlink_open(NETLINK_ROUTE, HP_NETNS_OWN, err);

	if (!nl)
		return -err->errnum;
	return hp_link_set_flags(nl, HP_LINK_LOOPBACK_INDEX, IFF_UP, IFF_UP, err);
}

static int pin_here(const struct pinning *p, struct hp_err *err)
{
	hp_autofd int netns = -1, file = -1;
	char source[64];

	if (unshare(CLONE_NEWNET))
		return hp_err_errno(err, errno, "create a network namespace");
	if (raise_loopback(err))
		return hp_err_wrap(err, "bring up the loopback device");
	netns = hp_netns_open_own(err);
	if (netns < 0)
		return netns;
	if (enter_machine_mounts(err) || share_directory(p->dir, err))
		return -err->errnum;
	file = open(p->path, O_RDONLY | O_CREAT | O_CLOEXEC, 0444);
	if (file < 0)
		return hp_err_errno(err, errno, "create %s", p->path);
	snprintf(source, sizeof(source), "/proc/self/fd/%d", netns);
	if (mount(source, p->path, "none", MS_BIND, NULL))
		return hp_err_errno(err, errno, "pin a network namespace at %s", p->path);
	return 0;
}

static void *pin_thread(void *arg)
{
	struct pinning *p = arg;

	p->rc = pin_here(p, p->err);
	return NULL;
}

/* EINVAL: not a mount point; ENOENT: not there; both are what was asked for. */
static int unmount(const char *path, struct hp_err *err)
{
	while (!umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW))
		;
	if (errno != EINVAL && errno != ENOENT)
		return hp_err_errno(err, errno, "unmount %s", path);
	return 0;
}

/* The last pin takes the mount point with it, so that nothing is left behind. */
static void remove_empty(const char *dir)
{
	hp_autodir DIR *stream = opendir(dir);
	const struct dirent *entry;

	while (stream && (entry = readdir(stream)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			return;
	if (!stream)
		return;
	umount2(dir, MNT_DETACH | UMOUNT_NOFOLLOW);
	rmdir(dir);
}

static void *unpin_thread(void *arg)
{
	struct pinning *p = arg;

	/*
	 * First here: a mount that was made private in this namespace does not go with
	 * the machine's.
	 */
	p->rc = unmount(p->path, p->err);
	if (!p->rc)
		p->rc = enter_machine_mounts(p->err);
	if (!p->rc)
		p->rc = unmount(p->path, p->err);
	if (!p->rc && unlink(p->path) && errno != ENOENT)
		p->rc = hp_err_errno(p->err, errno, "remove %s", p->path);
	if (!p->rc)
		remove_empty(p->dir);
	return NULL;
}

static int in_thread(void *(*fn)(void *arg), struct pinning *p)
{
	sigset_t all, before;
	pthread_t thread;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&thread, NULL, fn, p);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc)
		return hp_err_errno(p->err, rc, "start a thread");
	pthread_join(thread, NULL);
	return p->rc;
}

static char *pin_path(const char *dir, const char *name, struct hp_err *err)
{
	char *path;

	if (!name[0] || strchr(name, '/') || name[0] == '.') {
		hp_err_set(err, EINVAL, "\"%s\" cannot name a network namespace", name);
		return NULL;
	}
	if (asprintf(&path, "%s/%s", dir, name) < 0) {
		hp_err_errno(err, ENOMEM, "name a network namespace");
		return NULL;
	}
	return path;
}

int hp_netns_pin(const char *dir, const char *name, struct hp_err *err)
{
	hp_autofree char *path = pin_path(dir, name, err);
	struct pinning p = { .dir = dir, .path = path, .err = err };
	hp_autofd int fd = -1;

	if (!path)
		return -err->errnum;
	fd = hp_netns_open(path, err);
	if (fd >= 0)
		return 0;
	hp_err_clear(err);
	return in_thread(pin_thread, &p);
}

int hp_netns_unpin(const char *dir, const char *name, struct hp_err *err)
{
	hp_autofree char *path = pin_path(dir, name, err);
	struct pinning p = { .dir = dir, .path = path, .err = err };

	return path ? in_thread(unpin_thread, &p) : -err->errnum;
}
