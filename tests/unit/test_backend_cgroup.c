// SPDX-License-Identifier: GPL-2.0
/* test_backend_cgroup.c: what the cgroup backend reads and accepts, on a recorded tree; writing is tested in the VM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "apply/hp_cgroup.h"
#include "base/hp_auto.h"

static char tree[] = "/tmp/hp-test-cgroup-XXXXXX";
static struct hp_ctx ctx;

static void put(const char *path, const char *text)
{
	hp_autofree char *full = NULL;
	hp_autofile FILE *file = NULL;

	assert_true(asprintf(&full, "%s%s", tree, path) > 0);
	for (char *slash = strchr(full + sizeof(tree), '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0755);
		*slash = '/';
	}
	file = fopen(full, "we");
	assert_non_null(file);
	fputs(text, file);
}

static void put_mount(const char *type, const char *super)
{
	hp_autofree char *text = NULL;

	assert_true(asprintf(&text,
			     "20 1 0:19 / /sys rw,nosuid - sysfs sysfs rw\n"
			     "30 20 0:25 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - %s cgroup2 %s\n",
			     type, super) > 0);
	put("/proc/self/mountinfo", text);
}

static int setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(tree));
	put("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory hugetlb pids rdma misc\n");
	put("/sys/fs/cgroup/cgroup.subtree_control", "cpu memory pids\n");
	put("/sys/fs/cgroup/top/cgroup.procs", "");
	put("/sys/fs/cgroup/top/cpuset.cpus", "2-7\n");
	put("/sys/fs/cgroup/top/cpuset.cpus.partition", "root invalid (Cpu list in cpuset.cpus not exclusive)\n");
	put("/sys/fs/cgroup/top/a/cgroup.procs", "");
	put("/sys/fs/cgroup/top/a/cpuset.cpus", "2-3\n");
	put("/sys/fs/cgroup/top/b/cpuset.cpus", "4-7\n");
	put("/sys/fs/cgroup/plain/cpuset.cpus", "\n");
	put("/sys/fs/cgroup/stranger/cpuset.cpus", "0,7-9\n");
	put_mount("cgroup2", "rw,nsdelegate,memory_recursiveprot");
	ctx.root = hp_root_open(tree, NULL);
	return ctx.root ? 0 : -1;
}

static int teardown(void **state)
{
	hp_autofree char *command = NULL;

	(void)state;
	hp_root_close(ctx.root);
	return asprintf(&command, "rm -rf '%s'", tree) < 0 || system(command);
}

static void assert_reads(const char *object, const char *attr, const char *want)
{
	hp_autofree char *value = NULL;

	assert_int_equal(hp_backend_cgroup.read(&ctx, object, attr, &value, NULL), 0);
	if (!want) {
		assert_null(value);
		return;
	}
	assert_non_null(value);
	assert_string_equal(value, want);
}

static void test_reading(void **state)
{
	(void)state;
	assert_reads("top", "", "present");
	assert_reads("top/a", "", "present");
	assert_reads("nothing", "", NULL);
	assert_reads("nothing", "cpuset.cpus", NULL);
	assert_reads("top/a", "cpuset.cpus", "2-3");
	assert_reads("plain", "cpuset.cpus", "");
	assert_reads("top", "cpuset.cpus.partition", "root invalid (Cpu list in cpuset.cpus not exclusive)");
	assert_reads("/", "cgroup.subtree_control", "cpu memory pids");
	assert_reads("/", "mount.nsdelegate", "1");
}

static bool holds(const char *attr, const char *live, const char *want)
{
	return hp_backend_cgroup.satisfies(attr, live, want);
}

static void test_satisfies(void **state)
{
	(void)state;
	assert_true(holds("cpuset.cpus", "2-3", "2,3"));
	assert_false(holds("cpuset.cpus", "2-4", "2-3"));
	assert_false(holds("cpuset.cpus", "", "2-3"));
	assert_true(holds("memory.min", "104857600", "104857601"));
	assert_false(holds("memory.min", "104857601", "104857600"));
	assert_false(holds("memory.max", "max", "104857600"));
	assert_false(holds("memory.max", "104857600", "max"));
	assert_true(holds("memory.max", "max", "max"));
	assert_true(holds("cgroup.subtree_control", "cpu cpuset io memory pids", "pids cpuset memory"));
	assert_false(holds("cgroup.subtree_control", "cpu memory pids", "cpuset memory pids"));
	/* "cpu" is not a part of "cpuset". */
	assert_false(holds("cgroup.subtree_control", "cpuset memory", "cpu"));
	assert_true(holds("cpuset.cpus.partition", "root", "root"));
	assert_false(holds("cpuset.cpus.partition", "root invalid (no reason)", "root"));
	assert_false(holds("cpuset.cpus.partition", "isolated invalid", "isolated"));
	assert_false(holds("cpuset.cpus.partition", "member", "root"));
	assert_false(holds("pids.max", "100", "1000"));
}

static void test_probe(void **state)
{
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	assert_int_equal(hp_backend_cgroup.probe(&ctx, &err), 0);
	put_mount("tmpfs", "rw");
	assert_int_equal(hp_backend_cgroup.probe(&ctx, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "mount"));
	put_mount("cgroup2", "rw,memory_recursiveprot");
	assert_reads("/", "mount.nsdelegate", "0");
	put("/sys/fs/cgroup/cgroup.controllers", "cpuset pids\n");
	hp_err_clear(&err);
	assert_int_equal(hp_backend_cgroup.probe(&ctx, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "cpuset pids"));
}

static void test_overlap(void **state)
{
	hp_autofree char *path = NULL, *value = NULL;

	(void)state;
	assert_int_equal(hp_cgroup_find_overlap(&ctx, "top", &path, &value, NULL), 1);
	assert_string_equal(path, "stranger");
	assert_string_equal(value, "0,7-9");
	free(hp_take(path));
	free(hp_take(value));
	assert_int_equal(hp_cgroup_find_overlap(&ctx, "top/a", &path, &value, NULL), 0);
	assert_null(path);
	put("/sys/fs/cgroup/top/c/cpuset.cpus", "3\n");
	assert_int_equal(hp_cgroup_find_overlap(&ctx, "top/a", &path, &value, NULL), 1);
	assert_string_equal(path, "top/c");
}

static void test_refusals(void **state)
{
	(void)state;
	/* A recorded machine cannot be changed, and some names never. */
	assert_int_equal(hp_backend_cgroup.write(&ctx, "top", "memory.max", "1", NULL) < 0, 1);
	assert_int_equal(hp_backend_cgroup.write(&ctx, "/", "", NULL, NULL), -EINVAL);
	assert_int_equal(hp_backend_cgroup.write(&ctx, "", "", NULL, NULL), -EINVAL);
	assert_int_equal(hp_backend_cgroup.write(&ctx, "top/../../etc", "", NULL, NULL), -EINVAL);
	assert_int_equal(hp_backend_cgroup.write(&ctx, "nothing", "cpuset.cpus", "1", NULL), -ENOENT);
	assert_int_equal(hp_backend_cgroup.write(&ctx, "nothing", "cpuset.cpus", NULL, NULL), 0);
	assert_int_equal(hp_backend_cgroup.write(&ctx, "nothing", "", NULL, NULL), 0);
	assert_int_equal(hp_backend_cgroup.write(&ctx, "top", "memory.nonsense", "1", NULL), -EOPNOTSUPP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reading), cmocka_unit_test(test_satisfies), cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_refusals), cmocka_unit_test(test_probe),
	};

	return cmocka_run_group_tests_name("cgroup backend", tests, setup, teardown);
}
