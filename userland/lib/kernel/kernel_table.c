// SPDX-License-Identifier: GPL-2.0
/* kernel_table.c: a table of domains and claims in memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/hp_kernel.h"

void hp_kernel_table_clear(struct hp_kernel_table *table)
{
	size_t i;

	for (i = 0; i < table->claims_count; i++)
		free(table->claims[i].ranges);
	for (i = 0; i < table->domains_count; i++)
		free(table->domains[i].elastic_cpus);
	free(table->claims);
	free(table->domains);
	*table = (struct hp_kernel_table)HP_KERNEL_TABLE_INIT;
}

/* Room for one more item; the array may move. */
static int reserve(void *array, size_t item_bytes, size_t count, size_t *capacity)
{
	void **items = array;
	size_t wanted = *capacity ? *capacity * 2 : 16;
	void *grown;

	if (count < *capacity)
		return 0;
	grown = reallocarray(*items, wanted, item_bytes);
	if (!grown)
		return -ENOMEM;
	*items = grown;
	*capacity = wanted;
	return 0;
}

/* *copy NULL for none. */
static int copy_ranges(const struct hp_kernel_range *ranges, size_t count, struct hp_kernel_range **copy)
{
	*copy = NULL;
	if (!count)
		return 0;
	*copy = calloc(count, sizeof(**copy));
	if (!*copy)
		return -ENOMEM;
	memcpy(*copy, ranges, count * sizeof(**copy));
	return 0;
}

long hp_kernel_table_add_domain(struct hp_kernel_table *table, const struct hp_kernel_domain *domain)
{
	struct hp_kernel_range *elastic_cpus;

	if (reserve(&table->domains, sizeof(*domain), table->domains_count, &table->domains_capacity) ||
	    copy_ranges(domain->elastic_cpus, domain->elastic_cpus_count, &elastic_cpus))
		return -ENOMEM;
	table->domains[table->domains_count] = *domain;
	table->domains[table->domains_count].elastic_cpus = elastic_cpus;
	return (long)table->domains_count++;
}

long hp_kernel_table_find(const struct hp_kernel_table *table, const char *name)
{
	for (size_t i = 0; i < table->domains_count; i++)
		if (strcmp(table->domains[i].name, name) == 0)
			return (long)i;
	return -1;
}

int hp_kernel_table_add_claim(struct hp_kernel_table *table, const struct hp_kernel_claim *claim)
{
	struct hp_kernel_range *ranges;

	if (reserve(&table->claims, sizeof(*claim), table->claims_count, &table->claims_capacity) ||
	    copy_ranges(claim->ranges, claim->ranges_count, &ranges))
		return -ENOMEM;
	table->claims[table->claims_count] = *claim;
	table->claims[table->claims_count].ranges = ranges;
	table->claims_count++;
	return 0;
}
