// SPDX-License-Identifier: GPL-2.0
/* waits_block.c: waits for disks, from the insertion of a request to its completion. */
#include "bpf/wait_ops.h"

#include <errno.h>
#include "base/hp_auto.h"
#include "contention_block.h"
#include "contention_block.skel.h"

static const struct hp_wait_program programs[] = {
	{ "hp_block_insert", NULL },
	{ "hp_block_issue", NULL },
	{ "hp_block_complete", NULL },
	{ "hp_block_requeue", "this kernel has no tracepoint block_rq_requeue: requests that a disk gives back stay counted as served" },
	{ "hp_block_merge", "this kernel has no tracepoint block_rq_merge: the time of requests before they are merged is lost" },
};

_Static_assert(hp_array_size(programs) <= HP_WAIT_PROGRAMS_MAX, "all of them can be taken over");

static int open_block(struct hp_wait_source *source, unsigned int rows_count)
{
	struct contention_block_bpf *skel = hp_wait_open(contention_block_bpf, source, rows_count);

	if (!skel)
		return -errno;
	/* A request notes one number for each row, and there are many requests. */
	return bpf_map__set_value_size(skel->maps.hp_requests,
				       (unsigned int)(offsetof(struct hp_request, used_ns) + rows_count * sizeof(__u64)));
}

const struct hp_wait_ops hp_wait_block = {
	.resource = "block",
	.phases = { [HP_BLOCK_QUEUE] = "queue", [HP_BLOCK_DEVICE] = "device" },
	.programs = programs,
	.programs_count = hp_array_size(programs),
	.open = open_block,
};
