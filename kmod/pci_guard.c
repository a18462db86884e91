// SPDX-License-Identifier: GPL-2.0
/* pci_guard.c: keeps claimed PCI functions with their domains' drivers before any driver probes. */
#include <linux/device/bus.h>

#include "pci.h"

static int on_bus(struct notifier_block *block, unsigned long action, void *data)
{
	struct pci_dev *pdev = to_pci_dev((struct device *)data);

	switch (action) {
	case BUS_NOTIFY_ADD_DEVICE:
		hp_functions_arrive(pdev);
		break;
	case BUS_NOTIFY_DEL_DEVICE:
		hp_functions_leave(pdev);
		break;
	case BUS_NOTIFY_BIND_DRIVER:
	case BUS_NOTIFY_BOUND_DRIVER:
	case BUS_NOTIFY_UNBOUND_DRIVER:
		hp_functions_see_driver(pdev, action);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block bus_block = { .notifier_call = on_bus };

/* Claims that nobody can keep, and the group rule for what is in the machine now. */
static int check_function(const struct hp_table *next, struct pci_dev *pdev,
			  const struct hp_claim *claim, struct hp_refusal *why)
{
	if (!strcmp(claim->pci.driver, HP_STUB_NAME))
		return hp_refuse(why, -EINVAL, "pci %s of %s: driver " HP_STUB_NAME " only parks",
				 pci_name(pdev), claim->domain->name);
	return hp_pci_group_check(next, pdev, claim, why) ?:
	       hp_pci_use_check(hp_registry_table_locked(), pdev, claim, why);
}

static int check_bridge(const struct hp_table *next, struct pci_dev *pdev, struct hp_refusal *why)
{
	const struct hp_claim *claim;

	if (pdev->class >> 16 != PCI_BASE_CLASS_BRIDGE)
		return 0;
	claim = hp_table_pci_at(next, pci_domain_nr(pdev->bus), pdev->bus->number, pdev->devfn);
	return !claim ? 0 : hp_refuse(why, -EINVAL,
				      "pci %s: wanted by %s, is a bridge, which stays the machine's",
				      pci_name(pdev), claim->domain->name);
}

int hp_pci_guard_prepare(const struct hp_table *next, struct hp_refusal *why)
{
	const struct hp_claim *claim;
	struct pci_dev *pdev = NULL;
	int err;

	lockdep_assert_held(&hp_registry_lock);
	err = hp_pci_match_resolve(next, hp_registry_table_locked(), why);
	if (err)
		return err;
	for_each_pci_dev(pdev) {
		err = check_bridge(next, pdev, why);
		claim = err ? NULL : hp_table_pci_owner(next, pdev);
		if (claim)
			err = check_function(next, pdev, claim, why);
		if (claim && !err)
			err = hp_functions_add(pdev);
		if (err) {
			pci_dev_put(pdev);
			return err;
		}
	}
	return 0;
}

/* What arrived while @table was being made ready, and so was nobody's then. */
static void add_latecomers(const struct hp_table *table)
{
	bool has_ids = !xa_empty(&table->pci_ids);
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev) {
		u32 same_ids = has_ids ? hp_pci_count_same(pdev) : 0;

		if (hp_pci_match_arrival(table, pdev, same_ids) && hp_functions_add(pdev))
			pci_warn(pdev, "hostpart: no memory to guard it\n");
	}
}

void hp_pci_guard_settle(const struct hp_table *now)
{
	lockdep_assert_held(&hp_registry_lock);
	add_latecomers(now);
	hp_functions_settle();
}

int __init hp_pci_guard_init(void)
{
	int err = hp_functions_init();

	if (err)
		return err;
	err = hp_pci_stub_init();
	if (err)
		goto exit_functions;
	err = bus_register_notifier(&pci_bus_type, &bus_block);
	if (err)
		goto exit_stub;
	hp_guards_set(HP_GUARD_PCI);
	return 0;

exit_stub:
	hp_pci_stub_exit();
exit_functions:
	hp_functions_exit();
	return err;
}

/*
 * The functions go back while the notifier still keeps others off them; what the
 * notifier was adding just then goes back after it.
 */
void hp_pci_guard_exit(void)
{
	hp_guards_clear(HP_GUARD_PCI);
	hp_functions_give_back();
	bus_unregister_notifier(&pci_bus_type, &bus_block);
	hp_functions_exit();
	hp_pci_stub_exit();
}
