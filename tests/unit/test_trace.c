// SPDX-License-Identifier: GPL-2.0
/* test_trace.c: what partctl trace understands of its options, and how it shows waits for other things than processors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <json-c/json.h>
#include "../../userland/partctl/trace_print.h"
#include "../../userland/partctl/trace_words.h"
#include "base/hp_auto.h"
#include "contention_memory.h"

enum { ALPHA = HP_ROW_DOMAIN, BETA, MS = 1000000 };

/* ---- options ---- */

static void test_resources(void **state)
{
	struct trace_wish wish = { 0 };
	uint64_t above_ns[HP_OUTLIER_RESOURCES];
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	assert_int_equal(trace_choose(&wish, above_ns, &err), 0);
	assert_int_equal(above_ns[HP_OUTLIER_CPU], 10 * MS);
	assert_int_equal(above_ns[HP_OUTLIER_WAITS + HP_WAIT_LOCK], 0);
	assert_int_equal(trace_parse_resource("lock,block", &wish, &err), 0);
	assert_int_equal(trace_parse_resource("memory", &wish, &err), 0);
	assert_int_equal(trace_parse_above("5ms", &wish, &err), 0);
	assert_int_equal(trace_parse_above("block=2s", &wish, &err), 0);
	assert_int_equal(trace_choose(&wish, above_ns, &err), 0);
	assert_int_equal(above_ns[HP_OUTLIER_CPU], 0);
	assert_int_equal(above_ns[HP_OUTLIER_WAITS + HP_WAIT_LOCK], 5 * MS);
	assert_int_equal(above_ns[HP_OUTLIER_WAITS + HP_WAIT_BLOCK], 2000ull * MS);
	assert_int_equal(above_ns[HP_OUTLIER_WAITS + HP_WAIT_MEMORY], 5 * MS);
	assert_int_equal(above_ns[HP_OUTLIER_WAITS + HP_WAIT_NETWORK], 0);
}

static void refuses(int (*parse)(const char *value, void *into, struct hp_err *err), const char *value, const char *says)
{
	struct trace_wish wish = { 0 };
	hp_autoerr err = HP_ERR_INIT;

	assert_true(parse(value, &wish, &err) < 0);
	assert_int_equal(err.exit, HP_EXIT_USAGE);
	if (!strstr(err.text, says))
		fail_msg("'%s': \"%s\" does not say \"%s\"", value, err.text, says);
}

static void test_refused(void **state)
{
	struct trace_wish wish = { 0 };
	uint64_t above_ns[HP_OUTLIER_RESOURCES];
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	refuses(trace_parse_resource, "lokc", "did you mean 'lock'?");
	refuses(trace_parse_resource, "cpu,netwrok", "'netwrok' is not cpu, block, memory, lock or network; did you mean 'network'?");
	refuses(trace_parse_resource, "", "'' is not");
	refuses(trace_parse_resource, "cpu,", "'' is not");
	refuses(trace_parse_resource, ",cpu", "'' is not");
	refuses(trace_parse_resource, "cpux", "'cpux' is not");
	refuses(trace_parse_above, "5", "with its unit");
	refuses(trace_parse_above, "lock=5", "'5' is not a time");
	refuses(trace_parse_above, "lock=", "'' is not a time");
	refuses(trace_parse_above, "look=5ms", "did you mean 'lock'?");
	refuses(trace_parse_above, "0ms", "from 1us to 3600s");
	refuses(trace_parse_above, "3601s", "from 1us to 3600s");
	assert_int_equal(trace_parse_above("lock=5ms", &wish, &err), 0);
	assert_true(trace_choose(&wish, above_ns, &err) < 0);
	assert_non_null(strstr(err.text, "add --resource lock"));
}

/* ---- because of whom ---- */

static struct hp_outlier_task task(const char *name, uint32_t pid, uint32_t row, uint64_t time_ns)
{
	struct hp_outlier_task made = { .time_ns = time_ns, .pid = pid, .row = row };

	strncpy(made.comm, name, sizeof(made.comm));
	return made;
}

static void test_holders_are_merged(void **state)
{
	struct hp_outlier_wait wait = { .wait_ns = 100 };
	struct hp_outlier_task blamed[HP_ROWS_MAX];
	uint64_t unknown_ns;

	(void)state;
	wait.holders[0] = task("b", 2, BETA, 20);
	wait.holders[1] = task("a", 1, ALPHA, 30);
	wait.holders[2] = task("", 0, HP_ROW_UNKNOWN, 10);
	wait.holders[3] = task("b", 2, BETA, 15);
	wait.holders[4] = task("b", 2, ALPHA, 5);	/* it had moved to another cgroup */
	wait.holders[HP_OUTLIER_HOLDERS - 1] = task("", 0, HP_ROW_UNKNOWN, 20);
	assert_int_equal(hp_outlier_wait_blamed(&wait, blamed, &unknown_ns), 3);
	assert_int_equal(unknown_ns, 30);
	assert_int_equal(blamed[0].time_ns, 35);
	assert_int_equal(blamed[0].pid, 2);
	assert_int_equal(blamed[1].time_ns, 30);
	assert_int_equal(blamed[1].pid, 1);
	assert_int_equal(blamed[2].time_ns, 5);
	assert_int_equal(blamed[2].row, ALPHA);
}

static void test_rows_are_sorted(void **state)
{
	struct hp_outlier_wait wait = { .wait_ns = 100, .rows = BETA + 1 };
	struct hp_outlier_task blamed[HP_ROWS_MAX];
	uint64_t unknown_ns;

	(void)state;
	wait.rows_ns[HP_ROW_IDLE] = 10;
	wait.rows_ns[HP_ROW_UNKNOWN] = 25;
	wait.rows_ns[BETA] = 65;
	wait.rows_ns[BETA + 1] = 77;	/* no row: nobody cleared it */
	assert_int_equal(hp_outlier_wait_blamed(&wait, blamed, &unknown_ns), 2);
	assert_int_equal(unknown_ns, 25);
	assert_int_equal(blamed[0].row, BETA);
	assert_int_equal(blamed[0].pid, 0);
	assert_int_equal(blamed[1].row, HP_ROW_IDLE);
	memset(wait.rows_ns, 0, sizeof(wait.rows_ns));
	assert_int_equal(hp_outlier_wait_blamed(&wait, blamed, &unknown_ns), 0);
	assert_int_equal(unknown_ns, 0);
}

/* Half of one writer's holder and half of another's is told apart from both, and an old one from a new one. */
static void test_torn_holders(void **state)
{
	struct hp_lock_holder one = { { 0x31, 0x32 }, 7, ALPHA, 0 }, two = { { 0x41, 0x42 }, 8, BETA, 0 };

	(void)state;
	one.check = hp_lock_holder_check(&one, hp_lock_change(1000, ALPHA));
	two.check = hp_lock_holder_check(&two, hp_lock_change(1001, BETA));
	assert_int_equal(one.check, hp_lock_holder_check(&one, hp_lock_change(1000, ALPHA)));
	assert_int_not_equal(one.check, hp_lock_holder_check(&one, hp_lock_change(1001, ALPHA)));
	for (unsigned int part = 1; part < 15; part++) {
		struct hp_lock_holder torn = one;

		torn.name[0] = part & 1 ? two.name[0] : one.name[0];
		torn.name[1] = part & 2 ? two.name[1] : one.name[1];
		torn.pid = part & 4 ? two.pid : one.pid;
		torn.row = part & 8 ? two.row : one.row;
		assert_int_not_equal(one.check, hp_lock_holder_check(&torn, hp_lock_change(1000, ALPHA)));
		assert_int_not_equal(two.check, hp_lock_holder_check(&torn, hp_lock_change(1001, BETA)));
	}
}

/* ---- what is shown ---- */

static char *names[] = { (char *)"alpha", (char *)"beta" };
static const struct contention_subject subject = { .names = names, .count = 2 };
static struct hp_ksyms *ksyms;

/* What is printed goes to a file meanwhile; the caller frees the text. */
static char *show(enum out_format format, bool wants_stacks, enum hp_wait_kind kind, const struct hp_outlier_wait *wait)
{
	struct run run = { .format = format };
	struct trace_printer printer = { .run = &run, .subject = &subject, .ksyms = ksyms, .wants_stacks = wants_stacks };
	FILE *file = tmpfile();
	int saved = dup(STDOUT_FILENO);
	char *text = calloc(1, 8192);

	assert_true(file && saved >= 0 && text);
	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	assert_false(trace_print_wait(&printer, kind, wait));
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	rewind(file);
	assert_true(fread(text, 1, 8191, file) > 0);
	fclose(file);
	assert_int_equal(printer.counts[HP_OUTLIER_WAITS + kind], 1);
	return text;
}

static void shows(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" does not say \"%s\"", text, part);
}

static struct hp_outlier_wait lock_wait(void)
{
	struct hp_outlier_wait wait = { .wait_ns = 30 * MS, .phase = HP_LOCK_MUTEX, .victim = task("mkdir", 11, ALPHA, 30 * MS) };

	wait.lock.address = 0xffff888012345678;
	wait.stack[0] = 0xffffffff81000110;	/* mutex_lock */
	wait.stack[1] = 0xffffffff81000242;	/* lock_rename */
	wait.holders[0] = task("re\033name", 12, BETA, 29 * MS);
	wait.holders[1] = task("", 0, HP_ROW_UNKNOWN, MS);
	return wait;
}

static void test_lock_line(void **state)
{
	struct hp_outlier_wait wait = lock_wait();
	hp_autofree char *text = show(OUT_TABLE, false, HP_WAIT_LOCK, &wait), *stacks = show(OUT_TABLE, true, HP_WAIT_LOCK, &wait);

	(void)state;
	shows(text, "30.0 ms  lock     mkdir[11] of alpha  mutex asked for in lock_rename+0x42, held by  "
		    "re?name[12] of beta 29.0 ms, (unknown) 1.00 ms\n");
	assert_null(strstr(text, "waited in"));
	shows(stacks, "    mkdir[11] of alpha waited in\n        mutex_lock+0x10\n        lock_rename+0x42\n");
}

static struct json_object *field(struct json_object *object, const char *path)
{
	struct json_object *found = NULL;

	if (json_pointer_get(object, path, &found) < 0)
		fail_msg("there is no %s in %s", path, json_object_to_json_string(object));
	return found;
}

static void test_lock_object(void **state)
{
	struct hp_outlier_wait wait = lock_wait();
	hp_autofree char *text = show(OUT_JSON, true, HP_WAIT_LOCK, &wait);
	struct json_object *object = json_tokener_parse(text);

	(void)state;
	assert_non_null(object);
	assert_string_equal(json_object_get_string(field(object, "/resource")), "lock");
	assert_string_equal(json_object_get_string(field(object, "/phase")), "mutex");
	assert_string_equal(json_object_get_string(field(object, "/lock/site")), "lock_rename+0x42");
	assert_string_equal(json_object_get_string(field(object, "/lock/address")), "0xffff888012345678");
	assert_string_equal(json_object_get_string(field(object, "/holder/comm")), "re?name");
	assert_string_equal(json_object_get_string(field(object, "/victim/stack/1")), "lock_rename+0x42");
	assert_int_equal(json_object_get_int64(field(object, "/aggressors/0/pid")), 12);
	assert_true(json_object_get_boolean(field(object, "/aggressors/0/foreign")));
	assert_int_equal(json_object_get_int64(field(object, "/unknown_ns")), MS);
	assert_int_equal(json_object_get_int64(field(object, "/waited_ns")), 30 * MS);
	json_object_put(object);
}

/* A lock whose holder, and whose site, the kernel does not tell; and who waited was an interrupt. */
static void test_unknown(void **state)
{
	struct hp_outlier_wait wait = { .wait_ns = 2 * MS, .phase = HP_LOCK_SPIN, .victim = task("", 0, ALPHA, 2 * MS) };
	hp_autofree char *text = NULL, *line = NULL;
	struct json_object *object;

	(void)state;
	wait.holders[0] = task("", 0, HP_ROW_UNKNOWN, 2 * MS);
	line = show(OUT_TABLE, true, HP_WAIT_LOCK, &wait);
	shows(line, "(unknown) of alpha  spinlock asked for in (unknown), held by  (unknown) 2.00 ms\n");
	text = show(OUT_JSON, true, HP_WAIT_LOCK, &wait);
	object = json_tokener_parse(text);
	assert_non_null(object);
	assert_null(field(object, "/holder"));
	assert_null(field(object, "/victim/pid"));
	assert_null(field(object, "/victim/comm"));
	assert_null(field(object, "/victim/stack"));
	assert_null(field(object, "/lock/site"));
	assert_int_equal(json_object_array_length(field(object, "/aggressors")), 0);
	json_object_put(object);
}

static void test_block(void **state)
{
	struct hp_outlier_wait wait = { .wait_ns = 12 * MS, .phase = HP_BLOCK_DEVICE, .rows = BETA + 1,
					.victim = task("dd", 21, ALPHA, 12 * MS) };
	hp_autofree char *line = NULL, *text = NULL;
	struct json_object *object;

	(void)state;
	wait.block = (struct hp_outlier_block){ .sector = 2048, .phase_ns = { 8 * MS, 4 * MS }, .bytes = 4096, .operation = 0,
						.major = 259, .minor = 3, .name = "nvme0n1" };
	wait.rows_ns[HP_ROW_IDLE] = 7 * MS;
	wait.rows_ns[ALPHA] = MS;
	wait.rows_ns[BETA] = 4 * MS;
	line = show(OUT_TABLE, false, HP_WAIT_BLOCK, &wait);
	shows(line, "12.0 ms  block    dd[21] of alpha  read of 4096 bytes at sector 2048 of nvme0n1 (queue 8.00 ms, device 4.00 ms), "
		    "which served  (idle) 7.00 ms, beta 4.00 ms, (its own) 1.00 ms\n");
	text = show(OUT_JSON, false, HP_WAIT_BLOCK, &wait);
	object = json_tokener_parse(text);
	assert_non_null(object);
	assert_string_equal(json_object_get_string(field(object, "/block/device")), "nvme0n1");
	assert_string_equal(json_object_get_string(field(object, "/block/number")), "259:3");
	assert_int_equal(json_object_get_int64(field(object, "/block/sector")), 2048);
	assert_string_equal(json_object_get_string(field(object, "/holder/domain")), "beta");
	assert_null(field(object, "/holder/pid"));
	json_object_put(object);

	wait.block = (struct hp_outlier_block){ .sector = UINT64_MAX, .operation = 99 };
	free(text);
	text = show(OUT_JSON, false, HP_WAIT_BLOCK, &wait);
	object = json_tokener_parse(text);
	assert_non_null(object);
	assert_null(field(object, "/block/device"));
	assert_null(field(object, "/block/number"));
	assert_null(field(object, "/block/sector"));
	assert_null(field(object, "/block/operation"));
	json_object_put(object);
}

static void test_memory_and_network(void **state)
{
	struct hp_outlier_wait reclaim = { .wait_ns = 9 * MS, .phase = HP_MEMORY_RECLAIM, .rows = HP_ROWS_MAX,
					   .victim = task("cc1", 31, BETA, 9 * MS) };
	struct hp_outlier_wait refault = { .wait_ns = 3 * MS, .phase = HP_MEMORY_REFAULT, .rows = HP_ROWS_MAX,
					   .victim = task("cc1", 31, BETA, 3 * MS) };
	struct hp_outlier_wait packet = { .wait_ns = 5 * MS, .phase = 0, .rows = BETA + 1, .victim = task("nc", 41, ALPHA, 5 * MS),
					  .network = { .port = 4, .bytes = 1242, .name = "eth0" } };
	hp_autofree char *one = NULL, *two = NULL, *three = NULL;

	(void)state;
	reclaim.rows_ns[ALPHA] = 8 * MS;
	reclaim.rows_ns[HP_ROW_UNKNOWN] = MS;
	refault.rows_ns[HP_ROW_UNKNOWN] = 3 * MS;
	packet.rows_ns[BETA] = 5 * MS;
	one = show(OUT_TABLE, false, HP_WAIT_MEMORY, &reclaim);
	shows(one, "memory   cc1[31] of beta  reclaim, as memory was taken by  alpha 8.00 ms, (unknown) 1.00 ms\n");
	two = show(OUT_TABLE, false, HP_WAIT_MEMORY, &refault);
	shows(two, "a page that had been evicted, because of  (unknown) 3.00 ms\n");
	three = show(OUT_TABLE, false, HP_WAIT_NETWORK, &packet);
	shows(three, "network  nc[41] of alpha  a packet of 1242 bytes in the queue of eth0, which sent  beta 5.00 ms\n");
}

static int open_names(void **state)
{
	static const char text[] = "ffffffff81000100 T mutex_lock\nffffffff81000200 T lock_rename\nffffffff81000300 T other\n";
	FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	hp_autoerr err = HP_ERR_INIT;
	int ret = file ? hp_ksyms_parse(file, &ksyms, &err) : -1;

	(void)state;
	if (file)
		fclose(file);
	return ret;
}

static int close_names(void **state)
{
	(void)state;
	hp_ksyms_close(ksyms);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resources),	   cmocka_unit_test(test_refused),
		cmocka_unit_test(test_holders_are_merged), cmocka_unit_test(test_rows_are_sorted),
		cmocka_unit_test(test_torn_holders),	   cmocka_unit_test(test_lock_line),
		cmocka_unit_test(test_lock_object),	   cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_block),		   cmocka_unit_test(test_memory_and_network),
	};

	return cmocka_run_group_tests(tests, open_names, close_names);
}
