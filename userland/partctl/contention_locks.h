/* SPDX-License-Identifier: GPL-2.0 */
/* contention_locks.h: which functions of the kernel waited for locks, as partctl contention --locks says it. */
#ifndef CONTENTION_LOCKS_H
#define CONTENTION_LOCKS_H

#include "bpf/hp_lock_sites.h"
#include "contention_subject.h"

/* The longest of each victim and aggressor, a few. Starts zeroed. */
struct contention_locks {
	bool is_wanted;
	struct hp_ksyms *ksyms;
	struct hp_lock_site *sites;	/* owned, as ksyms is; count of them, since the counting began */
	size_t count;
};

void contention_locks_clear(struct contention_locks *locks);
/* Asks for what there is, when it is wanted. */
int contention_locks_read(struct contention_locks *locks, const struct hp_waits *waits, struct hp_err *err);
/* A list of objects; empty when there is none. */
struct json_object *contention_locks_json(const struct contention_subject *subject, const struct contention_locks *locks);
/* A table with an empty line before it; nothing when there is none. */
void contention_locks_print(const struct run *run, const struct contention_subject *subject,
			    const struct contention_locks *locks);

#endif
