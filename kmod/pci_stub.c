// SPDX-License-Identifier: GPL-2.0
/* pci_stub.c: the driver that parks claimed functions: no memory, no I/O, no DMA, no interrupt. */
#include <linux/pm.h>

#include "pci.h"

#define DECODING	(PCI_COMMAND_IO | PCI_COMMAND_MEMORY)
#define ALIVE		(DECODING | PCI_COMMAND_MASTER)

/* What the command register was; a driver that never enables its device counts on it. */
struct parked {
	u16 command;
};

static void silence(struct pci_dev *pdev)
{
	u16 command;

	pci_read_config_word(pdev, PCI_COMMAND, &command);
	command = (command & ~ALIVE) | PCI_COMMAND_INTX_DISABLE;
	pci_write_config_word(pdev, PCI_COMMAND, command);
}

/* Asleep as well, where the function has power management; if not, silent is enough. */
static void put_to_sleep(struct pci_dev *pdev)
{
	if (pdev->pm_cap)
		pci_set_power_state(pdev, PCI_D3hot);
}

/*
 * There is no id table: only a driver_override brings functions here, and only
 * those that the guard means to park may stay.
 */
static int park(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct parked *parked;

	if (!hp_functions_park(pdev))
		return -ENODEV;
	parked = kzalloc(sizeof(*parked), GFP_KERNEL);
	if (!parked)
		return -ENOMEM;
	pci_read_config_word(pdev, PCI_COMMAND, &parked->command);
	pci_set_drvdata(pdev, parked);
	silence(pdev);
	pci_save_state(pdev);
	put_to_sleep(pdev);
	return 0;
}

/* As it was, but for DMA: the next driver starts that when it is ready. */
static void unpark(struct pci_dev *pdev)
{
	struct parked *parked = pci_get_drvdata(pdev);

	pci_set_drvdata(pdev, NULL);
	if (pci_device_is_present(pdev)) {
		pci_set_power_state(pdev, PCI_D0);
		pci_restore_state(pdev);
		pci_write_config_word(pdev, PCI_COMMAND, parked->command & ~PCI_COMMAND_MASTER);
	}
	kfree(parked);
}

/* The PCI core saves the state and puts the function to sleep. */
static int suspend(struct device *dev)
{
	return 0;
}

static int resume(struct device *dev)
{
	silence(to_pci_dev(dev));
	put_to_sleep(to_pci_dev(dev));
	return 0;
}

static DEFINE_SIMPLE_DEV_PM_OPS(stub_pm_ops, suspend, resume);

static struct pci_driver stub = {
	.name = HP_STUB_NAME,
	.probe = park,
	.remove = unpark,
	.driver_managed_dma = true,	/* it starts none: the IOMMU group stays free for others */
	.driver = {
		.pm = pm_sleep_ptr(&stub_pm_ops),
		.suppress_bind_attrs = true,	/* nobody unbinds from it by hand */
	},
};

bool hp_pci_stub_is(const struct device_driver *driver)
{
	return driver == &stub.driver;
}

int __init hp_pci_stub_init(void)
{
	return pci_register_driver(&stub);
}

void hp_pci_stub_exit(void)
{
	pci_unregister_driver(&stub);
}
