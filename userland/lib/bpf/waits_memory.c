// SPDX-License-Identifier: GPL-2.0
/* waits_memory.c: waits for memory: reclaim, compaction, pages that had been evicted. */
#include "bpf/wait_ops.h"

#include <errno.h>
#include "base/hp_auto.h"
#include "base/hp_root.h"
#include "contention_memory.h"
#include "contention_memory.skel.h"

enum { STALLS = 32768 };

static const char no_who[] = "this kernel has no tracepoint mm_page_alloc: for whom the machine reclaims memory is not known";
static const char no_limit[] = "this kernel has no tracepoint of memcg reclaim: stalls within a domain's own limit are not counted";
static const char no_compaction[] = "this kernel has no tracepoint of compaction: its stalls are not counted";
static const char no_refault[] = "this kernel has no PSI, or it is switched off: waits for pages that had been evicted are not counted";

static const struct hp_wait_program programs[] = {
	{ "hp_memory_reclaim_begin", NULL },
	{ "hp_memory_reclaim_end", NULL },
	{ "hp_memory_alloc", no_who },
	{ "hp_memory_limit_begin", no_limit },
	{ "hp_memory_limit_end", no_limit },
	{ "hp_memory_compact_begin", no_compaction },
	{ "hp_memory_compact_end", no_compaction },
	{ "hp_memory_switch", no_refault },
};

_Static_assert(hp_array_size(programs) <= HP_WAIT_PROGRAMS_MAX, "all of them can be taken over");

static int open_memory(struct hp_wait_source *source, unsigned int rows_count)
{
	struct contention_memory_bpf *skel = hp_wait_open(contention_memory_bpf, source, rows_count);
	hp_autoroot *root = hp_root_open("/", NULL);

	if (!skel)
		return -errno;
	skel->rodata->stalls_count = STALLS;
	if (!root || !hp_root_exists(root, "/proc/pressure/memory")) {
		bpf_program__set_autoload(skel->progs.hp_memory_switch, false);
		source->missing = no_refault;
	}
	return bpf_map__set_max_entries(skel->maps.hp_memory_stalls, STALLS);
}

const struct hp_wait_ops hp_wait_memory = {
	.resource = "memory",
	.phases = { [HP_MEMORY_RECLAIM] = "reclaim", [HP_MEMORY_LIMIT] = "limit", [HP_MEMORY_COMPACTION] = "compaction",
		    [HP_MEMORY_REFAULT] = "refault" },
	.programs = programs,
	.programs_count = hp_array_size(programs),
	.open = open_memory,
	.stall_program = "hp_memory_switch",
};
