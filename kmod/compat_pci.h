/* SPDX-License-Identifier: GPL-2.0 */
/* compat_pci.h: the only place that knows where a kernel keeps a function's driver_override. */
#ifndef HP_COMPAT_PCI_H
#define HP_COMPAT_PCI_H

#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/string.h>

/*
 * In struct pci_dev, protected by the device lock; or, since it was moved in
 * 2026 and in the stable kernels that took that change, in struct device with a
 * spinlock of its own.  Kbuild looks which (HP_OVERRIDE_IN_DEVICE).  All of these
 * are called with the device lock held; "" is no override.
 */
#ifdef HP_OVERRIDE_IN_DEVICE

static inline bool hp_override_is(struct pci_dev *pdev, const char *driver)
{
	const char *name;
	bool result;

	spin_lock(&pdev->dev.driver_override.lock);
	name = pdev->dev.driver_override.name;
	result = !strcmp(name ? name : "", driver);
	spin_unlock(&pdev->dev.driver_override.lock);
	return result;
}

/* *copy is NULL when there is none; the caller frees it. */
static inline int hp_override_copy(struct pci_dev *pdev, char **copy)
{
	const char *name;
	int err = 0;

	spin_lock(&pdev->dev.driver_override.lock);
	name = pdev->dev.driver_override.name;
	*copy = name ? kstrdup(name, GFP_ATOMIC) : NULL;
	if (name && !*copy)
		err = -ENOMEM;
	spin_unlock(&pdev->dev.driver_override.lock);
	return err;
}

static inline int hp_override_set_locked(struct pci_dev *pdev, const char *driver)
{
	return device_set_driver_override(&pdev->dev, driver);
}

#else

static inline bool hp_override_is(struct pci_dev *pdev, const char *driver)
{
	return !strcmp(pdev->driver_override ? pdev->driver_override : "", driver);
}

static inline int hp_override_copy(struct pci_dev *pdev, char **copy)
{
	*copy = pdev->driver_override ? kstrdup(pdev->driver_override, GFP_KERNEL) : NULL;
	return pdev->driver_override && !*copy ? -ENOMEM : 0;
}

/* As driver_set_override() does it, which would take the device lock itself. */
static inline int hp_override_set_locked(struct pci_dev *pdev, const char *driver)
{
	const char *new = NULL, *old = pdev->driver_override;

	if (*driver) {
		new = kstrdup(driver, GFP_KERNEL);
		if (!new)
			return -ENOMEM;
	}
	pdev->driver_override = new;
	kfree(old);
	return 0;
}

#endif

static inline int hp_override_set(struct pci_dev *pdev, const char *driver)
{
	int err;

	device_lock(&pdev->dev);
	err = hp_override_set_locked(pdev, driver);
	device_unlock(&pdev->dev);
	return err;
}

#endif
