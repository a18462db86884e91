// SPDX-License-Identifier: GPL-2.0
/* damon_events.c: reads what a kdamond tells at the end of each window, through a program at its tracepoint. */
#include "hp_damon.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include "base/hp_auto.h"
#include "bpf/hp_bpf.h"
#include "damon_windows.h"
#include "damon_windows.skel.h"

/*
 * Why a program and not schemes_tried_regions in sysfs: that one says neither
 * which process a region belongs to nor all of a window at once, and costs four
 * opened files for each region. A program goes away with its process, so
 * nothing is left behind when that is killed. A perf event would do as well,
 * but perf_event_open(2) is more than a confined partd may call.
 */
struct hp_damon_events {
	struct damon_windows_bpf *skel;
	struct ring_buffer *ring;
	void (*fn)(void *arg, const struct hp_damon_seen *seen);
	void *arg;
};

static int on_record(void *arg, void *data, size_t size)
{
	const struct hp_damon_events *events = arg;
	const struct hp_damon_record *record = data;

	if (size >= sizeof(*record))
		events->fn(events->arg, &(struct hp_damon_seen){
			.target = record->target, .start = record->start, .end = record->end,
			.accesses = record->accesses, .regions = record->regions,
		});
	return 0;
}

static int load(struct hp_damon_events *events, pid_t kdamond, struct hp_err *err)
{
	int ret;

	events->skel = damon_windows_bpf__open();
	if (!events->skel)
		return hp_bpf_error(err, errno, "opening the program that listens to DAMON");
	events->skel->rodata->kdamond = (__u32)kdamond;
	ret = damon_windows_bpf__load(events->skel);
	if (ret < 0)
		return hp_bpf_error(err, -ret, "loading the program that listens to DAMON");
	events->ring = ring_buffer__new(bpf_map__fd(events->skel->maps.hp_damon_ring), on_record, events, NULL);
	if (!events->ring)
		return hp_bpf_error(err, errno, "mapping what kdamond %d tells", kdamond);
	ret = damon_windows_bpf__attach(events->skel);
	return ret < 0 ? hp_bpf_error(err, -ret, "listening to kdamond %d", kdamond) : 0;
}

int hp_damon_events_open(pid_t kdamond, struct hp_damon_events **events, struct hp_err *err)
{
	struct hp_damon_events *made = calloc(1, sizeof(*made));
	int ret;

	if (!made)
		return hp_err_set(err, ENOMEM, "out of memory");
	hp_bpf_log_begin();
	ret = load(made, kdamond, err);
	if (ret < 0)
		hp_damon_events_close(made);
	else
		*events = made;
	return ret;
}

void hp_damon_events_close(struct hp_damon_events *events)
{
	if (!events)
		return;
	ring_buffer__free(events->ring);
	damon_windows_bpf__destroy(events->skel);
	free(events);
}

int hp_damon_events_fd(const struct hp_damon_events *events)
{
	return ring_buffer__epoll_fd(events->ring);
}

uint64_t hp_damon_events_lost(const struct hp_damon_events *events)
{
	return __atomic_load_n(&events->skel->bss->lost, __ATOMIC_RELAXED);
}

void hp_damon_events_read(struct hp_damon_events *events, void (*fn)(void *arg, const struct hp_damon_seen *seen), void *arg)
{
	events->fn = fn;
	events->arg = arg;
	ring_buffer__consume(events->ring);
}
