// SPDX-License-Identifier: GPL-2.0
/* emit_registry.c: the table of domains and claims for the kernel module. */
#include "plan/emit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

static int by_index(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return x < y ? -1 : x > y;
}

static int print_domain(const struct emit *emit, size_t index, FILE *out)
{
	const struct hp_assigned_domain *domain = &emit->assignment->domains[index];
	hp_autofree char *nodes = hp_cpulist_format(domain->nodes);
	hp_autofree size_t *pci = calloc(domain->pci_count + 1, sizeof(*pci));

	if (!nodes || !pci)
		return -ENOMEM;
	fprintf(out, "%sdomain %s\ncpus %s %s\nmemory %s %" PRIu64 " nodes %s", index ? "\n" : "",
		domain->name, domain->name, emit->cpus[index], domain->name, domain->memory_bytes,
		nodes);
	for (size_t i = 0; i < domain->pci_count; i++)
		pci[i] = domain->pci[i];
	/* The inventory is in BDF order, so its indexes are too. */
	qsort(pci, domain->pci_count, sizeof(*pci), by_index);
	for (size_t i = 0; i < domain->pci_count; i++)
		fprintf(out, "\npci %s %s", domain->name, emit->inv->pci[pci[i]].bdf);
	return 0;
}

int emit_registry(struct emit *emit)
{
	struct emit_for whose = { -1, emit->policy->base.loc };
	char *text = NULL;
	size_t size;
	FILE *out;

	if (!emit->inv->has_module)
		return 0;
	out = open_memstream(&text, &size);
	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < emit->assignment->domains_count; i++) {
		if (print_domain(emit, i, out)) {
			fclose(out);
			free(text);
			return -ENOMEM;
		}
	}
	return emit_stream(emit, whose, "registry", "table", out, &text);
}
