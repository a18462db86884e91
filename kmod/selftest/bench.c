// SPDX-License-Identifier: GPL-2.0
/* bench.c: measures what a lookup in a full table costs. */
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "hostpart.h"
#include "selftest.h"

static unsigned int bench_lookups;
module_param(bench_lookups, uint, 0444);
MODULE_PARM_DESC(bench_lookups, "measure so many lookups of each kind, 0 = none");

#define DOMAINS		64
#define PCI_CLAIMS	4096
#define SAMPLES		15

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static int add_pci(struct hp_table *table, u32 number)
{
	struct hp_claim *claim = kvzalloc(sizeof(*claim), GFP_KERNEL);
	struct hp_refusal why = {};

	if (!claim)
		return -ENOMEM;
	claim->domain = table->domains[number % DOMAINS];
	claim->type = HP_CLAIM_PCI;
	claim->pci.match = HP_PCI_BY_ADDRESS;
	claim->pci.segment = 0x7fff;
	claim->pci.bus = number >> 8;
	claim->pci.device = number >> 3 & 31;
	claim->pci.function = number & 7;
	return hp_table_add_claim(table, claim, &why);
}

static int fill(struct hp_table *table)
{
	struct hp_refusal why = {};
	u32 i, cpu;
	int err = 0;

	for (i = 0; i < DOMAINS && !err; i++) {
		struct hp_domain domain = {};

		snprintf(domain.name, sizeof(domain.name), "d%u", i);
		err = hp_table_add_domain(table, &domain, &why);
	}
	for (i = 0; i < PCI_CLAIMS && !err; i++)
		err = add_pci(table, i);
	for (cpu = 0; cpu < nr_cpu_ids && !err; cpu += 2)
		table->cpu_owner[cpu] = 1 + cpu % DOMAINS;
	return err;
}

/* Each sample looks at numbers all over the table; half of the CPUs are nobody's. */
static u64 look(const struct hp_table *table, bool is_pci)
{
	u64 start = ktime_get_ns(), found = 0;
	u32 i;

	rcu_read_lock();
	for (i = 0; i < bench_lookups; i++) {
		u32 number = (i * 2654435761u) % PCI_CLAIMS;

		if (is_pci)
			found += !!hp_table_pci_at(table, 0x7fff, number >> 8, number & 0xff);
		else
			found += !!hp_table_cpu_owner(table, number % nr_cpu_ids);
	}
	rcu_read_unlock();
	/* The result is used, so that the loop is not left out. */
	return found ? ktime_get_ns() - start : U64_MAX;
}

static void report(const struct hp_table *table, bool is_pci)
{
	u64 samples[SAMPLES], per_lookup_ps;
	u32 i;

	for (i = 0; i < SAMPLES; i++)
		samples[i] = look(table, is_pci);
	sort(samples, SAMPLES, sizeof(samples[0]), compare, NULL);
	per_lookup_ps = div_u64(samples[SAMPLES / 2] * 1000, bench_lookups);
	pr_info("hostpart: bench: %s lookup %llu ps\n", is_pci ? "pci" : "cpu", per_lookup_ps);
}

int hp_selftest_bench(void)
{
	struct hp_table *table;
	int err;

	if (!bench_lookups)
		return 0;
	table = hp_table_new();
	if (!table)
		return -ENOMEM;
	err = fill(table);
	if (!err) {
		report(table, false);
		report(table, true);
	}
	hp_table_free(table);
	return err;
}
