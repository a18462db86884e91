/* SPDX-License-Identifier: GPL-2.0 */
/* inv_reader.h: what the files that fill an inventory share while they read one machine. */
#ifndef INV_READER_H
#define INV_READER_H

#include <hwloc.h>
#include <stdlib.h>
#include <string.h>
#include "inventory/hp_inventory.h"

struct inv_reader {
	struct hp_root *root;
	pid_t caller;
	struct hp_inventory *inv;
	uint64_t *pci_keys;	/* of pci[i], ascending; see inv_bdf_key() */
};

/*
 * Every reader returns 0 or -ENOMEM: a file that is not there leaves its part
 * of the inventory empty. Only inv_read_topology() insists, on the CPUs.
 * They run in this order; later ones use what earlier ones found.
 */
int inv_read_topology(struct inv_reader *reader, struct hp_err *err);
int inv_read_pci(struct inv_reader *reader);
int inv_read_devices(struct inv_reader *reader);
int inv_read_away_ports(struct inv_reader *reader);	/* called by inv_read_devices() */
int inv_read_parked(struct inv_reader *reader);
int inv_read_irqs(struct inv_reader *reader);
int inv_read_disk_roles(struct inv_reader *reader);
int inv_read_net_roles(struct inv_reader *reader);
int inv_read_console_roles(struct inv_reader *reader);
int inv_read_subnets(struct inv_reader *reader);
int inv_read_resctrl(struct inv_reader *reader);
void inv_free_resctrl(struct hp_inventory *inv);
int inv_read_frequencies(struct inv_reader *reader);
void inv_free_frequencies(struct hp_inventory *inv);
int inv_read_links(struct inv_reader *reader);

/* Cores and nodes of a loaded topology; a node's CPUs are hwloc's guess (it lends CPUs to memory-only nodes). */
int inv_fill_topology(hwloc_topology_t topology, struct hp_inventory *inv);
/* After the nodes' CPUs are final: sorts the cores, gives each its node, sets the flags. */
void inv_finish_topology(struct hp_inventory *inv);

/* "0000:03:00.0" as a number that sorts like the address; false when the text (up to '/' or its end) is none. */
bool inv_bdf_key(const char *text, uint64_t *key);
/* Index of the function that a sysfs path is below (the last one it names), -1 when there is none. */
int inv_owner_of_path(const struct inv_reader *reader, const char *path);

/* The functions below which a block device is; several for a multipath NVMe namespace. */
#define INV_OWNERS_MAX 16
struct inv_owners {
	size_t pci[INV_OWNERS_MAX];
	size_t count;
};
/* target: what /sys/dev/block/M:N or /sys/class/block/NAME points to. */
void inv_owners_of_block(const struct inv_reader *reader, const char *target,
			 struct inv_owners *owners);

/* Room doubles: a list grows exactly when its count reaches a power of two. */
static inline void *inv_grown(void *list, size_t count, size_t size)
{
	return count & (count - 1) ? list : reallocarray(list, count ? count * 2 : 1, size);
}

/* Pointer to a new zeroed item at the end of list, NULL when out of memory (the list is kept). */
#define inv_append(list, count) ({							\
	void *grown_ = inv_grown((list), (count), sizeof(*(list)));			\
	if (grown_) {									\
		(list) = grown_;							\
		memset(&(list)[(count)], 0, sizeof(*(list)));				\
	}										\
	grown_ ? &(list)[(count)++] : NULL;						\
})

#endif
