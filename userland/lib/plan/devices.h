/* SPDX-License-Identifier: GPL-2.0 */
/* devices.h: finding PCI functions by what a policy calls them (private to lib/plan). */
#ifndef PLAN_DEVICES_H
#define PLAN_DEVICES_H

#include "plan/plan_run.h"

#define OWNER_BASE (-1)

/* A text by which functions are found; several functions may share one. */
struct device_key {
	const char *text;
	size_t pci;
};

struct device_keys {
	struct device_key *items;	/* sorted by text, then by position in the inventory */
	size_t count;
};

#define DEVICE_CLASSES (HP_CLASS_SATA + 1)

struct device_index {
	struct device_keys bdf, serial, mac, id;	/* id: without bridges */
	char (*ids)[10];			/* "8086:10d3" of every function */
	size_t *of_class[DEVICE_CLASSES];	/* functions in BDF order, without bridges */
	size_t class_count[DEVICE_CLASSES];
};

int device_index_build(const struct hp_inventory *inv, struct device_index *index);
void device_index_clear(struct device_index *index);
/* First item with this text; *count = how many follow each other. NULL when there is none. */
const struct device_key *device_keys_find(const struct device_keys *keys, const char *text, size_t *count);

bool device_is_class(const struct hp_inv_pci *pci, enum hp_device_class dev_class);
/* "0000:03:00.0 (nvme0n1)" or "0000:03:00.0 (Intel 82574L)"; caller frees. */
char *device_describe(const struct hp_inv_pci *pci);
/* "holds swap in use and drives the console"; caller frees. */
char *device_role_text(unsigned int roles);
/* What a selector says, for messages: "class nvme index 1". Caller frees. */
char *device_spec_text(const struct hp_device_spec *spec);

/* The function a selector means, or -1 after a refusal (or with *rc = -ENOMEM). */
long device_resolve(struct plan_run *run, const struct device_index *index, const struct hp_device_spec *spec,
		    int *rc);

#endif
