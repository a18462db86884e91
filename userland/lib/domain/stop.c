// SPDX-License-Identifier: GPL-2.0
/* stop.c: stops a domain and everything in it. */
#include "domain/hp_domain.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_cgroup2.h"
#include "domain/domain_lock.h"
#include "domain/ending.h"
#include "domain/hp_os.h"

#define ORDERLY_MS 8000		/* the init itself gives its processes 5 s */
#define KILL_MS 20000
#define EMPTY_MS 10000

static int end_init(const struct hp_domain *domain, struct hp_err *err)
{
	int ret;

	if (syscall(SYS_pidfd_send_signal, domain->pidfd, SIGTERM, NULL, 0) < 0 && errno != ESRCH)
		return hp_err_errno(err, errno, "signalling process %d", domain->pid);
	if (hp_process_ends_within(domain->pidfd, ORDERLY_MS))
		return 0;
	ret = hp_leaf_kill(domain->cgroup, err);
	if (ret)
		return ret;
	/* Killed, not only asked: an init outside its cgroup must go as well. */
	syscall(SYS_pidfd_send_signal, domain->pidfd, SIGKILL, NULL, 0);
	if (hp_process_ends_within(domain->pidfd, KILL_MS))
		return 0;
	hp_err_set(err, EBUSY, "process %d does not die", domain->pid);
	hp_err_hint(err, "something inside is stuck in the kernel or stopped by a debugger outside; see "
		    "/sys/fs/cgroup/%s/*/cgroup.procs", domain->cgroup);
	return -EBUSY;
}

/* Whatever is in the cgroup without being in the PID namespace goes too. */
static int empty_cgroup(const char *cgroup, struct hp_err *err)
{
	int ret;

	if (hp_cgroup_is_populated(cgroup)) {
		ret = hp_leaf_kill(cgroup, err);
		if (ret)
			return ret;
	}
	ret = hp_cgroup_await_empty(cgroup, EMPTY_MS, err);
	if (!ret)
		hp_leaf_sweep(cgroup, NULL);
	return ret;
}

int hp_domain_stop(const char *run_dir, const char *name, struct hp_err *err)
{
	hp_autofree char *path = hp_domain_record_path(run_dir, name);
	hp_autodomain domain = HP_DOMAIN_INIT;
	hp_autofree char *cgroup = NULL;
	hp_autofd int lock = -1;
	int ret = 0;

	if (!path)
		return hp_err_set(err, ENOMEM, "out of memory");
	lock = hp_domain_lock(run_dir, err);
	if (lock < 0)
		return lock;
	cgroup = hp_domain_recorded_cgroup(run_dir, name);
	/* An operating system is asked to power off first. */
	if (cgroup)
		ret = hp_os_end(run_dir, name, cgroup, HP_OS_END_SECONDS, err);
	if (!ret && hp_domain_open(run_dir, name, &domain, NULL, NULL) == 0)
		ret = end_init(&domain, err);
	if (!ret && cgroup)
		ret = empty_cgroup(cgroup, err);
	if (ret)
		return hp_err_wrap(err, "stopping domain %s", name);
	hp_os_forget(run_dir, name);
	if (unlink(path) < 0 && errno != ENOENT)
		return hp_err_errno(err, errno, "removing %s", path);
	return 0;
}
