/* SPDX-License-Identifier: GPL-2.0 */
/* contention_load.h: the loaded contention programs, as their files share them (private to bpf). */
#ifndef BPF_CONTENTION_LOAD_H
#define BPF_CONTENTION_LOAD_H

#include "bpf/hp_contention.h"
#include "contention_cpu.skel.h"

enum { CONTENTION_PARTS = 7 };

/* Which programs a hook is. */
struct contention_part {
	enum hp_contention_hook hook;
	const char *program;
};
extern const struct contention_part contention_parts[CONTENTION_PARTS];

struct hp_contention {
	struct contention_cpu_bpf *skel;	/* when taken over: never loaded, but its maps are those of the kernel */
	struct hp_row *rows;		/* the kernel's, mapped: processors * rows_count */
	struct hp_windows *windows;	/* the kernel's, too: rows_count; we write the limits */
	uint64_t *cgroups;		/* ids of the domains; owned */
	size_t rows_bytes, windows_bytes, rows_count;
	unsigned int processors;
	const char *missing[HP_HOOKS];
	int adopted[CONTENTION_PARTS];	/* the programs, when taken over; else -1 */
};

/* Allocates it for so many processors and domains, with nothing opened. */
int contention_new(const struct hp_contention_options *options, struct hp_contention **out, struct hp_err *err);
struct bpf_program *contention_program(const struct hp_contention *contention, size_t part);
/* The map of programs that the one at the switch calls for tasks that stand still for lack of memory; its entry 0. */
int contention_stall_calls(const struct hp_contention *contention);
int contention_map_rows(struct hp_contention *contention, struct hp_err *err);

#endif
