// SPDX-License-Identifier: GPL-2.0
/* probe.c: tries something from inside a domain, as a process of that domain would. */
#include "verify/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "base/hp_auto.h"

enum { PROBE_MS = 20000, ANSWER_MAX = 1 << 20 };

/* Where the probe sits while it runs: a leaf of its own below the domain. */
static int enter_cgroup(const char *leaf)
{
	hp_autofree char *procs = NULL;
	hp_autofd int fd = -1;

	if (mkdir(leaf, 0755) < 0 && errno != EEXIST)
		return -errno;
	if (asprintf(&procs, "%s/cgroup.procs", leaf) < 0)
		return -ENOMEM;
	fd = open(procs, O_WRONLY | O_CLOEXEC);
	return fd < 0 || write(fd, "0", 1) != 1 ? -errno : 0;
}

static int enter_namespaces(pid_t init)
{
	hp_autofd int fd = (int)syscall(SYS_pidfd_open, init, 0);

	if (fd < 0)
		return -errno;
	return setns(fd, CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWCGROUP) < 0 ?
		-errno : 0;
}

/* The child joins; its own child is the one that is inside the PID namespace too. */
__attribute__((noreturn))
static void child(const char *leaf, pid_t init, verify_probe_fn fn, const void *arg, int pipe_fd)
{
	FILE *out = fdopen(pipe_fd, "w");
	int status = 0, ret = 0;
	pid_t inner;

	if (init)
		ret = enter_cgroup(leaf);
	if (ret == 0 && init)
		ret = enter_namespaces(init);
	if (ret < 0 || !out)
		_exit(1);
	inner = fork();
	if (inner == 0) {
		fn(arg, out);
		fflush(out);
		_exit(0);
	}
	if (inner < 0 || waitpid(inner, &status, 0) < 0)
		_exit(1);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static char *collect(int fd)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	char buffer[4096];
	ssize_t got;

	if (!out)
		return NULL;
	while (poll(&poll_fd, 1, PROBE_MS) > 0 && (got = read(fd, buffer, sizeof(buffer))) > 0 && size < ANSWER_MAX)
		fwrite(buffer, 1, (size_t)got, out);
	fclose(out);
	return text;
}

/* rmdir is refused for a moment after the last process went. */
static void remove_leaf(const char *leaf)
{
	for (int i = 0; i < 100 && rmdir(leaf) < 0 && errno == EBUSY; i++)
		usleep(10000);
}

int verify_probe(const struct verify *verify, int domain, verify_probe_fn fn, const void *arg, char **answer)
{
	pid_t pid, init = domain < 0 ? 0 : verify->inits[domain];
	hp_autofree char *leaf = NULL;
	int ends[2], status = 0;

	*answer = NULL;
	if (domain >= 0 && !init)
		return -ESRCH;
	if (asprintf(&leaf, "%s/sys/fs/cgroup%s/%s/verify-%d", "", verify->top, verify_name(verify, domain), getpid()) < 0)
		return -ENOMEM;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		child(leaf, init, fn, arg, ends[1]);
	}
	close(ends[1]);
	*answer = pid > 0 ? collect(ends[0]) : NULL;
	close(ends[0]);
	if (pid < 0)
		return -EAGAIN;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (init)
		remove_leaf(leaf);
	return *answer && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}
