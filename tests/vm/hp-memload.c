// SPDX-License-Identifier: GPL-2.0
/* hp-memload.c: a load with a known working set: it owns much memory, uses a part of it all the time, and says how fast. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/*
 * usage: hp-memload --mib N [--hot N] [--period MS] [--scan SECONDS]
 * Touches N MiB once, prints "ready PID HOT_START HOT_END COLD_START COLD_END", then uses the first --hot MiB, every page
 * once in a period. SIGUSR1: uses all of it once ("woke MICROSECONDS"); --scan does that by itself, again and again.
 * SIGUSR2: counts from 0 on. SIGTERM: a line of JSON, and the end. hot_ns is the time that passes took, hot_faults the major
 * faults in them.
 */
enum { PAGE = 4096, BUCKETS = 64 };

static volatile sig_atomic_t wants_all, wants_end, wants_zero;
static uint64_t histogram[BUCKETS];	/* accesses by floor(log2(ns)) * 2 + the next bit */
static uint64_t accesses, passes, scans, scan_us, hot_ns, hot_faults, begun_ns;

static void on_signal(int number)
{
	if (number == SIGUSR1)
		wants_all = 1;
	else if (number == SIGUSR2)
		wants_zero = 1;
	else
		wants_end = 1;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void count(uint64_t ns)
{
	unsigned int log = ns < 2 ? 1 : 63 - (unsigned int)__builtin_clzll(ns), bucket = log * 2 + (ns >> (log - 1) & 1);

	histogram[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
	accesses++;
}

/* Upper end of the bucket that holds the permille. */
static uint64_t percentile_ns(unsigned int permille)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < BUCKETS; i++) {
		sum += histogram[i];
		if (sum * 1000 >= accesses * permille)
			return (2 + (i & 1) + 1) * (UINT64_C(1) << (i / 2)) / 2;
	}
	return 0;
}

static void use(volatile unsigned char *memory, size_t bytes, bool is_timed)
{
	for (size_t at = 0; at < bytes && !wants_end; at += PAGE) {
		uint64_t begun = is_timed ? now_ns() : 0;

		memory[at]++;
		if (is_timed)
			count(now_ns() - begun);
	}
}

static void use_all(volatile unsigned char *memory, size_t bytes)
{
	uint64_t begun = now_ns(), us;

	use(memory, bytes, false);
	us = (now_ns() - begun) / 1000;
	scans++;
	scan_us += us;
	printf("woke %" PRIu64 "\n", us);
	fflush(stdout);
}

static uint64_t major_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (uint64_t)usage.ru_majflt;
}

static void use_hot(volatile unsigned char *memory, size_t bytes)
{
	uint64_t begun = now_ns(), faults = major_faults();

	use(memory, bytes, true);
	hot_ns += now_ns() - begun;
	hot_faults += major_faults() - faults;
	passes++;
}

static void count_from_zero(void)
{
	wants_zero = 0;
	memset(histogram, 0, sizeof(histogram));
	accesses = passes = scans = scan_us = hot_ns = hot_faults = 0;
	begun_ns = now_ns();
}

static void report(void)
{
	printf("{\"passes\":%" PRIu64 ",\"accesses\":%" PRIu64 ",\"p50_ns\":%" PRIu64 ",\"p99_ns\":%" PRIu64 ",\"p999_ns\":%" PRIu64
	       ",\"hot_ns\":%" PRIu64 ",\"hot_faults\":%" PRIu64 ",\"scans\":%" PRIu64 ",\"scan_us\":%" PRIu64 ",\"run_ns\":%" PRIu64 "}\n",
	       passes, accesses, percentile_ns(500), percentile_ns(990), percentile_ns(999), hot_ns, hot_faults, scans, scan_us,
	       now_ns() - begun_ns);
	fflush(stdout);
}

static unsigned long number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (end == text || *end) {
		fprintf(stderr, "hp-memload: '%s' is not a number\n", text);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = { { "mib", 1, NULL, 'm' }, { "hot", 1, NULL, 'h' }, { "period", 1, NULL, 'p' },
					       { "scan", 1, NULL, 's' }, { 0 } };
	unsigned long mib = 0, hot = 0, period_ms = 100, scan_s = 0;
	const struct sigaction action = { .sa_handler = on_signal };
	unsigned char *memory;
	uint64_t scanned;
	int code;

	while ((code = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (code == '?')
			return 2;
		*(code == 'm' ? &mib : code == 'h' ? &hot : code == 'p' ? &period_ms : &scan_s) = number(optarg);
	}
	if (!mib || hot > mib) {
		fprintf(stderr, "usage: hp-memload --mib N [--hot N] [--period MS] [--scan SECONDS]\n");
		return 2;
	}
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	memory = mmap(NULL, mib << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || madvise(memory, mib << 20, MADV_NOHUGEPAGE) < 0) {
		fprintf(stderr, "hp-memload: %lu MiB: %s\n", mib, strerror(errno));
		return 1;
	}
	/* Not all alike, or a compressing swap would make nothing of it. */
	for (size_t at = 0; at < mib << 20; at += sizeof(uint64_t))
		*(uint64_t *)(void *)(memory + at) = at * UINT64_C(0x9e3779b97f4a7c15) >> (at / PAGE % 32);
	printf("ready %d %p %p %p %p\n", getpid(), (void *)memory, (void *)(memory + (hot << 20)), (void *)(memory + (hot << 20)),
	       (void *)(memory + (mib << 20)));
	fflush(stdout);
	begun_ns = scanned = now_ns();
	while (!wants_end) {
		uint64_t pass = now_ns();

		use_hot(memory, hot << 20);
		if (wants_all || (scan_s && now_ns() - scanned >= scan_s * 1000000000)) {
			wants_all = 0;
			use_all(memory, mib << 20);
			scanned = now_ns();
		}
		if (wants_zero)
			count_from_zero();
		pass = (now_ns() - pass) / 1000;
		if (pass < period_ms * 1000)
			usleep((useconds_t)(period_ms * 1000 - pass));
	}
	report();
	return 0;
}
