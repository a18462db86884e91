// SPDX-License-Identifier: GPL-2.0
/* outlier.c: loads the programs that tell of long waits, and hands them over. */
#include "bpf/hp_outlier.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include "base/hp_auto.h"
#include "bpf/counters.h"
#include "bpf/hp_bpf.h"
#include "bpf/hp_contention.h"
#include "bpf/wait_ops.h"
#include "outlier.skel.h"

enum { AT_ONCE = 256 };

/* One resource's buffer. */
struct source {
	struct hp_outliers *outliers;
	unsigned int resource;
	struct ring_buffer *ring;	/* NULL = not watched */
	unsigned int count;		/* handed over in this read */
	const char *missing;
};

struct hp_outliers {
	struct outlier_bpf *skel;	/* NULL = the processor is not watched */
	struct hp_waits *waits;		/* NULL = nothing else is */
	struct source sources[HP_OUTLIER_RESOURCES];
	unsigned int processors;
	int poll;
	const struct hp_outlier_reader *reader;	/* while reading */
};

const char *hp_outlier_resource(unsigned int resource)
{
	if (resource == HP_OUTLIER_CPU)
		return "cpu";
	return resource < HP_OUTLIER_RESOURCES ? hp_wait_resource(resource - HP_OUTLIER_WAITS) : NULL;
}

/* A record without stacks is shorter. */
static int take_record(void *context, void *data, size_t size)
{
	struct source *source = context;
	const struct hp_outlier_reader *reader = source->outliers->reader;
	bool is_over;

	if (source->resource == HP_OUTLIER_CPU) {
		struct hp_outlier outlier = { 0 };

		memcpy(&outlier, data, size < sizeof(outlier) ? size : sizeof(outlier));
		is_over = reader->tell(reader->arg, &outlier);
	} else {
		is_over = reader->tell_wait(reader->arg, source->resource - HP_OUTLIER_WAITS, data);
	}
	if (is_over)
		return -ECANCELED;
	return ++source->count < AT_ONCE ? 0 : -EAGAIN;
}

static int open_ring(struct hp_outliers *outliers, unsigned int resource, int map, struct hp_err *err)
{
	struct source *source = &outliers->sources[resource];
	struct epoll_event event = { .events = EPOLLIN };

	source->ring = ring_buffer__new(map, take_record, source, NULL);
	if (!source->ring)
		return hp_bpf_error(err, errno, "opening the buffer of long waits");
	if (epoll_ctl(outliers->poll, EPOLL_CTL_ADD, ring_buffer__epoll_fd(source->ring), &event) < 0)
		return hp_err_errno(err, errno, "watching the buffer of long waits");
	return 0;
}

static int load(struct hp_outliers *outliers, const struct hp_outlier_options *options, struct hp_err *err)
{
	struct outlier_bpf *skel = outliers->skel;
	unsigned int slots = counters_task_slots();
	int ret;

	skel->rodata->above_ns = options->above_ns[HP_OUTLIER_CPU];
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

static int start_cpu(struct hp_outliers *outliers, const struct hp_outlier_options *options, struct hp_err *err)
{
	int ret;

	if (!hp_contention_has_tracepoint("sched_switch")) {
		outliers->sources[HP_OUTLIER_CPU].missing = "this kernel has no BTF or no tracepoint sched_switch";
		return 0;
	}
	outliers->skel = outlier_bpf__open();
	if (!outliers->skel)
		return hp_bpf_error(err, errno, "opening the program that watches waits");
	ret = load(outliers, options, err);
	ret = ret ? ret : open_ring(outliers, HP_OUTLIER_CPU, bpf_map__fd(outliers->skel->maps.hp_outlier_ring), err);
	if (ret)
		return ret;
	ret = outlier_bpf__attach(outliers->skel);
	return ret ? hp_bpf_error(err, -ret, "attaching the program that watches waits") : 0;
}

/* All but the processor: the programs that count, told to speak of single waits. */
static int start_waits(struct hp_outliers *outliers, const struct hp_outlier_options *options, struct hp_err *err)
{
	struct hp_contention_options count = { .cgroups = options->cgroups, .cgroups_count = options->cgroups_count };
	struct hp_wait_telling telling[HP_WAIT_KINDS];
	bool is_wanted = false;
	int ret;

	for (int kind = 0; kind < HP_WAIT_KINDS; kind++) {
		telling[kind] = (struct hp_wait_telling){
			.above_ns = options->above_ns[HP_OUTLIER_WAITS + kind],
			.wants_all = options->cgroups_count == 0,
			.wants_stacks = options->wants_stacks,
		};
		is_wanted |= telling[kind].above_ns != 0;
	}
	ret = is_wanted ? waits_open_telling(&count, telling, &outliers->waits, err) : 0;
	for (int kind = 0; is_wanted && ret == 0 && kind < HP_WAIT_KINDS; kind++) {
		const struct hp_wait_source *source = hp_waits_source(outliers->waits, kind);

		outliers->sources[HP_OUTLIER_WAITS + kind].missing = hp_waits_missing(outliers->waits, kind);
		if (source->rows)
			ret = open_ring(outliers, HP_OUTLIER_WAITS + kind,
					bpf_object__find_map_fd_by_name(source->object, "hp_outlier_ring"), err);
	}
	return ret;
}

/* What cannot be watched is no error as long as something can. */
static int check_any(const struct hp_outliers *outliers, struct hp_err *err)
{
	const struct source *missing = NULL;

	for (unsigned int i = 0; i < HP_OUTLIER_RESOURCES; i++) {
		if (outliers->sources[i].ring)
			return 0;
		if (outliers->sources[i].missing)
			missing = &outliers->sources[i];
	}
	return hp_err_set(err, EOPNOTSUPP, "waits for %s cannot be watched: %s", missing ? hp_outlier_resource(missing->resource) : "nothing",
			  missing ? missing->missing : "no resource was named");
}

static int start(struct hp_outliers *outliers, const struct hp_outlier_options *options, struct hp_err *err)
{
	int ret;

	outliers->poll = epoll_create1(EPOLL_CLOEXEC);
	if (outliers->poll < 0)
		return hp_err_errno(err, errno, "watching the buffers of long waits");
	ret = options->above_ns[HP_OUTLIER_CPU] ? start_cpu(outliers, options, err) : 0;
	ret = ret ? ret : start_waits(outliers, options, err);
	return ret ? ret : check_any(outliers, err);
}

int hp_outliers_open(const struct hp_outlier_options *options, struct hp_outliers **out, struct hp_err *err)
{
	struct hp_outliers *outliers;
	unsigned int processors;
	int ret = counters_begin(options->cgroups_count, &processors, err);

	if (ret)
		return ret;
	outliers = calloc(1, sizeof(*outliers));
	if (!outliers)
		return hp_err_errno(err, ENOMEM, "opening the program that watches waits");
	outliers->processors = processors;
	outliers->poll = -1;
	for (unsigned int i = 0; i < HP_OUTLIER_RESOURCES; i++) {
		outliers->sources[i].outliers = outliers;
		outliers->sources[i].resource = i;
	}
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
	for (unsigned int i = 0; i < HP_OUTLIER_RESOURCES; i++)
		ring_buffer__free(outliers->sources[i].ring);
	hp_close_fd(&outliers->poll);
	outlier_bpf__destroy(outliers->skel);
	hp_waits_close(outliers->waits);
	free(outliers);
}

bool hp_outliers_has(const struct hp_outliers *outliers, unsigned int resource)
{
	return outliers->sources[resource].ring != NULL;
}

const char *hp_outliers_missing(const struct hp_outliers *outliers, unsigned int resource)
{
	return outliers->sources[resource].missing;
}

int hp_outliers_fd(const struct hp_outliers *outliers)
{
	return outliers->poll;
}

void hp_outliers_stop(struct hp_outliers *outliers)
{
	if (outliers->skel)
		outlier_bpf__detach(outliers->skel);
	if (outliers->waits)
		hp_waits_stop(outliers->waits);
}

int hp_outliers_read(struct hp_outliers *outliers, const struct hp_outlier_reader *reader, struct hp_err *err)
{
	bool has_more = false;

	outliers->reader = reader;
	for (unsigned int i = 0; i < HP_OUTLIER_RESOURCES; i++) {
		struct source *source = &outliers->sources[i];
		int ret;

		if (!source->ring)
			continue;
		source->count = 0;
		ret = ring_buffer__consume(source->ring);
		if (ret == -ECANCELED)
			return 0;
		if (ret < 0 && ret != -EAGAIN)
			return hp_bpf_error(err, -ret, "reading the long waits");
		has_more |= ret == -EAGAIN;
	}
	return has_more;
}

int hp_outliers_losses(const struct hp_outliers *outliers, unsigned int resource, struct hp_outlier_losses *losses,
		       struct hp_err *err)
{
	uint64_t lost[HP_WAIT_LOST_REASONS] = { 0 };
	const struct hp_wait_source *source;
	int ret;

	*losses = (struct hp_outlier_losses){ 0 };
	if (!hp_outliers_has(outliers, resource))
		return 0;
	if (resource == HP_OUTLIER_CPU) {
		losses->skipped = counters_skipped(bpf_program__fd(outliers->skel->progs.hp_outlier_switch));
		return counters_read_lost(bpf_map__fd(outliers->skel->maps.hp_outlier_lost), outliers->processors, &losses->lost,
					  1, err);
	}
	source = hp_waits_source(outliers->waits, resource - HP_OUTLIER_WAITS);
	ret = counters_read_lost(bpf_object__find_map_fd_by_name(source->object, "hp_outlier_lost"), outliers->processors,
				 &losses->lost, 1, err);
	if (!ret)
		ret = waits_read_lost(outliers->waits, resource - HP_OUTLIER_WAITS, lost, &losses->skipped, err);
	for (unsigned int i = 0; i < HP_WAIT_LOST_REASONS; i++)
		losses->unfollowed += lost[i];
	return ret;
}

size_t hp_outliers_memory(const struct hp_outliers *outliers)
{
	return (outliers->skel ? counters_memory(outliers->skel->obj, outliers->processors) : 0) +
	       (outliers->waits ? hp_waits_memory(outliers->waits) : 0);
}
