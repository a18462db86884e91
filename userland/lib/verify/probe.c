// SPDX-License-Identifier: GPL-2.0
/* probe.c: tries something from inside a domain, as a process of that domain would. */
#include "verify/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "domain/hp_domain.h"

enum { PROBE_MS = 60000 /* an emulated machine is slow */, ANSWER_MAX = 1 << 20 };

static int enter_namespaces(pid_t init)
{
	hp_autofd int fd = (int)syscall(SYS_pidfd_open, init, 0);

	if (fd < 0)
		return -errno;
	return setns(fd, CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWCGROUP) < 0 ?
		-errno : 0;
}

/* Ends the child; what it says becomes the reason of the failure. */
__attribute__((noreturn))
static void give_up(int pipe_fd, const char *doing, int errnum)
{
	dprintf(pipe_fd, "%s: %s", doing, strerror(errnum));
	_exit(1);
}

/* The child joins; its own child is the one that is inside the PID namespace too. */
__attribute__((noreturn))
static void child(pid_t init, verify_probe_fn fn, const void *arg, int pipe_fd)
{
	FILE *out = fdopen(pipe_fd, "w");
	int status = 0, ret = 0;
	pid_t inner;

	if (!out)
		give_up(pipe_fd, "writing down what it finds", errno);
	if (init && (ret = enter_namespaces(init)) < 0)
		give_up(pipe_fd, "entering the namespaces of the domain", -ret);
	inner = fork();
	if (inner == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fn(arg, out);
		_exit(fflush(out) == 0 ? 0 : 1);
	}
	if (inner < 0)
		give_up(pipe_fd, "starting a process", errno);
	if (waitpid(inner, &status, 0) < 0)
		give_up(pipe_fd, "waiting for a process", errno);
	if (!WIFEXITED(status))
		give_up(pipe_fd, strsignal(WTERMSIG(status)), EINTR);
	_exit(WEXITSTATUS(status));
}

/* All that comes through until the other end is closed; *is_late when that takes too long. */
static char *collect(int fd, bool *is_late)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	char buffer[4096];
	ssize_t got = 1;

	*is_late = false;
	if (!out)
		return NULL;
	while (got > 0 && size < ANSWER_MAX) {
		*is_late = poll(&poll_fd, 1, PROBE_MS) == 0;
		got = *is_late ? 0 : read(fd, buffer, sizeof(buffer));
		if (got > 0)
			fwrite(buffer, 1, (size_t)got, out);
	}
	fclose(out);
	return text;
}

const char *verify_why(const char *answer)
{
	return answer && *answer ? answer : "it ended without a word";
}

/* The child is born in a leaf of its own below the domain's cgroup; pid or -errno with *why. */
static pid_t fork_in(const char *cgroup, const char *leaf, char **why)
{
	hp_autoerr err = HP_ERR_INIT;
	pid_t pid = hp_leaf_make(cgroup, leaf, &err);

	if (pid == 0)
		pid = hp_leaf_fork(cgroup, leaf, &err);
	if (pid < 0)
		*why = strdup(err.text);
	return pid;
}

int verify_probe(const struct verify *verify, int domain, verify_probe_fn fn, const void *arg, char **answer)
{
	pid_t pid, init = domain < 0 ? 0 : verify->inits[domain];
	hp_autofree char *cgroup = NULL;
	char leaf[32];
	int ends[2], status = 0;
	bool is_late;

	*answer = NULL;
	if (domain >= 0 && !init) {
		*answer = strdup("its init does not run");
		return -ESRCH;
	}
	snprintf(leaf, sizeof(leaf), "verify-%d", getpid());
	cgroup = hp_format("%s/%s", verify->top, verify_name(verify, domain));
	if (!cgroup)
		return -ENOMEM;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	fflush(NULL);
	pid = init ? fork_in(cgroup, leaf, answer) : fork();
	if (pid == 0) {
		close(ends[0]);
		child(init, fn, arg, ends[1]);
	}
	close(ends[1]);
	if (pid > 0)
		*answer = collect(ends[0], &is_late);
	close(ends[0]);
	if (pid < 0)
		return (int)pid;
	if (is_late) {
		kill(pid, SIGKILL);
		free(*answer);
		*answer = strdup("it did not end in time");
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (init)
		hp_leaf_sweep(cgroup, leaf);
	return *answer && !is_late && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}
