// SPDX-License-Identifier: GPL-2.0
/*
 * main.c: domain-init becomes PID 1 of a domain.
 *
 * usage: domain-init NAME HOSTNAME CGROUP RUN_DIR LIB_DIR
 *
 * Started by hp_domain_start() in the domain's own cgroup, with a pipe for
 * errors as descriptor 3 (closed without a word = ready) and the start lock as
 * 4. Two processes: the starter stays in the machine's PID and mount
 * namespaces, where it records who the init is; its child is the init, and goes
 * on only after it was recorded. So however this is interrupted, no init runs
 * that nobody can find.
 */
#include "domain_init.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "domain/hp_domain.h"

#define OOM_NEVER "-1000"
#define ENDED_EARLY 1

/*
 * The init costs next to nothing and takes the whole domain with it, so the
 * OOM killer must not find it first. Joined commands start from 0 again.
 * Without CAP_SYS_RESOURCE (a container) that is refused, and it starts all the same.
 */
static int shun_oom_killer(struct hp_err *err)
{
	hp_autofd int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || (write(fd, OOM_NEVER, strlen(OOM_NEVER)) < 0 && errno != EACCES))
		return hp_err_errno(err, errno, "/proc/self/oom_score_adj");
	return 0;
}

static int join_netns(const struct init_request *request, struct hp_err *err)
{
	hp_autofree char *path = hp_format("%s/netns/%s", request->run_dir, request->name);
	hp_autofd int fd = -1;

	if (!path)
		return hp_err_set(err, ENOMEM, "out of memory");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		return hp_err_errno(err, errno, "network namespace %s", path);
	return 0;
}

/*
 * The root of a cgroup namespace is the cgroup in which it is taken. The init
 * is then born in a leaf below, for a cgroup with processes of its own can hand
 * no controllers to the cgroups below it. The leaf is made while the cgroups
 * still have the names that the machine knows.
 */
static int take_cgroup(const struct init_request *request, struct hp_err *err)
{
	int ret = hp_leaf_make(request->cgroup, HP_DOMAIN_INIT_LEAF, err);

	if (!ret && unshare(CLONE_NEWCGROUP) < 0)
		ret = hp_err_errno(err, errno, "new cgroup namespace");
	return ret;
}

static int become_init(const struct init_request *request, struct hp_err *err)
{
	int ret;

	if (unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC) < 0)
		return hp_err_errno(err, errno, "new mount, UTS and IPC namespaces");
	if (sethostname(request->hostname, strlen(request->hostname)) < 0)
		return hp_err_errno(err, errno, "hostname %s", request->hostname);
	ret = hp_domain_caps_prepare(err);
	if (!ret)
		ret = mounts_arrange(request, err);
	return ret ? ret : hp_domain_caps_drop(err);
}

/* Nobody is left to tell when even that fails; the status says enough then. */
static int say(const struct hp_err *err)
{
	dprintf(HP_DOMAIN_STATUS_FD, "%s", err->text ? err->text : "out of memory");
	return ENDED_EARLY;
}

/* The child: ready, then waits to be told that it is on record. */
__attribute__((noreturn))
static void run_init(const struct init_request *request, int starter)
{
	hp_autoerr err = HP_ERR_INIT;
	sigset_t all;
	char byte = 0;

	/* From the first moment: what PID 1 neither blocks nor handles is dropped, a request to end as well. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_NAME, "domain-init");
	if (become_init(request, &err))
		_exit(say(&err));
	if (write(starter, &byte, 1) != 1 || read(starter, &byte, 1) != 1)
		_exit(ENDED_EARLY);
	close_range(3, ~0U, 0);
	supervise();
}

/* The starter's side of the same talk. */
static int record_init(const struct init_request *request, pid_t pid, int init, struct hp_err *err)
{
	char byte;
	int ret;

	if (read(init, &byte, 1) != 1)
		return -ECHILD;		/* the child has said why */
	ret = hp_domain_record(request->run_dir, request->name, pid, request->cgroup, err);
	if (ret)
		return ret;
	if (write(init, &byte, 1) != 1)
		return hp_err_errno(err, errno, "telling the init to go on");
	return 0;
}

static int start(const struct init_request *request, struct hp_err *err)
{
	int talk[2], ret;
	pid_t pid;

	ret = shun_oom_killer(err);
	if (!ret)
		ret = join_netns(request, err);
	if (!ret)
		ret = take_cgroup(request, err);
	if (ret)
		return ret;
	if (unshare(CLONE_NEWPID) < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, talk) < 0)
		return hp_err_errno(err, errno, "new PID namespace");
	pid = hp_leaf_fork(request->cgroup, HP_DOMAIN_INIT_LEAF, err);
	if (pid < 0)
		return pid;
	if (pid == 0) {
		close(talk[0]);
		run_init(request, talk[1]);
	}
	close(talk[1]);
	return record_init(request, pid, talk[0], err);
}

int main(int argc, char **argv)
{
	hp_autoerr err = HP_ERR_INIT;
	struct init_request request;

	if (argc != 6 || fcntl(HP_DOMAIN_STATUS_FD, F_GETFD) < 0 || fcntl(HP_DOMAIN_LOCK_FD, F_GETFD) < 0) {
		fprintf(stderr, "domain-init is started by hostpart, not by hand\n");
		return HP_EXIT_USAGE;
	}
	request = (struct init_request){ argv[1], argv[2], argv[3], argv[4], argv[5] };
	umask(022);
	signal(SIGPIPE, SIG_IGN);
	/* Not exit(): the leak checker of a test build starts a process, and that would be born in the domain. */
	if (start(&request, &err) == 0)
		_exit(HP_EXIT_OK);
	_exit(hp_err_is_set(&err) ? say(&err) : ENDED_EARLY);
}
