// SPDX-License-Identifier: GPL-2.0
/* waits.c: loads the programs about waits of every kind and reads what they count. */
#include "bpf/wait_ops.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "bpf/hp_bpf.h"

/* A kind that is not here is not counted, and is not spoken of. */
static const struct hp_wait_ops *const kinds_table[HP_WAIT_KINDS] = {
	[HP_WAIT_BLOCK] = &hp_wait_block,
	[HP_WAIT_MEMORY] = &hp_wait_memory,
	[HP_WAIT_LOCK] = &hp_wait_lock,
	[HP_WAIT_NETWORK] = &hp_wait_network,
};

struct hp_waits {
	unsigned int processors;
	size_t rows_count;
	int domains;		/* which cgroup is which row: one map for all kinds; -1 = none */
	struct hp_wait_source sources[HP_WAIT_KINDS];
};

const char *hp_wait_resource(enum hp_wait_kind kind)
{
	return kinds_table[kind] ? kinds_table[kind]->resource : NULL;
}

const char *hp_wait_phase(enum hp_wait_kind kind, unsigned int phase)
{
	return kinds_table[kind] && phase < HP_WAIT_PHASES ? kinds_table[kind]->phases[phase] : NULL;
}

const char *hp_wait_events(enum hp_wait_kind kind)
{
	return kinds_table[kind] ? kinds_table[kind]->events : NULL;
}

static int make_domains(struct hp_waits *waits, const struct hp_contention_options *options, struct hp_err *err)
{
	int ret = 0;

	waits->domains = bpf_map_create(BPF_MAP_TYPE_HASH, "hp_domains", sizeof(__u64), sizeof(__u32), HP_ROWS_MAX, NULL);
	if (waits->domains < 0)
		return hp_bpf_error(err, -waits->domains, "making the map of the domains");
	for (unsigned int i = 0; ret == 0 && i < options->cgroups_count; i++) {
		__u32 row = HP_ROW_DOMAIN + i;

		ret = bpf_map_update_elem(waits->domains, &options->cgroups[i], &row, BPF_NOEXIST);
		if (ret == -EEXIST)
			return hp_err_usage(err, "two domains are the same cgroup");
	}
	return ret ? hp_bpf_error(err, -ret, "telling the programs about the domains") : 0;
}

/* Leaves out what this kernel has no tracepoint for. False when nothing is left to count. */
static bool choose_programs(struct hp_wait_source *source, const struct hp_wait_ops *ops)
{
	bool is_possible = true;

	for (size_t i = 0; i < ops->programs_count; i++) {
		const struct hp_wait_program *what = &ops->programs[i];
		struct bpf_program *program = bpf_object__find_program_by_name(source->object, what->name);
		const char *section = program ? bpf_program__section_name(program) : "";

		if (strncmp(section, "tp_btf/", 7) != 0 || hp_contention_has_tracepoint(section + 7))
			continue;
		bpf_program__set_autoload(program, false);
		is_possible &= what->loss != NULL;
		source->missing = what->loss ? what->loss : "this kernel lacks the tracepoints";
	}
	return is_possible;
}

static int share_maps(const struct hp_waits *waits, struct hp_wait_source *source)
{
	struct bpf_map *domains = bpf_object__find_map_by_name(source->object, "hp_domains");
	struct bpf_map *rows = bpf_object__find_map_by_name(source->object, "hp_wait_rows");
	int ret = domains && rows ? bpf_map__reuse_fd(domains, waits->domains) : -ENOENT;

	return ret ? ret : bpf_map__set_max_entries(rows, waits->processors * (unsigned int)waits->rows_count);
}

static int map_rows(const struct hp_waits *waits, struct hp_wait_source *source, struct hp_err *err)
{
	int map = bpf_object__find_map_fd_by_name(source->object, "hp_wait_rows");
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *rows;

	source->rows_bytes = waits->processors * waits->rows_count * sizeof(struct hp_wait_row);
	source->rows_bytes = (source->rows_bytes + page - 1) / page * page;
	rows = mmap(NULL, source->rows_bytes, PROT_READ, MAP_SHARED, map, 0);
	if (rows == MAP_FAILED)
		return hp_err_errno(err, errno, "mapping the counters of waits");
	source->rows = rows;
	return 0;
}

static void close_source(struct hp_wait_source *source, const struct hp_wait_ops *ops)
{
	if (source->rows)
		munmap(source->rows, source->rows_bytes);
	if (source->skel)
		ops->destroy(source->skel);
	*source = (struct hp_wait_source){ .missing = source->missing };
}

/* A kind that this kernel cannot do is closed again, and says why. */
static int start_source(struct hp_waits *waits, struct hp_wait_source *source, const struct hp_wait_ops *ops,
			struct hp_err *err)
{
	int ret = ops->open(source, (unsigned int)waits->rows_count);

	if (ret == -EOPNOTSUPP && source->missing)
		return 0;
	if (ret)
		return hp_bpf_error(err, -ret, "opening the programs about %s waits", ops->resource);
	if (!choose_programs(source, ops)) {
		close_source(source, ops);
		return 0;
	}
	ret = share_maps(waits, source);
	if (ret)
		return hp_bpf_error(err, -ret, "preparing the programs about %s waits", ops->resource);
	ret = bpf_object__load_skeleton(source->skeleton);
	if (ret == -ENOMEM)
		return hp_bpf_error(err, -ret, "loading the programs about %s waits", ops->resource);
	if (ret) {
		close_source(source, ops);
		source->missing = "this kernel refuses its programs";
		return 0;
	}
	ret = map_rows(waits, source, err);
	ret = ret || !ops->prepare ? ret : ops->prepare(source, err);
	if (ret)
		return ret;
	ret = bpf_object__attach_skeleton(source->skeleton);
	return ret ? hp_bpf_error(err, -ret, "attaching the programs about %s waits", ops->resource) : 0;
}

int hp_waits_open(const struct hp_contention_options *options, unsigned int kinds, struct hp_waits **out,
		  struct hp_err *err)
{
	struct hp_waits *waits;
	int ret, processors;

	if (options->cgroups_count > HP_CONTENTION_DOMAINS_MAX)
		return hp_err_usage(err, "%zu domains are more than the %u that can be told apart", options->cgroups_count,
				    HP_CONTENTION_DOMAINS_MAX);
	hp_bpf_log_begin();
	processors = libbpf_num_possible_cpus();
	if (processors < 1)
		return hp_bpf_error(err, -processors, "counting the processors");
	waits = calloc(1, sizeof(*waits));
	if (!waits)
		return hp_err_errno(err, ENOMEM, "opening the programs about waits");
	waits->processors = (unsigned int)processors;
	waits->rows_count = HP_ROW_DOMAIN + options->cgroups_count;
	ret = make_domains(waits, options, err);
	for (int kind = 0; ret == 0 && kind < HP_WAIT_KINDS; kind++)
		if ((kinds & (1u << kind)) && kinds_table[kind])
			ret = start_source(waits, &waits->sources[kind], kinds_table[kind], err);
	if (ret) {
		hp_waits_close(waits);
		return ret;
	}
	*out = waits;
	return 0;
}

void hp_waits_close(struct hp_waits *waits)
{
	if (!waits)
		return;
	for (int kind = 0; kind < HP_WAIT_KINDS; kind++)
		close_source(&waits->sources[kind], kinds_table[kind]);
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

static int read_lost(const struct hp_waits *waits, const struct hp_wait_source *source, struct hp_wait_matrix *matrix,
		     struct hp_err *err)
{
	hp_autofree __u64 *counts = calloc(waits->processors, sizeof(*counts));
	int map = bpf_object__find_map_fd_by_name(source->object, "hp_wait_lost_counts"), ret;
	struct bpf_program *program;

	if (!counts)
		return hp_err_errno(err, ENOMEM, "reading the lost counts");
	for (__u32 reason = 0; reason < HP_WAIT_LOST_REASONS; reason++) {
		ret = bpf_map_lookup_elem(map, &reason, counts);
		if (ret)
			return hp_bpf_error(err, -ret, "reading the lost counts");
		for (unsigned int i = 0; i < waits->processors; i++)
			matrix->lost[reason] += counts[i];
	}
	bpf_object__for_each_program(program, source->object) {
		struct bpf_prog_info info = { 0 };
		__u32 size = sizeof(info);
		int fd = bpf_program__fd(program);

		if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0)
			matrix->skipped += info.recursion_misses;
	}
	return 0;
}

int hp_waits_read(struct hp_waits *waits, struct hp_wait_matrix matrices[HP_WAIT_KINDS], struct hp_err *err)
{
	struct timespec now;
	int ret = 0;

	for (int kind = 0; ret == 0 && kind < HP_WAIT_KINDS; kind++) {
		const struct hp_wait_source *source = &waits->sources[kind];
		struct hp_wait_matrix *matrix = &matrices[kind];

		hp_wait_matrix_clear(matrix);
		if (!source->rows)
			continue;
		if (hp_wait_matrix_init(matrix, waits->rows_count))
			return hp_err_errno(err, ENOMEM, "reading the counters of waits");
		clock_gettime(CLOCK_MONOTONIC, &now);
		matrix->time_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
		for (unsigned int i = 0; i < waits->processors; i++)
			hp_wait_matrix_add(matrix, source->rows + i * waits->rows_count);
		ret = read_lost(waits, source, matrix, err);
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

static bool is_per_processor(const struct bpf_map *map)
{
	enum bpf_map_type type = bpf_map__type(map);

	return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

size_t hp_waits_memory(const struct hp_waits *waits)
{
	const struct bpf_map *map;
	size_t bytes = 0;

	for (int kind = 0; kind < HP_WAIT_KINDS; kind++) {
		if (!waits->sources[kind].object)
			continue;
		bpf_object__for_each_map(map, waits->sources[kind].object) {
			size_t copies = is_per_processor(map) ? waits->processors : 1;

			bytes += copies * bpf_map__max_entries(map) * ((bpf_map__value_size(map) + 7) / 8 * 8);
		}
	}
	return bytes;
}
