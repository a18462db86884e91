// SPDX-License-Identifier: GPL-2.0
/* registry.c: the live table, replaced as a whole. */
#include <linux/cpu.h>
#include <linux/module.h>

#include "hostpart.h"

DEFINE_MUTEX(hp_registry_lock);		/* serialises all writers, see hostpart.h */

static struct hp_table __rcu *live;	/* never NULL between init and exit */

const struct hp_table *hp_registry_table(void)
{
	return rcu_dereference(live);
}

const struct hp_table *hp_registry_table_locked(void)
{
	return rcu_dereference_protected(live, lockdep_is_held(&hp_registry_lock));
}

static int check_generation(const struct hp_table *old, const u64 *expected,
			    struct hp_refusal *why)
{
	if (!expected || *expected == old->generation)
		return 0;
	return hp_refuse(why, -ESTALE, "generation is %llu, the request expects %llu",
			 old->generation, *expected);
}

/*
 * CPU hotplug is shut out from the check to the swap: before it a CPU that goes
 * offline fails the check, after it the guard sees the new claims.
 */
static int check_and_swap(struct hp_table *next, u64 generation, struct hp_refusal *why)
{
	int err;

	cpus_read_lock();
	err = hp_table_check_machine(next, why);
	if (!err) {
		next->generation = generation;
		rcu_assign_pointer(live, next);
	}
	cpus_read_unlock();
	return err;
}

static void tell(const struct hp_table *next, const struct hp_table *counted, u32 cause,
		 const struct hp_actor_info *actor)
{
	struct hp_event event = {
		.type = cause,
		.generation = next->generation,
		.domain_count = counted->domain_count,
		.claim_count = counted->claim_count,
		.actor = *actor,
	};

	hp_event_emit(&event, GFP_KERNEL);
}

/*
 * What stands for the claims outside the table, guards included: there before
 * they hold, gone after.
 */
static int prepare_stand_ins(const struct hp_table *next, struct hp_refusal *why)
{
	int err = hp_sysfs_prepare(next);

	if (!err)
		err = hp_cpu_pin_prepare(next);
	if (!err)
		err = hp_pci_guard_prepare(next, why);
	if (!err)
		err = hp_memory_guard_prepare(next, why);
	return err;
}

static void retire_stand_ins(const struct hp_table *table)
{
	hp_memory_guard_settle(table);
	hp_pci_guard_settle(table);
	hp_netdev_guard_settle(table);
	hp_irq_guard_settle(table);
	hp_cpu_pin_retire(table);
	hp_sysfs_retire(table);
}

int hp_registry_replace(struct hp_table *next, const u64 *expected_generation, u32 cause,
			const struct hp_actor_info *actor, struct hp_refusal *why)
{
	struct hp_table *old = rcu_dereference_protected(live, lockdep_is_held(&hp_registry_lock));
	bool fills = !old->domain_count && next->domain_count;
	bool empties = old->domain_count && !next->domain_count;
	int err;

	err = check_generation(old, expected_generation, why);
	if (err)
		return err;
	hp_table_keep_netns(next, old);
	err = hp_seal_check(old, next, actor, why);
	if (!err)
		err = hp_table_check_elastic(next, why);
	if (err)
		return err;
	/* Domains hold the module: no unload while there are any. */
	if (fills && !try_module_get(THIS_MODULE))
		return hp_refuse(why, -ENODEV, "the module is being unloaded");
	err = prepare_stand_ins(next, why);
	if (!err)
		err = check_and_swap(next, old->generation + 1, why);
	if (err)
		goto retire;

	synchronize_rcu();
	retire_stand_ins(next);
	tell(next, cause == HP_EVENT_RELEASE ? old : next, cause, actor);
	hp_table_free(old);
	if (empties)
		module_put(THIS_MODULE);
	return 0;

retire:
	retire_stand_ins(old);
	if (fills)
		module_put(THIS_MODULE);
	return err;
}

int __init hp_registry_init(void)
{
	struct hp_table *empty = hp_table_new();

	if (!empty)
		return -ENOMEM;
	empty->generation = 1;
	RCU_INIT_POINTER(live, empty);
	return 0;
}

/* No reader is left: netlink, sysfs and the guards went before. */
void hp_registry_exit(void)
{
	hp_table_free(rcu_dereference_protected(live, 1));
	RCU_INIT_POINTER(live, NULL);
}
