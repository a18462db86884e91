// SPDX-License-Identifier: GPL-2.0
/* test_domain.c: a domain's init and commands joined to it, on the running kernel (skipped without root or cgroup v2). */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "apply/hp_backend.h"
#include "base/hp_auto.h"
#include "base/hp_cgroup2.h"
#include "domain/hp_domain.h"
#include "domain/hp_join.h"

static const struct hp_backend *const domain = &hp_backend_domain;
static struct hp_ctx ctx;
static char top[64], alpha[80], value[160], run_dir[64], libexec[512], pin[96];
static bool is_usable;

static int in_cgroup(const char *name, const char *verb)
{
	hp_autofree char *path = hp_cgroup_path(name, NULL);

	return strcmp(verb, "make") == 0 ? mkdir(path, 0755) : rmdir(path);
}

static void find_libexec(void)
{
	ssize_t len = readlink("/proc/self/exe", libexec, sizeof(libexec) - 32);

	assert_true(len > 0);
	libexec[len] = '\0';
	*strrchr(libexec, '/') = '\0';
	strcat(libexec, "/../libexec/hostpart");
}

/* A network namespace pinned like `ip netns` does. */
static int pin_netns(void)
{
	hp_autofd int file = open(pin, O_CREAT | O_RDONLY | O_CLOEXEC, 0600);
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWNET) < 0 || mount("/proc/self/ns/net", pin, NULL, MS_BIND, NULL) < 0);
	return file >= 0 && waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

static int prepare(void **state)
{
	char path[160];

	(void)state;
	snprintf(run_dir, sizeof(run_dir), "/run/hp-unit-%d", getpid());
	snprintf(pin, sizeof(pin), "%s/netns/alpha", run_dir);
	snprintf(top, sizeof(top), "hp-unit-%d", getpid());
	snprintf(alpha, sizeof(alpha), "%s/alpha", top);
	snprintf(value, sizeof(value), "hostname=first cgroup=%s", alpha);
	find_libexec();
	ctx = (struct hp_ctx){ .root = hp_root_open("/", NULL), .run_dir = run_dir, .lib_dir = "/var/lib/hostpart",
			       .libexec_dir = libexec };
	snprintf(path, sizeof(path), "%s/netns", run_dir);
	is_usable = domain->probe(&ctx, NULL) == 0 && mkdir(run_dir, 0755) == 0 && mkdir(path, 0755) == 0 &&
		    pin_netns() == 0 && in_cgroup(top, "make") == 0 && in_cgroup(alpha, "make") == 0;
	return 0;
}

static int cleanup(void **state)
{
	hp_autofree char *remove = NULL;

	(void)state;
	if (is_usable)
		domain->write(&ctx, "alpha", "", NULL, NULL);
	umount2(pin, MNT_DETACH);
	in_cgroup(alpha, "remove");
	in_cgroup(top, "remove");
	if (asprintf(&remove, "rm -rf %s", run_dir) > 0 && system(remove) != 0)
		return -1;
	hp_root_close(ctx.root);
	return 0;
}

static void need_kernel(void)
{
	if (!is_usable)
		skip();
}

static void put(const char *text)
{
	hp_autoerr err = HP_ERR_INIT;

	if (domain->write(&ctx, "alpha", "", text, &err))
		fail_msg("%s", err.text);
}

static void expect_live(const char *want)
{
	hp_autofree char *live = NULL;

	assert_int_equal(domain->read(&ctx, "alpha", "", &live, NULL), 0);
	if (want)
		assert_string_equal(live, want);
	else
		assert_null(live);
}

static pid_t init_pid(void)
{
	hp_autodomain d = HP_DOMAIN_INIT;

	assert_int_equal(hp_domain_open(run_dir, "alpha", &d, NULL, NULL), 0);
	return d.pid;
}

/* Exit status of a shell script inside; its output goes to `out` (may be NULL). */
static int run_inside(const char *script, char *out, size_t size)
{
	char *const argv[] = { "sh", "-c", (char *)script, NULL };
	const struct hp_join join = { .run_dir = run_dir, .domain = "alpha", .argv = argv, .dir = "/" };
	struct hp_joined joined = HP_JOINED_INIT;
	hp_autoerr err = HP_ERR_INIT;
	int status, shell_status, pipe_fds[2], saved = dup(STDOUT_FILENO);
	ssize_t len;

	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	fflush(stdout);
	dup2(pipe_fds[1], STDOUT_FILENO);
	status = hp_join_run(&join, &joined, &shell_status, &err);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(pipe_fds[1]);
	if (status)
		fail_msg("%s", err.text);
	assert_int_equal(waitpid(joined.pid, &status, 0), joined.pid);
	if (out) {
		len = read(pipe_fds[0], out, size - 1);
		out[len < 0 ? 0 : len] = '\0';
	}
	close(pipe_fds[0]);
	hp_join_finish(&joined);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void starts_and_stops(void **state)
{
	pid_t pid;

	(void)state;
	need_kernel();
	expect_live(NULL);
	put(value);
	expect_live(value);
	pid = init_pid();
	put(value);
	assert_int_equal(init_pid(), pid);
	put(NULL);
	put(NULL);
	expect_live(NULL);
}

static void renames_without_restart(void **state)
{
	char other[160];
	pid_t pid;

	(void)state;
	need_kernel();
	put(value);
	pid = init_pid();
	snprintf(other, sizeof(other), "hostname=second cgroup=%s", alpha);
	put(other);
	expect_live(other);
	assert_int_equal(init_pid(), pid);
	put(value);
	put(NULL);
}

static void death_reads_as_absent(void **state)
{
	hp_autodomain d = HP_DOMAIN_INIT;
	bool is_dead = false;
	pid_t pid;

	(void)state;
	need_kernel();
	put(value);
	pid = init_pid();
	kill(pid, SIGKILL);
	usleep(200000);
	expect_live(NULL);
	assert_int_equal(hp_domain_open(run_dir, "alpha", &d, &is_dead, NULL), -ENOENT);
	assert_true(is_dead);
	put(value);
	expect_live(value);
	put(NULL);
}

static void ignores_other_signals(void **state)
{
	static const int harmless[] = { SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGPIPE, SIGALRM, SIGCHLD };
	pid_t pid;

	(void)state;
	need_kernel();
	put(value);
	pid = init_pid();
	for (size_t i = 0; i < hp_array_size(harmless); i++)
		kill(pid, harmless[i]);
	assert_int_equal(run_inside("kill -TERM 1; kill -KILL 1; kill -INT 1", NULL, 0), 0);
	usleep(200000);
	expect_live(value);
	assert_int_equal(init_pid(), pid);
}

static void is_a_host_of_its_own(void **state)
{
	char out[512];

	(void)state;
	need_kernel();
	put(value);
	assert_int_equal(run_inside("hostname; echo $HOSTPART_DOMAIN; ls /proc | grep -c '^1$'", out, sizeof(out)), 0);
	assert_string_equal(out, "first\nalpha\n1\n");
	assert_int_equal(run_inside("grep -q '^0::/run-' /proc/self/cgroup", NULL, 0), 0);
	/* Its cgroup mount begins at the domain, and no other mount of the machine's is left. */
	assert_int_equal(run_inside("test -d /sys/fs/cgroup/init && grep -c ' - cgroup' /proc/self/mountinfo", out,
				    sizeof(out)), 0);
	assert_string_equal(out, "1\n");
	assert_int_equal(run_inside("ls /run", out, sizeof(out)), 0);
	assert_string_equal(out, "lock\nuser\n");
}

static void cannot_reach_the_machine(void **state)
{
	static const char *const attempts[] = {
		"mount -t tmpfs none /mnt", "mount -o remount,rw /sys", "umount /proc/sys",
		"echo 0 > /proc/sysrq-trigger", "echo x > /proc/sys/kernel/hostname",
		"nsenter -t 1 -m true", "unshare -m true", "mknod /proc/x c 1 3",
	};

	(void)state;
	need_kernel();
	put(value);
	for (size_t i = 0; i < hp_array_size(attempts); i++) {
		hp_autofree char *quiet = NULL;

		assert_true(asprintf(&quiet, "(%s) 2>/dev/null", attempts[i]) > 0);
		if (run_inside(quiet, NULL, 0) == 0)
			fail_msg("worked inside: %s", attempts[i]);
	}
}

static void statuses_pass(void **state)
{
	char *const missing[] = { "/no/such/program", NULL };
	struct hp_join join = { .run_dir = run_dir, .domain = "alpha", .argv = missing, .dir = "/" };
	struct hp_joined joined = HP_JOINED_INIT;
	hp_autoerr err = HP_ERR_INIT;
	int status;

	(void)state;
	need_kernel();
	put(value);
	assert_int_equal(run_inside("exit 42", NULL, 0), 42);
	assert_int_equal(run_inside("kill -9 $$", NULL, 0), 137);
	assert_int_not_equal(hp_join_run(&join, &joined, &status, &err), 0);
	assert_int_equal(status, HP_JOIN_NOT_FOUND);
	join.domain = "alhpa";
	assert_int_not_equal(hp_join_run(&join, &joined, &status, &err), 0);
	assert_int_equal(status, 0);
	assert_non_null(strstr(err.text, "did you mean 'alpha'?"));
}

/* Processes that ignore SIGTERM, and the cgroups that joins left, all go. */
static void stops_the_stubborn(void **state)
{
	hp_autofree char *leaf = NULL;

	(void)state;
	need_kernel();
	put(value);
	assert_int_equal(run_inside("trap '' TERM; (sleep 100 & ) >/dev/null 2>&1", NULL, 0), 0);
	put(NULL);
	expect_live(NULL);
	leaf = hp_cgroup_path(alpha, HP_DOMAIN_INIT_LEAF);
	assert_int_equal(access(leaf, F_OK), -1);
	assert_int_equal(in_cgroup(alpha, "remove"), 0);
	assert_int_equal(in_cgroup(alpha, "make"), 0);
}

/* Killed at any moment, a start leaves either a recorded init or none; the next one works. */
static void survives_a_killed_start(void **state)
{
	(void)state;
	need_kernel();
	for (unsigned int delay_us = 0; delay_us < 20000; delay_us += 1000) {
		pid_t pid = fork();

		if (pid == 0) {
			domain->write(&ctx, "alpha", "", value, NULL);
			_exit(0);
		}
		usleep(delay_us);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		if (delay_us % 2000 == 0) {
			put(NULL);
			assert_false(hp_cgroup_is_populated(alpha));
		} else {
			put(value);
			expect_live(value);
			put(NULL);
		}
	}
}

static void refuses_nonsense(void **state)
{
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	need_kernel();
	assert_int_equal(domain->write(&ctx, "alpha", "", "hostname=x", &err), -EINVAL);
	assert_int_not_equal(domain->write(&ctx, "alpha", "", "hostname=x cgroup=no/such", &err), 0);
	assert_non_null(strstr(err.text, "no/such"));
	assert_int_not_equal(domain->write(&ctx, "beta", "", value, &err), 0);
	assert_non_null(strstr(err.text, "netns/beta"));
	expect_live(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_and_stops),
		cmocka_unit_test(renames_without_restart),
		cmocka_unit_test(death_reads_as_absent),
		cmocka_unit_test(ignores_other_signals),
		cmocka_unit_test(is_a_host_of_its_own),
		cmocka_unit_test(cannot_reach_the_machine),
		cmocka_unit_test(statuses_pass),
		cmocka_unit_test(stops_the_stubborn),
		cmocka_unit_test(survives_a_killed_start),
		cmocka_unit_test(refuses_nonsense),
	};

	return cmocka_run_group_tests(tests, prepare, cleanup);
}
