// SPDX-License-Identifier: GPL-2.0
/* join_child.c: the process that enters a domain and starts the command there. */
#include "domain/join_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/hp_auto.h"

#define SOCKET_FD 3
#define PIDFD_FD 4
#define TTY_GROUP 5

/*
 * Everything that could be taken from this process (descriptors, capabilities,
 * the machine's mounts) is given up before the command's process is forked
 * into the PID namespace: from that moment on root inside can trace it.
 */

static void send_message(const struct join_message *message, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec part = { (void *)message, sizeof(*message) };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };

	if (fd >= 0) {
		struct cmsghdr *extra;

		header.msg_control = control;
		header.msg_controllen = sizeof(control);
		extra = CMSG_FIRSTHDR(&header);
		extra->cmsg_level = SOL_SOCKET;
		extra->cmsg_type = SCM_RIGHTS;
		extra->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(extra), &fd, sizeof(fd));
	}
	if (sendmsg(SOCKET_FD, &header, MSG_NOSIGNAL) < 0)
		_exit(1);	/* nobody listens any more */
}

__attribute__((noreturn))
static void give_up(const struct hp_err *err, int status)
{
	struct join_message message = { .word = JOIN_FAILED, .status = status };

	snprintf(message.text, sizeof(message.text), "%s", err->text ? err->text : "out of memory");
	send_message(&message, -1);
	_exit(status ? status : 1);
}

/* Descriptors 0 to 2 are the command's; the socket and the init's pidfd move to fixed places. */
static int keep_descriptors(int socket, int pidfd, struct hp_err *err)
{
	int high_socket = fcntl(socket, F_DUPFD, 10), high_pidfd = fcntl(pidfd, F_DUPFD, 10);

	if (high_socket < 0 || high_pidfd < 0 || dup3(high_socket, SOCKET_FD, O_CLOEXEC) < 0 ||
	    dup3(high_pidfd, PIDFD_FD, O_CLOEXEC) < 0 || close_range(PIDFD_FD + 1, ~0U, 0) < 0)
		return hp_err_errno(err, errno, "arranging descriptors");
	return 0;
}

/* What the caller's process was tuned to is not what a login in the domain gets. */
static int reset_process(struct hp_err *err)
{
	static unsigned long every_cpu[8192 / (8 * sizeof(unsigned long))];
	hp_autofd int adj = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	sigset_t none;

	memset(every_cpu, 0xff, sizeof(every_cpu));
	/* The kernel cuts this down to the cpuset of the domain. */
	if (syscall(SYS_sched_setaffinity, 0, sizeof(every_cpu), every_cpu) < 0)
		return hp_err_errno(err, errno, "resetting the CPU affinity");
	if (adj < 0 || write(adj, "0", 1) < 0)
		return hp_err_errno(err, errno, "/proc/self/oom_score_adj");
	/* Kernels without NUMA have no policy to reset; a lower nice value may be refused in a container. */
	syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0);
	setpriority(PRIO_PROCESS, 0, 0);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(022);
	return 0;
}

static int enter_namespaces(const struct join_plan *plan, struct hp_err *err)
{
	const int all = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWCGROUP;

	if (setns(PIDFD_FD, all) < 0)
		return hp_err_errno(err, errno, "entering the namespaces of domain %s", plan->join->domain);
	close(PIDFD_FD);
	return 0;
}

/* A terminal of the domain's own devpts, with the modes of the caller's. */
static int open_terminal(const struct join_plan *plan, int *master, int *slave, struct hp_err *err)
{
	int unlock = 0;

	*master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*master < 0)
		return hp_err_errno(err, errno, "a terminal in domain %s (/dev/pts/ptmx)", plan->join->domain);
	*slave = ioctl(*master, TIOCSPTLCK, &unlock) < 0 ? -1 :
		 ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*slave < 0 || fchown(*slave, plan->user->uid, TTY_GROUP) < 0)
		return hp_err_errno(err, errno, "a terminal in domain %s", plan->join->domain);
	if (plan->has_modes && (tcsetattr(*slave, TCSANOW, &plan->modes) < 0 ||
				ioctl(*slave, TIOCSWINSZ, &plan->size) < 0))
		return hp_err_errno(err, errno, "terminal modes");
	return 0;
}

static int become_user(const struct join_user *user, struct hp_err *err)
{
	if (setgroups((size_t)user->groups_count, user->groups) < 0 || setresgid(user->gid, user->gid, user->gid) < 0 ||
	    setresuid(user->uid, user->uid, user->uid) < 0)
		return hp_err_errno(err, errno, "becoming user %s", user->name);
	return 0;
}

/* As with ssh, a missing home is worth a warning; a directory that was asked for must be there. */
static int change_directory(const struct join_plan *plan, struct hp_err *err)
{
	const char *home = plan->user->home;

	if (plan->join->dir)
		return chdir(plan->join->dir) < 0 ? hp_err_errno(err, errno, "directory %s", plan->join->dir) : 0;
	if (chdir(home) == 0)
		return 0;
	fprintf(stderr, "partctl: could not change to home directory %s: %s\n", home, strerror(errno));
	return chdir("/") < 0 ? hp_err_errno(err, errno, "/") : 0;
}

/* In the domain, and visible there. */
__attribute__((noreturn))
static void execute(const struct join_plan *plan, int slave)
{
	hp_autoerr err = HP_ERR_INIT;

	setsid();
	if (slave >= 0 && (ioctl(slave, TIOCSCTTY, 0) < 0 || dup2(slave, 0) < 0 || dup2(slave, 1) < 0 ||
			   dup2(slave, 2) < 0)) {
		hp_err_errno(&err, errno, "controlling terminal");
		give_up(&err, 0);
	}
	environ = plan->env;	/* execvp() searches this PATH, not the caller's */
	execvp(plan->program, plan->argv);
	hp_err_errno(&err, errno, "%s", plan->program);
	give_up(&err, errno == ENOENT ? HP_JOIN_NOT_FOUND : HP_JOIN_NOT_EXECUTABLE);
}

static int enter(const struct join_plan *plan, int *master, int *slave, struct hp_err *err)
{
	int ret = hp_domain_caps_prepare(err);

	if (!ret)
		ret = reset_process(err);
	if (!ret)
		ret = enter_namespaces(plan, err);
	if (!ret && plan->join->wants_tty)
		ret = open_terminal(plan, master, slave, err);
	if (!ret)
		ret = hp_domain_caps_drop(err);
	if (!ret)
		ret = become_user(plan->user, err);
	return ret ? ret : change_directory(plan, err);
}

void join_child(const struct join_plan *plan, int socket)
{
	struct join_message started = { .word = JOIN_STARTED };
	hp_autoerr err = HP_ERR_INIT;
	int master = -1, slave = -1;
	long pid;

	if (keep_descriptors(socket, plan->domain->pidfd, &err))
		_exit(1);
	if (enter(plan, &master, &slave, &err))
		give_up(&err, 0);
	if (master >= 0)
		send_message(&started, master);
	close(master);
	/* A sibling, not a child: the caller waits for it itself, and this process is in nobody's way. */
	pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
	if (pid < 0) {
		hp_err_errno(&err, errno, "fork in domain %s", plan->join->domain);
		give_up(&err, 0);
	}
	if (pid == 0)
		execute(plan, slave);
	started.pid = (pid_t)pid;
	send_message(&started, -1);
	_exit(0);
}
