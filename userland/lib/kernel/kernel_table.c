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

long hp_kernel_table_add_domain(struct hp_kernel_table *table, const struct hp_kernel_domain *domain)
{
	if (reserve(&table->domains, sizeof(*domain), table->domains_count, &table->domains_capacity))
		return -ENOMEM;
	table->domains[table->domains_count] = *domain;
	return (long)table->domains_count++;
}

int hp_kernel_table_add_claim(struct hp_kernel_table *table, const struct hp_kernel_claim *claim)
{
	struct hp_kernel_range *ranges = NULL;

	if (reserve(&table->claims, sizeof(*claim), table->claims_count, &table->claims_capacity))
		return -ENOMEM;
	if (claim->ranges_count) {
		ranges = calloc(claim->ranges_count, sizeof(*ranges));
		if (!ranges)
			return -ENOMEM;
		memcpy(ranges, claim->ranges, claim->ranges_count * sizeof(*ranges));
	}
	table->claims[table->claims_count] = *claim;
	table->claims[table->claims_count].ranges = ranges;
	table->claims_count++;
	return 0;
}
