// SPDX-License-Identifier: GPL-2.0
/* start.c: starts a domain's init. */
#include "domain/hp_domain.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_cgroup2.h"
#include "base/hp_text.h"
#include "domain/domain_lock.h"
#include "domain/hp_os.h"

#define START_TIMEOUT_MS 30000	/* namespaces and mounts take milliseconds; an emulated machine is slow */

/* "cpuset memory\n" -> "-cpuset -memory" */
static char *sign_words(const char *words, char sign)
{
	hp_autofree char *copy = strdup(words);
	char *save = NULL, *out = NULL, *word;
	size_t size;
	FILE *stream = open_memstream(&out, &size);

	if (!copy || !stream)
		return NULL;
	for (word = strtok_r(copy, " \n", &save); word; word = strtok_r(NULL, " \n", &save))
		fprintf(stream, "%s%c%s", ftell(stream) > 0 ? " " : "", sign, word);
	fclose(stream);
	return out;
}

static int control_children(const char *cgroup, const char *words, char sign, struct hp_err *err)
{
	hp_autofree char *path = hp_cgroup_path(cgroup, "cgroup.subtree_control");
	hp_autofree char *text = sign_words(words, sign);
	hp_autofd int fd = -1;

	if (!path || !text)
		return hp_err_set(err, ENOMEM, "out of memory");
	if (!*text)
		return 0;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return hp_err_errno(err, errno, "writing %s to %s", text, path);
	return 0;
}

static char *controlled(const char *cgroup)
{
	hp_autofree char *path = hp_cgroup_path(cgroup, "cgroup.subtree_control");
	hp_autofd int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char text[512];
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	return len < 0 ? NULL : strndup(text, (size_t)len);
}

/* Only async-signal-safe calls: the caller may have threads. */
__attribute__((noreturn))
static void exec_init(char *const argv[], int status, int lock, int null)
{
	int high_status = fcntl(status, F_DUPFD, 10), high_lock = fcntl(lock, F_DUPFD, 10);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (high_status < 0 || high_lock < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
	    dup2(high_status, HP_DOMAIN_STATUS_FD) < 0 || dup2(high_lock, HP_DOMAIN_LOCK_FD) < 0)
		_exit(1);
	close_range(HP_DOMAIN_LOCK_FD + 1, ~0U, 0);
	execve(argv[0], argv, (char *[]){ NULL });
	dprintf(HP_DOMAIN_STATUS_FD, "%s: %s", argv[0], strerror(errno));
	_exit(1);
}

/* What the init has to say until it closes the pipe; NULL on timeout. */
static char *read_status(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	char text[2048];
	size_t have = 0;
	ssize_t got;

	while (have < sizeof(text) - 1) {
		if (poll(&ready, 1, START_TIMEOUT_MS) <= 0)
			return NULL;
		got = read(fd, text + have, sizeof(text) - 1 - have);
		if (got <= 0)
			break;
		have += (size_t)got;
	}
	return strndup(text, have);
}

static int await(pid_t pid, int status_fd, struct hp_err *err)
{
	hp_autofree char *said = read_status(status_fd);
	int status;

	if (!said)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return hp_err_errno(err, errno, "waiting for domain-init");
	if (!said)
		return hp_err_set(err, ETIMEDOUT, "domain-init was not ready within %d s", START_TIMEOUT_MS / 1000);
	if (*said)
		return hp_err_set(err, EIO, "%s", said);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return hp_err_set(err, EIO, "domain-init died without a word (wait status %#x)", status);
	return 0;
}

static int spawn(const struct hp_domain_start *start, int lock, struct hp_err *err)
{
	hp_autofree char *program = hp_format("%s/domain-init", start->libexec_dir);
	hp_autofd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	hp_autofd int in = -1, out = -1;
	int pipe_fds[2];
	pid_t pid;

	if (!program)
		return hp_err_set(err, ENOMEM, "out of memory");
	if (null < 0 || pipe2(pipe_fds, O_CLOEXEC) < 0)
		return hp_err_errno(err, errno, "preparing to start %s", program);
	in = pipe_fds[0];
	out = pipe_fds[1];
	pid = hp_leaf_fork(start->cgroup, NULL, err);
	if (pid < 0)
		return pid;
	if (pid == 0)
		exec_init((char *[]){ program, (char *)start->name, (char *)start->hostname, (char *)start->cgroup,
				      (char *)start->run_dir, (char *)start->lib_dir, NULL }, out, lock, null);
	close(hp_take_fd(out));
	return await(pid, in, err);
}

/*
 * The init takes its cgroup namespace while it sits in the domain's own cgroup,
 * which the kernel allows only while that hands no controllers down.
 */
static int spawn_in_bare_cgroup(const struct hp_domain_start *start, int lock, struct hp_err *err)
{
	hp_autofree char *controllers = NULL;
	int ret, restored;

	hp_leaf_sweep(start->cgroup, NULL);
	controllers = controlled(start->cgroup);
	if (!controllers)
		return hp_err_errno(err, errno, "cgroup %s", start->cgroup);
	ret = control_children(start->cgroup, controllers, '-', err);
	if (ret)
		return ret;
	ret = spawn(start, lock, err);
	restored = control_children(start->cgroup, controllers, '+', ret ? NULL : err);
	return ret ? ret : restored;
}

int hp_domain_start(const struct hp_domain_start *start, struct hp_err *err)
{
	hp_autodomain running = HP_DOMAIN_INIT;
	hp_autofd int lock = hp_domain_lock(start->run_dir, err);
	int ret;

	if (lock < 0)
		return lock;
	if (hp_domain_open(start->run_dir, start->name, &running, NULL, NULL) == 0)
		return strcmp(running.cgroup, start->cgroup) == 0 ? 0 :
		       hp_err_set(err, EEXIST, "domain %s already runs in cgroup %s", start->name, running.cgroup);
	/* The domain died, and its operating system with it: what is left of that holds controllers. */
	ret = hp_os_end(start->run_dir, start->name, start->cgroup, 0, err);
	if (!ret)
		ret = spawn_in_bare_cgroup(start, lock, err);
	return ret ? hp_err_wrap(err, "starting domain %s", start->name) : 0;
}
