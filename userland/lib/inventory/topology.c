// SPDX-License-Identifier: GPL-2.0
/* topology.c: cores, NUMA nodes and memory sizes of the machine. */
#include "inventory/inv_reader.h"

#include <errno.h>
#include <stdio.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "inventory/hwloc_load.h"

static void destroy_topology(hwloc_topology_t *topology)
{
	if (*topology)
		hwloc_topology_destroy(*topology);
}

static int index_or_none(hwloc_topology_t topology, hwloc_obj_type_t type, hwloc_obj_t from)
{
	hwloc_obj_t found = hwloc_get_ancestor_obj_by_type(topology, type, from);

	return found ? (int)found->logical_index : -1;
}

static int package_of(hwloc_topology_t topology, hwloc_obj_t from)
{
	hwloc_obj_t package = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_PACKAGE, from);

	return package ? (int)package->os_index : -1;
}

/* hwloc sorts the kinds it can rank by efficiency, so a kind's index is its rank. */
static int kind_of(hwloc_topology_t topology, hwloc_const_bitmap_t cpus)
{
	if (hwloc_cpukinds_get_nr(topology, 0) < 2)
		return -1;
	return hwloc_cpukinds_get_by_cpuset(topology, cpus, 0);
}

static int add_core(hwloc_topology_t topology, hwloc_obj_t obj, struct hp_inventory *inv)
{
	struct hp_inv_core *core = inv_append(inv->cores, inv->cores_count);

	if (!core)
		return -ENOMEM;
	core->cpus = hwloc_bitmap_dup(obj->cpuset);
	core->package = package_of(topology, obj);
	core->l3 = index_or_none(topology, HWLOC_OBJ_L3CACHE, obj);
	core->node = -1;
	core->kind = kind_of(topology, obj->cpuset);
	return core->cpus ? 0 : -ENOMEM;
}

/* Where the kernel tells no cores (some virtual machines), each logical CPU is one. */
static int fill_cores(hwloc_topology_t topology, struct hp_inventory *inv)
{
	hwloc_obj_t pu = NULL, last = NULL;

	while ((pu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, pu)) != NULL) {
		hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_CORE, pu);

		if (!core)
			core = pu;
		if (core != last && add_core(topology, core, inv))
			return -ENOMEM;
		last = core;
	}
	return 0;
}

static int compare_nodes(const void *a, const void *b)
{
	const struct hp_inv_node *left = a, *right = b;

	return left->os < right->os ? -1 : left->os > right->os;
}

static int fill_nodes(hwloc_topology_t topology, struct hp_inventory *inv)
{
	hwloc_obj_t obj = NULL;

	while ((obj = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, obj)) != NULL) {
		struct hp_inv_node *node = inv_append(inv->nodes, inv->nodes_count);

		if (!node)
			return -ENOMEM;
		node->os = obj->os_index;
		node->total_bytes = obj->attr->numanode.local_memory;
		node->cpus = hwloc_bitmap_dup(obj->cpuset);
		if (!node->cpus)
			return -ENOMEM;
	}
	if (inv->nodes_count)
		qsort(inv->nodes, inv->nodes_count, sizeof(*inv->nodes), compare_nodes);
	return 0;
}

int inv_fill_topology(hwloc_topology_t topology, struct hp_inventory *inv)
{
	inv->online = hwloc_bitmap_dup(hwloc_topology_get_topology_cpuset(topology));
	inv->offline = hwloc_bitmap_alloc();
	if (!inv->online || !inv->offline)
		return -ENOMEM;
	return fill_cores(topology, inv) || fill_nodes(topology, inv) ? -ENOMEM : 0;
}

static int compare_cores(const void *a, const void *b)
{
	const struct hp_inv_core *left = a, *right = b;
	int first = hwloc_bitmap_first(left->cpus), other = hwloc_bitmap_first(right->cpus);

	return first < other ? -1 : first > other;
}

static int node_of_core(const struct hp_inventory *inv, const struct hp_inv_core *core)
{
	for (size_t i = 0; i < inv->nodes_count; i++)
		if (hwloc_bitmap_intersects(inv->nodes[i].cpus, core->cpus))
			return (int)inv->nodes[i].os;
	return -1;
}

void inv_finish_topology(struct hp_inventory *inv)
{
	if (inv->cores_count)
		qsort(inv->cores, inv->cores_count, sizeof(*inv->cores), compare_cores);
	for (size_t i = 0; i < inv->cores_count; i++) {
		struct hp_inv_core *core = &inv->cores[i];

		core->node = node_of_core(inv, core);
		inv->has_smt = inv->has_smt || hwloc_bitmap_weight(core->cpus) > 1;
		inv->is_hybrid = inv->is_hybrid || core->kind >= 0;
	}
}

/* hwloc lends a memory-only node the CPUs of its neighbour; the kernel's own list does not. */
static void correct_node_cpus(struct hp_root *root, struct hp_inv_node *node)
{
	hp_autofree char *list =
		hp_root_readf(root, "/sys/devices/system/node/node%u/cpulist", node->os);

	if (!list)
		return;
	if (!*list)
		hwloc_bitmap_zero(node->cpus);
	else if (hp_cpulist_parse(list, node->cpus))
		hwloc_bitmap_zero(node->cpus);
}

/* Present, not possible: a machine may announce hundreds of slots that will never hold a CPU. */
static void read_offline(struct hp_root *root, struct hp_inventory *inv)
{
	hp_autofree char *present = hp_root_readf(root, "/sys/devices/system/cpu/present");

	if (!present || hp_cpulist_parse(present, inv->offline))
		hwloc_bitmap_zero(inv->offline);
	else
		hwloc_bitmap_andnot(inv->offline, inv->offline, inv->online);
}

static uint64_t meminfo_bytes(const char *meminfo, const char *key)
{
	const char *at = meminfo ? strstr(meminfo, key) : NULL;
	unsigned long long kibibytes;

	return at && sscanf(at + strlen(key), " %llu kB", &kibibytes) == 1 ? kibibytes * 1024 : 0;
}

static void read_memory(struct hp_root *root, struct hp_inventory *inv)
{
	hp_autofree char *meminfo = hp_root_readf(root, "/proc/meminfo");

	inv->memory_bytes = meminfo_bytes(meminfo, "MemTotal:");
	inv->swap_bytes = meminfo_bytes(meminfo, "SwapTotal:");
}

/* Without these hwloc would quietly describe the machine it runs on. */
static int check_tree(struct hp_root *root, struct hp_err *err)
{
	static const char *const needed[] = {
		"/sys/devices/system/cpu/online", "/proc/meminfo",
	};

	for (size_t i = 0; i < hp_array_size(needed); i++) {
		if (hp_root_exists(root, needed[i]))
			continue;
		hp_err_set(err, ENOENT, "%s holds no machine: %s is missing", hp_root_path(root),
			   needed[i]);
		hp_err_hint(err, "a tree to read is made by scripts/record-machine");
		return -ENOENT;
	}
	return 0;
}

int inv_read_topology(struct inv_reader *reader, struct hp_err *err)
{
	__attribute__((cleanup(destroy_topology))) hwloc_topology_t topology = NULL;
	struct hp_inventory *inv = reader->inv;
	int ret = check_tree(reader->root, err);

	if (!ret)
		ret = inv_hwloc_load(reader->root, &topology, err);
	if (ret)
		return ret;
	if (inv_fill_topology(topology, inv))
		return hp_err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < inv->nodes_count; i++)
		correct_node_cpus(reader->root, &inv->nodes[i]);
	inv_finish_topology(inv);
	read_offline(reader->root, inv);
	read_memory(reader->root, inv);
	return 0;
}
