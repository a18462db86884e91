// SPDX-License-Identifier: GPL-2.0
/*
 * bench_metrics.c: processor time and memory that serving metrics costs, at 1 and at 100 scrapes in a second.
 *
 * A child does what partd does for metrics: it counts waits for two cgroups, and answers over a Unix socket; only the
 * module and the settings in force are left out. Runs on this machine, as root; so much more than serving is in the
 * child's resident memory as the libraries of the other parts of partd would add.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_cgroup2.h"
#include "bpf/hp_contention.h"
#include "bpf/hp_waits.h"
#include "metrics/hp_serve.h"

enum { SECONDS = 10, DOMAINS = 2 };

static const char *const cgroups[DOMAINS] = { "hostpart-bench-a", "hostpart-bench-b" };
static const char *const rows[HP_ROW_DOMAIN + DOMAINS] = { "idle", "unknown", "base", "kernel", "irq", "softirq", "a", "b" };

struct server {
	struct hp_root *root;
	struct hp_contention *contention;	/* NULL where waits cannot be counted */
	struct hp_waits *waits;
};

static double clock_s(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int collect(void *arg, struct hp_metrics_text *text)
{
	static const char *const hooks[] = { NULL };
	struct server *server = arg;
	hp_autosample sample = HP_USAGE_SAMPLE_INIT;
	hp_autoblame blame = HP_BLAME_INIT;
	struct hp_wait_matrix waits[HP_WAIT_KINDS] = { HP_WAIT_MATRIX_INIT };
	struct hp_usage_subject subjects[DOMAINS];
	struct hp_metrics metrics = { .version = "bench", .domains = rows + HP_ROW_DOMAIN, .domains_count = DOMAINS };
	struct hp_metrics_contention contention = { .blame = &blame, .rows = rows, .hooks = hooks };
	int ret;

	for (size_t i = 0; i < DOMAINS; i++)
		subjects[i] = (struct hp_usage_subject){ cgroups[i], true };
	ret = hp_usage_read(server->root, subjects, DOMAINS, &sample, NULL);
	if (ret)
		return ret;
	metrics.usage = sample.subjects;
	if (server->contention && hp_contention_read(server->contention, &blame, NULL) == 0)
		metrics.contention = &contention;
	if (server->waits && hp_waits_read(server->waits, waits, NULL) == 0)
		contention.waits = waits;
	ret = hp_metrics_write(text, &metrics);
	for (int i = 0; i < HP_WAIT_KINDS; i++)
		hp_wait_matrix_clear(&waits[i]);
	return ret;
}

static void begin_counting(struct server *server)
{
	uint64_t ids[DOMAINS];
	struct hp_contention_options options = { .cgroups = ids, .cgroups_count = DOMAINS };
	hp_autoerr err = HP_ERR_INIT;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < DOMAINS; i++)
		ret = hp_cgroup_id(cgroups[i], &ids[i], &err);
	if (ret == 0)
		ret = hp_contention_open(&options, &server->contention, &err);
	if (ret == 0)
		ret = hp_waits_open(&options, (1u << HP_WAIT_KINDS) - 1, &server->waits, &err);
	if (ret == 0)
		ret = hp_waits_share_switch(server->waits, server->contention, &err);
	if (ret)
		printf("waits are not counted, so this is too little: %s\n", err.text);
	fflush(stdout);
	malloc_trim(0);
}

/* Never returns. */
static void serve(const struct hp_serve_address *address)
{
	struct server server = { .root = hp_root_open("/", NULL) };
	struct hp_serve_site *site = hp_serve_site_new(collect, &server);
	struct hp_server *http = NULL;
	uint64_t wait_us;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	mallopt(M_MMAP_THRESHOLD, 64 * 1024);
	begin_counting(&server);
	if (hp_server_open(site, address, NULL, &http, NULL) < 0)
		_exit(1);
	for (;;) {
		struct pollfd fd = { hp_server_fd(http), POLLIN, 0 };

		hp_server_run(http, &wait_us);
		poll(&fd, 1, wait_us == UINT64_MAX ? -1 : (int)((wait_us + 999) / 1000));
	}
}

static int call(const struct hp_serve_address *address)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(name.sun_path, address->path, sizeof(name.sun_path));
	for (int i = 0; i < 1000; i++) {
		if (connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0)
			return fd;
		usleep(10000);
	}
	return -1;
}

/* One request over an open connection; bytes of the answer, or 0. */
static size_t scrape(int fd)
{
	static const char request[] = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
	static char text[1 << 20];
	size_t have = 0, want = 0;

	if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) < 0)
		return 0;
	while (have < sizeof(text) - 1 && (!want || have < want)) {
		ssize_t got = recv(fd, text + have, sizeof(text) - 1 - have, 0);
		char *body, *length;

		if (got <= 0)
			return 0;
		have += (size_t)got;
		text[have] = '\0';
		body = strstr(text, "\r\n\r\n");
		length = strstr(text, "Content-Length: ");
		if (!want && body && length)
			want = (size_t)(body + 4 - text) + strtoul(length + 16, NULL, 10);
	}
	return have;
}

/* Processor seconds of the child so far, from the kernel's nanoseconds. */
static double used_s(pid_t child)
{
	clockid_t clock;

	return clock_getcpuclockid(child, &clock) ? 0 : clock_s(clock);
}

static unsigned long resident_kib(pid_t child)
{
	hp_autoroot *root = hp_root_open("/", NULL);
	hp_autofree char *text = root ? hp_root_readf(root, "/proc/%d/status", child) : NULL;
	const char *at = text ? strstr(text, "VmRSS:") : NULL;

	return at ? strtoul(at + 6, NULL, 10) : 0;
}

static int measure(pid_t child, int fd, unsigned int rate)
{
	double began_s = clock_s(CLOCK_MONOTONIC), began_used_s = used_s(child), waited_s = 0, passed_s;
	unsigned int scrapes = rate * SECONDS;
	size_t bytes = 0;

	for (unsigned int i = 0; i < scrapes; i++) {
		double now_s = clock_s(CLOCK_MONOTONIC), due_s = began_s + (double)i / rate;

		if (due_s > now_s)
			usleep((useconds_t)((due_s - now_s) * 1e6));
		now_s = clock_s(CLOCK_MONOTONIC);
		bytes = scrape(fd);
		if (!bytes)
			return -EIO;
		waited_s += clock_s(CLOCK_MONOTONIC) - now_s;
	}
	passed_s = clock_s(CLOCK_MONOTONIC) - began_s;
	printf("%6u /s %10.3f %% %12.1f us %14.2f MiB %10zu B\n", rate, 100 * (used_s(child) - began_used_s) / passed_s,
	       1e6 * waited_s / scrapes, (double)resident_kib(child) / 1024, bytes);
	return 0;
}

static void remove_cgroups(void)
{
	for (size_t i = 0; i < DOMAINS; i++) {
		hp_autofree char *path = hp_cgroup_path(cgroups[i], NULL);

		if (path)
			rmdir(path);
	}
}

int main(void)
{
	struct hp_serve_address address;
	char dir[] = "/tmp/hostpart-bench-XXXXXX";
	hp_autofree char *path = NULL;
	int fd, ret = 0;
	pid_t child;

	if (geteuid() != 0 || !mkdtemp(dir) || asprintf(&path, "%s/s", dir) < 0 ||
	    hp_serve_address_parse(path, &address, NULL) < 0) {
		fprintf(stderr, "bench_metrics: only root can run it\n");
		return 1;
	}
	for (size_t i = 0; i < DOMAINS; i++) {
		hp_autofree char *cgroup = hp_cgroup_path(cgroups[i], NULL);

		if (!cgroup || (mkdir(cgroup, 0755) < 0 && errno != EEXIST))
			fprintf(stderr, "bench_metrics: no cgroup %s\n", cgroups[i]);
	}
	child = fork();
	if (child == 0)
		serve(&address);
	fd = call(&address);
	printf("  SCRAPES   PROCESSOR  TIME TO ANSWER       RESIDENT       ANSWER\n");
	if (fd < 0 || !scrape(fd) || measure(child, fd, 1) || measure(child, fd, 100)) {
		fprintf(stderr, "bench_metrics: the server does not answer\n");
		ret = 1;
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	remove_cgroups();
	unlink(path);
	rmdir(dir);
	return ret;
}
