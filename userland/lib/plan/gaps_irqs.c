// SPDX-License-Identifier: GPL-2.0
/* gaps_irqs.c: interrupts that stay on CPUs of others because user space may not move them. */
#include "plan/gaps.h"

#include <errno.h>
#include <stdlib.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

struct irq_count {
	unsigned int
		own_managed; /* its functions' interrupts that the kernel places outside its CPUs */
	unsigned int foreign_managed;	/* others' managed interrupts that may hit its CPUs */
	unsigned int stuck;		/* unmovable for other reasons */
	size_t seen;			/* last interrupt counted, so that one counts once */
};

struct irq_run {
	struct plan_run *run;
	struct irq_count *counts;	/* per domain */
	int *owner_of_pci, *domain_of_cpu;
	int cpus_end;
};

static void count_foreign(struct irq_run *ir, const struct hp_inv_irq *irq, size_t index, int owner,
			  hwloc_const_bitmap_t affinity)
{
	unsigned int cpu;

	hwloc_bitmap_foreach_begin(cpu, affinity)
		int domain = (int)cpu < ir->cpus_end ? ir->domain_of_cpu[cpu] : -1;
		struct irq_count *count = &ir->counts[domain < 0 ? 0 : domain];

		if (domain < 0 || domain == owner || count->seen == index + 1)
			continue;
		count->seen = index + 1;
		if (irq->is_managed)
			count->foreign_managed++;
		else
			count->stuck++;
	hwloc_bitmap_foreach_end();
}

/* Where the module's guard keeps an interrupt that may run there at all. */
static hwloc_const_bitmap_t home_of(const struct irq_run *ir, int owner)
{
	const struct hp_assignment *out = ir->run->out;

	return owner < 0 ? out->base_cpus : out->domains[owner].cpus;
}

static int count_irq(struct irq_run *ir, size_t index, hwloc_bitmap_t affinity)
{
	const struct hp_inv_irq *irq = &ir->run->inv->irqs[index];
	int owner = irq->pci >= 0 ? ir->owner_of_pci[irq->pci] : -1;

	if (!irq->action || !irq->affinity || (irq->is_movable && !irq->is_managed))
		return 0;
	if (hp_cpulist_parse(irq->affinity, affinity))
		return 0;	/* an empty list disturbs nobody */
	if (irq->is_managed && ir->run->inv->module_moves_irqs &&
	    hwloc_bitmap_intersects(affinity, home_of(ir, owner)))
		return 0;
	if (owner >= 0 && irq->is_managed &&
	    !hwloc_bitmap_isincluded(affinity, ir->run->out->domains[owner].cpus))
		ir->counts[owner].own_managed++;
	count_foreign(ir, irq, index, owner, affinity);
	return 0;
}

static void index_owners(struct irq_run *ir)
{
	const struct hp_assignment *out = ir->run->out;
	unsigned int cpu;

	hp_assignment_owners(out, ir->owner_of_pci, ir->run->inv->pci_count);
	for (int i = 0; i < ir->cpus_end; i++)
		ir->domain_of_cpu[i] = -1;
	for (size_t i = 0; i < out->domains_count; i++) {
		hwloc_bitmap_foreach_begin(cpu, out->domains[i].cpus)
			ir->domain_of_cpu[cpu] = (int)i;
		hwloc_bitmap_foreach_end();
	}
}

static int report_domain(struct plan_run *run, int domain, const struct irq_count *count)
{
	if (count->own_managed &&
	    plan_gap(
		    run->out, domain,
		    "its devices interrupt CPUs of others|%u interrupt%s of its functions %s "
		    "managed: the kernel spreads them over all CPUs and user space may not move "
		    "them%s",
		    count->own_managed, count->own_managed == 1 ? "" : "s",
		    count->own_managed == 1 ? "is" : "are",
		    run->inv->module_moves_irqs ?
			    "; the module gives them CPUs of the domain when the driver starts anew" :
			    ""))
		return -ENOMEM;
	if (count->foreign_managed &&
	    plan_gap(
		    run->out, domain,
		    "devices of others interrupt its CPUs|%u managed interrupt%s of functions "
		    "outside the domain may run there, and user space may not move them",
		    count->foreign_managed, count->foreign_managed == 1 ? "" : "s"))
		return -ENOMEM;
	if (count->stuck &&
	    plan_gap(
		    run->out, domain,
		    "fixed interrupts run on its CPUs|%u interrupt%s of the platform cannot be "
		    "moved (smp_affinity refuses writes)",
		    count->stuck, count->stuck == 1 ? "" : "s"))
		return -ENOMEM;
	return 0;
}

int gaps_of_irqs(struct plan_run *run)
{
	int cpus_end = hwloc_bitmap_last(run->inv->online) + 1;
	hp_autofree struct irq_count *counts = calloc(run->out->domains_count + 1, sizeof(*counts));
	hp_autofree int *owner_of_pci = calloc(run->inv->pci_count + 1, sizeof(int));
	hp_autofree int *domain_of_cpu = calloc((size_t)cpus_end + 1, sizeof(int));
	hp_autobitmap affinity = hwloc_bitmap_alloc();
	struct irq_run ir = { run, counts, owner_of_pci, domain_of_cpu, cpus_end };

	if (!counts || !owner_of_pci || !domain_of_cpu || !affinity)
		return -ENOMEM;
	index_owners(&ir);
	for (size_t i = 0; i < run->inv->irqs_count; i++) {
		if (count_irq(&ir, i, affinity))
			return -ENOMEM;
	}
	for (size_t i = 0; i < run->out->domains_count; i++) {
		if (report_domain(run, (int)i, &counts[i]))
			return -ENOMEM;
	}
	return 0;
}
