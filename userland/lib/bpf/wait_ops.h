/* SPDX-License-Identifier: GPL-2.0 */
/* wait_ops.h: what each kind of wait tells the part that they have in common. */
#ifndef WAIT_OPS_H
#define WAIT_OPS_H

#include <bpf/libbpf.h>
#include "bpf/hp_waits.h"

/*
 * A program, which its section names the tracepoint of. When that is not there
 * and loss is NULL, the whole kind is not counted; else loss says what is not.
 */
struct hp_wait_program {
	const char *name;
	const char *loss;	/* "this kernel has no tracepoint X: ..." */
};

enum { HP_WAIT_PROGRAMS_MAX = 8 };

/* Which single waits of a kind are told of, beside the counting. */
struct hp_wait_telling {
	uint64_t above_ns;	/* as long or longer; 0 = none */
	bool wants_all;		/* also of those who are in no domain */
	bool wants_stacks;
};

/* A kind at work. */
struct hp_wait_source {
	void *skel;			/* the kind's own; NULL = not open */
	struct bpf_object_skeleton *skeleton;	/* of skel */
	struct bpf_object *object;	/* of skel */
	struct hp_wait_row *rows;	/* the kernel's, mapped: processors * rows_count; NULL = nothing is counted */
	size_t rows_bytes;
	const char *missing;
	struct hp_wait_telling telling;
	bool is_adopted;		/* taken over: never loaded, but its maps are those of the kernel */
	int adopted[HP_WAIT_PROGRAMS_MAX];	/* then the programs, in the order of the kind's table; -1 = none */
};

struct hp_waits {
	unsigned int processors;
	size_t rows_count;
	int domains;		/* which cgroup is which row: one map for all kinds; -1 = none */
	struct hp_wait_source sources[HP_WAIT_KINDS];
};

/* Every object includes contention_wait.bpf.h and so has its maps. */
struct hp_wait_ops {
	const char *resource;
	const char *phases[HP_WAIT_PHASES];
	const char *events;
	const struct hp_wait_program *programs;
	size_t programs_count;
	/*
	 * Opens the skeleton into *source, sets rows_count and the sizes of its own maps; -errno with libbpf's message kept.
	 */
	int (*open)(struct hp_wait_source *source, unsigned int rows_count);
	const char *stall_program;	/* wants to be called at switches of tasks that stand still for lack of memory; NULL = none */
	/* Between load and attach; NULL = nothing to do. */
	int (*prepare)(struct hp_wait_source *source, struct hp_err *err);
};

/* Has only those maps made that are used: without telling not those for it, which are known by their names. */
void waits_choose_maps(struct hp_wait_source *source);

/*
 * What every open() begins with: opens the skeleton of this type into *source
 * and tells it the number of rows and what is to be told. The skeleton, NULL
 * with errno set.
 */
#define hp_wait_open(type, source, count) ({ \
	struct type *opened = type##__open(); \
	if (opened) { \
		(source)->skel = opened; \
		(source)->skeleton = opened->skeleton; \
		(source)->object = opened->obj; \
		opened->rodata->rows_count = (count); \
		opened->rodata->outlier_above_ns = (source)->telling.above_ns; \
		opened->rodata->outlier_wants_all = (source)->telling.wants_all; \
		opened->rodata->outlier_wants_stacks = (source)->telling.wants_stacks; \
		waits_choose_maps(source); \
	} \
	opened; \
})

/* The kinds, each in the file of its name. */
extern const struct hp_wait_ops hp_wait_block, hp_wait_memory, hp_wait_lock, hp_wait_network;

/* By kind; NULL is a kind that is not counted and not spoken of. */
extern const struct hp_wait_ops *const waits_kinds[HP_WAIT_KINDS];
/* Maps the counters of a source whose maps are there. */
int waits_map_rows(const struct hp_waits *waits, struct hp_wait_source *source, struct hp_err *err);
/* Empties it, but for `missing`. */
void waits_close_source(struct hp_wait_source *source);

/* As hp_waits_open() of the kinds that have a bound, but told of singly as well, in their rings `hp_outlier_ring`. */
int waits_open_telling(const struct hp_contention_options *options, const struct hp_wait_telling telling[HP_WAIT_KINDS],
		       struct hp_waits **out, struct hp_err *err);
/* What the kind's programs missed since they were loaded: by enum hp_wait_lost, and runs that the kernel skipped. */
int waits_read_lost(const struct hp_waits *waits, enum hp_wait_kind kind, uint64_t lost[HP_WAIT_LOST_REASONS],
		    uint64_t *skipped, struct hp_err *err);

/* A kind's own maps are found here; source->rows is NULL when nothing of it is counted. */
const struct hp_wait_source *hp_waits_source(const struct hp_waits *waits, enum hp_wait_kind kind);

#endif
