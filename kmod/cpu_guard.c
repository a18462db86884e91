// SPDX-License-Identifier: GPL-2.0
/* cpu_guard.c: refuses to let a claimed CPU go offline by whatever way the request came. */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/kernel.h>
#include <linux/printk.h>

#include "hostpart.h"

static int cpuhp_state;

/*
 * The kernel itself takes CPUs down in two cases that must not fail.  Suspend,
 * hibernation and kexec jump do it with all tasks frozen, and bring them back.
 * Reboot, power-off and (not on x86) kexec do it for good, and some
 * architectures BUG() when a CPU stays.
 */
static bool kernel_needs_it(void)
{
	return cpuhp_tasks_frozen || system_state > SYSTEM_RUNNING;
}

bool hp_cpu_guard_owner(unsigned int cpu, struct hp_event *event)
{
	const struct hp_table *table;
	const struct hp_domain *owner;

	rcu_read_lock();
	table = hp_registry_table();
	owner = hp_table_cpu_owner(table, cpu);
	if (owner) {
		strscpy(event->domain, owner->name, sizeof(event->domain));
		event->generation = table->generation;
	}
	rcu_read_unlock();
	return owner;
}

/*
 * The second line behind cpu_pin.c, for requests that do not come through the
 * device core (SMT control, for one).  Runs in the CPU's own hotplug thread with
 * the hotplug lock held for writing, so no commit can claim the CPU meanwhile.
 * Who asked is not known here: the current task is that thread, and the actor
 * stays unknown.
 */
static int refuse_claimed(unsigned int cpu)
{
	struct hp_event event = {
		.type = HP_EVENT_CPU_OFFLINE_VETO,
		.resource = HP_CLAIM_CPU,
		.cpu = cpu,
		.actor.kind = HP_ACTOR_UNKNOWN,
	};

	if (kernel_needs_it() || !hp_cpu_guard_owner(cpu, &event))
		return 0;
	hp_event_emit(&event, GFP_KERNEL);
	pr_notice_ratelimited("hostpart: cpu %u stays online, %s claims it\n", cpu, event.domain);
	return -EBUSY;
}

/* Without calls: setting the state up or down touches no CPU, online or not. */
int __init hp_cpu_guard_init(void)
{
	int state = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "hostpart:online", NULL,
					      refuse_claimed);

	if (state < 0)
		return state;
	cpuhp_state = state;
	hp_guards_set(HP_GUARD_CPU_OFFLINE);
	return 0;
}

void hp_cpu_guard_exit(void)
{
	cpuhp_remove_state_nocalls(cpuhp_state);
}
