// SPDX-License-Identifier: GPL-2.0
/* irq_look.c: what an interrupt vector is now and which CPUs are allowed to it. */
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/msi.h>
#include <linux/pci.h>

#include "irq_guard.h"

#define LINE_USER_LIMIT	64

static struct pci_dev *line_users[LINE_USER_LIMIT];	/* one caller at a time: the guard's lock */
static unsigned int line_user_count;

void hp_irq_lines_find(void)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev) {
		if (!pdev->irq || !pdev->driver || pdev->msi_enabled || pdev->msix_enabled ||
		    !pci_is_enabled(pdev))
			continue;
		if (line_user_count == LINE_USER_LIMIT) {
			pr_notice_once("hostpart: more than %u functions use interrupt lines, the rest count as nobody's\n",
				       LINE_USER_LIMIT);
			pci_dev_put(pdev);
			return;
		}
		line_users[line_user_count++] = pci_dev_get(pdev);
	}
}

void hp_irq_lines_put(void)
{
	while (line_user_count)
		pci_dev_put(line_users[--line_user_count]);
}

static const struct hp_domain *owner_of(const struct hp_table *table, struct pci_dev *pdev)
{
	const struct hp_claim *claim = hp_table_pci_owner(table, pdev);

	return claim ? claim->domain : NULL;
}

/* A line that functions of several owners share is nobody's. */
static void find_line_owner(const struct hp_table *table, struct hp_irq_look *look)
{
	bool is_used = false;
	unsigned int i;

	for (i = 0; i < line_user_count; i++) {
		const struct hp_domain *owner;

		if (line_users[i]->irq != look->irq)
			continue;
		owner = owner_of(table, line_users[i]);
		if (is_used && owner != look->owner) {
			look->owner = NULL;
			look->pdev = NULL;
			return;
		}
		is_used = true;
		look->owner = owner;
		look->pdev = owner ? line_users[i] : NULL;
	}
}

/* The message's descriptor stays while the vector has an action: see hp_irq_look(). */
static void find_owner(const struct hp_table *table, struct irq_data *data,
		       struct hp_irq_look *look)
{
	struct msi_desc *msi = irq_data_get_msi_desc(data);
	struct device *dev = msi ? msi_desc_to_dev(msi) : NULL;

	look->owner = NULL;
	look->pdev = NULL;
	if (!msi) {
		find_line_owner(table, look);
	} else if (dev && dev_is_pci(dev)) {
		look->owner = owner_of(table, to_pci_dev(dev));
		look->pdev = look->owner ? to_pci_dev(dev) : NULL;
	}
}

static int why_fixed(struct irq_data *data)
{
	struct irq_chip *chip = irq_data_get_irq_chip(data);

	if (!irqd_can_balance(data))
		return -EPERM;	/* one for each CPU, or its driver wants it left alone */
	return chip && chip->irq_set_affinity ? 0 : -EOPNOTSUPP;
}

static void copy_masks(struct irq_desc *desc, struct irq_data *data, struct hp_irq_look *look)
{
	look->is_pending = irqd_is_setaffinity_pending(data);
#ifdef CONFIG_GENERIC_PENDING_IRQ
	if (look->is_pending)
		cpumask_copy(look->mask, desc->pending_mask);
	else
#endif
		cpumask_copy(look->mask, irq_data_get_affinity_mask(data));
	cpumask_copy(look->effective, irq_data_get_effective_affinity_mask(data));
}

/*
 * A vector that has an action is not torn down: its driver frees the action
 * first, and that takes the lock held here.  A managed one that is shut down has
 * no CPU and interrupts none.
 */
bool hp_irq_look(const struct hp_table *table, struct hp_irq_look *look)
{
	struct irq_data *data = irq_get_irq_data(look->irq);
	struct irq_desc *desc;
	unsigned long flags;
	bool is_used;

	if (!data)
		return false;
	desc = irq_data_to_desc(data);
	raw_spin_lock_irqsave(&desc->lock, flags);
	is_used = desc->action && !irqd_is_managed_and_shutdown(data);
	if (is_used) {
		find_owner(table, data, look);
		look->is_managed = irqd_affinity_is_managed(data);
		look->error = -why_fixed(data);
		copy_masks(desc, data, look);
	}
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	return is_used;
}

bool hp_irq_may_use(const struct hp_table *table, const struct hp_domain *owner, unsigned int cpu)
{
	const struct hp_domain *of_cpu = hp_table_cpu_owner(table, cpu);

	if (owner && !(owner->flags & HP_DOMAIN_F_BASE))
		return of_cpu == owner;
	return !of_cpu || of_cpu->flags & HP_DOMAIN_F_BASE;
}

/* A domain that claims functions and no CPUs has its work done where everyone's is. */
void hp_irq_allowed(const struct hp_table *table, const struct hp_domain *owner,
		    struct cpumask *allowed)
{
	unsigned int cpu;

	cpumask_clear(allowed);
	for_each_online_cpu(cpu)
		if (hp_irq_may_use(table, owner, cpu))
			cpumask_set_cpu(cpu, allowed);
	if (!cpumask_empty(allowed))
		return;
	if (owner)
		hp_irq_allowed(table, NULL, allowed);
	else
		cpumask_copy(allowed, cpu_online_mask);
}
