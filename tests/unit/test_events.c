// SPDX-License-Identifier: GPL-2.0
/* test_events.c: the event log: what is appended is read again, bounded, and followed as it grows. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/hp_auto.h"
#include "ctl/hp_events.h"

enum { LOG_MAX = 1 << 20 };

static char dir[64], run_dir[80], path[120], old_path[120];
static struct hp_ctx ctx = { .run_dir = run_dir };

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/hp-events-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(run_dir, sizeof(run_dir), "%s/run", dir);
	snprintf(path, sizeof(path), "%s/events.jsonl", run_dir);
	snprintf(old_path, sizeof(old_path), "%s/events.1.jsonl", run_dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(path);
	unlink(old_path);
	rmdir(run_dir);
	return rmdir(dir);
}

static void append(const char *what)
{
	const struct hp_event event = { .type = "drift", .what = what };
	hp_autoerr err = HP_ERR_INIT;

	assert_int_equal(hp_events_append(&ctx, &event, &err), 0);
}

/* The whats of the events seen, one letter each. */
struct seen {
	char text[64];
	size_t stop_at;		/* 0 = never */
};

static int note(void *arg, struct json_object *event)
{
	struct seen *seen = arg;
	struct json_object *what;
	size_t length = strlen(seen->text);

	assert_true(json_object_object_get_ex(event, "what", &what));
	snprintf(seen->text + length, sizeof(seen->text) - length, "%s", json_object_get_string(what));
	return seen->stop_at && strlen(seen->text) >= seen->stop_at;
}

static void assert_read(size_t limit, const char *want)
{
	struct seen seen = { .text = "" };
	hp_autoerr err = HP_ERR_INIT;

	assert_int_equal(hp_events_read(&ctx, limit, note, &seen, &err), 0);
	assert_string_equal(seen.text, want);
}

static void write_log(const char *text, const char *mode)
{
	hp_autofile FILE *file = fopen(path, mode);

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
}

static int keep_event(void *arg, struct json_object *event)
{
	*(struct json_object **)arg = json_object_get(event);
	return 1;
}

static void assert_field(struct json_object *object, const char *key, const char *want)
{
	struct json_object *field = NULL;

	assert_int_equal(json_object_object_get_ex(object, key, &field), want != NULL);
	if (want)
		assert_string_equal(json_object_get_string(field), want);
}

static void test_every_field_is_kept(void **state)
{
	const struct hp_event event = { "drift", "alpha", "cgroup x \"y\"", "a\nb", "\033[2J\x01", "put back",
					{ true, 42, "ba\"sh", "/user.slice" } };
	struct json_object *read = NULL, *actor, *field;
	hp_autoerr err = HP_ERR_INIT;
	struct stat st;
	int year, ms;

	(void)state;
	assert_int_equal(hp_events_append(&ctx, &event, &err), 0);
	assert_int_equal(hp_events_read(&ctx, 0, keep_event, &read, &err), 0);
	assert_field(read, "type", "drift");
	assert_field(read, "domain", "alpha");
	assert_field(read, "what", "cgroup x \"y\"");
	assert_field(read, "was", "a\nb");
	assert_field(read, "found", "\033[2J\x01");
	assert_field(read, "done", "put back");
	assert_true(json_object_object_get_ex(read, "actor", &actor));
	assert_field(actor, "comm", "ba\"sh");
	assert_field(actor, "cgroup", "/user.slice");
	assert_field(actor, "pid", "42");
	assert_true(json_object_object_get_ex(read, "boottime_ns", &field));
	assert_true(json_object_get_int64(field) > 0);
	assert_true(json_object_object_get_ex(read, "time", &field));
	assert_int_equal(sscanf(json_object_get_string(field), "%4d-%*2d-%*2dT%*2d:%*2d:%*2d.%3dZ", &year, &ms), 2);
	assert_true(year >= 2000);
	json_object_put(read);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_what_is_unknown_is_left_out(void **state)
{
	const struct hp_event event = { .type = "agent" };
	struct json_object *read = NULL;
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	assert_int_equal(hp_events_append(&ctx, &event, &err), 0);
	assert_int_equal(hp_events_read(&ctx, 0, keep_event, &read, &err), 0);
	assert_field(read, "domain", NULL);
	assert_field(read, "what", NULL);
	assert_field(read, "was", NULL);
	assert_field(read, "found", NULL);
	assert_field(read, "done", NULL);
	assert_field(read, "actor", "unknown");
	json_object_put(read);
}

static void test_limits(void **state)
{
	struct seen seen = { .text = "", .stop_at = 2 };
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	assert_read(0, "");
	append("a");
	append("b");
	append("c");
	assert_read(0, "abc");
	assert_read(1, "c");
	assert_read(2, "bc");
	assert_read(3, "abc");
	assert_read(9, "abc");
	assert_int_equal(hp_events_read(&ctx, 0, note, &seen, &err), 0);
	assert_string_equal(seen.text, "ab");
}

static void test_bad_lines_are_passed_over(void **state)
{
	(void)state;
	append("a");
	write_log("nonsense\n[1]\n\n7\n", "a");
	append("b");
	/* The last line is still being written. */
	write_log("{\"what\":\"c\"}", "a");
	assert_read(0, "ab");
	write_log("\n", "a");
	assert_read(0, "abc");
}

/* A log of just over the bound, whose last event is `what`. */
static void fill(const char *what)
{
	hp_autofile FILE *file = fopen(path, "w");

	assert_non_null(file);
	while (ftell(file) <= LOG_MAX)
		fprintf(file, "{\"what\":\"\",\"pad\":\"%0200d\"}\n", 0);
	fprintf(file, "{\"what\":\"%s\"}\n", what);
}

static void test_the_log_is_turned_over(void **state)
{
	struct stat st;

	(void)state;
	append("a");
	assert_int_equal(stat(old_path, &st), -1);
	fill("b");
	append("c");
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size < 4096);
	assert_int_equal(stat(old_path, &st), 0);
	assert_true(st.st_size > LOG_MAX);
	/* Both are read, in order; a limit counts over both. */
	assert_read(0, "bc");
	assert_read(2, "bc");
	assert_read(1, "c");
	/* The next time the oldest goes: never more than two. */
	fill("d");
	append("e");
	assert_read(0, "de");
}

static void test_a_log_that_cannot_be_written(void **state)
{
	const struct hp_event event = { .type = "agent" };
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	assert_int_equal(mkdir(run_dir, 0755), 0);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(hp_events_append(&ctx, &event, &err), -EISDIR);
	assert_non_null(strstr(err.text, path));
	rmdir(path);
}

/* ---- following ---- */

struct follower {
	pid_t pid;
	int said, stop;	/* reading end of what it saw; its stop descriptor's other end */
};

static int say(void *arg, struct json_object *event)
{
	struct json_object *what;

	json_object_object_get_ex(event, "what", &what);
	dprintf(*(int *)arg, "%s", json_object_get_string(what));
	return 0;
}

static struct follower follow(int64_t after_ns)
{
	struct follower follower;
	int said[2], stop[2];

	assert_int_equal(pipe(said), 0);
	assert_int_equal(pipe(stop), 0);
	follower.pid = fork();
	if (follower.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(stop[1]);
		close(said[0]);
		_exit(hp_events_follow(&ctx, after_ns, say, &said[1], stop[0], NULL) != 0);
	}
	assert_true(follower.pid > 0);
	close(said[1]);
	close(stop[0]);
	follower.said = said[0];
	follower.stop = stop[1];
	return follower;
}

/* Blocks until the follower has said this; a follower that never does is ended by the alarm. */
static void expect(struct follower *follower, const char *want)
{
	char got[64] = "";
	size_t length = 0;

	alarm(20);
	while (length < strlen(want)) {
		ssize_t n = read(follower->said, got + length, strlen(want) - length);

		assert_true(n > 0);
		length += (size_t)n;
	}
	alarm(0);
	assert_string_equal(got, want);
}

static void end(struct follower *follower)
{
	char rest;
	int status;

	alarm(20);
	assert_int_equal(write(follower->stop, "x", 1), 1);
	assert_int_equal(waitpid(follower->pid, &status, 0), follower->pid);
	assert_int_equal(status, 0);
	/* It said nothing that nobody asked for. */
	assert_int_equal(read(follower->said, &rest, 1), 0);
	alarm(0);
	close(follower->said);
	close(follower->stop);
}

static void test_follow_from_nothing(void **state)
{
	struct follower follower;

	(void)state;
	/* Neither log nor directory exist yet. */
	follower = follow(0);
	append("a");
	expect(&follower, "a");
	append("b");
	append("c");
	expect(&follower, "bc");
	end(&follower);
}

static void test_follow_goes_on_where_reading_ended(void **state)
{
	struct json_object *read = NULL, *boottime;
	struct follower follower;
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	append("a");
	assert_int_equal(hp_events_read(&ctx, 0, keep_event, &read, &err), 0);
	assert_true(json_object_object_get_ex(read, "boottime_ns", &boottime));
	/* This one falls between the reading and the following. */
	append("b");
	follower = follow(json_object_get_int64(boottime));
	json_object_put(read);
	expect(&follower, "b");
	append("c");
	expect(&follower, "c");
	end(&follower);
}

static void test_follow_over_a_turn(void **state)
{
	struct follower follower;

	(void)state;
	append("a");
	fill("b");
	follower = follow(INT64_MAX - 1);
	end(&follower);
	follower = follow(0);
	expect(&follower, "b");
	append("c");
	expect(&follower, "c");
	fill("d");
	append("e");
	expect(&follower, "de");
	end(&follower);
}

static void test_follow_a_removed_log(void **state)
{
	struct follower follower;

	(void)state;
	append("a");
	follower = follow(0);
	expect(&follower, "a");
	assert_int_equal(unlink(path), 0);
	append("b");
	expect(&follower, "b");
	end(&follower);
}

static void test_follow_a_line_in_pieces(void **state)
{
	struct follower follower;

	(void)state;
	append("a");
	follower = follow(0);
	expect(&follower, "a");
	write_log("{\"what\":", "a");
	usleep(50000);
	write_log("\"b\"}\n", "a");
	expect(&follower, "b");
	end(&follower);
}

static void test_the_callback_stops_it(void **state)
{
	struct seen seen = { .text = "", .stop_at = 1 };
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	append("a");
	append("b");
	assert_int_equal(hp_events_follow(&ctx, 0, note, &seen, -1, &err), 0);
	assert_string_equal(seen.text, "a");
}

static void test_an_actor_is_described(void **state)
{
	struct hp_actor self = { .known = true, .pid = getpid() }, gone = { .known = true, .pid = 0 };
	char name[16];

	(void)state;
	prctl(PR_GET_NAME, name);
	hp_actor_describe(&self);
	assert_string_equal(self.comm, name);
	hp_actor_describe(&gone);
	assert_string_equal(gone.comm, "");
	assert_string_equal(gone.cgroup, "");
}

#define test(name) cmocka_unit_test_setup_teardown(test_##name, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(every_field_is_kept),
		test(what_is_unknown_is_left_out),
		test(limits),
		test(bad_lines_are_passed_over),
		test(the_log_is_turned_over),
		test(a_log_that_cannot_be_written),
		test(follow_from_nothing),
		test(follow_goes_on_where_reading_ended),
		test(follow_over_a_turn),
		test(follow_a_removed_log),
		test(follow_a_line_in_pieces),
		test(the_callback_stops_it),
		cmocka_unit_test(test_an_actor_is_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
