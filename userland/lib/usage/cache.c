// SPDX-License-Identifier: GPL-2.0
/* cache.c: last-level cache events of cgroups, by perf_event_open(2). */
#include "usage/hp_cache.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_cgroup2.h"

enum { EVENTS = 2 };

struct hp_cache {
	size_t cgroups;
	long processors;
	int *fds;	/* owned: [(cgroup * processors + processor) * EVENTS + event], -1 = none */
	const char *missing;
};

static int open_event(int cgroup, long processor, unsigned int event)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = event == 0 ? PERF_COUNT_HW_CACHE_REFERENCES : PERF_COUNT_HW_CACHE_MISSES,
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
	};
	long fd = syscall(SYS_perf_event_open, &attr, cgroup, (int)processor, -1, PERF_FLAG_PID_CGROUP | PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

static const char *reason(int errnum)
{
	switch (errnum) {
	case ENOENT:
	case EOPNOTSUPP:
	case ENODEV:
		return "not available on this machine: the processor has no counters of its cache, or does not show them";
	case EMFILE:
	case ENFILE:
		return "there are too many processors and domains for the number of files that may be open";
	case EBADF:
	case EINVAL:
		return "this kernel counts no events by cgroup, or its perf_event controller is on another hierarchy";
	case EACCES:
	case EPERM:
		return "the kernel does not allow it";
	default:
		return "the kernel refuses it";
	}
}

static void close_events(struct hp_cache *cache)
{
	for (size_t i = 0; i < cache->cgroups * (size_t)cache->processors * EVENTS; i++) {
		if (cache->fds[i] >= 0)
			close(cache->fds[i]);
		cache->fds[i] = -1;
	}
}

/* All of it, or nothing and why. */
static int open_events(struct hp_cache *cache, char *const *cgroups, struct hp_err *err)
{
	for (size_t i = 0; i < cache->cgroups && !cache->missing; i++) {
		hp_autofd int directory = hp_cgroup_open(cgroups[i], err);

		if (directory < 0)
			return directory;
		for (long j = 0; j < cache->processors * EVENTS && !cache->missing; j++) {
			int fd = open_event(directory, j / EVENTS, (unsigned int)(j % EVENTS));

			/* A processor that is offline has nothing to count. */
			if (fd >= 0)
				cache->fds[i * (size_t)cache->processors * EVENTS + (size_t)j] = fd;
			else if (fd != -ENODEV || j == 0)
				cache->missing = reason(-fd);
		}
	}
	if (cache->missing)
		close_events(cache);
	return 0;
}

int hp_cache_open(char *const *cgroups, size_t count, struct hp_cache **out, struct hp_err *err)
{
	struct hp_cache *cache = calloc(1, sizeof(*cache));
	size_t events;
	int ret;

	if (!cache)
		return hp_err_errno(err, ENOMEM, "counting the events of the cache");
	cache->cgroups = count;
	cache->processors = sysconf(_SC_NPROCESSORS_CONF);
	events = count * (size_t)cache->processors * EVENTS;
	cache->fds = calloc(events + 1, sizeof(*cache->fds));
	if (!cache->fds) {
		free(cache);
		return hp_err_errno(err, ENOMEM, "counting the events of the cache");
	}
	for (size_t i = 0; i < events; i++)
		cache->fds[i] = -1;
	ret = open_events(cache, cgroups, err);
	if (ret) {
		hp_cache_close(cache);
		return ret;
	}
	*out = cache;
	return 0;
}

void hp_cache_close(struct hp_cache *cache)
{
	if (!cache)
		return;
	close_events(cache);
	free(cache->fds);
	free(cache);
}

const char *hp_cache_missing(const struct hp_cache *cache)
{
	return cache->missing;
}

int hp_cache_read(const struct hp_cache *cache, struct hp_cache_use *uses, struct hp_err *err)
{
	for (size_t i = 0; i < cache->cgroups; i++)
		uses[i] = (struct hp_cache_use){ 0, 0 };
	for (size_t i = 0; i < cache->cgroups * (size_t)cache->processors * EVENTS; i++) {
		struct {
			uint64_t value, enabled, running;
		} got = { 0, 0, 0 };
		struct hp_cache_use *use = &uses[i / EVENTS / (size_t)cache->processors];

		if (cache->fds[i] < 0)
			continue;
		if (read(cache->fds[i], &got, sizeof(got)) != sizeof(got))
			return hp_err_errno(err, errno, "reading the events of the cache");
		if (got.running && got.running < got.enabled)
			got.value = (uint64_t)((double)got.value * (double)got.enabled / (double)got.running);
		*(i % EVENTS == 0 ? &use->references : &use->misses) += got.value;
	}
	return 0;
}
