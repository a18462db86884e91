/* SPDX-License-Identifier: GPL-2.0 */
/* hp_lock_sites.h: the functions of the kernel that waited for locks, by who waited for whom. */
#ifndef HP_LOCK_SITES_H
#define HP_LOCK_SITES_H

#include "bpf/hp_ksyms.h"
#include "bpf/hp_waits.h"

/* Waits in one function, of one row because of another. */
struct hp_lock_site {
	size_t victim, aggressor;	/* enum hp_row_index */
	uint64_t time_ns, waits;
	uint64_t address;	/* where it asked for the lock, 0 = not known */
	char name[64];		/* "path_openat+0x123", "0xffffffff81234567" or "(unknown)" */
};

/* What the kernel tells of one stack, innermost first, 0 ends it. */
#define HP_LOCK_SITE_FRAMES 12u

/*
 * The first frame that asked for a lock: not of our programs, nor of the
 * functions that locking itself is made of. 0 = none. ksyms may be NULL.
 */
uint64_t hp_lock_site_of(const struct hp_ksyms *ksyms, const uint64_t frames[HP_LOCK_SITE_FRAMES]);
/*
 * All since hp_waits_open(), the longest time first, one for each function and
 * offset, victim and aggressor; the caller frees *sites. None when locks are
 * not counted. There is room for some 8000; what does not fit is missing here
 * and not in the matrix, and of waits for spinlocks only long ones are here.
 */
int hp_lock_sites_read(const struct hp_waits *waits, const struct hp_ksyms *ksyms, struct hp_lock_site **sites, size_t *count,
		       struct hp_err *err);

#endif
