// SPDX-License-Identifier: GPL-2.0
/* synthetic.c: a machine made up from an hwloc description. */
#include "inventory/hp_inventory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "inventory/hwloc_load.h"
#include "inventory/inv_reader.h"

/* Evenly; what does not divide goes to the first node, so that the sum is exact. */
static void spread_memory(struct hp_inventory *inv, uint64_t memory_bytes)
{
	uint64_t share = memory_bytes / inv->nodes_count;

	for (size_t i = 0; i < inv->nodes_count; i++)
		inv->nodes[i].total_bytes = share + (i ? 0 : memory_bytes % inv->nodes_count);
	inv->memory_bytes = memory_bytes;
}

static int fill(hwloc_topology_t topology, uint64_t memory_bytes, struct hp_inventory *inv)
{
	inv->kernel = strdup("synthetic");
	inv->local_subnets = calloc(1, sizeof(*inv->local_subnets));
	if (!inv->kernel || !inv->local_subnets || inv_fill_topology(topology, inv))
		return -ENOMEM;
	inv_finish_topology(inv);
	spread_memory(inv, memory_bytes);
	return 0;
}

int hp_inventory_synthetic(const char *description, uint64_t memory_bytes,
			   struct hp_inventory **inv, struct hp_err *err)
{
	hp_autoinventory *fresh = calloc(1, sizeof(*fresh));
	hwloc_topology_t topology;
	int ret;

	if (!fresh)
		return hp_err_set(err, ENOMEM, "out of memory");
	ret = inv_hwloc_load_synthetic(description, &topology, err);
	if (ret)
		return ret;
	ret = fill(topology, memory_bytes, fresh);
	hwloc_topology_destroy(topology);
	if (ret)
		return hp_err_set(err, ENOMEM, "out of memory");
	*inv = hp_take(fresh);
	return 0;
}
