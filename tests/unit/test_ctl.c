// SPDX-License-Identifier: GPL-2.0
/* test_ctl.c: the control socket's lines and its two ends, against small servers that behave well and badly. */
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
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/hp_auto.h"
#include "ctl/hp_ctl.h"

#define autoreader __attribute__((cleanup(hp_ctl_reader_clear))) struct hp_ctl_reader

static char dir[64], run_dir[80];
static struct hp_ctx ctx = { .run_dir = run_dir };

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/hp-ctl-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(run_dir, sizeof(run_dir), "%s/run", dir);
	return 0;
}

static int remove_dir(void **state)
{
	hp_autofree char *path = hp_ctl_path(&ctx);

	(void)state;
	unlink(path);
	rmdir(run_dir);
	return rmdir(dir);
}

/* ---- lines, over a pair of sockets ---- */

static void pair_of(int fds[2], const char *text, size_t length)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(write(fds[0], text, length), (ssize_t)length);
}

/* What the reader says about one text, sent at once and then ended. */
static int read_text(const char *text, size_t length, struct json_object **object, struct hp_err *err)
{
	autoreader reader = { 0 };
	int fds[2], ret;

	pair_of(fds, text, length);
	close(fds[0]);
	do
		ret = hp_ctl_read(fds[1], &reader, object, err);
	while (ret == 0 && !*object);
	close(fds[1]);
	return ret;
}

static void test_a_line_is_an_object(void **state)
{
	static const char *const good[] = { "{}\n", "{\"verb\":\"ping\"}\n", " {\"a\":[1,{\"b\":null}]}  \r\n" };

	(void)state;
	for (size_t i = 0; i < hp_array_size(good); i++) {
		struct json_object *object = NULL;
		hp_autoerr err = HP_ERR_INIT;

		assert_int_equal(read_text(good[i], strlen(good[i]), &object, &err), 0);
		assert_true(json_object_is_type(object, json_type_object));
		json_object_put(object);
	}
}

static void test_garbage_is_refused(void **state)
{
	static const struct {
		const char *text;
		size_t length;
	} bad[] = {
#define BAD(t) { t, sizeof(t) - 1 }
		BAD("\n"), BAD("nonsense\n"), BAD("[1]\n"), BAD("\"text\"\n"), BAD("7\n"), BAD("null\n"), BAD("{\n"),
		BAD("{\"a\":1\n"), BAD("{} {}\n"), BAD("{}x\n"), BAD("{}\0{}\n"), BAD("{\"a\":\n1}\n"), BAD("\xff\xfe\n"),
#undef BAD
	};

	(void)state;
	for (size_t i = 0; i < hp_array_size(bad); i++) {
		struct json_object *object = NULL;
		hp_autoerr err = HP_ERR_INIT;

		assert_int_equal(read_text(bad[i].text, bad[i].length, &object, &err), -EBADMSG);
		assert_null(object);
		assert_non_null(strstr(err.text, "not a JSON object"));
	}
}

static void test_nesting_is_bounded(void **state)
{
	char line[401];
	struct json_object *object = NULL;
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	memcpy(line, "{\"a\":", 5);
	memset(line + 5, '[', sizeof(line) - 6);
	line[sizeof(line) - 1] = '\n';
	assert_int_equal(read_text(line, sizeof(line), &object, &err), -EBADMSG);
	assert_null(object);
}

static void test_a_stream_that_ends_too_early(void **state)
{
	static const char *const cut[] = { "", "{", "{\"verb\":\"ping\"}", "{\"verb\":" };

	(void)state;
	for (size_t i = 0; i < hp_array_size(cut); i++) {
		struct json_object *object = NULL;
		hp_autoerr err = HP_ERR_INIT;

		assert_int_equal(read_text(cut[i], strlen(cut[i]), &object, &err), -EPIPE);
		assert_null(object);
	}
}

static void test_bytes_may_come_one_by_one(void **state)
{
	static const char text[] = "{\"n\":1}\n{\"n\":2}\n";
	autoreader reader = { 0 };
	hp_autoerr err = HP_ERR_INIT;
	int fds[2], seen = 0;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	for (const char *byte = text; *byte; byte++) {
		struct json_object *object = NULL, *n;

		assert_int_equal(write(fds[0], byte, 1), 1);
		assert_int_equal(hp_ctl_read(fds[1], &reader, &object, &err), 0);
		assert_int_equal(object != NULL, *byte == '\n');
		if (!object)
			continue;
		assert_true(json_object_object_get_ex(object, "n", &n));
		assert_int_equal(json_object_get_int(n), ++seen);
		json_object_put(object);
	}
	assert_int_equal(seen, 2);
	close(fds[0]);
	close(fds[1]);
}

static void test_several_lines_in_one_packet(void **state)
{
	static const char text[] = "{\"n\":1}\nbad\n{\"n\":3}\n{\"n\"";
	autoreader reader = { 0 };
	struct json_object *object;
	hp_autoerr err = HP_ERR_INIT;
	int fds[2];

	(void)state;
	pair_of(fds, text, strlen(text));
	assert_int_equal(hp_ctl_read(fds[1], &reader, &object, &err), 0);
	assert_string_equal(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN), "{\"n\":1}");
	json_object_put(object);
	assert_int_equal(hp_ctl_next(&reader, &object, &err), -EBADMSG);
	assert_null(object);
	assert_int_equal(hp_ctl_next(&reader, &object, &err), 0);
	assert_string_equal(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN), "{\"n\":3}");
	json_object_put(object);
	assert_int_equal(hp_ctl_next(&reader, &object, &err), 0);
	assert_null(object);
	close(fds[0]);
	close(fds[1]);
}

/* Writes `bytes` bytes of one line from another process, as a socket holds less than that. */
static pid_t write_long_line(int fd, size_t bytes)
{
	pid_t pid = fork();

	if (pid == 0) {
		char block[65536];

		signal(SIGPIPE, SIG_IGN);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		memset(block, 'x', sizeof(block));
		if (write(fd, "{\"x\":\"", 6) != 6)
			_exit(1);
		for (size_t left = bytes - 9; left;) {
			ssize_t n = send(fd, block, left < sizeof(block) ? left : sizeof(block), MSG_NOSIGNAL);

			if (n < 0)
				_exit(1);
			left -= (size_t)n;
		}
		_exit(write(fd, "\"}\n", 3) != 3);
	}
	return pid;
}

static int read_long_line(size_t bytes, struct json_object **object, struct hp_err *err)
{
	autoreader reader = { 0 };
	int fds[2], ret, status;
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	pid = write_long_line(fds[0], bytes);
	assert_true(pid > 0);
	close(fds[0]);
	*object = NULL;
	do
		ret = hp_ctl_read(fds[1], &reader, object, err);
	while (ret == 0 && !*object);
	close(fds[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(reader.capacity <= HP_CTL_LINE_MAX);
	return ret;
}

static void test_the_longest_line(void **state)
{
	struct json_object *object, *text;
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	assert_int_equal(read_long_line(HP_CTL_LINE_MAX, &object, &err), 0);
	assert_true(json_object_object_get_ex(object, "x", &text));
	assert_int_equal(json_object_get_string_len(text), HP_CTL_LINE_MAX - 9);
	json_object_put(object);
}

static void test_a_longer_line_is_refused(void **state)
{
	struct json_object *object;
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	assert_int_equal(read_long_line(HP_CTL_LINE_MAX + 1, &object, &err), -EMSGSIZE);
	assert_null(object);
	assert_non_null(strstr(err.text, "longer than 4194304 bytes"));
}

static void test_sending_to_nobody(void **state)
{
	hp_autoerr err = HP_ERR_INIT;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	close(fds[1]);
	/* An error, not SIGPIPE. */
	assert_int_equal(hp_ctl_send(fds[0], json_object_new_object(), &err), -EPIPE);
	close(fds[0]);
}

/* ---- the socket ---- */

static void test_nobody_listens(void **state)
{
	struct json_object *result = (void *)-1;
	hp_autofree char *path = hp_ctl_path(&ctx);
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	assert_int_equal(hp_ctl_call(&ctx, json_object_new_object(), NULL, NULL, &result, &err), -ENOTCONN);
	assert_null(result);
	assert_non_null(strstr(err.text, "partd is not running"));
	assert_non_null(strstr(err.text, path));
	/* A socket that a killed daemon left behind counts the same, and so without an error to fill. */
	assert_int_equal(mkdir(run_dir, 0755), 0);
	close(hp_ctl_listen(&ctx, NULL));
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(hp_ctl_call(&ctx, json_object_new_object(), NULL, NULL, &result, NULL), -ENOTCONN);
}

static void test_only_the_owner_may_connect(void **state)
{
	hp_autofree char *path = hp_ctl_path(&ctx);
	hp_autoerr err = HP_ERR_INIT;
	mode_t mask = umask(0);
	hp_autofd int fd = hp_ctl_listen(&ctx, &err);
	struct stat st;

	(void)state;
	assert_int_equal(umask(mask), 0);	/* put back as it was */
	assert_true(fd >= 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_a_second_listener_is_refused(void **state)
{
	hp_autofree char *path = hp_ctl_path(&ctx);
	hp_autoerr err = HP_ERR_INIT;
	struct stat before, after;
	int first = hp_ctl_listen(&ctx, &err);
	hp_autofd int third = -1;

	(void)state;
	assert_true(first >= 0);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(hp_ctl_listen(&ctx, &err), -EBUSY);
	assert_non_null(strstr(err.text, "another partd"));
	assert_int_equal(stat(path, &after), 0);
	assert_true(before.st_ino == after.st_ino);
	/* When the first is gone, its stale socket is replaced. */
	close(first);
	third = hp_ctl_listen(&ctx, &err);
	assert_true(third >= 0);
}

static void test_a_path_that_is_too_long(void **state)
{
	char name[200];
	const struct hp_ctx far = { .run_dir = name };
	struct json_object *result;
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(hp_ctl_listen(&far, &err), -ENAMETOOLONG);
	assert_int_equal(hp_ctl_call(&far, json_object_new_object(), NULL, NULL, &result, &err), -ENAMETOOLONG);
}

/* Answers one connection with `answer`, after it has read one request, and checks that it is this one. */
static pid_t serve_once(const char *want, const char *answer)
{
	int listener = hp_ctl_listen(&ctx, NULL);
	pid_t pid;

	assert_true(listener >= 0);
	pid = fork();
	if (pid == 0) {
		char request[512] = "";
		int fd;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fd = accept(listener, NULL, NULL);
		while (fd < 0 && errno == EAGAIN) {
			usleep(1000);
			fd = accept(listener, NULL, NULL);
		}
		if (fd < 0 || recv(fd, request, sizeof(request) - 1, 0) <= 0)
			_exit(2);
		if (send(fd, answer, strlen(answer), MSG_NOSIGNAL) != (ssize_t)strlen(answer))
			_exit(3);
		_exit(strcmp(request, want) ? 1 : 0);
	}
	close(listener);
	return pid;
}

static size_t steps_seen;

static void count_step(void *arg, struct json_object *progress)
{
	struct json_object *step;

	assert_ptr_equal(arg, &steps_seen);
	assert_true(json_object_object_get_ex(progress, "step", &step));
	assert_int_equal(json_object_get_int64(step), ++steps_seen);
}

static int call(const char *answer, struct json_object **result, struct hp_err *err)
{
	struct json_object *request = json_object_new_object();
	pid_t pid = serve_once("{\"verb\":\"ping\"}\n", answer);
	int ret, status;

	steps_seen = 0;
	json_object_object_add(request, "verb", json_object_new_string("ping"));
	ret = hp_ctl_call(&ctx, request, count_step, &steps_seen, result, err);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return ret;
}

static void test_a_call(void **state)
{
	struct json_object *result, *changed;
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	assert_int_equal(call("{\"progress\":{\"step\":1}}\n{\"progress\":{\"step\":2}}\n"
			      "{\"ok\":true,\"result\":{\"changed\":40}}\n", &result, &err), 0);
	assert_int_equal(steps_seen, 2);
	assert_true(json_object_object_get_ex(result, "changed", &changed));
	assert_int_equal(json_object_get_int(changed), 40);
	json_object_put(result);
}

static void test_an_answer_without_a_result(void **state)
{
	struct json_object *result;
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	assert_int_equal(call("{\"ok\":true}\n", &result, &err), 0);
	assert_null(result);
}

static void test_the_daemons_errors_pass(void **state)
{
	static const struct {
		const char *answer, *text;
		int errnum;
		enum hp_exit exit;
	} cases[] = {
		{ "{\"ok\":false,\"error\":{\"text\":\"p.yaml:1:2: no\",\"errno\":22,\"exit\":2}}\n", "p.yaml:1:2: no", EINVAL,
		  HP_EXIT_USAGE },
		{ "{\"ok\":false,\"error\":{\"text\":\"busy\",\"errno\":16,\"exit\":1}}\n", "busy", EBUSY, HP_EXIT_FAIL },
		{ "{\"ok\":false,\"error\":{\"text\":\"zero\",\"errno\":0,\"exit\":0}}\n", "zero", EIO, HP_EXIT_FAIL },
		{ "{\"ok\":false,\"error\":{\"text\":\"less\",\"errno\":-5,\"exit\":77}}\n", "less", EIO, HP_EXIT_FAIL },
		{ "{\"ok\":false,\"error\":{\"text\":null,\"errno\":13}}\n", "without saying why", EACCES, HP_EXIT_FAIL },
		{ "{\"ok\":false,\"error\":\"text\"}\n", "without saying why", EIO, HP_EXIT_FAIL },
		{ "{\"ok\":false}\n", "without saying why", EIO, HP_EXIT_FAIL },
		/* Or the caller would think that there is no daemon, and be a second writer. */
		{ "{\"ok\":false,\"error\":{\"text\":\"net\",\"errno\":107,\"exit\":1}}\n", "net", EIO, HP_EXIT_FAIL },
	};

	(void)state;
	for (size_t i = 0; i < hp_array_size(cases); i++) {
		struct json_object *result = (void *)-1;
		hp_autoerr err = HP_ERR_INIT;

		assert_int_equal(call(cases[i].answer, &result, &err), -cases[i].errnum);
		assert_null(result);
		assert_non_null(strstr(err.text, cases[i].text));
		assert_int_equal(err.errnum, cases[i].errnum);
		assert_int_equal(err.exit, cases[i].exit);
	}
}

static void test_answers_that_are_none(void **state)
{
	static const struct {
		const char *answer;
		int ret;
	} cases[] = {
		{ "", -EPIPE },
		{ "{\"progress\":{\"step\":1}}\n", -EPIPE },
		{ "{\"ok\":true,\"result\"", -EPIPE },
		{ "hello\n", -EBADMSG },
		{ "{\"fine\":true}\n", -EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < hp_array_size(cases); i++) {
		struct json_object *result = (void *)-1;
		hp_autoerr err = HP_ERR_INIT;

		assert_int_equal(call(cases[i].answer, &result, &err), cases[i].ret);
		assert_null(result);
		assert_non_null(err.text);
		assert_int_equal(err.exit, HP_EXIT_FAIL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_is_an_object),
		cmocka_unit_test(test_garbage_is_refused),
		cmocka_unit_test(test_nesting_is_bounded),
		cmocka_unit_test(test_a_stream_that_ends_too_early),
		cmocka_unit_test(test_bytes_may_come_one_by_one),
		cmocka_unit_test(test_several_lines_in_one_packet),
		cmocka_unit_test(test_the_longest_line),
		cmocka_unit_test(test_a_longer_line_is_refused),
		cmocka_unit_test(test_sending_to_nobody),
		cmocka_unit_test_setup_teardown(test_nobody_listens, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_only_the_owner_may_connect, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_a_second_listener_is_refused, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_a_path_that_is_too_long, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_a_call, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_an_answer_without_a_result, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_the_daemons_errors_pass, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_answers_that_are_none, make_dir, remove_dir),
	};

	signal(SIGPIPE, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
