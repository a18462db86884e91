/* SPDX-License-Identifier: GPL-2.0 */
/* counters.h: what all programs have in common that count by domain (private to bpf). */
#ifndef BPF_COUNTERS_H
#define BPF_COUNTERS_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/hp_err.h"

/* Checks that so many domains can be told apart, has libbpf's messages kept, and counts the processors. */
int counters_begin(size_t domains_count, unsigned int *processors, struct hp_err *err);
/*
 * Does the program need a tracepoint that the kernel lacks? `kernel` is its
 * btf__load_vmlinux_btf(): megabytes that take a while to read, so once for all.
 */
struct btf;
bool counters_lacks(const struct btf *kernel, const struct bpf_program *program);
/* Slots for as many tasks as there can be, within reason; a power of two. */
unsigned int counters_task_slots(void);

/* Fills the map `hp_domains`: cgroup i is row HP_ROW_DOMAIN + i. Two that are the same are bad usage. */
int counters_name_rows(int map, const uint64_t *cgroups, size_t count, struct hp_err *err);
/* Is that what such a map says, for exactly these cgroups? */
bool counters_are_for(int map, const uint64_t *cgroups, size_t count);
/* Maps `bytes` of an array for reading (and writing); *mapped is the length to unmap. NULL with errno set. */
void *counters_map(int map, size_t bytes, bool is_writable, size_t *mapped);
/* sums[i] = element i of a per-processor array of counts, over the processors. */
int counters_read_lost(int map, unsigned int processors, uint64_t *sums, size_t count, struct hp_err *err);
/* Runs that the kernel skipped, as the program was at work on the same processor; 0 when there is no such program. */
uint64_t counters_skipped(int program);
/* Bytes of kernel memory that the object's maps take. */
size_t counters_memory(const struct bpf_object *object, unsigned int processors);

#endif
