// SPDX-License-Identifier: GPL-2.0
/* emit_cgroups.c: settings of the cgroup tree: TOP, then every domain below it. */
#include "plan/emit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

#define CONTROLLERS "cpuset memory pids"

/* Everything that systemd starts; TOP itself hangs beside these, below the root slice. */
static const char *const confined_units[] = { "system.slice", "user.slice", "machine.slice",
					      "init.scope" };

static struct emit_for for_machine(const struct emit *emit)
{
	return (struct emit_for){ -1, emit->policy->base.loc };
}

static struct hp_loc first_set(struct hp_loc a, struct hp_loc b)
{
	return a.line ? a : b;
}

static int emit_systemd(struct emit *emit)
{
	struct emit_for whose = for_machine(emit);

	if (!emit->inv->has_systemd)
		return 0;
	if (emit_text(emit, whose, "systemd", emit->top, "", "present"))
		return -ENOMEM;
	for (size_t i = 0; i < hp_array_size(confined_units); i++) {
		if (emit_text(emit, whose, "systemd", confined_units[i], "AllowedCPUs",
			      emit->base_cpus))
			return -ENOMEM;
	}
	return 0;
}

/* Under systemd the root's controllers are PID 1's to keep: it enables what its units need. */
static int emit_root(struct emit *emit)
{
	struct emit_for whose = for_machine(emit);

	if (emit_text(emit, whose, "cgroup", "/", "mount.nsdelegate", "1"))
		return -ENOMEM;
	if (emit->inv->has_systemd)
		return 0;
	return emit_text(emit, whose, "cgroup", "/", "cgroup.subtree_control", CONTROLLERS);
}

/*
 * systemd writes a unit's own cgroup files anew whenever it likes (at a daemon-reload, say), from
 * the unit's properties: what they do not say is lost. So TOP's values are set in both places.
 */
static int emit_top_value(struct emit *emit, const char *property, const char *file,
			  const char *value)
{
	struct emit_for whose = for_machine(emit);

	if (emit->inv->has_systemd && emit_text(emit, whose, "systemd", emit->top, property, value))
		return -ENOMEM;
	return emit_text(emit, whose, "cgroup", emit->top, file, value);
}

static int emit_top(struct emit *emit)
{
	const struct hp_assignment *assignment = emit->assignment;
	hp_autobitmap all_cpus = hwloc_bitmap_alloc();
	hp_autobitmap all_nodes = hwloc_bitmap_alloc();
	hp_autofree char *cpus = NULL, *nodes = NULL, *least = NULL;
	struct emit_for whose = for_machine(emit);
	uint64_t guarantees = 0;

	if (!all_cpus || !all_nodes)
		return -ENOMEM;
	for (size_t i = 0; i < assignment->domains_count; i++) {
		guarantees += assignment->domains[i].guarantee_bytes;
		if (hwloc_bitmap_or(all_cpus, all_cpus, assignment->domains[i].cpus) ||
		    hwloc_bitmap_or(all_nodes, all_nodes, assignment->domains[i].nodes))
			return -ENOMEM;
	}
	cpus = hp_cpulist_format(all_cpus);
	nodes = hp_cpulist_format(all_nodes);
	least = hp_format("%" PRIu64, guarantees);
	if (!cpus || !nodes || !least ||
	    emit_text(emit, whose, "cgroup", emit->top, "", "present") ||
	    emit_top_value(emit, "AllowedCPUs", "cpuset.cpus", cpus) ||
	    emit_top_value(emit, "AllowedMemoryNodes", "cpuset.mems", nodes) ||
	    emit_top_value(emit, "MemoryMin", "memory.min", least) ||
	    emit_text(emit, whose, "cgroup", emit->top, "cpuset.cpus.partition", "root"))
		return -ENOMEM;
	return emit_text(emit, whose, "cgroup", emit->top, "cgroup.subtree_control", CONTROLLERS);
}

static int emit_sets(struct emit *emit, size_t index, const char *path)
{
	const struct hp_domain_spec *spec = &emit->policy->domains[index];
	const struct hp_assigned_domain *domain = &emit->assignment->domains[index];
	hp_autofree char *nodes = hp_cpulist_format(domain->nodes);
	struct emit_for cpus = { (int)index, first_set(spec->cpus.loc, spec->loc) };
	struct emit_for mems = { (int)index, first_set(spec->memory.nodes_loc, spec->memory.loc) };

	if (!nodes ||
	    emit_text(emit, (struct emit_for){ (int)index, spec->loc }, "cgroup", path, "",
		      "present") ||
	    emit_text(emit, cpus, "cgroup", path, "cpuset.cpus", emit->cpus[index]) ||
	    emit_text(emit, mems, "cgroup", path, "cpuset.mems", nodes))
		return -ENOMEM;
	return emit_text(emit, cpus, "cgroup", path, "cpuset.cpus.partition",
			 spec->cpus.isolated ? "isolated" : "root");
}

static int emit_limits(struct emit *emit, size_t index, const char *path)
{
	const struct hp_domain_spec *spec = &emit->policy->domains[index];
	const struct hp_assigned_domain *domain = &emit->assignment->domains[index];
	struct emit_for least = { (int)index,
				  first_set(spec->memory.guarantee.loc, spec->memory.loc) };
	struct emit_for most = { (int)index, first_set(spec->memory.size.loc, spec->memory.loc) };
	struct emit_for swap = { (int)index, first_set(spec->memory.swap.loc, spec->memory.loc) };
	struct emit_for whole = { (int)index, spec->loc };

	if (emit_number(emit, least, "cgroup", path, "memory.min", domain->guarantee_bytes) ||
	    emit_number(emit, most, "cgroup", path, "memory.max", domain->memory_bytes) ||
	    emit_number(emit, swap, "cgroup", path, "memory.swap.max", domain->swap_bytes))
		return -ENOMEM;
	if (spec->pids_max)
		return emit_number(emit, whole, "cgroup", path, "pids.max", spec->pids_max);
	return emit_text(emit, whole, "cgroup", path, "pids.max", "max");
}

int emit_cgroups(struct emit *emit)
{
	if (emit_systemd(emit) || emit_root(emit) || emit_top(emit))
		return -ENOMEM;
	for (size_t i = 0; i < emit->policy->domains_count; i++) {
		hp_autofree char *path = emit_cgroup_path(emit, i);

		if (!path || emit_sets(emit, i, path) || emit_limits(emit, i, path))
			return -ENOMEM;
	}
	return 0;
}
