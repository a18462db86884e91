/* SPDX-License-Identifier: GPL-2.0 */
/* hp_free.h: what memory of a process or a domain can be freed, and the freeing itself. */
#ifndef HP_FREE_H
#define HP_FREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/hp_err.h"
#include "base/hp_root.h"

/* A mapping of a process without a file behind it, [start, end): such memory is the process's own. */
struct hp_anon {
	uint64_t start, end;
};

struct hp_anons {
	struct hp_anon *items;	/* by address; owned */
	size_t count;
};

/*
 * Private anonymous mappings from /proc/PID/maps. Files are left out: their
 * pages may be charged to another domain; memory.reclaim knows which are not.
 */
int hp_anons_read(struct hp_root *root, pid_t pid, struct hp_anons *anons);
void hp_anons_clear(struct hp_anons *anons);

/* A part of a region that is worth freeing. */
struct hp_piece {
	uint64_t end;		/* where it was cut; from the start of the region */
	uint64_t resident_bytes;	/* in memory and in an anonymous mapping */
	uint64_t looked_bytes;	/* how much was looked at to find that out */
};

/*
 * Walks up from `start` until `max_bytes` that are resident were found, or to
 * `end` (/proc/PID/pagemap). -errno when the process is gone.
 */
int hp_piece_find(struct hp_root *root, pid_t pid, const struct hp_anons *anons, uint64_t start, uint64_t end,
		  uint64_t max_bytes, struct hp_piece *piece);
/* About how much of [start, end) is resident: from at most `samples` places. */
uint64_t hp_resident_estimate(struct hp_root *root, pid_t pid, uint64_t start, uint64_t end, unsigned int samples);

enum hp_free_how {
	HP_FREE_OUT,	/* MADV_PAGEOUT: to swap, now */
	HP_FREE_COLD,	/* MADV_COLD: the kernel's first choice when it needs memory */
};

/*
 * Advises the anonymous mappings in [start, end) of the process that pidfd
 * names. Blocks while pages are written. Bytes advised, or -errno.
 */
int64_t hp_free_pages(int pidfd, const struct hp_anons *anons, uint64_t start, uint64_t end, enum hp_free_how how);

/* From which of the kernel's lists memory.reclaim takes. */
enum hp_lists {
	HP_LISTS_FILES,		/* pages of files only: swappiness=0, where the kernel knows it (6.12) */
	HP_LISTS_ANON,		/* memory without a file first: swappiness=200 */
	HP_LISTS_ANY,		/* as the kernel weighs them */
};

/*
 * Writes to the cgroup's memory.reclaim: nothing outside of it is touched.
 * Blocks. *knows_swappiness is cleared when the kernel does not know that word;
 * then all is as with HP_LISTS_ANY. 0 also when less was freed.
 */
int hp_free_from_lists(struct hp_root *root, const char *cgroup, uint64_t bytes, enum hp_lists lists, bool *knows_swappiness);

/* ---- what a domain's memory does ---- */

struct hp_domain_memory {
	uint64_t current_bytes, min_bytes, swap_free_bytes;
	uint64_t swap_bytes;		/* in swap, whether or not also in memory */
	uint64_t swap_cached_bytes;	/* in swap and in memory: read from there, or on the way out */
	uint64_t writeback_bytes;	/* being written, to swap or to files */
	uint64_t anon_bytes, file_bytes, inactive_file_bytes;
	uint64_t refault_anon_bytes, refault_file_bytes;	/* since the cgroup was made */
	uint64_t major_faults;
	bool has_pressure;
	uint64_t stalled_us;		/* "some total" of memory.pressure */
};

/* -errno when the cgroup is not there or has no memory controller. */
int hp_domain_memory_read(struct hp_root *root, const char *cgroup, struct hp_domain_memory *memory, struct hp_err *err);

/*
 * Memory that MADV_PAGEOUT took from a process has not left yet: it is in the
 * swap cache, charged to the domain, until it has been written and the kernel's
 * reclaim came by. Of *leaving_bytes, how many have left between two looks; what
 * was used again, or whose process ended, is subtracted too.
 */
uint64_t hp_leaving_settle(uint64_t *leaving_bytes, const struct hp_domain_memory *before, const struct hp_domain_memory *now);

#endif
