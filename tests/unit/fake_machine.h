/* SPDX-License-Identifier: GPL-2.0 */
/* fake_machine.h: a machine in shared memory behind the backend table, for tests that kill its writers. */
#ifndef FAKE_MACHINE_H
#define FAKE_MACHINE_H

#include "apply/hp_txn.h"

/*
 * Three kinds of objects:
 *  - "cgroup" (and "netns"): attribute "" is existence; removing takes the attributes
 *    along, needs the children gone and making needs the parent; with CPU
 *    sets ("cpuset.cpus") the machine refuses an empty one, one outside the
 *    parent's and one that meets a sibling's.
 *  - "port": a text "in NETNS" that needs the netns to exist; when it goes, the port is "home".
 *  - "sysfile", "irq", "nft": plain values; writing NULL to a sysfile changes nothing.
 * "irq" 13 is managed: writing gives EOPNOTSUPP.
 */

/*
 * Fixtures of a cmocka group: the first maps and empties the machine and points
 * the backend table and `fake_ctx` at it, the second takes that back.
 */
int fake_machine_setup(void **state);
int fake_machine_teardown(void **state);
/* NULL outside of the fixtures; the run directory in it is made by whoever writes there first. */
extern struct hp_ctx *fake_ctx;
/* Empties the machine and the run directory. */
void fake_machine_reset(void);

/* Sets a value as somebody else would, without any rule. NULL = absent. */
void fake_machine_put(const char *backend, const char *object, const char *attr, const char *value);
const char *fake_machine_get(const char *backend, const char *object, const char *attr);
/* Everything that the machine has, as sorted lines; the caller frees. */
char *fake_machine_dump(void);

/* Writes made by anyone since the reset, refused ones included. */
unsigned long fake_machine_writes(void);
/* The n-th write from now on (1 = next) kills its process after taking effect; 0 = never. */
void fake_machine_kill_after_write(unsigned long n);
/* Writes of this key fail with EIO unless they make it absent; NULL = none does. */
void fake_machine_refuse(const char *backend, const char *object, const char *attr);
/* After this write another key changes too (a side effect); NULL = none. Once only. */
void fake_machine_break_after(const char *object, const char *attr, const char *other_object,
			      const char *other_attr, const char *value);

#endif
