// SPDX-License-Identifier: GPL-2.0
/* main.c: brings the module's parts up in order, down in reverse. */
#include <linux/module.h>

#include "hostpart.h"
#include "selftest/selftest.h"

static int __init load(void)
{
	int err;

	hp_guards_set(HP_GUARD_UNLOAD);
	err = hp_netns_init();
	if (err)
		return err;
	err = hp_registry_init();
	if (err)
		goto exit_netns;
	err = hp_sysfs_init();
	if (err)
		goto exit_registry;
	err = hp_cpu_guard_init();
	if (err)
		goto exit_sysfs;
	err = hp_cpu_pin_init();
	if (err)
		goto exit_cpu_guard;
	err = hp_pci_guard_init();
	if (err)
		goto exit_cpu_pin;
	err = hp_netdev_guard_init();
	if (err)
		goto exit_pci_guard;
	err = hp_irq_guard_init();
	if (err)
		goto exit_netdev_guard;
	err = hp_memory_guard_init();
	if (err)
		goto exit_irq_guard;
	err = hp_suspend_guard_init();
	if (err)
		goto exit_memory_guard;
	hp_unload_guard_init();
	/* Before anybody can disturb it. Nothing at all unless built with SELFTEST=1. */
	err = hp_selftest();
	if (err)
		goto exit_unload_guard;
	hp_boot_policy_load();
	/* What it claims is parked before the next driver is loaded. */
	hp_pci_guard_wait();
	/* Last: from here on user space can change the registry. */
	err = hp_genl_init();
	if (err)
		goto exit_unload_guard;
	pr_info("hostpart %s (abi %u) loaded\n", HP_MODULE_VERSION, HP_ABI);
	return 0;

exit_unload_guard:
	hp_unload_guard_exit();
	hp_suspend_guard_exit();
exit_memory_guard:
	hp_memory_guard_exit();
exit_irq_guard:
	hp_irq_guard_exit();
exit_netdev_guard:
	hp_netdev_guard_exit();
exit_pci_guard:
	hp_pci_guard_exit();
exit_cpu_pin:
	hp_cpu_pin_exit();
exit_cpu_guard:
	hp_cpu_guard_exit();
exit_sysfs:
	hp_sysfs_exit();
exit_registry:
	hp_registry_exit();
exit_netns:
	hp_netns_exit();
	return err;
}

/*
 * The registry is empty here, because it holds a reference on the module while
 * it has domains; only "rmmod -f" brings us here with some, and then they go.
 */
static void __exit unload(void)
{
	hp_genl_exit();
	hp_unload_guard_exit();
	hp_suspend_guard_exit();
	hp_memory_guard_exit();
	hp_irq_guard_exit();
	hp_netdev_guard_exit();
	hp_pci_guard_exit();
	hp_cpu_pin_exit();
	hp_cpu_guard_exit();
	hp_sysfs_exit();
	hp_registry_exit();
	hp_netns_exit();
	pr_info("hostpart unloaded\n");
}

module_init(load);
module_exit(unload);

MODULE_DESCRIPTION("Registry and guards of hard host domains in one kernel");
MODULE_LICENSE("GPL");
MODULE_VERSION(HP_MODULE_VERSION);
