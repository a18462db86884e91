// SPDX-License-Identifier: GPL-2.0
/* os_boot.c: starts the keeper of a domain's operating system. */
#include "domain/hp_os.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "domain/domain_lock.h"
#include "domain/hp_domain.h"

#define START_SECONDS 120	/* until PID 1 runs: mounts and namespaces, on a machine that may be emulated */
/* Above all uids that distributions and systemd-nspawn itself hand out, below what 31 bits hold. */
#define UID_FIRST 0x70000000u
#define UID_SLOTS 4000u

static uint32_t slot_of(const char *name)
{
	uint32_t hash = 2166136261u;	/* FNV-1a */

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return hash % UID_SLOTS;
}

static bool is_taken(const char *run_dir, char *const *names, const char *name, uint32_t shift)
{
	for (size_t i = 0; names[i]; i++) {
		hp_autoos other = HP_OS_INIT;

		if (strcmp(names[i], name) != 0 && hp_os_open(run_dir, names[i], &other, NULL) == 0 &&
		    other.uid_shift == shift)
			return true;
	}
	return false;
}

/* The same at every boot unless another running domain has it; the caller holds the lock. */
static int choose_shift(const struct hp_os_boot *boot, uint32_t *shift, struct hp_err *err)
{
	char **names = boot->is_privileged ? NULL : hp_domain_names(boot->run_dir);
	uint32_t slot = slot_of(boot->name);

	*shift = 0;
	if (boot->is_privileged)
		return 0;
	if (!names)
		return hp_err_set(err, ENOMEM, "out of memory");
	do
		*shift = UID_FIRST + (slot++ % UID_SLOTS) * HP_OS_UID_RANGE;
	while (is_taken(boot->run_dir, names, boot->name, *shift));
	hp_domain_names_free(names);
	return 0;
}

/* Only async-signal-safe calls: the caller may have threads. */
__attribute__((noreturn))
static void exec_keeper(char *const argv[], int status, int null)
{
	int high = fcntl(status, F_DUPFD, 10);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (high < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
	    dup2(high, HP_OS_STATUS_FD) < 0)
		_exit(1);
	close_range(HP_OS_STATUS_FD + 1, ~0U, 0);
	execve(argv[0], argv, (char *[]){ (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL });
	dprintf(HP_OS_STATUS_FD, "failed %s: %s\n", argv[0], strerror(errno));
	_exit(1);
}

/* One thing that the keeper says; false when it ends or when time is up (*is_late). */
static bool hear(FILE *status, time_t deadline, char *line, size_t size, bool *is_late)
{
	struct pollfd ready = { .fd = fileno(status), .events = POLLIN };
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	*is_late = now.tv_sec >= deadline || poll(&ready, 1, (int)(deadline - now.tv_sec) * 1000) <= 0;
	if (*is_late || !fgets(line, (int)size, status))
		return false;
	line[strcspn(line, "\n")] = '\0';
	return true;
}

static int await(FILE *status, const char *name, const char *word, unsigned int seconds, struct hp_err *err)
{
	struct timespec now;
	char line[2048];
	bool is_late;

	clock_gettime(CLOCK_MONOTONIC, &now);
	while (hear(status, now.tv_sec + seconds, line, sizeof(line), &is_late)) {
		if (strncmp(line, "failed ", 7) == 0)
			return hp_err_set(err, EIO, "%s", line + 7);
		if (strcmp(line, word) == 0)
			return 0;
	}
	if (!is_late)
		return hp_err_set(err, EIO, "it ended before it was up");
	hp_err_set(err, ETIMEDOUT, "it was not up within %u s", seconds);
	hp_err_hint(err, "it goes on; see its console: partctl console %s", name);
	return -ETIMEDOUT;
}

static int spawn(const struct hp_os_boot *boot, const char *cgroup, uint32_t shift, FILE **status, struct hp_err *err)
{
	hp_autofd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	hp_autofree char *program = hp_format("%s/domain-os", boot->libexec_dir);
	hp_autofd int in = -1, out = -1;
	char shift_text[16];
	int pipe_fds[2], wait_status;
	pid_t pid;

	if (!program)
		return hp_err_set(err, ENOMEM, "out of memory");
	if (null < 0 || pipe2(pipe_fds, O_CLOEXEC) < 0)
		return hp_err_errno(err, errno, "preparing to start %s", program);
	in = pipe_fds[0];
	out = pipe_fds[1];
	snprintf(shift_text, sizeof(shift_text), "%u", shift);
	pid = hp_leaf_fork(cgroup, HP_OS_KEEPER_LEAF, err);
	if (pid < 0)
		return pid;
	if (pid == 0)
		exec_keeper((char *[]){ program, (char *)boot->name, (char *)boot->hostname, (char *)cgroup,
					(char *)boot->run_dir, (char *)boot->lib_dir,
					(char *)boot->root, shift_text, NULL }, out, null);
	/* It forks once more, so that it is nobody's child who could forget to wait for it. */
	while (waitpid(pid, &wait_status, 0) < 0 && errno == EINTR)
		;
	*status = fdopen(in, "re");
	if (!*status)
		return hp_err_errno(err, errno, "listening to %s", program);
	in = -1;
	return 0;
}

static int prepare(const struct hp_os_boot *boot, const char *cgroup, struct hp_err *err)
{
	hp_autofree char *held = hp_os_path(boot->run_dir, boot->name, ".held");
	hp_autofree char *dir = NULL;
	hp_autoos running = HP_OS_INIT;
	int ret;

	if (hp_os_open(boot->run_dir, boot->name, &running, NULL) == 0)
		return hp_err_set(err, EEXIST, "it is booted already (%s)", hp_os_phase_words[running.phase]);
	if (access(HP_OS_NSPAWN, X_OK) < 0) {
		hp_err_set(err, EOPNOTSUPP, "there is no %s, which starts it", HP_OS_NSPAWN);
		hp_err_hint(err, "install the package systemd-container");
		return -EOPNOTSUPP;
	}
	if (!held || asprintf(&dir, "%s/os", boot->run_dir) < 0) {
		dir = NULL;
		return hp_err_set(err, ENOMEM, "out of memory");
	}
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return hp_err_errno(err, errno, "mkdir %s", dir);
	unlink(held);
	/* What a keeper that was killed may have left. */
	ret = hp_os_end(boot->run_dir, boot->name, cgroup, 0, err);
	return ret ? ret : hp_leaf_make(cgroup, HP_OS_KEEPER_LEAF, err);
}

/* Under the lock until PID 1 runs, so that a domain that ends meanwhile waits for something to end. */
static int start(const struct hp_os_boot *boot, const char *cgroup, uint32_t shift, FILE **status, struct hp_err *err)
{
	int ret = spawn(boot, cgroup, shift, status, err);

	if (!ret)
		ret = await(*status, boot->name, "started", START_SECONDS, err);
	/* What came half way is not left behind. */
	if (ret)
		hp_os_end(boot->run_dir, boot->name, cgroup, 0, NULL);
	return ret;
}

static int boot_locked(const struct hp_os_boot *boot, FILE **status, struct hp_err *err)
{
	hp_autodomain domain = HP_DOMAIN_INIT;
	hp_autofd int lock = hp_domain_lock(boot->run_dir, err);
	uint32_t shift;
	int ret;

	if (lock < 0)
		return lock;
	ret = hp_domain_open(boot->run_dir, boot->name, &domain, NULL, err);
	if (!ret)
		ret = prepare(boot, domain.cgroup, err);
	if (!ret)
		ret = choose_shift(boot, &shift, err);
	return ret ? ret : start(boot, domain.cgroup, shift, status, err);
}

int hp_os_boot(const struct hp_os_boot *boot, unsigned int seconds, struct hp_err *err)
{
	hp_autofile FILE *status = NULL;
	int ret = boot_locked(boot, &status, err);

	if (!ret && seconds)
		ret = await(status, boot->name, "ready", seconds, err);
	return ret ? hp_err_wrap(err, "booting %s", boot->name) : 0;
}
