// SPDX-License-Identifier: GPL-2.0
/* test_metrics_serve.c: addresses, counters in a file, and the HTTP server driven as partd drives it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_tree.h"
#include "metrics/hp_serve.h"

/* ---- addresses ---- */

static void test_addresses(void **state)
{
	static const struct {
		const char *text;
		bool is_good, is_loopback;
		const char *shown;
	} cases[] = {
		{ "unix:/run/x.sock", true, true, "unix:/run/x.sock" },
		{ "/run/x.sock", true, true, "unix:/run/x.sock" },
		{ "127.0.0.1:9847", true, true, "127.0.0.1:9847" },
		{ "127.9.9.9:1", true, true, "127.9.9.9:1" },
		{ "128.0.0.1:1", true, false, "128.0.0.1:1" },
		{ "0.0.0.0:9847", true, false, "0.0.0.0:9847" },
		{ "[::1]:9847", true, true, "[::1]:9847" },
		{ "[::]:9847", true, false, "[::]:9847" },
		{ "[::ffff:127.0.0.1]:1", true, false, "[::ffff:127.0.0.1]:1" },
		{ "", false, false, NULL },
		{ "unix:run/x", false, false, NULL },
		{ "127.0.0.1", false, false, NULL },
		{ "127.0.0.1:", false, false, NULL },
		{ "127.0.0.1:0", false, false, NULL },
		{ "127.0.0.1:65536", false, false, NULL },
		{ "127.0.0.1:80x", false, false, NULL },
		{ "127.0.0.1:-1", false, false, NULL },
		{ "::1:9847", false, false, NULL },
		{ "[]:9847", false, false, NULL },
		{ "localhost:9847", false, false, NULL },
		{ ":9847", false, false, NULL },
	};

	(void)state;
	for (size_t i = 0; i < hp_array_size(cases); i++) {
		struct hp_serve_address address;
		hp_autoerr err = HP_ERR_INIT;
		int ret = hp_serve_address_parse(cases[i].text, &address, &err);

		if ((ret == 0) != cases[i].is_good)
			fail_msg("'%s' is %d: %s", cases[i].text, ret, err.text ? err.text : "");
		if (ret < 0) {
			assert_int_equal(err.exit, HP_EXIT_USAGE);
			continue;
		}
		assert_string_equal(address.shown, cases[i].shown);
		assert_int_equal(address.is_loopback, cases[i].is_loopback);
		assert_int_equal(hp_serve_address_check(&address, false, NULL) == 0, cases[i].is_loopback);
		assert_int_equal(hp_serve_address_check(&address, true, NULL), 0);
	}
}

static void test_address_path_is_bounded(void **state)
{
	struct hp_serve_address address;
	char path[128];

	(void)state;
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[107] = '\0';
	assert_int_equal(hp_serve_address_parse(path, &address, NULL), 0);
	path[107] = 'x';
	path[108] = '\0';
	assert_int_equal(hp_serve_address_parse(path, &address, NULL), -EINVAL);
}

/* ---- counters ---- */

static char *make_dir(void)
{
	char *dir = strdup("/tmp/hostpart-serve-XXXXXX");

	assert_non_null(mkdtemp(dir));
	return dir;
}

static void remove_dir(char **dir)
{
	hp_tree_remove(*dir, NULL);
	free(*dir);
}
#define auto_dir __attribute__((cleanup(remove_dir)))

static void count(struct hp_counts *counts, const char *a, const char *b)
{
	assert_int_equal(hp_counts_add(counts, (const char *[HP_COUNTS_LABELS]){ a, b }), 0);
}

static void test_counts_outlive(void **state)
{
	auto_dir char *dir = make_dir();
	hp_autofree char *path = NULL;
	struct hp_counts counts = { NULL, 0 }, again = { NULL, 0 };

	(void)state;
	assert_true(asprintf(&path, "%s/counts", dir) > 0);
	assert_int_equal(hp_counts_load(&counts, path, NULL), 0);
	assert_int_equal(counts.count, 0);
	count(&counts, "alpha", "cgroup");
	count(&counts, "alpha", "port");
	count(&counts, "alpha", "cgroup");
	count(&counts, NULL, "tab\there\nand line");
	assert_int_equal(hp_counts_save(&counts, path, NULL), 0);
	assert_int_equal(hp_counts_load(&again, path, NULL), 0);
	assert_int_equal(again.count, 3);
	assert_memory_equal(again.items, counts.items, 3 * sizeof(*counts.items));
	assert_int_equal(again.items[0].value, 2);
	assert_string_equal(again.items[2].labels[1], "tab here and line");
	hp_counts_clear(&counts);
	hp_counts_clear(&again);
}

static void test_counts_pass_over_nonsense(void **state)
{
	auto_dir char *dir = make_dir();
	hp_autofree char *path = NULL;
	struct hp_counts counts = { NULL, 0 };
	FILE *file;

	(void)state;
	assert_true(asprintf(&path, "%s/counts", dir) > 0);
	file = fopen(path, "we");
	fputs("x\ta\tb\tc\td\n7\ta\tb\n\n9\ta\tb\tc\td\te\n99999999999999999999999\ta\tb\tc\td\n5\tgood\t\t\t\n", file);
	fclose(file);
	assert_int_equal(hp_counts_load(&counts, path, NULL), 0);
	assert_int_equal(counts.count, 1);
	assert_string_equal(counts.items[0].labels[0], "good");
	assert_int_equal(counts.items[0].value, 5);
	hp_counts_clear(&counts);
}

static void test_counts_are_bounded(void **state)
{
	struct hp_counts counts = { NULL, 0 };
	char name[16];

	(void)state;
	for (unsigned int i = 0; i < HP_COUNTS_MAX + 10; i++) {
		snprintf(name, sizeof(name), "%u", i);
		count(&counts, name, NULL);
	}
	assert_int_equal(counts.count, HP_COUNTS_MAX + 1);
	assert_string_equal(counts.items[HP_COUNTS_MAX].labels[0], "other");
	assert_int_equal(counts.items[HP_COUNTS_MAX].value, 10);
	count(&counts, "3", NULL);
	assert_int_equal(counts.items[3].value, 2);
	hp_counts_clear(&counts);
}

/* ---- the server ---- */

struct scene {
	char *dir;
	struct hp_serve_address address;
	struct hp_serve_site *site;
	struct hp_server *server;
	unsigned int written;	/* how often values were collected */
	int fails;		/* what collecting gives */
};

static int write_numbered(void *arg, struct hp_metrics_text *text)
{
	struct scene *scene = arg;
	int length;

	if (scene->fails)
		return scene->fails;
	free(text->data);
	length = asprintf(&text->data, "%s %u\n", text->is_open ? "open" : "plain", ++scene->written);
	assert_true(length > 0);
	text->length = text->capacity = (size_t)length;
	return 0;
}

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	hp_autofree char *path = NULL;

	scene->dir = make_dir();
	assert_true(asprintf(&path, "%s/s", scene->dir) > 0);
	assert_int_equal(hp_serve_address_parse(path, &scene->address, NULL), 0);
	scene->site = hp_serve_site_new(write_numbered, scene);
	assert_non_null(scene->site);
	assert_int_equal(hp_server_open(scene->site, &scene->address, NULL, &scene->server, NULL), 0);
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	hp_server_close(scene->server);
	assert_int_equal(access(scene->address.path, F_OK), -1);
	hp_serve_site_free(scene->site);
	remove_dir(&scene->dir);
	free(scene);
	return 0;
}

/* As an event loop would, until nothing is left to do at once. */
static void turn(struct scene *scene)
{
	struct pollfd fd = { hp_server_fd(scene->server), POLLIN, 0 };
	uint64_t wait_us;

	for (int i = 0; i < 20; i++) {
		hp_server_run(scene->server, &wait_us);
		if (wait_us && poll(&fd, 1, 20) <= 0)
			return;
	}
}

static int call(const struct scene *scene)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(name.sun_path, scene->address.path, sizeof(name.sun_path));
	assert_int_equal(connect(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	return fd;
}

static void ask(int fd, const char *request)
{
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
}

/* What has come so far; "" when nothing has. */
static const char *hear(int fd)
{
	static char text[65536];
	ssize_t got = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[got > 0 ? got : 0] = '\0';
	return text;
}

static const char *ask_once(struct scene *scene, const char *request)
{
	hp_autofd int fd = call(scene);

	ask(fd, request);
	turn(scene);
	return hear(fd);
}

static void assert_in(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no '%s' in: %s", part, text);
}

#define GET(path, more) "GET " path " HTTP/1.1\r\nHost: x\r\n" more "\r\n"

static void test_answers(void **state)
{
	struct scene *scene = *state;
	const char *text = ask_once(scene, GET("/metrics", ""));

	assert_in(text, "HTTP/1.1 200 OK\r\n");
	assert_in(text, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
	assert_in(text, "\r\n\r\nplain 1\n");
	text = ask_once(scene, GET("/metrics", "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n"));
	assert_in(text, "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n");
	assert_in(text, "\r\n\r\nopen 2\n");
	assert_in(ask_once(scene, GET("/", "")), "/metrics");
	assert_in(ask_once(scene, GET("/other", "")), "HTTP/1.1 404 ");
	text = ask_once(scene, "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
	assert_in(text, "HTTP/1.1 405 ");
	assert_in(text, "Allow: GET, HEAD\r\n");
	text = ask_once(scene, "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_in(text, "HTTP/1.1 200 OK\r\n");
	assert_null(strstr(text, "plain 1\n"));
}

static void test_only_root_may_connect(void **state)
{
	struct scene *scene = *state;
	struct stat st;

	assert_int_equal(stat(scene->address.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_collects_seldom(void **state)
{
	struct scene *scene = *state;
	hp_autofd int fd = call(scene);

	for (int i = 0; i < 50; i++) {
		ask(fd, GET("/metrics", ""));
		turn(scene);
		assert_in(hear(fd), "plain ");
	}
	/* Fifty turns take more than a second here and there; what is fresh is not collected again. */
	assert_true(scene->written < 50);
	hp_serve_site_stale(scene->site);
	scene->written = 1000;
	ask(fd, GET("/metrics", ""));
	turn(scene);
	assert_in(hear(fd), "plain 1001\n");
	usleep(HP_SERVE_FRESH_NS / 1000 + 1000);
	ask(fd, GET("/metrics", ""));
	turn(scene);
	assert_in(hear(fd), "plain 1002\n");
}

static void test_failure_is_told(void **state)
{
	struct scene *scene = *state;

	scene->fails = -ENOMEM;
	assert_in(ask_once(scene, GET("/metrics", "")), "HTTP/1.1 500 ");
	scene->fails = 0;
	assert_in(ask_once(scene, GET("/metrics", "")), "plain 1\n");
}

/* Half a request keeps nobody waiting, nor do as many clients as there may be. */
static void test_slow_clients(void **state)
{
	struct scene *scene = *state;
	int fds[HP_SERVE_CONNECTIONS_MAX - 1];

	for (size_t i = 0; i < hp_array_size(fds); i++) {
		fds[i] = call(scene);
		ask(fds[i], "GET /metrics HT");
	}
	turn(scene);
	assert_in(ask_once(scene, GET("/metrics", "")), "plain 1\n");
	ask(fds[0], "TP/1.1\r\nHost: x\r\n\r\n");
	turn(scene);
	assert_in(hear(fds[0]), "HTTP/1.1 200 OK");
	for (size_t i = 0; i < hp_array_size(fds); i++)
		close(fds[i]);
	turn(scene);
	assert_in(ask_once(scene, GET("/metrics", "")), "200 OK");
}

static void test_nonsense(void **state)
{
	static const char *const texts[] = { "\r\n\r\n", "GET\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc", "GET /metrics HTTP/9.9\r\n\r\n",
					     "GET /%00%ff HTTP/1.1\r\nHost: x\r\n\r\n" };
	struct scene *scene = *state;
	hp_autofree char *huge = malloc(40000);
	hp_autofd int fd = call(scene);

	for (size_t i = 0; i < hp_array_size(texts); i++)
		ask_once(scene, texts[i]);
	memset(huge, 'a', 39999);
	memcpy(huge, "GET /", 5);
	huge[39999] = '\0';
	ask(fd, huge);
	turn(scene);
	assert_null(strstr(hear(fd), "200 OK"));
	assert_in(ask_once(scene, GET("/metrics", "")), "200 OK");
}

/* What a killed process left is replaced. */
static void test_stale_socket(void **state)
{
	struct scene *scene = *state;
	struct hp_server *second = NULL;

	assert_int_equal(hp_server_open(scene->site, &scene->address, NULL, &second, NULL), 0);
	hp_server_close(scene->server);
	scene->server = second;
	assert_int_equal(access(scene->address.path, F_OK), -1);
}

static void test_plain_stays_on_the_machine(void **state)
{
	struct scene *scene = *state;
	struct hp_serve_address address;
	struct hp_server *server = NULL;
	hp_autoerr err = HP_ERR_INIT;

	assert_int_equal(hp_serve_address_parse("192.0.2.1:9847", &address, NULL), 0);
	assert_int_equal(hp_server_open(scene->site, &address, NULL, &server, &err), -EINVAL);
	assert_int_equal(err.exit, HP_EXIT_USAGE);
	assert_in(err.text, "TLS");
	assert_null(server);
}

static void test_tls_files(void **state)
{
	auto_dir char *dir = make_dir();
	struct hp_serve_tls tls = HP_SERVE_TLS_INIT;
	hp_autofree char *path = NULL;
	hp_autoerr err = HP_ERR_INIT;
	FILE *file;

	(void)state;
	assert_true(asprintf(&path, "%s/x.pem", dir) > 0);
	assert_int_equal(hp_serve_tls_load(&tls, path, path, path, &err), -ENOENT);
	file = fopen(path, "we");
	fputs("no certificate\n", file);
	fclose(file);
	assert_int_equal(hp_serve_tls_load(&tls, path, path, path, &err), -EINVAL);
	assert_in(err.text, "x.pem");
	assert_null(tls.certificate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_address_path_is_bounded),
		cmocka_unit_test(test_counts_outlive),
		cmocka_unit_test(test_counts_pass_over_nonsense),
		cmocka_unit_test(test_counts_are_bounded),
		cmocka_unit_test_setup_teardown(test_answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_only_root_may_connect, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_collects_seldom, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_failure_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_slow_clients, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nonsense, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stale_socket, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_plain_stays_on_the_machine, set_up, tear_down),
		cmocka_unit_test(test_tls_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
