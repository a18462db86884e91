// SPDX-License-Identifier: GPL-2.0
/* hp-crowd.c: as many cgroups as asked for, a task in each that sleeps and works, and what the kernel says they waited. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct shared {
	atomic_bool is_over;
	atomic_uint resting;	/* tasks that will not run again */
};

struct crowd {
	const char *cgroup;
	unsigned int count;
	pid_t *pids;
	struct shared *shared;
	int gate[2];		/* nothing is ever written: reading ends when the parent closes it */
};

static void fail(const char *what)
{
	fprintf(stderr, "hp-crowd: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void nap(unsigned int ms)
{
	struct timespec time = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&time, NULL);
}

/* One to three seconds of sleep, different for each, then some work. */
static void live(const struct crowd *crowd, unsigned int number)
{
	volatile unsigned int work;
	char nothing;

	close(crowd->gate[1]);
	if (read(crowd->gate[0], &nothing, 1) != 0)
		_exit(1);
	for (unsigned int turn = number; !atomic_load(&crowd->shared->is_over); turn += 7919) {
		nap(1000 + turn % 2000);
		for (work = 0; work < 2000; work++)
			;
	}
	atomic_fetch_add(&crowd->shared->resting, 1);
	while (1)
		pause();
}

static pid_t start(const struct crowd *crowd, unsigned int number)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD };
	char path[512];
	long pid;
	int fd;

	snprintf(path, sizeof(path), "%s/%u", crowd->cgroup, number);
	if (mkdir(path, 0755) < 0)
		fail(path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fail(path);
	args.cgroup = (uint64_t)fd;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		live(crowd, number);
	if (pid < 0)
		fail("clone3");
	close(fd);
	return (pid_t)pid;
}

static uint64_t sum_delays(const struct crowd *crowd)
{
	uint64_t sum = 0, delay;
	char path[64], text[128];

	for (unsigned int i = 0; i < crowd->count; i++) {
		ssize_t length;
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/schedstat", crowd->pids[i]);
		fd = open(path, O_RDONLY);
		length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
		if (length < 0)
			fail(path);
		close(fd);
		text[length] = '\0';
		if (sscanf(text, "%*u %" SCNu64, &delay) != 1)
			fail(path);
		sum += delay;
	}
	return sum;
}

static void end(const struct crowd *crowd)
{
	char path[512];

	for (unsigned int i = 0; i < crowd->count; i++)
		kill(crowd->pids[i], SIGKILL);
	for (unsigned int i = 0; i < crowd->count; i++) {
		waitpid(crowd->pids[i], NULL, 0);
		snprintf(path, sizeof(path), "%s/%u", crowd->cgroup, i);
		rmdir(path);
	}
}

int main(int argc, char **argv)
{
	struct crowd crowd = { 0 };
	unsigned int seconds;
	uint64_t before;

	if (argc != 4 || !(crowd.count = (unsigned int)atoi(argv[2])) || !(seconds = (unsigned int)atoi(argv[3]))) {
		fprintf(stderr, "usage: hp-crowd CGROUP COUNT SECONDS\n"
				"makes COUNT cgroups below the directory CGROUP with a task in each, says \"ready\", begins when a\n"
				"line is read, lets them live for SECONDS, says what they waited meanwhile (nanoseconds), and\n"
				"removes all when another line is read\n");
		return 2;
	}
	crowd.cgroup = argv[1];
	crowd.pids = calloc(crowd.count, sizeof(*crowd.pids));
	crowd.shared = mmap(NULL, sizeof(*crowd.shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!crowd.pids || crowd.shared == MAP_FAILED || pipe(crowd.gate) < 0)
		fail("preparing");
	for (unsigned int i = 0; i < crowd.count; i++)
		crowd.pids[i] = start(&crowd, i);
	nap(1000);	/* the last ones come to the gate */
	before = sum_delays(&crowd);
	puts("ready");
	fflush(stdout);
	getchar();
	close(crowd.gate[0]);
	close(crowd.gate[1]);
	nap(1000 * seconds);
	atomic_store(&crowd.shared->is_over, true);
	while (atomic_load(&crowd.shared->resting) < crowd.count)
		nap(100);
	nap(500);
	printf("%" PRIu64 "\n", sum_delays(&crowd) - before);
	fflush(stdout);
	getchar();
	end(&crowd);
	return 0;
}
