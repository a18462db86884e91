// SPDX-License-Identifier: GPL-2.0
/* outlier.c: loads the program that tells of long waits, and hands them over. */
#include "bpf/hp_outlier.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "bpf/counters.h"
#include "bpf/hp_bpf.h"
#include "bpf/hp_contention.h"
#include "outlier.skel.h"

enum { AT_ONCE = 256 };

struct hp_outliers {
	struct outlier_bpf *skel;
	struct ring_buffer *ring;
	unsigned int processors;
	/* While reading: whom to tell. */
	bool (*tell)(void *arg, const struct hp_outlier *outlier);
	void *arg;
	unsigned int count;
};

uint64_t hp_outlier_wait_ns(const struct hp_outlier *outlier)
{
	return outlier->victim.time_ns + outlier->elsewhere_ns;
}

static int longest_first(const void *a, const void *b)
{
	const struct hp_outlier_task *left = a, *right = b;

	return left->time_ns > right->time_ns ? -1 : left->time_ns < right->time_ns;
}

size_t hp_outlier_sort(struct hp_outlier *outlier)
{
	size_t count = 0;

	qsort(outlier->blamed, HP_OUTLIER_BLAMED, sizeof(outlier->blamed[0]), longest_first);
	while (count < HP_OUTLIER_BLAMED && outlier->blamed[count].time_ns)
		count++;
	return count;
}

/* A record without stacks is shorter. */
static int take_record(void *context, void *data, size_t size)
{
	struct hp_outliers *outliers = context;
	struct hp_outlier outlier = { 0 };

	memcpy(&outlier, data, size < sizeof(outlier) ? size : sizeof(outlier));
	if (outliers->tell(outliers->arg, &outlier))
		return -ECANCELED;
	return ++outliers->count < AT_ONCE ? 0 : -EAGAIN;
}

static int load(struct hp_outliers *outliers, const struct hp_outlier_options *options, struct hp_err *err)
{
	struct outlier_bpf *skel = outliers->skel;
	unsigned int slots = counters_task_slots();
	int ret;

	skel->rodata->above_ns = options->above_ns;
	skel->rodata->wants_stacks = options->wants_stacks;
	skel->rodata->wants_all = options->cgroups_count == 0;
	skel->rodata->slots_count = slots;
	ret = bpf_map__set_max_entries(skel->maps.hp_outlier_cpus, outliers->processors);
	ret = ret ? ret : bpf_map__set_max_entries(skel->maps.hp_arrivals, slots);
	ret = ret ? ret : outlier_bpf__load(skel);
	if (ret)
		return hp_bpf_error(err, -ret, "loading the program that watches waits");
	return counters_name_rows(bpf_map__fd(skel->maps.hp_domains), options->cgroups, options->cgroups_count, err);
}

static int start(struct hp_outliers *outliers, const struct hp_outlier_options *options, struct hp_err *err)
{
	int ret;

	outliers->skel = outlier_bpf__open();
	if (!outliers->skel)
		return hp_bpf_error(err, errno, "opening the program that watches waits");
	ret = load(outliers, options, err);
	if (ret)
		return ret;
	outliers->ring = ring_buffer__new(bpf_map__fd(outliers->skel->maps.hp_outlier_ring), take_record, outliers, NULL);
	if (!outliers->ring)
		return hp_bpf_error(err, errno, "opening the buffer of long waits");
	ret = outlier_bpf__attach(outliers->skel);
	return ret ? hp_bpf_error(err, -ret, "attaching the program that watches waits") : 0;
}

int hp_outliers_open(const struct hp_outlier_options *options, struct hp_outliers **out, struct hp_err *err)
{
	struct hp_outliers *outliers;
	unsigned int processors;
	int ret = counters_begin(options->cgroups_count, &processors, err);

	if (ret)
		return ret;
	if (!hp_contention_has_tracepoint("sched_switch"))
		return hp_err_set(err, EOPNOTSUPP, "waits cannot be watched: this kernel has no BTF or no tracepoint sched_switch");
	outliers = calloc(1, sizeof(*outliers));
	if (!outliers)
		return hp_err_errno(err, ENOMEM, "opening the program that watches waits");
	outliers->processors = processors;
	ret = start(outliers, options, err);
	if (ret) {
		hp_outliers_close(outliers);
		return ret;
	}
	*out = outliers;
	return 0;
}

void hp_outliers_close(struct hp_outliers *outliers)
{
	if (!outliers)
		return;
	ring_buffer__free(outliers->ring);
	outlier_bpf__destroy(outliers->skel);
	free(outliers);
}

int hp_outliers_fd(const struct hp_outliers *outliers)
{
	return ring_buffer__epoll_fd(outliers->ring);
}

void hp_outliers_stop(struct hp_outliers *outliers)
{
	outlier_bpf__detach(outliers->skel);
}

int hp_outliers_read(struct hp_outliers *outliers, bool (*tell)(void *arg, const struct hp_outlier *outlier), void *arg,
		     struct hp_err *err)
{
	int ret;

	outliers->tell = tell;
	outliers->arg = arg;
	outliers->count = 0;
	ret = ring_buffer__consume(outliers->ring);
	if (ret == -EAGAIN)
		return 1;
	return ret < 0 && ret != -ECANCELED ? hp_bpf_error(err, -ret, "reading the long waits") : 0;
}

int hp_outliers_lost(const struct hp_outliers *outliers, uint64_t *lost, uint64_t *skipped, struct hp_err *err)
{
	*skipped = counters_skipped(bpf_program__fd(outliers->skel->progs.hp_outlier_switch));
	return counters_read_lost(bpf_map__fd(outliers->skel->maps.hp_outlier_lost), outliers->processors, lost, 1, err);
}

size_t hp_outliers_memory(const struct hp_outliers *outliers)
{
	return counters_memory(outliers->skel->obj, outliers->processors);
}
