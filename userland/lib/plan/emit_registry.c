// SPDX-License-Identifier: GPL-2.0
/* emit_registry.c: the table of domains and claims for the kernel module. */
#include "plan/emit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

struct function {
	const struct hp_inv_pci *pci;
	const struct hp_device_spec *spec;
};

/* The inventory is in BDF order, so its addresses are too. */
static int by_place(const void *a, const void *b)
{
	const struct function *x = a, *y = b;

	return x->pci < y->pci ? -1 : x->pci > y->pci;
}

/* As the canonical text of a claim has it: what is not known is left to the kernel. */
static void print_function(const struct function *function, const char *domain, FILE *out)
{
	const struct hp_inv_pci *pci = function->pci;
	const struct hp_device_spec *spec = function->spec;

	fprintf(out, "\npci %s %s", domain, pci->bdf);
	/* Parked by the module, it tells nothing of the driver it is for. */
	if (pci->driver && strcmp(pci->driver, "hostpart") != 0)
		fprintf(out, " driver %s", pci->driver);
	if (spec && spec->port && spec->port->name)
		fprintf(out, " port %s", spec->port->name);
	if (spec && spec->allow_shared_group)
		fputs(" shared-group", out);
}

static int print_elastic(const struct hp_elastic_spec *elastic, FILE *out)
{
	hp_autofree char *list = NULL;

	if (elastic->cpus) {
		list = hp_cpulist_format(elastic->cpus);
		if (!list)
			return -ENOMEM;
		fprintf(out, " elastic-cpus %s", list);
	}
	if (elastic->memory_max.is_set)
		fprintf(out, " elastic-memory %" PRIu64 "-%" PRIu64, elastic->memory_min.bytes,
			elastic->memory_max.bytes);
	return 0;
}

static int print_domain(const struct hp_policy *policy, const struct hp_inventory *inv,
			const struct hp_assigned_domain *domain, size_t index, bool is_active, FILE *out)
{
	hp_autofree char *cpus = hp_cpulist_format(domain->cpus), *nodes = hp_cpulist_format(domain->nodes);
	hp_autofree struct function *functions = calloc(domain->pci_count + 1, sizeof(*functions));

	if (!cpus || !nodes || !functions)
		return -ENOMEM;
	fprintf(out, "%sdomain %s%s", index ? "\n" : "", domain->name, is_active ? " active" : "");
	if (print_elastic(&policy->domains[index].elastic, out))
		return -ENOMEM;
	fprintf(out, "\ncpus %s %s\nmemory %s %" PRIu64 " nodes %s", domain->name, cpus, domain->name,
		domain->memory_bytes, nodes);
	for (size_t i = 0; i < domain->pci_count; i++)
		functions[i] = (struct function){ &inv->pci[domain->pci[i]], domain->pci_specs[i] };
	qsort(functions, domain->pci_count, sizeof(*functions), by_place);
	for (size_t i = 0; i < domain->pci_count; i++)
		print_function(&functions[i], domain->name, out);
	return 0;
}

char *hp_plan_claims(const struct hp_policy *policy, const struct hp_inventory *inv,
		     const struct hp_assignment *assignment, bool is_active)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int rc = 0;

	if (!out)
		return NULL;
	for (size_t i = 0; i < assignment->domains_count && !rc; i++)
		rc = print_domain(policy, inv, &assignment->domains[i], i, is_active, out);
	if (fclose(out))
		rc = -ENOMEM;
	if (!rc)
		return text;
	free(text);
	return NULL;
}

int emit_registry(struct emit *emit)
{
	struct emit_for whose = { -1, emit->policy->base.loc };
	hp_autofree char *text = NULL;

	if (!emit->inv->has_module)
		return 0;
	text = hp_plan_claims(emit->policy, emit->inv, emit->assignment, true);
	if (!text)
		return -ENOMEM;
	return emit_text(emit, whose, "registry", "table", "", text);
}
