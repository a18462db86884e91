// SPDX-License-Identifier: GPL-2.0
/* join.c: starts a command inside a domain, seen from outside. */
#include "domain/hp_join.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "domain/join_internal.h"

#define JOIN_TRIES 5

static void free_env(char ***env)
{
	join_env_free(*env);
}

/* Receives one message; a descriptor that comes along goes to *fd. 0 at the end. */
static ssize_t receive(int socket, struct join_message *message, int *fd)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec part = { message, sizeof(*message) };
	struct msghdr header = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *extra;
	ssize_t got;

	do
		got = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	extra = got > 0 ? CMSG_FIRSTHDR(&header) : NULL;
	if (extra && extra->cmsg_level == SOL_SOCKET && extra->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(extra), sizeof(*fd));
	return got;
}

static void reap(pid_t pid)
{
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Listens until the command executes, which closes the socket, or somebody says why it does not. */
static int listen_to_child(int socket, struct hp_joined *joined, int *status, struct hp_err *err)
{
	struct join_message message;
	bool has_failed = false;
	ssize_t got;

	while ((got = receive(socket, &message, &joined->terminal)) == sizeof(message)) {
		message.text[sizeof(message.text) - 1] = '\0';
		if (message.word == JOIN_STARTED) {
			joined->pid = message.pid;
			continue;
		}
		has_failed = true;
		*status = message.status;
		hp_err_set(err, EIO, "%s", message.text);
	}
	if (has_failed)
		return -EIO;
	if (got < 0)
		return hp_err_errno(err, errno, "listening to the joining process");
	return joined->pid ? 0 : hp_err_set(err, EIO, "the joining process was killed (is the domain being torn down?)");
}

/* Another command's start may sweep the still empty leaf away. */
static pid_t fork_in_leaf(const struct join_plan *plan, struct hp_err *err)
{
	pid_t pid = -ENOENT;

	for (int i = 0; i < JOIN_TRIES && (pid == -ENOENT || pid == -ENODEV); i++) {
		int ret;

		if (err)
			hp_err_clear(err);
		ret = hp_leaf_make(plan->domain->cgroup, plan->leaf, err);
		pid = ret ? ret : hp_leaf_fork(plan->domain->cgroup, plan->leaf, err);
	}
	return pid;
}

static int run(struct join_plan *plan, struct hp_joined *joined, int *status, struct hp_err *err)
{
	hp_autofd int ours = -1, theirs = -1;
	int sockets[2], ret;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return hp_err_errno(err, errno, "socketpair");
	ours = sockets[0];
	theirs = sockets[1];
	child = fork_in_leaf(plan, err);
	if (child < 0)
		return child;
	if (child == 0)
		join_child(plan, theirs);
	close(hp_take_fd(theirs));
	ret = listen_to_child(ours, joined, status, err);
	reap(child);
	if (ret) {
		reap(joined->pid);
		return ret;
	}
	joined->pidfd = (int)syscall(SYS_pidfd_open, joined->pid, 0);
	if (joined->pidfd < 0)
		return hp_err_errno(err, errno, "pidfd of process %d", joined->pid);
	fcntl(joined->pidfd, F_SETFD, FD_CLOEXEC);
	if (joined->terminal >= 0)
		fcntl(joined->terminal, F_SETFL, fcntl(joined->terminal, F_GETFL) | O_NONBLOCK);
	return 0;
}

/* A login shell is told so by a dash before its name. */
static int choose_command(struct join_plan *plan, char *login[2], struct hp_err *err)
{
	const char *shell = plan->user->shell;
	const char *base = strrchr(shell, '/');

	if (plan->join->argv) {
		plan->argv = (char **)plan->join->argv;
		plan->program = plan->argv[0];
		return 0;
	}
	login[0] = hp_format("-%s", base ? base + 1 : shell);
	if (!login[0])
		return hp_err_set(err, ENOMEM, "out of memory");
	plan->argv = login;
	plan->program = shell;
	return 0;
}

int hp_join_run(const struct hp_join *join, struct hp_joined *joined, int *status, struct hp_err *err)
{
	struct join_user user __attribute__((cleanup(join_user_clear))) = { 0 };
	char **env __attribute__((cleanup(free_env))) = NULL;
	hp_autodomain domain = HP_DOMAIN_INIT;
	char *login[2] = { NULL, NULL };
	struct join_plan plan = { .join = join, .domain = &domain, .user = &user };
	char leaf[32];
	int ret;

	*status = 0;
	ret = hp_domain_open(join->run_dir, join->domain, &domain, NULL, err);
	if (!ret)
		ret = join_user_find(join->user, &user, err);
	if (!ret)
		ret = choose_command(&plan, login, err);
	if (ret)
		return ret;
	snprintf(leaf, sizeof(leaf), "run-%d", getpid());
	plan.leaf = leaf;
	plan.env = env = join_env(join, &user);
	plan.has_modes = join->wants_tty && tcgetattr(STDIN_FILENO, &plan.modes) == 0 &&
			 ioctl(STDIN_FILENO, TIOCGWINSZ, &plan.size) == 0;
	if (!env || asprintf(&joined->cgroup, "%s/%s", domain.cgroup, leaf) < 0)
		ret = hp_err_set(err, ENOMEM, "out of memory");
	if (!ret) {
		hp_leaf_sweep(domain.cgroup, "run-");
		ret = run(&plan, joined, status, err);
	}
	free(login[0]);
	if (ret)
		hp_join_finish(joined);
	return ret;
}

void hp_join_finish(struct hp_joined *joined)
{
	hp_close_fd(&joined->pidfd);
	hp_close_fd(&joined->terminal);
	if (joined->cgroup) {
		char *slash = strrchr(joined->cgroup, '/');

		*slash = '\0';
		hp_leaf_sweep(joined->cgroup, slash + 1);
	}
	free(joined->cgroup);
	*joined = (struct hp_joined)HP_JOINED_INIT;
}
