// SPDX-License-Identifier: GPL-2.0
/* counters.c: what all programs have in common that count by domain. */
#include "bpf/counters.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_root.h"
#include "bpf/hp_bpf.h"
#include "bpf/hp_contention.h"

enum { SLOTS_MAX = 131072 };

int counters_begin(size_t domains_count, unsigned int *processors, struct hp_err *err)
{
	int count;

	if (domains_count > HP_CONTENTION_DOMAINS_MAX)
		return hp_err_usage(err, "%zu domains are more than the %u that can be told apart", domains_count,
				    HP_CONTENTION_DOMAINS_MAX);
	hp_bpf_log_begin();
	count = libbpf_num_possible_cpus();
	if (count < 1)
		return hp_bpf_error(err, -count, "counting the processors");
	*processors = (unsigned int)count;
	return 0;
}

bool hp_contention_has_tracepoint(const char *name)
{
	return libbpf_find_vmlinux_btf_id(name, BPF_TRACE_RAW_TP) > 0;
}

bool counters_lacks(const struct btf *kernel, const struct bpf_program *program)
{
	static const char prefix[] = "tp_btf/";
	const char *section = bpf_program__section_name(program);
	hp_autofree char *type = NULL;

	if (strncmp(section, prefix, sizeof(prefix) - 1) != 0)
		return false;
	return asprintf(&type, "btf_trace_%s", section + sizeof(prefix) - 1) < 0 || !kernel ||
	       btf__find_by_name_kind(kernel, type, BTF_KIND_TYPEDEF) < 0;
}

unsigned int counters_task_slots(void)
{
	hp_autoroot *root = hp_root_open("/", NULL);
	hp_autofree char *text = root ? hp_root_readf(root, "/proc/sys/kernel/pid_max") : NULL;
	unsigned long wanted = text ? strtoul(text, NULL, 10) : SLOTS_MAX;
	unsigned int slots = 1024;

	while (slots < SLOTS_MAX && slots < wanted)
		slots *= 2;
	return slots;
}

int counters_name_rows(int map, const uint64_t *cgroups, size_t count, struct hp_err *err)
{
	int ret = 0;

	for (unsigned int i = 0; ret == 0 && i < count; i++) {
		__u32 row = HP_ROW_DOMAIN + i;

		ret = bpf_map_update_elem(map, &cgroups[i], &row, BPF_NOEXIST);
		if (ret == -EEXIST)
			return hp_err_usage(err, "two domains are the same cgroup");
	}
	return ret ? hp_bpf_error(err, -ret, "telling the programs about the domains") : 0;
}

bool counters_are_for(int map, const uint64_t *cgroups, size_t count)
{
	__u64 *previous = NULL, id;
	size_t found = 0;
	__u32 row;

	while (bpf_map_get_next_key(map, previous, &id) == 0) {
		previous = &id;
		if (bpf_map_lookup_elem(map, &id, &row) || row < HP_ROW_DOMAIN || row - HP_ROW_DOMAIN >= count ||
		    cgroups[row - HP_ROW_DOMAIN] != id)
			return false;
		found++;
	}
	return found == count;
}

void *counters_map(int map, size_t bytes, bool is_writable, size_t *mapped)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *memory;

	*mapped = (bytes + page - 1) / page * page;
	memory = mmap(NULL, *mapped, is_writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, map, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

int counters_read_lost(int map, unsigned int processors, uint64_t *sums, size_t count, struct hp_err *err)
{
	hp_autofree __u64 *counts = calloc(processors, sizeof(*counts));

	if (!counts)
		return hp_err_errno(err, ENOMEM, "reading the lost counts");
	for (__u32 i = 0; i < count; i++) {
		int ret = bpf_map_lookup_elem(map, &i, counts);

		if (ret)
			return hp_bpf_error(err, -ret, "reading the lost counts");
		sums[i] = 0;
		for (unsigned int processor = 0; processor < processors; processor++)
			sums[i] += counts[processor];
	}
	return 0;
}

uint64_t counters_skipped(int program)
{
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);

	return program >= 0 && bpf_obj_get_info_by_fd(program, &info, &size) == 0 ? info.recursion_misses : 0;
}

static bool is_per_processor(enum bpf_map_type type)
{
	return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

size_t counters_memory(const struct bpf_object *object, unsigned int processors)
{
	const struct bpf_map *map;
	size_t bytes = 0;

	bpf_object__for_each_map(map, object) {
		size_t copies = is_per_processor(bpf_map__type(map)) ? processors : 1;
		/* The entries of a ring buffer are its bytes. */
		size_t value = bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF ? 1 : (bpf_map__value_size(map) + 7) / 8 * 8;

		if (bpf_map__autocreate(map))
			bytes += copies * bpf_map__max_entries(map) * value;
	}
	return bytes;
}
