// SPDX-License-Identifier: GPL-2.0
/* waits_lock.c: waits for kernel locks. */
#include "bpf/wait_ops.h"

#include <errno.h>
#include "base/hp_auto.h"
#include "contention_lock.h"
#include "contention_lock.skel.h"

enum { WAITERS = 32768 };

static const struct hp_wait_program programs[] = {
	{ "hp_contention_lock_begin", NULL },
	{ "hp_contention_lock_end", NULL },
};

_Static_assert(hp_array_size(programs) <= HP_WAIT_PROGRAMS_MAX, "all of them can be taken over");

static int open_lock(struct hp_wait_source *source, unsigned int rows_count)
{
	struct contention_lock_bpf *skel = hp_wait_open(contention_lock_bpf, source, rows_count);

	if (!skel)
		return -errno;
	skel->rodata->waiters_count = WAITERS;
	return bpf_map__set_max_entries(skel->maps.hp_lock_waiters, WAITERS);
}

const struct hp_wait_ops hp_wait_lock = {
	.resource = "lock",
	.phases = { [HP_LOCK_MUTEX] = "mutex", [HP_LOCK_RWSEM] = "rwsem", [HP_LOCK_SPIN] = "spinlock", [HP_LOCK_OTHER] = "other" },
	.programs = programs,
	.programs_count = hp_array_size(programs),
	.open = open_lock,
};
