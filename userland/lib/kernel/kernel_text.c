// SPDX-License-Identifier: GPL-2.0
/* kernel_text.c: a table as canonical text, one line per claim. */
#include <errno.h>
#include <hwloc.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "kernel/kernel_internal.h"

static char *format_ranges(const struct hp_kernel_claim *const *claims, size_t count)
{
	hp_autobitmap set = hwloc_bitmap_alloc();

	if (!set)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (hp_kernel_ranges_set(set, claims[i]->ranges, claims[i]->ranges_count))
			return NULL;
	return hp_cpulist_format(set);
}

static int compare_claims(const void *a, const void *b)
{
	const struct hp_kernel_claim *const *x = a, *const *y = b;

#define BY(field) do { if ((*x)->field != (*y)->field) return (*x)->field < (*y)->field ? -1 : 1; } while (0)
	BY(type);
	BY(pci_match);
	BY(pci_vendor);
	BY(pci_device_id);
	BY(pci_index);
	BY(pci_segment);
	BY(pci_bus);
	BY(pci_device);
	BY(pci_function);
#undef BY
	return strcmp((*x)->pci_path, (*y)->pci_path);
}

static void print_memory(FILE *out, const char *name, const struct hp_kernel_claim *claim, const char *nodes)
{
	fprintf(out, "\nmemory %s %" PRIu64, name, claim->memory_bytes);
	if (claim->ranges_count)
		fprintf(out, " nodes %s", nodes);
}

static void print_pci(FILE *out, const char *name, const struct hp_kernel_claim *claim)
{
	fprintf(out, "\npci %s ", name);
	if (claim->pci_match == HP_KERNEL_PCI_BY_PATH)
		fputs(claim->pci_path, out);
	else if (claim->pci_match == HP_KERNEL_PCI_BY_ID)
		fprintf(out, "%04x:%04x/%" PRIu32, claim->pci_vendor, claim->pci_device_id, claim->pci_index);
	else
		fprintf(out, "%04" PRIx32 ":%02x:%02x.%x", claim->pci_segment, claim->pci_bus, claim->pci_device,
			claim->pci_function);
	if (*claim->pci_driver)
		fprintf(out, " driver %s", claim->pci_driver);
	if (*claim->port)
		fprintf(out, " port %s", claim->port);
	if (claim->pci_shares_group)
		fputs(" shared-group", out);
}

/* One line, or one for all CPU claims together; returns how many claims it took, 0 = out of memory. */
static size_t print_claims(FILE *out, const char *name, const struct hp_kernel_claim *const *claims, size_t count)
{
	const struct hp_kernel_claim *claim = claims[0];
	hp_autofree char *list = NULL;
	size_t same = 1;

	if (claim->type == HP_KERNEL_PCI) {
		print_pci(out, name, claim);
		return 1;
	}
	while (claim->type == HP_KERNEL_CPU && same < count && claims[same]->type == HP_KERNEL_CPU)
		same++;
	list = format_ranges(claims, same);
	if (!list)
		return 0;
	if (claim->type == HP_KERNEL_CPU)
		fprintf(out, "\ncpus %s %s", name, list);
	else
		print_memory(out, name, claim, list);
	return same;
}

static int print_header(FILE *out, const struct hp_kernel_domain *domain)
{
	hp_autobitmap set = hwloc_bitmap_alloc();
	hp_autofree char *list = NULL;

	if (!set)
		return -ENOMEM;
	fprintf(out, "domain %s%s", domain->name, domain->is_base ? " base" : "");
	if (domain->cgroup_id)
		fprintf(out, " cgroup %" PRIu64, domain->cgroup_id);
	if (domain->is_active)
		fputs(" active", out);
	if (domain->elastic_cpus_count) {
		if (hp_kernel_ranges_set(set, domain->elastic_cpus, domain->elastic_cpus_count))
			return -ENOMEM;
		list = hp_cpulist_format(set);
		if (!list)
			return -ENOMEM;
		fprintf(out, " elastic-cpus %s", list);
	}
	if (domain->elastic_memory_max)
		fprintf(out, " elastic-memory %" PRIu64 "-%" PRIu64, domain->elastic_memory_min,
			domain->elastic_memory_max);
	return 0;
}

static int print_domain(FILE *out, const struct hp_kernel_table *table, size_t domain)
{
	const struct hp_kernel_domain *d = &table->domains[domain];
	hp_autofree const struct hp_kernel_claim **claims = calloc(table->claims_count + 1, sizeof(*claims));
	size_t i, taken, count = 0;

	if (!claims)
		return -ENOMEM;
	fputs(domain ? "\n" : "", out);
	if (print_header(out, d))
		return -ENOMEM;
	for (i = 0; i < table->claims_count; i++)
		if (table->claims[i].domain == domain)
			claims[count++] = &table->claims[i];
	qsort(claims, count, sizeof(*claims), compare_claims);
	for (i = 0; i < count; i += taken) {
		taken = print_claims(out, d->name, claims + i, count - i);
		if (!taken)
			return -ENOMEM;
	}
	return 0;
}

char *hp_kernel_table_format(const struct hp_kernel_table *table)
{
	hp_autofree char *text = NULL;
	size_t length, i;
	int result = 0;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return NULL;
	for (i = 0; i < table->domains_count && !result; i++)
		result = print_domain(out, table, i);
	if (fclose(out) || result)
		return NULL;
	return hp_take(text);
}
