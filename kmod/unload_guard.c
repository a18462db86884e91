// SPDX-License-Identifier: GPL-2.0
/* unload_guard.c: tells who tried in vain to unload the module. */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "hostpart.h"

/*
 * The kernel refuses by itself while the registry holds its reference, and calls
 * nobody.  So the system call is watched: on its entry the name is read, in the
 * caller's context but without a page fault (a name that is swapped out at that
 * moment goes untold), and on its return the errno tells whether it was refused.
 * Where the machine has another name for the entry, refusals go untold.
 */
#ifdef CONFIG_X86_64
#define ENTRY_NAME	"__x64_sys_delete_module"
#elif defined(CONFIG_ARM64)
#define ENTRY_NAME	"__arm64_sys_delete_module"
#endif

static DEFINE_SPINLOCK(asked_lock);
static struct hp_actor_info asked;	/* asked_lock; the last one, a burst is told once */
static bool is_watched;			/* set at init only */

static void tell(struct work_struct *work)
{
	struct hp_event event = { .type = HP_EVENT_UNLOAD_VETO };

	spin_lock_irq(&asked_lock);
	event.actor = asked;
	spin_unlock_irq(&asked_lock);
	rcu_read_lock();
	event.generation = hp_registry_table()->generation;
	rcu_read_unlock();
	hp_event_emit(&event, GFP_KERNEL);
}

static DECLARE_WORK(tell_work, tell);

#ifdef ENTRY_NAME
static bool names_this_module(const char __user *user_name)
{
	char name[MODULE_NAME_LEN] = {};

	/* At the end of a page the name may be all there is to read. */
	if (copy_from_user_nofault(name, user_name, strlen(THIS_MODULE->name) + 1))
		return false;
	return !strcmp(name, THIS_MODULE->name);
}

/* The entry's only argument is the caller's registers. */
static int enter(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct pt_regs *call = (struct pt_regs *)regs_get_kernel_argument(regs, 0);

	/* With no reference there will be no refusal, and the return would find no module. */
	if (module_refcount(THIS_MODULE) <= 0)
		return 1;
	return !names_this_module((const char __user *)regs_get_kernel_argument(call, 0));
}

static int leave(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	unsigned long flags;

	if ((long)regs_return_value(regs) != -EWOULDBLOCK)
		return 0;
	spin_lock_irqsave(&asked_lock, flags);
	hp_actor_set_current(&asked);
	spin_unlock_irqrestore(&asked_lock, flags);
	schedule_work(&tell_work);
	return 0;
}

static struct kretprobe unload_probe = {
	.kp.symbol_name = ENTRY_NAME,
	.entry_handler = enter,
	.handler = leave,
};

static int __init watch(void)
{
	return register_kretprobe(&unload_probe);
}

static void unwatch(void)
{
	unregister_kretprobe(&unload_probe);
}
#else
static int __init watch(void)
{
	return -EOPNOTSUPP;
}

static void unwatch(void)
{
}
#endif

void __init hp_unload_guard_init(void)
{
	int err = watch();

	if (err)
		pr_notice("hostpart: no probe on delete_module (%d): refused unloads go untold\n",
			  err);
	is_watched = !err;
}

void hp_unload_guard_exit(void)
{
	if (is_watched)
		unwatch();
	cancel_work_sync(&tell_work);
}
