// SPDX-License-Identifier: GPL-2.0
/* test_devacl.c: the device ACL backend against the running kernel (skipped without root, BPF or cgroup v2). */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "apply/hp_backend.h"
#include "base/hp_auto.h"
#include "base/hp_cgroup2.h"

#define BASICS "\nallow c 1:3 rw"	/* /dev/null */
#define FULL_RULE "\nallow c 1:7 r"	/* /dev/full */

static const struct hp_backend *const acl = &hp_backend_devacl;
static struct hp_ctx ctx;
static char top[64], alpha[80], beta[80], bpffs[80];

static void make_cgroup(const char *name)
{
	hp_autofree char *path = hp_cgroup_path(name, NULL);

	assert_int_equal(mkdir(path, 0755), 0);
}

static void remove_cgroup(const char *name)
{
	hp_autofree char *path = hp_cgroup_path(name, NULL);

	for (int i = 0; i < 100 && rmdir(path) < 0 && errno == EBUSY; i++)
		usleep(10000);
}

static int prepare(void **state)
{
	(void)state;
	ctx.root = hp_root_open("/", NULL);
	ctx.bpffs_dir = bpffs;
	snprintf(bpffs, sizeof(bpffs), "/sys/fs/bpf/hp-unit-%d", getpid());
	snprintf(top, sizeof(top), "hp-unit-%d", getpid());
	snprintf(alpha, sizeof(alpha), "%s/alpha", top);
	snprintf(beta, sizeof(beta), "%s/beta", top);
	if (geteuid() != 0 || acl->probe(&ctx, NULL))
		return 0;
	make_cgroup(top);
	make_cgroup(alpha);
	make_cgroup(beta);
	return 0;
}

static int cleanup(void **state)
{
	(void)state;
	acl->write(&ctx, "alpha", "", NULL, NULL);
	acl->write(&ctx, "base", "", NULL, NULL);
	remove_cgroup(alpha);
	remove_cgroup(beta);
	remove_cgroup(top);
	hp_root_close(ctx.root);
	return 0;
}

static void need_kernel(void)
{
	if (geteuid() != 0 || acl->probe(&ctx, NULL))
		skip();
}

static void join(const char *cgroup)
{
	hp_autofree char *path = hp_cgroup_path(cgroup, "cgroup.procs");
	hp_autofd int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "0", 1) != 1)
		_exit(100);
}

/* errno of opening the node (0 = opened) by a process in that cgroup. */
static int open_in(const char *cgroup, const char *node, int flags)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		join(cgroup);
		_exit(open(node, flags) < 0 ? errno : 0);
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* The node is made by the same process just before: mknod works, open is what is refused. */
static int open_made_in(const char *cgroup, dev_t dev)
{
	char path[] = "/tmp/hp-unit-node-XXXXXX";
	int status, file = mkstemp(path);
	pid_t pid;

	assert_true(file >= 0);
	close(file);
	unlink(path);
	pid = fork();
	if (pid == 0) {
		join(cgroup);
		if (mknod(path, S_IFCHR | 0666, dev) < 0)
			_exit(101);
		_exit(open(path, O_RDONLY) < 0 ? errno : 0);
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	unlink(path);
	return WEXITSTATUS(status);
}

static void put(const char *object, const char *value)
{
	hp_autoerr err = HP_ERR_INIT;

	if (acl->write(&ctx, object, "", value, &err))
		fail_msg("%s", err.text);
}

static void expect_live(const char *object, const char *want)
{
	hp_autofree char *live = NULL;

	assert_int_equal(acl->read(&ctx, object, "", &live, NULL), 0);
	if (!want)
		assert_null(live);
	else
		assert_string_equal(live, want);
}

static char *allow_text(const char *rules)
{
	char *text;

	assert_true(asprintf(&text, "cgroup %s%s", alpha, rules) > 0);
	return text;
}

static void allows_only_what_is_listed(void **state)
{
	hp_autofree char *text = allow_text(BASICS);

	(void)state;
	need_kernel();
	expect_live("alpha", NULL);
	assert_int_equal(open_in(alpha, "/dev/full", O_RDONLY), 0);
	put("alpha", text);
	expect_live("alpha", text);
	assert_int_equal(open_in(alpha, "/dev/null", O_RDWR), 0);
	assert_int_equal(open_in(alpha, "/dev/full", O_RDONLY), EPERM);
	assert_int_equal(open_made_in(alpha, makedev(1, 7)), EPERM);
	assert_int_equal(open_in(beta, "/dev/full", O_RDONLY), 0);
}

static void swaps_rules(void **state)
{
	hp_autofree char *text = allow_text(BASICS FULL_RULE);
	hp_autofree char *fewer = allow_text(BASICS);

	(void)state;
	need_kernel();
	put("alpha", text);
	put("alpha", text);
	expect_live("alpha", text);
	assert_int_equal(open_in(alpha, "/dev/full", O_RDONLY), 0);
	assert_int_equal(open_in(alpha, "/dev/full", O_RDWR), EPERM);
	put("alpha", fewer);
	assert_int_equal(open_in(alpha, "/dev/full", O_RDONLY), EPERM);
	put("alpha", NULL);
	put("alpha", NULL);
	expect_live("alpha", NULL);
	assert_int_equal(open_in(alpha, "/dev/full", O_RDONLY), 0);
	assert_int_equal(access(bpffs, F_OK), -1);
}

static void refuses_claims_to_others(void **state)
{
	hp_autofree char *text = NULL;

	(void)state;
	need_kernel();
	assert_true(asprintf(&text, "deny c 1:7 %s", alpha) > 0);
	put("base", text);
	expect_live("base", text);
	assert_int_equal(open("/dev/full", O_RDONLY | O_CLOEXEC), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(open_in(alpha, "/dev/full", O_RDONLY), 0);
	assert_int_equal(open_in(beta, "/dev/full", O_RDONLY), EPERM);
	assert_int_equal(open_in(top, "/dev/full", O_RDONLY), EPERM);
	put("base", NULL);
	expect_live("base", NULL);
	assert_int_equal(open_in(beta, "/dev/full", O_RDONLY), 0);
}

static void outlives_its_maker(void **state)
{
	hp_autofree char *text = allow_text(BASICS);
	int status;
	pid_t pid;

	(void)state;
	need_kernel();
	pid = fork();
	if (pid == 0) {
		if (acl->write(&ctx, "alpha", "", text, NULL))
			_exit(1);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	expect_live("alpha", text);
	assert_int_equal(open_in(alpha, "/dev/full", O_RDONLY), EPERM);
	put("alpha", NULL);
}

/* The tasks never once get at the node while its rules are replaced a hundred times. */
static void never_unguarded(void **state)
{
	hp_autofree char *one = allow_text(BASICS);
	hp_autofree char *two = allow_text(BASICS "\nallow c 1:5 r");
	int status;
	pid_t pid;

	(void)state;
	need_kernel();
	put("alpha", one);
	pid = fork();
	if (pid == 0) {
		join(alpha);
		for (;;)
			if (open("/dev/full", O_RDONLY) >= 0)
				_exit(1);
	}
	for (int i = 0; i < 50; i++) {
		put("alpha", two);
		put("alpha", one);
	}
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	put("alpha", NULL);
}

static void follows_a_new_cgroup(void **state)
{
	hp_autofree char *text = allow_text(BASICS);

	(void)state;
	need_kernel();
	put("alpha", text);
	remove_cgroup(alpha);
	expect_live("alpha", NULL);
	make_cgroup(alpha);
	expect_live("alpha", NULL);
	put("alpha", text);
	expect_live("alpha", text);
	assert_int_equal(open_in(alpha, "/dev/full", O_RDONLY), EPERM);
	put("alpha", NULL);
}

static void satisfied_in_any_order(void **state)
{
	(void)state;
	assert_true(acl->satisfies("", "deny b 1:1 a\ndeny c 1:2 b", "deny c 1:2 b\ndeny b 1:1 a"));
	assert_false(acl->satisfies("", "deny b 1:1 a\ndeny c 1:2 b", "deny c 1:2 b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allows_only_what_is_listed),
		cmocka_unit_test(swaps_rules),
		cmocka_unit_test(refuses_claims_to_others),
		cmocka_unit_test(outlives_its_maker),
		cmocka_unit_test(never_unguarded),
		cmocka_unit_test(follows_a_new_cgroup),
		cmocka_unit_test(satisfied_in_any_order),
	};

	return cmocka_run_group_tests(tests, prepare, cleanup);
}
