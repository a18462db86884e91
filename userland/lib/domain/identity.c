// SPDX-License-Identifier: GPL-2.0
/* identity.c: what a running domain is called and which network it is in. */
#include "domain/hp_domain.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/hp_auto.h"

/*
 * Runs `act` in the domain's UTS namespace. Only the calling thread moves, and
 * moving back cannot fail for want of memory or rights it just had.
 */
static int in_uts(const struct hp_domain *domain, int (*act)(void *), void *arg, struct hp_err *err)
{
	hp_autofd int home = open("/proc/thread-self/ns/uts", O_RDONLY | O_CLOEXEC);
	int ret;

	if (home < 0)
		return hp_err_errno(err, errno, "/proc/thread-self/ns/uts");
	if (setns(domain->pidfd, CLONE_NEWUTS) < 0)
		return hp_err_errno(err, errno, "entering the UTS namespace of process %d", domain->pid);
	ret = act(arg) < 0 ? errno : 0;
	if (setns(home, CLONE_NEWUTS) < 0)
		abort();	/* staying would let this process speak under another name */
	return ret ? hp_err_errno(err, ret, "hostname in the domain of process %d", domain->pid) : 0;
}

static int get_hostname(void *name)
{
	return gethostname(name, HOST_NAME_MAX + 1);
}

static int set_hostname(void *name)
{
	return sethostname(name, strlen(name));
}

char *hp_domain_hostname(const struct hp_domain *domain, struct hp_err *err)
{
	char name[HOST_NAME_MAX + 1] = "";
	char *copy;

	if (in_uts(domain, get_hostname, name, err))
		return NULL;
	copy = strndup(name, HOST_NAME_MAX);
	if (!copy)
		hp_err_set(err, ENOMEM, "out of memory");
	return copy;
}

int hp_domain_set_hostname(const struct hp_domain *domain, const char *hostname, struct hp_err *err)
{
	char name[HOST_NAME_MAX + 1];

	if (strlen(hostname) > HOST_NAME_MAX)
		return hp_err_set(err, ENAMETOOLONG, "hostname '%s': at most %d characters", hostname, HOST_NAME_MAX);
	strcpy(name, hostname);
	return in_uts(domain, set_hostname, name, err);
}

bool hp_domain_has_netns(const struct hp_domain *domain, const char *path)
{
	hp_autofree char *own = NULL;
	struct stat pinned, joined;

	return asprintf(&own, "/proc/%d/ns/net", domain->pid) > 0 && stat(path, &pinned) == 0 &&
	       stat(own, &joined) == 0 && pinned.st_dev == joined.st_dev && pinned.st_ino == joined.st_ino;
}
