// SPDX-License-Identifier: GPL-2.0
/* suspend_guard.c: refuses to suspend or hibernate the machine while domains run. */
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/suspend.h>

#include "hostpart.h"

static bool allow_suspend;
module_param(allow_suspend, bool, 0444);
MODULE_PARM_DESC(allow_suspend, "let the machine suspend and hibernate while domains are active");

/* The base does not count: it is the machine itself. */
static bool find_active(struct hp_event *event)
{
	const struct hp_table *table;
	u32 i;

	rcu_read_lock();
	table = hp_registry_table();
	event->generation = table->generation;
	for (i = 0; i < table->domain_count; i++) {
		const struct hp_domain *domain = table->domains[i];

		if (domain->flags & HP_DOMAIN_F_BASE || !(domain->flags & HP_DOMAIN_F_ACTIVE))
			continue;
		strscpy(event->domain, domain->name, sizeof(event->domain));
		break;
	}
	rcu_read_unlock();
	return event->domain[0];
}

/* Runs in the task that asked (autosleep: a kernel thread, and then the actor is unknown). */
static int on_power(struct notifier_block *block, unsigned long action, void *unused)
{
	struct hp_event event = { .type = HP_EVENT_SUSPEND_VETO };

	if (action != PM_SUSPEND_PREPARE && action != PM_HIBERNATION_PREPARE &&
	    action != PM_RESTORE_PREPARE)
		return NOTIFY_DONE;
	if (!find_active(&event))
		return NOTIFY_DONE;
	hp_actor_set_current(&event.actor);
	hp_event_emit(&event, GFP_KERNEL);
	pr_notice_ratelimited("hostpart: no suspend or hibernation, %s is active\n", event.domain);
	return notifier_from_errno(-EBUSY);
}

/* First of all, so that nothing has been prepared in vain. */
static struct notifier_block power_block = {
	.notifier_call = on_power,
	.priority = INT_MAX,
};

int __init hp_suspend_guard_init(void)
{
	int err;

	if (allow_suspend)
		return 0;
	err = register_pm_notifier(&power_block);
	if (!err)
		hp_guards_set(HP_GUARD_SUSPEND);
	return err;
}

void hp_suspend_guard_exit(void)
{
	hp_guards_clear(HP_GUARD_SUSPEND);
	if (!allow_suspend)
		unregister_pm_notifier(&power_block);
}
