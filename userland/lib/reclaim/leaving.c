// SPDX-License-Identifier: GPL-2.0
/* leaving.c: how much of what was taken from processes has left memory, by the cgroup's own counters. */
#include "hp_free.h"

/* What is in swap and not in memory; pages on their way out or back are in both. */
static uint64_t swapped_out(const struct hp_domain_memory *memory)
{
	return memory->swap_bytes > memory->swap_cached_bytes ? memory->swap_bytes - memory->swap_cached_bytes : 0;
}

/*
 * The kernel's sums may lag by what its per-CPU counters hold, so one look can
 * be a little off; as no more is ever counted than was taken, the sum is not.
 */
uint64_t hp_leaving_settle(uint64_t *leaving_bytes, const struct hp_domain_memory *before, const struct hp_domain_memory *now)
{
	/* What was read back meanwhile had left before, and hides as much that has left since. */
	uint64_t was = swapped_out(before), is = swapped_out(now) + now->refault_anon_bytes - before->refault_anon_bytes;
	uint64_t left = is > was ? is - was : 0;

	left = left < *leaving_bytes ? left : *leaving_bytes;
	*leaving_bytes -= left;
	if (*leaving_bytes > now->swap_cached_bytes)
		*leaving_bytes = now->swap_cached_bytes;
	return left;
}
