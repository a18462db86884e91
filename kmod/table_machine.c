// SPDX-License-Identifier: GPL-2.0
/* table_machine.c: checks a whole table against what the machine has now. */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/nodemask.h>

#include "hostpart.h"

static int check_nodes(const struct hp_claim *claim, struct hp_refusal *why)
{
	u32 i, node;

	for (i = 0; i < claim->range_count; i++) {
		for (node = claim->ranges[i].first; node <= claim->ranges[i].last; node++)
			if (node >= MAX_NUMNODES || !node_state(node, N_MEMORY))
				return hp_refuse(why, -ENODEV,
						 "node %u: wanted by %s, has no memory here",
						 node, claim->domain->name);
	}
	return 0;
}

int hp_table_check_machine(const struct hp_table *table, struct hp_refusal *why)
{
	u64 machine_bytes = (u64)totalram_pages() << PAGE_SHIFT;
	unsigned int cpu;
	u32 i;
	int err;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (table->cpu_owner[cpu] && !cpu_online(cpu))
			return hp_refuse(why, -ENODEV, "cpu %u: wanted by %s, is not online",
					 cpu, hp_table_cpu_owner(table, cpu)->name);
	for (i = 0; i < table->claim_count; i++) {
		if (table->claims[i]->type != HP_CLAIM_MEMORY)
			continue;
		err = check_nodes(table->claims[i], why);
		if (err)
			return err;
	}
	if (table->memory_bytes > machine_bytes)
		return hp_refuse(why, -ENOSPC,
				 "memory: the claims add up to %llu bytes, this machine has %llu",
				 table->memory_bytes, machine_bytes);
	return 0;
}
