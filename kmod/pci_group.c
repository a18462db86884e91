// SPDX-License-Identifier: GPL-2.0
/* pci_group.c: keeps the functions of one IOMMU group with one owner. */
#include <linux/iommu.h>

#include "pci.h"

/* Functions of a group can reach one another's memory: no IOMMU stands between them. */
struct group_check {
	const struct hp_table *table;
	struct pci_dev *pdev;
	const struct hp_claim *claim;
	struct hp_refusal *why;
};

/* The base and nobody are one owner, the machine: NULL. */
static const struct hp_domain *owner_of(const struct hp_claim *claim)
{
	return !claim || claim->domain->flags & HP_DOMAIN_F_BASE ? NULL : claim->domain;
}

/* Bridges do not count: they start no DMA of their own. */
static int check_neighbour(struct device *dev, void *data)
{
	const struct group_check *check = data;
	const struct hp_domain *owner = owner_of(check->claim), *other_owner;
	const struct device_driver *driver = READ_ONCE(dev->driver);
	struct pci_dev *other;

	if (!dev_is_pci(dev) || dev == &check->pdev->dev)
		return 0;
	other = to_pci_dev(dev);
	if (other->class >> 16 == PCI_BASE_CLASS_BRIDGE)
		return 0;
	other_owner = owner_of(hp_table_pci_owner(check->table, other));
	if (other_owner == owner)
		return 0;
	if (other_owner)
		return hp_refuse(check->why, -EBUSY,
				 "pci %s of %s and %s of %s share an IOMMU group: one owner for both, or allow the shared group",
				 pci_name(check->pdev), check->claim->domain->name,
				 pci_name(other), other_owner->name);
	/* Nobody's and without a driver, it does no DMA. */
	if (!driver || hp_pci_stub_is(driver))
		return 0;
	return hp_refuse(check->why, -EBUSY,
			 "pci %s of %s shares an IOMMU group with %s, which the machine uses: claim both, or allow the shared group",
			 pci_name(check->pdev), check->claim->domain->name, pci_name(other));
}

int hp_pci_group_check(const struct hp_table *table, struct pci_dev *pdev,
		       const struct hp_claim *claim, struct hp_refusal *why)
{
	struct group_check check = { table, pdev, claim, why };
	struct iommu_group *group;
	int err;

	if (claim->pci.flags & HP_PCI_F_SHARED_GROUP)
		return 0;
	group = iommu_group_get(&pdev->dev);
	if (!group)
		return 0;
	err = iommu_group_for_each_dev(group, &check, check_neighbour);
	iommu_group_put(group);
	return err;
}
