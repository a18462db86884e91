// SPDX-License-Identifier: GPL-2.0
/* emit_irqs.c: kernel work and interrupts go to the CPUs of whom they belong to. */
#include "plan/emit.h"

#include <errno.h>
#include <stdlib.h>
#include "base/hp_auto.h"
#include "base/hp_irq.h"

/*
 * The kernel's mask format: 32 bits a group, commas between, the first group
 * only as wide as the number of CPUs asks for ("f,ffffffff" for 36).
 */
static char *format_mask(hwloc_const_bitmap_t set, int bits)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int groups = bits > 0 ? (bits + 31) / 32 : 1;

	if (!out)
		return NULL;
	for (int i = groups - 1; i >= 0; i--) {
		int width = i == groups - 1 && bits % 32 ? (bits % 32 + 3) / 4 : 8;
		unsigned int word = 0;

		for (unsigned int bit = 0; bit < 32; bit++)
			word |= (unsigned int)(hwloc_bitmap_isset(set,
								  (unsigned int)i * 32 + bit) != 0)
				<< bit;
		fprintf(out, "%0*x%s", width, word, i ? "," : "");
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static int emit_masks(struct emit *emit)
{
	struct emit_for whose = { -1, emit->policy->base.loc };
	int online = hwloc_bitmap_last(emit->inv->online),
	    offline = hwloc_bitmap_last(emit->inv->offline);
	hp_autofree char *mask =
		format_mask(emit->assignment->base_cpus, (online > offline ? online : offline) + 1);

	if (!mask ||
	    emit_text(emit, whose, "sysfile", "/sys/devices/virtual/workqueue/cpumask", "", mask))
		return -ENOMEM;
	return emit_text(emit, whose, "sysfile", "/proc/irq/default_smp_affinity", "", mask);
}

/* Per function: the domain that has it, -1 = base; and the selector that took it. */
static void find_owners(const struct emit *emit, int *owner, const struct hp_device_spec **spec)
{
	for (size_t i = 0; i < emit->inv->pci_count; i++)
		owner[i] = -1;
	for (size_t i = 0; i < emit->assignment->domains_count; i++) {
		const struct hp_assigned_domain *domain = &emit->assignment->domains[i];

		for (size_t j = 0; j < domain->pci_count; j++) {
			owner[domain->pci[j]] = (int)i;
			spec[domain->pci[j]] = domain->pci_specs[j];
		}
	}
}

static void name_irq(const struct hp_inventory *inv, const struct hp_inv_irq *irq, char name[HP_IRQ_NAME_BYTES])
{
	if (irq->pci >= 0 && irq->vector >= 0)
		snprintf(name, HP_IRQ_NAME_BYTES, "%s/%d", inv->pci[irq->pci].bdf, irq->vector);
	else
		snprintf(name, HP_IRQ_NAME_BYTES, "%u", irq->number);
}

int emit_irqs(struct emit *emit)
{
	hp_autofree int *owner = calloc(emit->inv->pci_count + 1, sizeof(*owner));
	hp_autofree const struct hp_device_spec **spec =
		calloc(emit->inv->pci_count + 1, sizeof(*spec));

	if (!owner || !spec || emit_masks(emit))
		return -ENOMEM;
	find_owners(emit, owner, spec);
	for (size_t i = 0; i < emit->inv->irqs_count; i++) {
		const struct hp_inv_irq *irq = &emit->inv->irqs[i];
		int domain = irq->pci >= 0 ? owner[irq->pci] : -1;
		struct emit_for whose = { domain,
					  domain < 0 ? emit->policy->base.loc :
						       spec[irq->pci]->loc };
		char object[HP_IRQ_NAME_BYTES];

		/*
		 * A managed interrupt is the kernel's to place. One without an
		 * action disturbs nobody yet, but a function's driver may ask for
		 * it any time (a network port when it is taken up): place it now.
		 */
		if (!irq->is_movable || irq->is_managed || (!irq->action && irq->pci < 0))
			continue;
		name_irq(emit->inv, irq, object);
		if (emit_text(emit, whose, "irq", object, "affinity",
			      domain < 0 ? emit->base_cpus : emit->cpus[domain]))
			return -ENOMEM;
		emit->out->items[emit->out->count - 1].is_optional = true;
	}
	return 0;
}
