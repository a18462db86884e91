// SPDX-License-Identifier: GPL-2.0
/* memory_guard.c: refuses to take memory offline that the domains' claims need. */
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/notifier.h>

#include "hostpart.h"

/*
 * The rule, for the nodes of each claim that could lose memory, and for all nodes
 * together: the claims that can only be met from these nodes must fit into what
 * is left of them.  Whoever breaks it makes a promise that cannot be kept; where
 * the claims' sets of nodes are nested or apart, as usual, whoever keeps it can
 * keep all promises.  A node that a claim names must also keep some memory.
 *
 * A commit and an offline request can cross: each checks against what the other
 * has announced.  Memory on its way out no longer counts for a new table, and a
 * table on its way in already counts for the memory.
 */
static DEFINE_MUTEX(crossing_lock);		/* innermost */
static const struct hp_table *coming;	/* crossing_lock; NULL = no commit now */
static u64 going_bytes;			/* crossing_lock; there is one request at a time */
static int going_node;			/* crossing_lock */

/* NULL = all nodes. */
static bool covers(const struct hp_claim *set, u32 node)
{
	return !set || !set->range_count || hp_ranges_have(set->ranges, set->range_count, node);
}

/* Whether all nodes of @claim are among those of @set. */
static bool needs_only(const struct hp_claim *claim, const struct hp_claim *set)
{
	u32 i, node;

	if (!set || !set->range_count)
		return true;
	if (!claim->range_count)
		return false;
	for (i = 0; i < claim->range_count; i++)
		for (node = claim->ranges[i].first; node <= claim->ranges[i].last; node++)
			if (!covers(set, node))
				return false;
	return true;
}

static u64 node_bytes(int node)
{
	u64 pages = 0;
	int i;

	for (i = 0; i < MAX_NR_ZONES; i++)
		pages += zone_managed_pages(&NODE_DATA(node)->node_zones[i]);
	return pages << PAGE_SHIFT;
}

static u64 capacity(const struct hp_claim *set)
{
	u64 bytes = 0;
	int node;

	for_each_node_state(node, N_MEMORY)
		if (covers(set, node))
			bytes += node_bytes(node);
	return bytes;
}

static u64 demand(const struct hp_table *table, const struct hp_claim *set)
{
	u64 bytes = 0;
	u32 i;

	for (i = 0; i < table->claim_count; i++)
		if (table->claims[i]->type == HP_CLAIM_MEMORY && needs_only(table->claims[i], set))
			bytes += table->claims[i]->memory_bytes;
	return bytes;
}

static bool fits(const struct hp_table *table, const struct hp_claim *set, u64 lost_bytes)
{
	u64 has = capacity(set);

	return demand(table, set) <= (has > lost_bytes ? has - lost_bytes : 0);
}

/* The claim that could not be met any more, or ERR_PTR(-ENOMEM) for all together; NULL = none. */
static const struct hp_claim *find_broken(const struct hp_table *table, int node, u64 lost_bytes)
{
	bool is_last = node_bytes(node) <= lost_bytes;
	u32 i;

	for (i = 0; i < table->claim_count; i++) {
		const struct hp_claim *claim = table->claims[i];

		if (claim->type != HP_CLAIM_MEMORY || !claim->range_count || !covers(claim, node))
			continue;
		if (is_last || !fits(table, claim, lost_bytes))
			return claim;
	}
	return fits(table, NULL, lost_bytes) ? NULL : ERR_PTR(-ENOMEM);
}

static bool is_needed(const struct hp_table *table, int node, u64 bytes, struct hp_event *event)
{
	const struct hp_claim *claim = find_broken(table, node, bytes);

	if (!claim)
		return false;
	event->generation = table->generation;
	if (!IS_ERR(claim))
		strscpy(event->domain, claim->domain->name, sizeof(event->domain));
	return true;
}

static bool may_go(int node, u64 bytes, struct hp_event *event)
{
	bool is_refused;

	mutex_lock(&crossing_lock);
	rcu_read_lock();
	is_refused = is_needed(hp_registry_table(), node, bytes, event) ||
		     (coming && is_needed(coming, node, bytes, event));
	rcu_read_unlock();
	if (!is_refused) {
		going_bytes = bytes;
		going_node = node;
	}
	mutex_unlock(&crossing_lock);
	return !is_refused;
}

/* Runs in the task that asked, unless the platform did (a kernel thread). */
static int refuse_needed(const struct memory_notify *range)
{
	struct hp_event event = {
		.type = HP_EVENT_MEMORY_OFFLINE_VETO,
		.resource = HP_CLAIM_MEMORY,
		.node = pfn_to_nid(range->start_pfn),
	};

	if (may_go(event.node, (u64)range->nr_pages << PAGE_SHIFT, &event))
		return NOTIFY_OK;
	hp_actor_set_current(&event.actor);
	hp_event_emit(&event, GFP_KERNEL);
	pr_notice_ratelimited("hostpart: memory of node %u stays online, %s\n", event.node,
			      event.domain[0] ? event.domain : "the claims need it");
	return notifier_from_errno(-EBUSY);
}

static int on_memory(struct notifier_block *block, unsigned long action, void *data)
{
	if (action == MEM_GOING_OFFLINE)
		return refuse_needed(data);
	if (action == MEM_OFFLINE || action == MEM_CANCEL_OFFLINE) {
		mutex_lock(&crossing_lock);
		going_bytes = 0;
		mutex_unlock(&crossing_lock);
	}
	return NOTIFY_OK;
}

static struct notifier_block memory_block = {
	.notifier_call = on_memory,
};

int hp_memory_guard_prepare(const struct hp_table *next, struct hp_refusal *why)
{
	bool is_refused;

	lockdep_assert_held(&hp_registry_lock);
	mutex_lock(&crossing_lock);
	is_refused = going_bytes && find_broken(next, going_node, going_bytes);
	if (!is_refused)
		coming = next;
	mutex_unlock(&crossing_lock);
	if (is_refused)
		return hp_refuse(why, -ENOSPC,
				 "memory: %llu bytes of node %d are being taken offline, the claims need them",
				 going_bytes, going_node);
	return 0;
}

void hp_memory_guard_settle(const struct hp_table *now)
{
	lockdep_assert_held(&hp_registry_lock);
	mutex_lock(&crossing_lock);
	coming = NULL;
	mutex_unlock(&crossing_lock);
}

/* Without memory hot-removal in the kernel no memory can go, and the promise holds as well. */
int __init hp_memory_guard_init(void)
{
	int err = register_memory_notifier(&memory_block);

	if (!err)
		hp_guards_set(HP_GUARD_MEMORY_OFFLINE);
	return err;
}

void hp_memory_guard_exit(void)
{
	hp_guards_clear(HP_GUARD_MEMORY_OFFLINE);
	unregister_memory_notifier(&memory_block);
}
