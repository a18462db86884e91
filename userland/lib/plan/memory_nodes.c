// SPDX-License-Identifier: GPL-2.0
/* memory_nodes.c: chooses each domain's NUMA nodes, near its CPUs and large enough for all. */
#include "plan/plan_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

/*
 * Demands flow into nodes: what each domain takes from each node is kept in a
 * table, and a demand that finds its nodes full may push another to one of
 * that one's other nodes (augmenting paths). Only when that fails does a domain get
 * a further node, the nearest with room on its side of the flow.
 */
struct flow {
	struct plan_run *run;
	size_t nodes, demands;
	uint64_t *room;			/* per node */
	uint64_t *drawn;		/* [demand][node] */
	unsigned char *may;		/* [demand][node]: allowed */
	size_t *queue;			/* of nodes */
	size_t *from_demand, *from_node;	/* how a node was reached */
	unsigned char *seen;
	int *package;			/* per node, -1 = none of its own */
};

#define NOWHERE ((size_t)-1)

static size_t at(const struct flow *flow, size_t demand, size_t node)
{
	return demand * flow->nodes + node;
}

static void reach(struct flow *flow, size_t *end, size_t node, size_t demand, size_t from)
{
	if (flow->seen[node])
		return;
	flow->seen[node] = 1;
	flow->from_demand[node] = demand;
	flow->from_node[node] = from;
	flow->queue[(*end)++] = node;
}

/* Breadth first from a demand's nodes to one with room; NOWHERE when all are full. */
static size_t find_room(struct flow *flow, size_t demand)
{
	size_t end = 0;

	memset(flow->seen, 0, flow->nodes);
	for (size_t node = 0; node < flow->nodes; node++) {
		if (flow->may[at(flow, demand, node)])
			reach(flow, &end, node, demand, NOWHERE);
	}
	for (size_t i = 0; i < end; i++) {
		size_t node = flow->queue[i];

		if (flow->room[node])
			return node;
		for (size_t other = 0; other < flow->demands; other++) {
			if (!flow->drawn[at(flow, other, node)])
				continue;
			for (size_t next = 0; next < flow->nodes; next++) {
				if (flow->may[at(flow, other, next)])
					reach(flow, &end, next, other, node);
			}
		}
	}
	return NOWHERE;
}

/* Draws up to `wanted` along the path that find_room() left; returns how much. */
static uint64_t draw(struct flow *flow, size_t demand, size_t end, uint64_t wanted)
{
	uint64_t amount = wanted < flow->room[end] ? wanted : flow->room[end];

	for (size_t node = end; flow->from_node[node] != NOWHERE; node = flow->from_node[node]) {
		uint64_t moves =
			flow->drawn[at(flow, flow->from_demand[node], flow->from_node[node])];

		amount = amount < moves ? amount : moves;
	}
	flow->room[end] -= amount;
	for (size_t node = end; ; node = flow->from_node[node]) {
		size_t before = flow->from_node[node];

		flow->drawn[at(flow, before == NOWHERE ? demand : flow->from_demand[node], node)] +=
			amount;
		if (before == NOWHERE)
			return amount;
		flow->drawn[at(flow, flow->from_demand[node], before)] -= amount;
	}
}

/* Returns what could not be placed. */
static uint64_t place(struct flow *flow, size_t demand, uint64_t wanted)
{
	while (wanted) {
		size_t end = find_room(flow, demand);

		if (end == NOWHERE)
			break;
		wanted -= draw(flow, demand, end, wanted);
	}
	return wanted;
}

/* The package of each node's cores. */
static void find_packages(struct flow *flow)
{
	const struct hp_inventory *inv = flow->run->inv;

	for (size_t node = 0; node < flow->nodes; node++) {
		flow->package[node] = -1;
		for (size_t i = 0; i < inv->cores_count && flow->package[node] < 0; i++) {
			if (hwloc_bitmap_intersects(inv->cores[i].cpus, inv->nodes[node].cpus))
				flow->package[node] = inv->cores[i].package;
		}
	}
}

/* True when the domain has CPUs in the package of the node. */
static bool shares_package(const struct flow *flow, size_t domain, size_t node)
{
	hwloc_const_bitmap_t cpus = flow->run->out->domains[domain].cpus;

	for (size_t i = 0; i < flow->nodes; i++) {
		if (flow->package[i] == flow->package[node] &&
		    hwloc_bitmap_intersects(flow->run->inv->nodes[i].cpus, cpus))
			return true;
	}
	return false;
}

/*
 * The inventory has no distance table, so nearness is what topology tells:
 * nodes of the same package, then memory without CPUs (which no other
 * domain's cores call their own), then other packages; by number within these.
 */
static unsigned long remoteness(const struct flow *flow, size_t domain, size_t node)
{
	const struct hp_inv_node *it = &flow->run->inv->nodes[node];
	int home = hwloc_bitmap_first(flow->run->out->domains[domain].nodes);
	unsigned long rank = 2, gap;

	if (hwloc_bitmap_iszero(it->cpus))
		rank = 1;
	else if (shares_package(flow, domain, node))
		rank = 0;
	gap = home < 0 ? it->os : (unsigned long)labs((long)it->os - home);
	return rank << 32 | gap << 1 | (home >= 0 && (long)it->os < home);
}

/* Allows the domain one more node, the nearest that can take anything. */
static bool extend(struct flow *flow, size_t domain)
{
	size_t best = NOWHERE;

	for (size_t node = 0; node < flow->nodes; node++) {
		if (flow->may[at(flow, domain, node)] || !flow->room[node])
			continue;
		if (best == NOWHERE ||
		    remoteness(flow, domain, node) < remoteness(flow, domain, best))
			best = node;
	}
	if (best == NOWHERE)
		return false;
	flow->may[at(flow, domain, best)] = 1;
	return true;
}

static int node_index(const struct hp_inventory *inv, unsigned int os)
{
	for (size_t i = 0; i < inv->nodes_count; i++) {
		if (inv->nodes[i].os == os)
			return (int)i;
	}
	return -1;
}

/* Nodes of the domain's CPUs that have memory. */
static int find_home(struct flow *flow, size_t domain)
{
	const struct hp_inventory *inv = flow->run->inv;
	struct hp_assigned_domain *out = &flow->run->out->domains[domain];

	for (size_t i = 0; i < inv->nodes_count; i++) {
		if (!inv->nodes[i].total_bytes ||
		    !hwloc_bitmap_intersects(inv->nodes[i].cpus, out->cpus))
			continue;
		if (hwloc_bitmap_set(out->nodes, inv->nodes[i].os))
			return -ENOMEM;
	}
	return 0;
}

/*
 * Pages follow a change of cpuset.mems at once and at a price, so nodes in force
 * stay while they hold the home.
 */
static int keep_current(struct flow *flow, size_t domain)
{
	const struct hp_assignment *current = flow->run->current;
	struct hp_assigned_domain *out = &flow->run->out->domains[domain];
	hwloc_const_bitmap_t now;
	unsigned int os;

	if (!current || domain >= current->domains_count)
		return 0;
	now = current->domains[domain].nodes;
	if (!hwloc_bitmap_isincluded(out->nodes, now))
		return 0;
	hwloc_bitmap_foreach_begin(os, now)
		int index = node_index(flow->run->inv, os);

		if (index < 0 || !flow->run->inv->nodes[index].total_bytes)
			return 0;
	hwloc_bitmap_foreach_end();
	return hwloc_bitmap_copy(out->nodes, now) ? -ENOMEM : 0;
}

static char *list_nodes(const struct hp_inventory *inv)
{
	hp_autobitmap set = hwloc_bitmap_alloc();

	for (size_t i = 0; set && i < inv->nodes_count; i++) {
		if (inv->nodes[i].total_bytes && hwloc_bitmap_set(set, inv->nodes[i].os))
			return NULL;
	}
	return set ? hp_cpulist_format(set) : NULL;
}

/* Explicit nodes: each must exist and have memory. */
static int take_explicit(struct flow *flow, size_t domain)
{
	const struct hp_memory_spec *spec = &flow->run->policy->domains[domain].memory;
	struct hp_assigned_domain *out = &flow->run->out->domains[domain];
	hp_autofree char *have = list_nodes(flow->run->inv);
	unsigned int os;

	if (!have || hwloc_bitmap_copy(out->nodes, spec->nodes))
		return -ENOMEM;
	hwloc_bitmap_foreach_begin(os, spec->nodes)
		int index = node_index(flow->run->inv, os);

		if (index < 0 || !flow->run->inv->nodes[index].total_bytes)
			plan_refuse(flow->run, spec->nodes_loc.line ? spec->nodes_loc : spec->loc,
				    "%s names memory node %u, which %s; nodes with memory are %s",
				    out->name, os,
				    index < 0 ? "this machine does not have" : "has no memory",
				    have);
	hwloc_bitmap_foreach_end();
	return 0;
}

static int choose_start(struct flow *flow, size_t domain)
{
	const struct hp_inventory *inv = flow->run->inv;
	struct hp_assigned_domain *out = &flow->run->out->domains[domain];
	int rc;

	if (flow->run->policy->domains[domain].memory.nodes) {
		rc = take_explicit(flow, domain);
	} else {
		rc = find_home(flow, domain);
		if (!rc)
			rc = keep_current(flow, domain);
	}
	for (size_t i = 0; !rc && i < inv->nodes_count; i++)
		flow->may[at(flow, domain, i)] =
			hwloc_bitmap_isset(out->nodes, inv->nodes[i].os) != 0;
	return rc;
}

static int refuse_nodes(struct flow *flow, size_t domain, uint64_t missing)
{
	const struct hp_memory_spec *spec = &flow->run->policy->domains[domain].memory;
	struct hp_assigned_domain *out = &flow->run->out->domains[domain];
	hp_autofree char *nodes = hp_cpulist_format(out->nodes);
	hp_autofree char *wants = plan_size_text(out->memory_bytes);
	hp_autofree char *fits = plan_size_below(out->memory_bytes - missing);
	uint64_t total = 0;
	hp_autofree char *have = NULL;

	for (size_t i = 0; i < flow->nodes; i++)
		total += flow->may[at(flow, domain, i)] ? flow->run->inv->nodes[i].total_bytes : 0;
	have = plan_size_text(total);
	if (!nodes || !wants || !fits || !have)
		return -ENOMEM;
	plan_refuse(
		flow->run, spec->nodes_loc.line ? spec->nodes_loc : spec->loc,
		"%s wants %s on memory node%s %s, which ha%s %s in all; beside the other domains "
		"at most %s fits there",
		out->name, wants, hwloc_bitmap_weight(out->nodes) == 1 ? "" : "s", nodes,
		hwloc_bitmap_weight(out->nodes) == 1 ? "s" : "ve", have, fits);
	return 0;
}

/* Explicit nodes first: they cannot give way. */
static int place_demands(struct flow *flow, bool is_explicit)
{
	for (size_t i = 0; i < flow->demands; i++) {
		struct hp_assigned_domain *out = &flow->run->out->domains[i];
		uint64_t missing;

		if ((flow->run->policy->domains[i].memory.nodes != NULL) != is_explicit)
			continue;
		missing = place(flow, i, out->memory_bytes);
		while (missing && !is_explicit && extend(flow, i))
			missing = place(flow, i, missing);
		/*
		 * A rest that no node has is firmware's or the kernel's share of MemTotal, not
		 * a conflict.
		 */
		if (missing && is_explicit)
			return refuse_nodes(flow, i, missing);
	}
	return 0;
}

static int commit(struct flow *flow)
{
	const struct hp_inventory *inv = flow->run->inv;

	for (size_t i = 0; i < flow->demands; i++) {
		hwloc_bitmap_t nodes = flow->run->out->domains[i].nodes;

		for (size_t node = 0; node < flow->nodes; node++) {
			if (flow->may[at(flow, i, node)] &&
			    hwloc_bitmap_set(nodes, inv->nodes[node].os))
				return -ENOMEM;
		}
		/* No CPU's node is known: every node with memory is as near as any other. */
		for (size_t node = 0; hwloc_bitmap_iszero(nodes) && node < flow->nodes; node++) {
			if (hwloc_bitmap_set(nodes, inv->nodes[node].os))
				return -ENOMEM;
		}
	}
	return 0;
}

static int run_flow(struct flow *flow)
{
	unsigned int refused = flow->run->refused;
	int rc = 0;

	find_packages(flow);
	for (size_t i = 0; i < flow->nodes; i++)
		flow->room[i] = flow->run->inv->nodes[i].total_bytes;
	for (size_t i = 0; !rc && i < flow->demands; i++)
		rc = choose_start(flow, i);
	if (rc || flow->run->refused != refused)
		return rc;
	rc = place_demands(flow, true);
	if (!rc && flow->run->refused == refused)
		rc = place_demands(flow, false);
	return rc ? rc : commit(flow);
}

int plan_assign_nodes(struct plan_run *run)
{
	size_t nodes = run->inv->nodes_count, demands = run->out->domains_count;
	hp_autofree uint64_t *room = calloc(nodes + 1, sizeof(*room));
	hp_autofree uint64_t *drawn = calloc(demands * nodes + 1, sizeof(*drawn));
	hp_autofree unsigned char *may = calloc(demands * nodes + 1, 1);
	hp_autofree unsigned char *seen = calloc(nodes + 1, 1);
	hp_autofree size_t *ways = calloc(3 * nodes + 1, sizeof(*ways));
	hp_autofree int *package = calloc(nodes + 1, sizeof(*package));
	struct flow flow = { run,  nodes,	 demands,	   room, drawn,	 may,
			     ways, ways + nodes, ways + 2 * nodes, seen, package };

	if (!room || !drawn || !may || !seen || !ways || !package)
		return -ENOMEM;
	return run_flow(&flow);
}
