// SPDX-License-Identifier: GPL-2.0
/* check_interrupts.c: claimed functions interrupt their own domain's CPUs, all others only the base's. */
#include "verify/verify.h"

#include <stdio.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

struct tally {
	unsigned int right, managed, pending, wrong;
	char first_managed[96], first_pending[96], first_wrong[96];
};

static int owner_of(const struct verify *verify, int pci)
{
	for (size_t i = 0; pci >= 0 && i < verify->policy->domains_count; i++)
		for (size_t p = 0; p < verify->assignment->domains[i].pci_count; p++)
			if (verify->assignment->domains[i].pci[p] == (size_t)pci)
				return (int)i;
	return -1;
}

static void note(char *into, size_t size, const struct hp_inv_irq *irq, const char *where)
{
	if (!*into)
		snprintf(into, size, "%u (%s) on CPU %s", irq->number, irq->action, where);
}

/* Some interrupt chips move a vector only when it fires next: then the request is right and the place is not yet. */
static bool is_asked_to_be(struct verify *verify, const struct hp_inv_irq *irq, hwloc_const_bitmap_t home,
			   hwloc_bitmap_t scratch)
{
	hp_autofree char *asked = hp_root_readf(verify->ctx->root, "/proc/irq/%u/smp_affinity_list", irq->number);

	return asked && *asked && hp_cpulist_parse(asked, scratch) == 0 && hwloc_bitmap_isincluded(scratch, home);
}

static void look(struct verify *verify, const struct hp_inv_irq *irq, struct tally *tallies, hwloc_bitmap_t live)
{
	int owner = owner_of(verify, irq->pci);
	const struct hp_assignment *assignment = verify->assignment;
	hwloc_const_bitmap_t home = owner < 0 ? assignment->base_cpus : assignment->domains[owner].cpus;
	struct tally *tally = &tallies[owner + 1];
	hp_autofree char *where = hp_root_readf(verify->ctx->root, "/proc/irq/%u/effective_affinity_list", irq->number);

	if (!where || !*where || hp_cpulist_parse(where, live) < 0)
		return;
	if (hwloc_bitmap_isincluded(live, home)) {
		tally->right++;
	} else if (irq->is_managed || !irq->is_movable) {
		tally->managed++;
		note(tally->first_managed, sizeof(tally->first_managed), irq, where);
	} else if (is_asked_to_be(verify, irq, home, live)) {
		tally->pending++;
		note(tally->first_pending, sizeof(tally->first_pending), irq, where);
	} else {
		tally->wrong++;
		note(tally->first_wrong, sizeof(tally->first_wrong), irq, where);
	}
}

static void report(struct verify *verify, int domain, const struct tally *tally)
{
	const char *whose = domain < 0 ? "every other device" : "its devices";
	const char *home = domain < 0 ? "the base's" : "its own";

	if (tally->wrong)
		verify_say(verify, domain, "interrupts", HP_BROKEN, "%u interrupts of %s are off %s CPUs, first %s",
			   tally->wrong, whose, home, tally->first_wrong);
	else if (tally->right)
		verify_say(verify, domain, "interrupts", HP_KEPT, "%u interrupts of %s are on %s CPUs", tally->right, whose, home);
	if (tally->pending)
		verify_say(verify, domain, "interrupts", HP_GAP,
			   "%u interrupts of %s move to %s CPUs when they fire next, first %s", tally->pending, whose, home,
			   tally->first_pending);
	if (tally->managed)
		verify_say(verify, domain, "interrupts", HP_GAP,
			   "%u interrupts of %s are placed by the kernel and may be elsewhere, first %s", tally->managed, whose,
			   tally->first_managed);
}

void verify_interrupts(struct verify *verify)
{
	hp_autofree struct tally *tallies = calloc(verify->policy->domains_count + 1, sizeof(*tallies));
	hp_autobitmap live = hwloc_bitmap_alloc();

	if (!tallies || !live)
		abort();
	for (size_t i = 0; i < verify->inv->irqs_count; i++)
		if (verify->inv->irqs[i].action)
			look(verify, &verify->inv->irqs[i], tallies, live);
	for (int i = -1; i < (int)verify->policy->domains_count; i++)
		if (i < 0 ? verify->only < 0 : verify_wants(verify, (size_t)i))
			report(verify, i, &tallies[i + 1]);
}
