// SPDX-License-Identifier: GPL-2.0
/* bench_lruk.c: how fast each policy of the simulator goes through ten million references, and with how much memory. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include "base/hp_auto.h"
#include "reclaim/hp_lruk.h"
#include "reclaim/hp_sim.h"
#include "reclaim/hp_tracegen.h"

#define REFS UINT64_C(10000000)

struct workload {
	const char *name;
	struct hp_tracegen_config config;
	uint64_t capacity;
};

static const struct workload workloads[] = {
	{ "zipf, 80 % to 20 % of 1,000,000 pages", { .kind = HP_TRACEGEN_ZIPF, .n = 1000000, .alpha = 800000, .beta = 200000, .seed = 1 }, 100000 },
	{ "two pools, 10,000 and 1,000,000 pages", { .kind = HP_TRACEGEN_TWO_POOL, .n1 = 10000, .n2 = 1000000, .seed = 1 }, 10000 },
	{ "50,000 hot pages beside a scan of 500,000", { .kind = HP_TRACEGEN_SCAN, .hot = 50000, .loop = 500000, .seed = 1 }, 100000 },
};

/* A policy as it is run. */
struct contender {
	const char *name;
	const struct hp_cache_policy *policy;
	unsigned int k;
	uint64_t crp;
	const char *outside;	/* what libCacheSim calls it; NULL = it has none */
};

static const struct contender contenders[] = {
	{ "lru", &hp_cache_lru, 1, 0, "lru" },
	{ "lru-k, K=1", &hp_cache_lruk, 1, 0, NULL },
	{ "lru-k, K=2", &hp_cache_lruk, 2, 0, NULL },
	{ "lru-k, K=3", &hp_cache_lruk, 3, 0, NULL },
	{ "lru-k, K=3, CRP=1000", &hp_cache_lruk, 3, 1000, NULL },
	{ "lru-k, K=8", &hp_cache_lruk, 8, 0, NULL },
	{ "lfu", &hp_cache_lfu, 1, 0, "lfu" },
	{ "2q", &hp_cache_2q, 1, 0, "twoq" },
	{ "arc", &hp_cache_arc, 1, 0, "arc" },
	{ "opt", &hp_cache_opt, 1, 0, NULL },
};

struct figures {
	double seconds;
	long peak_kib;		/* beyond what the process had before, which holds the trace */
	uint64_t hits;
};

static void die(const char *what)
{
	fprintf(stderr, "bench_lruk: %s\n", what);
	exit(1);
}

/* Of this process's own work: others may be busy on the same cores. */
static double cpu_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static long peak_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

/* Writes the trace to a file, so that another simulator reads the same. */
static void write_trace(const struct workload *workload, const char *file)
{
	hp_autofile FILE *out = fopen(file, "w");
	struct hp_tracegen gen;

	if (!out || hp_tracegen_init(&gen, &workload->config, NULL) < 0)
		die("cannot make the trace");
	for (uint64_t i = 0; i < REFS; i++)
		fprintf(out, "%llu\n", (unsigned long long)hp_tracegen_next(&gen) + 1);
	if (fflush(out) || ferror(out))
		die("cannot write the trace");
}

static void run_contender(const struct workload *workload, const struct contender *contender, const struct hp_trace *trace, int fd)
{
	struct hp_sim_run run = {
		.policy = contender->policy, .capacity = workload->capacity, .k = contender->k, .crp = contender->crp,
		.rip = HP_LRUK_FOREVER, .measure = UINT64_MAX,
	};
	struct hp_sim_result result;
	long before = peak_kib();
	double start = cpu_seconds();
	struct figures figures;

	if (hp_sim_run(trace, &run, &result, NULL) < 0)
		exit(1);
	figures = (struct figures){ cpu_seconds() - start, peak_kib() - before, result.hits };
	exit(write(fd, &figures, sizeof(figures)) != sizeof(figures));
}

/* Each in a process of its own, as the peak of memory never falls. */
static struct figures measure(const struct workload *workload, const struct contender *contender, const struct hp_trace *trace)
{
	struct figures figures;
	int fds[2], status;
	pid_t pid;

	fflush(stdout);
	if (pipe(fds) < 0 || (pid = fork()) < 0)
		die("cannot start a process");
	if (pid == 0)
		run_contender(workload, contender, trace, fds[1]);
	close(fds[1]);
	if (read(fds[0], &figures, sizeof(figures)) != sizeof(figures) || waitpid(pid, &status, 0) != pid || status)
		die("a run failed");
	close(fds[0]);
	return figures;
}

static double children_seconds(const struct rusage *usage)
{
	return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
	       (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

/* What another simulator says of the same trace, as it says it. */
static void show_outside(const char *cachesim, const char *file, const struct workload *workload, const char *name)
{
	hp_autofree char *command = NULL;
	char line[512], last[512] = "(it said nothing of hits)\n";
	struct rusage usage;
	FILE *from;
	double before;
	int status;

	getrusage(RUSAGE_CHILDREN, &usage);
	before = children_seconds(&usage);
	if (asprintf(&command, "'%s' '%s' txt %s %llu --ignore-obj-size=true --num-thread=1 2>&1", cachesim, file, name,
		     (unsigned long long)workload->capacity) < 0 || !(from = popen(command, "r")))
		die("cannot start the other simulator");
	while (fgets(line, sizeof(line), from))
		if (strstr(line, "miss ratio"))
			snprintf(last, sizeof(last), "%s", strstr(line, "miss ratio"));
	status = pclose(from);
	getrusage(RUSAGE_CHILDREN, &usage);
	printf("  libCacheSim %-5s exit %d, %.2f s of the CPU with reading the trace: %s", name, status,
	       children_seconds(&usage) - before, last);
}

static void run_workload(const struct workload *workload, const char *file, const char *cachesim)
{
	hp_autotrace *trace = NULL;
	double start;

	write_trace(workload, file);
	start = cpu_seconds();
	if (hp_trace_read(file, &trace, NULL) < 0)
		die("cannot read the trace");
	printf("\n%s; room for %llu (reading the trace: %.1f s, %ld MiB)\n", workload->name,
	       (unsigned long long)workload->capacity, cpu_seconds() - start, peak_kib() / 1024);
	printf("  %-22s %9s %14s %9s %10s\n", "policy", "CPU s", "references/s", "peak MiB", "hit ratio");
	for (size_t i = 0; i < hp_array_size(contenders); i++) {
		struct figures figures = measure(workload, &contenders[i], trace);

		printf("  %-22s %9.2f %14.0f %9.1f %10.4f\n", contenders[i].name, figures.seconds, (double)REFS / figures.seconds,
		       (double)figures.peak_kib / 1024, (double)figures.hits / (double)REFS);
	}
	for (size_t i = 0; cachesim && i < hp_array_size(contenders); i++)
		if (contenders[i].outside)
			show_outside(cachesim, file, workload, contenders[i].outside);
}

/* In a directory of its own, as libCacheSim leaves files where it is run. */
int main(int argc, char **argv)
{
	hp_autofree char *cachesim = argc > 1 ? realpath(argv[1], NULL) : NULL;
	char directory[] = "/tmp/hostpart-bench-XXXXXX", clean[64];

	if (argc > 1 && !cachesim)
		die("there is no such simulator");
	if (!mkdtemp(directory) || chdir(directory) < 0)
		die("cannot make a directory for the traces");
	printf("lruk-sim, %llu references for each policy; one run each; seconds of the CPU\n", (unsigned long long)REFS);
	for (size_t i = 0; i < hp_array_size(workloads); i++)
		run_workload(&workloads[i], "trace", cachesim);
	snprintf(clean, sizeof(clean), "rm -rf '%s'", directory);
	return chdir("/") < 0 || system(clean) != 0;
}
