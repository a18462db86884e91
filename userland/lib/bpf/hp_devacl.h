/* SPDX-License-Identifier: GPL-2.0 */
/* hp_devacl.h: device rules as text, and the pinned BPF links that enforce them. */
#ifndef HP_DEVACL_H
#define HP_DEVACL_H

#include <stdbool.h>
#include <stddef.h>
#include "base/hp_err.h"
#include "device_acl.h"

struct hp_devacl_item {
	struct hp_devacl_key key;
	unsigned int access;	/* of an "allow" line; 0 in a "deny" line */
	char *owner;		/* cgroup of a "deny" line; NULL in an "allow" line */
};

/*
 * Either an allowlist on one cgroup:
 *	cgroup TOP/alpha
 *	allow c 1:3 rw
 *	allow c 136:* rwm
 * or what the root cgroup refuses to everyone outside the owners:
 *	deny b 259:0 TOP/alpha
 * Sorted by type, major, minor (* first).
 */
struct hp_devacl_rules {
	char *cgroup;		/* NULL: deny lines on the root cgroup */
	struct hp_devacl_item *items;
	size_t count, capacity;
};

#define HP_DEVACL_RULES_INIT { NULL, NULL, 0, 0 }

/* Parses and sorts; several lines for one node are merged. Errors name the line. */
int hp_devacl_parse(const char *text, struct hp_devacl_rules *rules, struct hp_err *err);
char *hp_devacl_format(const struct hp_devacl_rules *rules);	/* canonical text; caller frees */
/* Copies owner. 0 or -ENOMEM. Call hp_devacl_sort() when all are in. */
int hp_devacl_add(struct hp_devacl_rules *rules, const struct hp_devacl_item *item);
/* Sorts and merges; -EINVAL when two owners claim one node. */
int hp_devacl_sort(struct hp_devacl_rules *rules, struct hp_err *err);
void hp_devacl_clear(struct hp_devacl_rules *rules);
#define hp_autodevacl __attribute__((cleanup(hp_devacl_clear))) struct hp_devacl_rules

/*
 * Attaches the rules to their cgroup by a link pinned at `pin`, or makes an
 * attached link enforce them instead: loaded beside, swapped in one step, never
 * a moment without. Other programs on the cgroup stay. The pin's directory is
 * made (bpffs is mounted on /sys/fs/bpf when it is not).
 */
int hp_devacl_attach(const char *pin, const struct hp_devacl_rules *rules, struct hp_err *err);
/* What the kernel enforces through the link at `pin`; *is_attached false when nothing. */
int hp_devacl_query(const char *pin, bool *is_attached, struct hp_devacl_rules *rules, struct hp_err *err);
/* Detaches and removes the pin with the directories that are then empty; success when there is none. */
int hp_devacl_detach(const char *pin, struct hp_err *err);
/* -EOPNOTSUPP with the reason when this kernel or namespace cannot do it. */
int hp_devacl_probe(struct hp_err *err);

#endif
