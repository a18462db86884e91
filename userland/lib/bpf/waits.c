// SPDX-License-Identifier: GPL-2.0
/* waits.c: loads the programs about waits of every kind and reads what they count. */
#include "bpf/wait_ops.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_clock.h"
#include "bpf/counters.h"
#include "bpf/hp_bpf.h"

/* A kind that is not here is not counted, and is not spoken of. */
const struct hp_wait_ops *const waits_kinds[HP_WAIT_KINDS] = {
	[HP_WAIT_BLOCK] = &hp_wait_block,
	[HP_WAIT_MEMORY] = &hp_wait_memory,
	[HP_WAIT_LOCK] = &hp_wait_lock,
	[HP_WAIT_NETWORK] = &hp_wait_network,
};

const char *hp_wait_resource(enum hp_wait_kind kind)
{
	return waits_kinds[kind] ? waits_kinds[kind]->resource : NULL;
}

const char *hp_wait_phase(enum hp_wait_kind kind, unsigned int phase)
{
	return waits_kinds[kind] && phase < HP_WAIT_PHASES ? waits_kinds[kind]->phases[phase] : NULL;
}

const char *hp_wait_events(enum hp_wait_kind kind)
{
	return waits_kinds[kind] ? waits_kinds[kind]->events : NULL;
}

static int make_domains(struct hp_waits *waits, const struct hp_contention_options *options, struct hp_err *err)
{
	waits->domains = bpf_map_create(BPF_MAP_TYPE_HASH, "hp_domains", sizeof(__u64), sizeof(__u32), HP_ROWS_MAX, NULL);
	if (waits->domains < 0)
		return hp_bpf_error(err, -waits->domains, "making the map of the domains");
	return counters_name_rows(waits->domains, options->cgroups, options->cgroups_count, err);
}

/* Leaves out what this kernel has no tracepoint for. False when nothing is left to count. */
static bool choose_programs(struct hp_wait_source *source, const struct hp_wait_ops *ops)
{
	struct btf *kernel = btf__load_vmlinux_btf();
	bool is_possible = true;

	for (size_t i = 0; i < ops->programs_count; i++) {
		const struct hp_wait_program *what = &ops->programs[i];
		struct bpf_program *program = bpf_object__find_program_by_name(source->object, what->name);

		if (!program || !counters_lacks(kernel, program))
			continue;
		bpf_program__set_autoload(program, false);
		is_possible &= what->loss != NULL;
		source->missing = what->loss ? what->loss : "this kernel lacks the tracepoints";
	}
	btf__free(kernel);
	return is_possible;
}

static int share_maps(const struct hp_waits *waits, struct hp_wait_source *source)
{
	struct bpf_map *domains = bpf_object__find_map_by_name(source->object, "hp_domains");
	struct bpf_map *rows = bpf_object__find_map_by_name(source->object, "hp_wait_rows");
	int ret = domains && rows ? bpf_map__reuse_fd(domains, waits->domains) : -ENOENT;

	return ret ? ret : bpf_map__set_max_entries(rows, waits->processors * (unsigned int)waits->rows_count);
}

void waits_choose_maps(struct hp_wait_source *source)
{
	static const char prefix[] = "hp_outlier_";
	struct bpf_map *map;

	bpf_object__for_each_map(map, source->object)
		if (strncmp(bpf_map__name(map), prefix, sizeof(prefix) - 1) == 0)
			bpf_map__set_autocreate(map, source->telling.above_ns != 0);
}

int waits_map_rows(const struct hp_waits *waits, struct hp_wait_source *source, struct hp_err *err)
{
	source->rows = counters_map(bpf_object__find_map_fd_by_name(source->object, "hp_wait_rows"),
				    waits->processors * waits->rows_count * sizeof(struct hp_wait_row), false, &source->rows_bytes);
	return source->rows ? 0 : hp_err_errno(err, errno, "mapping the counters of waits");
}

void waits_close_source(struct hp_wait_source *source)
{
	for (size_t i = 0; source->is_adopted && i < HP_WAIT_PROGRAMS_MAX; i++)
		hp_close_fd(&source->adopted[i]);
	if (source->rows)
		munmap(source->rows, source->rows_bytes);
	if (source->skel) {
		bpf_object__destroy_skeleton(source->skeleton);
		free(source->skel);
	}
	*source = (struct hp_wait_source){ .missing = source->missing, .telling = source->telling };
}

/*
 * The last program first: each kind has those that end a wait behind those
 * that begin one, and a wait whose end came too early for us would stay.
 */
static int attach(const struct bpf_object_skeleton *skeleton)
{
	for (int i = skeleton->prog_cnt; i-- > 0;) {
		struct bpf_program *program = *skeleton->progs[i].prog;

		if (!bpf_program__autoload(program))
			continue;
		*skeleton->progs[i].link = bpf_program__attach(program);
		if (!*skeleton->progs[i].link)
			return -errno;
	}
	return 0;
}

/* A kind that this kernel cannot do is closed again, and says why. */
static int start_source(struct hp_waits *waits, struct hp_wait_source *source, const struct hp_wait_ops *ops,
			struct hp_err *err)
{
	int ret = ops->open(source, (unsigned int)waits->rows_count);

	if (ret)
		return hp_bpf_error(err, -ret, "opening the programs about %s waits", ops->resource);
	if (!choose_programs(source, ops)) {
		waits_close_source(source);
		return 0;
	}
	ret = share_maps(waits, source);
	if (ret)
		return hp_bpf_error(err, -ret, "preparing the programs about %s waits", ops->resource);
	ret = bpf_object__load_skeleton(source->skeleton);
	if (ret == -ENOMEM)
		return hp_bpf_error(err, -ret, "loading the programs about %s waits", ops->resource);
	if (ret) {
		waits_close_source(source);
		source->missing = "this kernel refuses its programs";
		return 0;
	}
	ret = waits_map_rows(waits, source, err);
	ret = ret || !ops->prepare ? ret : ops->prepare(source, err);
	if (ret)
		return ret;
	ret = attach(source->skeleton);
	return ret ? hp_bpf_error(err, -ret, "attaching the programs about %s waits", ops->resource) : 0;
}

int hp_waits_add(struct hp_waits *waits, enum hp_wait_kind kind, struct hp_err *err)
{
	waits->sources[kind].missing = NULL;
	return waits_kinds[kind] ? start_source(waits, &waits->sources[kind], waits_kinds[kind], err) : 0;
}

/* With telling, if any, by kind. */
static int open_kinds(const struct hp_contention_options *options, unsigned int kinds, const struct hp_wait_telling *telling,
		      struct hp_waits **out, struct hp_err *err)
{
	struct hp_waits *waits;
	unsigned int processors;
	int ret = counters_begin(options->cgroups_count, &processors, err);

	if (ret)
		return ret;
	waits = calloc(1, sizeof(*waits));
	if (!waits)
		return hp_err_errno(err, ENOMEM, "opening the programs about waits");
	waits->processors = processors;
	waits->rows_count = HP_ROW_DOMAIN + options->cgroups_count;
	ret = make_domains(waits, options, err);
	for (int kind = 0; ret == 0 && kind < HP_WAIT_KINDS; kind++) {
		if (telling)
			waits->sources[kind].telling = telling[kind];
		if (kinds & (1u << kind))
			ret = hp_waits_add(waits, kind, err);
	}
	if (ret) {
		hp_waits_close(waits);
		return ret;
	}
	*out = waits;
	return 0;
}

int hp_waits_open(const struct hp_contention_options *options, unsigned int kinds, struct hp_waits **out,
		  struct hp_err *err)
{
	return open_kinds(options, kinds, NULL, out, err);
}

int waits_open_telling(const struct hp_contention_options *options, const struct hp_wait_telling telling[HP_WAIT_KINDS],
		       struct hp_waits **out, struct hp_err *err)
{
	unsigned int kinds = 0;

	for (int kind = 0; kind < HP_WAIT_KINDS; kind++)
		kinds |= telling[kind].above_ns ? 1u << kind : 0;
	return open_kinds(options, kinds, telling, out, err);
}

void hp_waits_close(struct hp_waits *waits)
{
	if (!waits)
		return;
	for (int kind = 0; kind < HP_WAIT_KINDS; kind++)
		waits_close_source(&waits->sources[kind]);
	if (waits->domains >= 0)
		close(waits->domains);
	free(waits);
}

void hp_waits_stop(struct hp_waits *waits)
{
	for (int kind = 0; kind < HP_WAIT_KINDS; kind++)
		if (waits->sources[kind].rows)
			bpf_object__detach_skeleton(waits->sources[kind].skeleton);
}

int waits_read_lost(const struct hp_waits *waits, enum hp_wait_kind kind, uint64_t lost[HP_WAIT_LOST_REASONS],
		    uint64_t *skipped, struct hp_err *err)
{
	const struct hp_wait_source *source = &waits->sources[kind];
	int map = bpf_object__find_map_fd_by_name(source->object, "hp_wait_lost_counts");
	struct bpf_program *program;

	*skipped = 0;
	for (size_t i = 0; source->is_adopted && i < HP_WAIT_PROGRAMS_MAX; i++)
		*skipped += counters_skipped(source->adopted[i]);
	if (!source->is_adopted)
		bpf_object__for_each_program(program, source->object)
			*skipped += counters_skipped(bpf_program__fd(program));
	return counters_read_lost(map, waits->processors, lost, HP_WAIT_LOST_REASONS, err);
}

int hp_waits_read(struct hp_waits *waits, struct hp_wait_matrix matrices[HP_WAIT_KINDS], struct hp_err *err)
{
	int ret = 0;

	for (int kind = 0; ret == 0 && kind < HP_WAIT_KINDS; kind++) {
		const struct hp_wait_source *source = &waits->sources[kind];
		struct hp_wait_matrix *matrix = &matrices[kind];

		hp_wait_matrix_clear(matrix);
		if (!source->rows)
			continue;
		if (hp_wait_matrix_init(matrix, waits->rows_count))
			return hp_err_errno(err, ENOMEM, "reading the counters of waits");
		matrix->time_ns = hp_clock_ns(CLOCK_MONOTONIC);
		for (unsigned int i = 0; i < waits->processors; i++)
			hp_wait_matrix_add(matrix, source->rows + i * waits->rows_count);
		ret = waits_read_lost(waits, kind, matrix->lost, &matrix->skipped, err);
	}
	return ret;
}

const struct hp_wait_source *hp_waits_source(const struct hp_waits *waits, enum hp_wait_kind kind)
{
	return &waits->sources[kind];
}

bool hp_waits_has(const struct hp_waits *waits, enum hp_wait_kind kind)
{
	return waits->sources[kind].rows != NULL;
}

const char *hp_waits_missing(const struct hp_waits *waits, enum hp_wait_kind kind)
{
	return waits->sources[kind].missing;
}

size_t hp_waits_memory(const struct hp_waits *waits)
{
	size_t bytes = 0;

	for (int kind = 0; kind < HP_WAIT_KINDS; kind++)
		if (waits->sources[kind].object)
			bytes += counters_memory(waits->sources[kind].object, waits->processors);
	return bytes;
}
