// SPDX-License-Identifier: GPL-2.0
/* guards.c: which guards are in force now. */
#include <linux/atomic.h>

#include "hostpart.h"

static atomic_t active = ATOMIC_INIT(0);	/* enum hp_guard */

u32 hp_guards_active(void)
{
	return atomic_read(&active);
}

void hp_guards_set(u32 guards)
{
	atomic_or(guards, &active);
}

void hp_guards_clear(u32 guards)
{
	atomic_andnot(guards, &active);
}
