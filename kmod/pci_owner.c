// SPDX-License-Identifier: GPL-2.0
/* pci_owner.c: who claims a PCI function that is in the machine. */
#include <linux/pci.h>

#include "hostpart.h"

const struct hp_claim *hp_table_pci_owner(const struct hp_table *table, struct pci_dev *pdev)
{
	return hp_table_pci_at(table, pci_domain_nr(pdev->bus), pdev->bus->number, pdev->devfn);
}

/* Nothing takes claimed functions over yet. */
u32 hp_pci_state(const struct hp_claim *claim)
{
	return HP_PCI_STATE_PLAIN;
}
