// SPDX-License-Identifier: GPL-2.0
/* irq_spread.c: gives the vectors of a claimed function CPUs of its domain from the start. */
#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/kprobes.h>
#include <linux/pci.h>
#include <linux/sched.h>

#include "irq_guard.h"

/*
 * The kernel spreads managed vectors over all CPUs when a driver allocates them,
 * and reserves room on just those CPUs (x86: in the vector matrix).  Afterwards
 * such a vector can move within its own mask only, so one whose mask has no CPU
 * of the domain is lost to it until the driver allocates anew.  What can be done
 * is to deal the CPUs of the domain before anything is reserved: when
 * irq_create_affinity_masks() returns its proposal.  That function does not know
 * the device; its caller's caller pci_alloc_irq_vectors_affinity() does, in the
 * same task.
 *
 * Queues follow: block drivers map each CPU to the queue whose vector names it,
 * and CPUs that no vector names to the first queue.
 */
#define ALLOCATION_LIMIT	32

static struct allocation {
	struct task_struct *task;	/* NULL = the slot is free */
	struct pci_dev *pdev;
} allocations[ALLOCATION_LIMIT];

static bool has_domain_cpus(const struct hp_table *table, const struct hp_domain *domain)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		if (hp_table_cpu_owner(table, cpu) == domain)
			return true;
	return false;
}

/* The domain whose CPUs the vectors of @pdev must keep to. Under rcu_read_lock(). */
static const struct hp_domain *domain_of(const struct hp_table *table, struct pci_dev *pdev)
{
	const struct hp_claim *claim = hp_table_pci_owner(table, pdev);

	if (!claim || claim->domain->flags & HP_DOMAIN_F_BASE ||
	    !has_domain_cpus(table, claim->domain))
		return NULL;
	return claim->domain;
}

static int enter_allocation(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct pci_dev *pdev = (struct pci_dev *)regs_get_kernel_argument(regs, 0);
	struct allocation **mine = (struct allocation **)instance->data;
	bool is_ours;
	int i;

	rcu_read_lock();
	is_ours = domain_of(hp_registry_table(), pdev);
	rcu_read_unlock();
	if (!is_ours)
		return 1;
	for (i = 0; i < ALLOCATION_LIMIT; i++) {
		if (cmpxchg(&allocations[i].task, NULL, current))
			continue;
		allocations[i].pdev = pdev;
		*mine = &allocations[i];
		return 0;
	}
	return 1;	/* too many at once: the guard moves what can be moved */
}

static int leave_allocation(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct allocation *mine = *(struct allocation **)instance->data;

	mine->pdev = NULL;
	/* The slot is free only when it is empty: pairs with the cmpxchg() of the next one. */
	smp_store_release(&mine->task, NULL);
	return 0;
}

struct proposal {
	struct pci_dev *pdev;
	struct irq_affinity *wish;
	unsigned int vector_count;
};

static int enter_proposal(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct proposal *proposal = (struct proposal *)instance->data;
	int i;

	for (i = 0; i < ALLOCATION_LIMIT; i++) {
		if (READ_ONCE(allocations[i].task) != current)
			continue;
		proposal->pdev = allocations[i].pdev;
		proposal->vector_count = regs_get_kernel_argument(regs, 0);
		proposal->wish = (struct irq_affinity *)regs_get_kernel_argument(regs, 1);
		return 0;
	}
	return 1;
}

/*
 * Deals the CPUs in turn: with more CPUs than vectors a vector gets several,
 * with more vectors than CPUs a CPU gets several.
 */
static void deal(struct irq_affinity_desc *vectors, unsigned int count,
		 const struct hp_table *table, const struct hp_domain *domain)
{
	unsigned int cpu, cpu_count = 0, dealt, i;

	for_each_online_cpu(cpu)
		cpu_count += hp_table_cpu_owner(table, cpu) == domain;
	for (i = 0; i < count; i++) {
		if (!vectors[i].is_managed)
			continue;
		cpumask_clear(&vectors[i].mask);
		dealt = 0;
		for_each_online_cpu(cpu) {
			if (hp_table_cpu_owner(table, cpu) != domain)
				continue;
			if (dealt % count == i || dealt == i % cpu_count)
				cpumask_set_cpu(cpu, &vectors[i].mask);
			dealt++;
		}
	}
}

/* Those beside the queues may go to any CPU of the domain: the kernel does not manage them. */
static void confine(struct irq_affinity_desc *vectors, unsigned int count,
		    const struct hp_table *table, const struct hp_domain *domain)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (!vectors[i].is_managed)
			hp_table_domain_cpus(table, domain, &vectors[i].mask);
}

/* Each set of queues (default, read, ...) covers all CPUs of its own. */
static int leave_proposal(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct proposal *proposal = (struct proposal *)instance->data;
	struct irq_affinity_desc *vectors = (struct irq_affinity_desc *)regs_return_value(regs);
	const struct hp_table *table;
	const struct hp_domain *domain;
	unsigned int first = proposal->wish->pre_vectors, set, count;

	if (!vectors)
		return 0;
	rcu_read_lock();
	table = hp_registry_table();
	domain = domain_of(table, proposal->pdev);
	if (domain)
		confine(vectors, proposal->vector_count, table, domain);
	for (set = 0; domain && set < proposal->wish->nr_sets; set++) {
		count = proposal->wish->set_size[set];
		if (first >= proposal->vector_count || count > proposal->vector_count - first)
			break;
		deal(vectors + first, count, table, domain);
		first += count;
	}
	rcu_read_unlock();
	return 0;
}

static struct kretprobe allocation_probe = {
	.kp.symbol_name = "pci_alloc_irq_vectors_affinity",
	.entry_handler = enter_allocation,
	.handler = leave_allocation,
	.data_size = sizeof(struct allocation *),
	.maxactive = ALLOCATION_LIMIT,
};

static struct kretprobe proposal_probe = {
	.kp.symbol_name = "irq_create_affinity_masks",
	.entry_handler = enter_proposal,
	.handler = leave_proposal,
	.data_size = sizeof(struct proposal),
	.maxactive = ALLOCATION_LIMIT,
};

static struct kretprobe *probes[] = { &allocation_probe, &proposal_probe };

int hp_irq_spread_init(void)
{
	return register_kretprobes(probes, ARRAY_SIZE(probes));
}

void hp_irq_spread_exit(void)
{
	unregister_kretprobes(probes, ARRAY_SIZE(probes));
}
