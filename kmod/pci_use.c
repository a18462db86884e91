// SPDX-License-Identifier: GPL-2.0
/* pci_use.c: finds out whether a function's disks are in use when it is to change owners. */
#include <linux/blkdev.h>
#include <linux/device.h>

#include "pci.h"

struct look {
	bool does_open_count;
	char name[DISK_NAME_LEN];	/* out: of the first one in use */
};

/* Whoever mounts a partition, or swaps or builds on it, holds the whole disk too. */
static bool is_used(struct gendisk *disk, bool does_open_count)
{
	return READ_ONCE(disk->part0->bd_holder) || (does_open_count && disk_openers(disk));
}

/*
 * One path of a multipath NVMe namespace shows nobody: its users have the
 * namespace open, which is no child of the function.
 */
static int look_at(struct device *dev, void *data)
{
	struct look *look = data;

	if (dev->class && !strcmp(dev->class->name, "block") &&
	    is_used(dev_to_disk(dev), look->does_open_count)) {
		strscpy(look->name, dev_to_disk(dev)->disk_name, sizeof(look->name));
		return -EBUSY;
	}
	return device_for_each_child(dev, look, look_at);
}

static bool runs(const struct hp_claim *claim)
{
	return claim->domain->flags & (HP_DOMAIN_F_ACTIVE | HP_DOMAIN_F_BASE);
}

/*
 * From a domain, a file that somebody has open counts: its owner can close it.
 * From the machine only what is mounted does, as there udev looks into every
 * disk now and then, and a domain that runs takes the driver over as it is.
 */
int hp_pci_use_check(const struct hp_table *live, struct pci_dev *pdev,
		     const struct hp_claim *claim, struct hp_refusal *why)
{
	const struct hp_claim *was = hp_table_pci_owner(live, pdev);
	bool is_machines = !was || was->domain->flags & HP_DOMAIN_F_BASE;
	struct look look = { .does_open_count = !is_machines };

	if (was ? !strcmp(was->domain->name, claim->domain->name) : runs(claim))
		return 0;
	if (!device_for_each_child(&pdev->dev, &look, look_at))
		return 0;
	return hp_refuse(why, -EBUSY,
			 "pci %s: wanted by %s, but its disk %s is in use: unmount or close it first",
			 pci_name(pdev), claim->domain->name, look.name);
}
