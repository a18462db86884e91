// SPDX-License-Identifier: GPL-2.0
/* contention.c: loads the contention programs and reads what they count. */
#include "bpf/hp_contention.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_cgroup2.h"
#include "base/hp_clock.h"
#include "bpf/contention_load.h"
#include "bpf/counters.h"
#include "bpf/hp_bpf.h"

enum { IRQS_MAX = 65536 };

const struct contention_part contention_parts[CONTENTION_PARTS] = {
	{ HP_HOOK_SWITCH, "hp_contention_switch" },
	{ HP_HOOK_MOVE, "hp_contention_move" },
	{ HP_HOOK_MOVE, "hp_contention_begin" },
	{ HP_HOOK_IRQ, "hp_contention_irq_entry" },
	{ HP_HOOK_IRQ, "hp_contention_irq_exit" },
	{ HP_HOOK_SOFTIRQ, "hp_contention_softirq_entry" },
	{ HP_HOOK_SOFTIRQ, "hp_contention_softirq_exit" },
};

struct bpf_program *contention_program(const struct hp_contention *contention, size_t part)
{
	return bpf_object__find_program_by_name(contention->skel->obj, contention_parts[part].program);
}

int contention_stall_calls(const struct hp_contention *contention)
{
	return bpf_map__fd(contention->skel->maps.hp_stall_switch);
}

/* The scheduler notes when a task was queued only with CONFIG_SCHED_INFO (every distribution has it). */
static bool has_sched_info(const struct btf *btf)
{
	int id = btf ? btf__find_by_name_kind(btf, "sched_info", BTF_KIND_STRUCT) : -1;
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (__u32)id) : NULL;

	for (int i = 0; type && i < btf_vlen(type); i++) {
		const char *name = btf__name_by_offset(btf, btf_members(type)[i].name_off);

		if (name && strcmp(name, "last_queued") == 0)
			return true;
	}
	return false;
}

/* Marks what is not there or not wanted, so that the rest loads. */
static int choose_hooks(struct hp_contention *contention, unsigned int without, struct hp_err *err)
{
	struct btf *kernel = btf__load_vmlinux_btf();
	bool is_noted = has_sched_info(kernel);

	for (size_t i = 0; i < CONTENTION_PARTS; i++) {
		if (without & (1u << contention_parts[i].hook))
			contention->missing[contention_parts[i].hook] = "left out";
		else if (counters_lacks(kernel, contention_program(contention, i)))
			contention->missing[contention_parts[i].hook] = "this kernel has no such tracepoint";
	}
	btf__free(kernel);
	for (size_t i = 0; i < CONTENTION_PARTS; i++)
		bpf_program__set_autoload(contention_program(contention, i), !contention->missing[contention_parts[i].hook]);
	if (contention->missing[HP_HOOK_SWITCH])
		return hp_err_set(err, EOPNOTSUPP, "waits for a processor cannot be counted: the tracepoint sched_switch: %s",
				  contention->missing[HP_HOOK_SWITCH]);
	if (!is_noted)
		return hp_err_set(err, EOPNOTSUPP, "waits for a processor cannot be counted: "
				  "this kernel has no BTF or was built without CONFIG_SCHED_INFO");
	return 0;
}

static unsigned int irqs_end(const struct hp_contention_options *options)
{
	unsigned int end = options->irqs_room ? options->irqs_room : 1;

	for (size_t i = 0; i < options->irqs_count; i++)
		if (options->irqs[i].number >= end && options->irqs[i].number < IRQS_MAX)
			end = options->irqs[i].number + 1;
	return end;
}

static int size_maps(struct hp_contention *contention, const struct hp_contention_options *options)
{
	struct contention_cpu_bpf *skel = contention->skel;
	unsigned int slots = counters_task_slots(), rows = (unsigned int)contention->rows_count;
	int ret;

	skel->rodata->rows_count = rows;
	skel->rodata->slots_count = slots;
	ret = bpf_map__set_max_entries(skel->maps.hp_cpus, contention->processors);
	ret = ret ? ret : bpf_map__set_max_entries(skel->maps.hp_rows, contention->processors * rows);
	ret = ret ? ret : bpf_map__set_max_entries(skel->maps.hp_row_windows, rows);
	ret = ret ? ret : bpf_map__set_max_entries(skel->maps.hp_slots, slots);
	return ret ? ret : bpf_map__set_max_entries(skel->maps.hp_irq_rows, irqs_end(options));
}

static int fill_maps(struct hp_contention *contention, const struct hp_contention_options *options, struct hp_err *err)
{
	int domains = bpf_map__fd(contention->skel->maps.hp_domains);
	int ret = counters_name_rows(domains, options->cgroups, options->cgroups_count, err);

	return ret ? ret : hp_contention_set_irqs(contention, options->irqs, options->irqs_count, err);
}

int hp_contention_set_irqs(struct hp_contention *contention, const struct hp_contention_irq *irqs, size_t count,
			   struct hp_err *err)
{
	const struct bpf_map *map = contention->skel->maps.hp_irq_rows;
	__u32 end = bpf_map__max_entries(map);
	hp_autofree __u32 *rows = calloc(end, sizeof(*rows));
	int ret = 0;

	if (!rows)
		return hp_err_errno(err, ENOMEM, "telling the contention programs about interrupts");
	for (size_t i = 0; i < count; i++)
		if (irqs[i].number < end)
			rows[irqs[i].number] = HP_ROW_DOMAIN + irqs[i].domain;
	for (__u32 number = 0; ret == 0 && number < end; number++) {
		__u32 row = 0;

		if (bpf_map_lookup_elem(bpf_map__fd(map), &number, &row) || row != rows[number])
			ret = bpf_map_update_elem(bpf_map__fd(map), &number, &rows[number], BPF_ANY);
	}
	return ret ? hp_bpf_error(err, -ret, "telling the contention programs about interrupts") : 0;
}

/* Programs add to the words meanwhile; they see either limit. */
static void limit_row(struct hp_contention *contention, size_t row, const char *cgroup)
{
	uint64_t limit_ns = HP_WINDOW_NS * hp_cgroup_cpus(cgroup) * HP_WINDOW_LOST_PERCENT / 100;

	__atomic_store_n(&contention->windows[row].limit_ns, limit_ns, __ATOMIC_RELAXED);
}

void hp_contention_follow(struct hp_contention *contention)
{
	/* The base is what the root cgroup keeps. */
	limit_row(contention, HP_ROW_BASE, "");
	for (size_t row = HP_ROW_DOMAIN; row < contention->rows_count; row++) {
		hp_autofree char *cgroup = hp_cgroup_name(contention->cgroups[row - HP_ROW_DOMAIN]);

		limit_row(contention, row, cgroup ? cgroup : "");
	}
}

int contention_map_rows(struct hp_contention *contention, struct hp_err *err)
{
	contention->rows = counters_map(bpf_map__fd(contention->skel->maps.hp_rows),
					contention->processors * contention->rows_count * sizeof(struct hp_row), false,
					&contention->rows_bytes);
	contention->windows = counters_map(bpf_map__fd(contention->skel->maps.hp_row_windows),
					   contention->rows_count * sizeof(struct hp_windows), true, &contention->windows_bytes);
	if (!contention->rows || !contention->windows)
		return hp_err_errno(err, errno, "mapping the contention counters");
	hp_contention_follow(contention);
	return 0;
}

/*
 * Runs the iterator once, before the programs: it notes what the tasks that
 * exist have waited so far, so that not even their first move is lost.
 */
static int note_tasks(struct hp_contention *contention, struct hp_err *err)
{
	struct bpf_link *link;
	hp_autofd int iterator = -1;
	char nothing[64];
	ssize_t n;

	if (contention->missing[HP_HOOK_MOVE])
		return 0;
	bpf_program__set_autoattach(contention->skel->progs.hp_contention_begin, false);
	link = bpf_program__attach(contention->skel->progs.hp_contention_begin);
	if (!link)
		return hp_bpf_error(err, errno, "looking at the tasks");
	iterator = bpf_iter_create(bpf_link__fd(link));
	bpf_link__destroy(link);
	if (iterator < 0)
		return hp_bpf_error(err, -iterator, "looking at the tasks");
	do
		n = read(iterator, nothing, sizeof(nothing));
	while (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)));
	return n < 0 ? hp_err_errno(err, errno, "looking at the tasks") : 0;
}

static int start(struct hp_contention *contention, const struct hp_contention_options *options, struct hp_err *err)
{
	int ret;

	contention->skel = contention_cpu_bpf__open();
	if (!contention->skel)
		return hp_bpf_error(err, errno, "opening the contention programs");
	ret = choose_hooks(contention, options->without, err);
	if (ret)
		return ret;
	ret = size_maps(contention, options);
	if (!ret)
		ret = contention_cpu_bpf__load(contention->skel);
	if (ret)
		return hp_bpf_error(err, -ret, "loading the contention programs");
	ret = fill_maps(contention, options, err);
	if (ret)
		return ret;
	ret = contention_map_rows(contention, err);
	if (ret)
		return ret;
	ret = note_tasks(contention, err);
	if (ret)
		return ret;
	ret = contention_cpu_bpf__attach(contention->skel);
	return ret ? hp_bpf_error(err, -ret, "attaching the contention programs") : 0;
}

int contention_new(const struct hp_contention_options *options, struct hp_contention **out, struct hp_err *err)
{
	struct hp_contention *contention;
	unsigned int processors;
	int ret = counters_begin(options->cgroups_count, &processors, err);

	if (ret)
		return ret;
	contention = calloc(1, sizeof(*contention));
	if (contention)
		contention->cgroups = calloc(options->cgroups_count + 1, sizeof(*contention->cgroups));
	if (!contention || !contention->cgroups) {
		free(contention);
		return hp_err_errno(err, ENOMEM, "opening the contention programs");
	}
	for (size_t i = 0; i < options->cgroups_count; i++)
		contention->cgroups[i] = options->cgroups[i];
	contention->processors = processors;
	contention->rows_count = HP_ROW_DOMAIN + options->cgroups_count;
	for (size_t i = 0; i < CONTENTION_PARTS; i++)
		contention->adopted[i] = -1;
	*out = contention;
	return 0;
}

int hp_contention_open(const struct hp_contention_options *options, struct hp_contention **out, struct hp_err *err)
{
	struct hp_contention *contention = NULL;
	int ret = contention_new(options, &contention, err);

	if (!ret)
		ret = start(contention, options, err);
	if (ret) {
		hp_contention_close(contention);
		return ret;
	}
	*out = contention;
	return 0;
}

void hp_contention_close(struct hp_contention *contention)
{
	if (!contention)
		return;
	if (contention->rows)
		munmap(contention->rows, contention->rows_bytes);
	if (contention->windows)
		munmap(contention->windows, contention->windows_bytes);
	free(contention->cgroups);
	for (size_t i = 0; i < CONTENTION_PARTS; i++)
		hp_close_fd(&contention->adopted[i]);
	contention_cpu_bpf__destroy(contention->skel);
	free(contention);
}

void hp_contention_stop(struct hp_contention *contention)
{
	contention_cpu_bpf__detach(contention->skel);
}

static int read_lost(const struct hp_contention *contention, struct hp_blame *blame, struct hp_err *err)
{
	int map = bpf_map__fd(contention->skel->maps.hp_lost_counts);

	for (size_t i = 0; i < CONTENTION_PARTS; i++)
		blame->skipped += counters_skipped(contention->adopted[i] >= 0 ? contention->adopted[i] :
						   bpf_program__fd(contention_program(contention, i)));
	return counters_read_lost(map, contention->processors, blame->lost, HP_LOST_REASONS, err);
}

int hp_contention_read(struct hp_contention *contention, struct hp_blame *blame, struct hp_err *err)
{
	hp_blame_clear(blame);
	if (hp_blame_init(blame, contention->rows_count))
		return hp_err_errno(err, ENOMEM, "reading the contention counters");
	blame->time_ns = hp_clock_ns(CLOCK_MONOTONIC);
	for (unsigned int i = 0; i < contention->processors; i++)
		hp_blame_add(blame, contention->rows + i * contention->rows_count);
	return read_lost(contention, blame, err);
}

size_t hp_contention_memory(const struct hp_contention *contention)
{
	return counters_memory(contention->skel->obj, contention->processors);
}

const char *hp_contention_missing(const struct hp_contention *contention, enum hp_contention_hook hook)
{
	return contention->missing[hook];
}
