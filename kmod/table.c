// SPDX-License-Identifier: GPL-2.0
/* table.c: builds one table of domains and claims that cannot contradict itself. */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "hostpart.h"

struct hp_table *hp_table_new(void)
{
	struct hp_table *table;

	table = kvzalloc(struct_size(table, cpu_owner, nr_cpu_ids), GFP_KERNEL_ACCOUNT);
	if (!table)
		return NULL;
	xa_init_flags(&table->pci, XA_FLAGS_ACCOUNT);
	return table;
}

void hp_table_free(struct hp_table *table)
{
	u32 i;

	if (!table)
		return;
	xa_destroy(&table->pci);
	for (i = 0; i < table->claim_count; i++)
		kvfree(table->claims[i]);
	kvfree(table->claims);
	for (i = 0; i < table->domain_count; i++)
		kfree(table->domains[i]);
	kvfree(table);
}

const struct hp_domain *hp_table_find_domain(const struct hp_table *table, const char *name)
{
	u32 i;

	for (i = 0; i < table->domain_count; i++)
		if (!strcmp(table->domains[i]->name, name))
			return table->domains[i];
	return NULL;
}

const struct hp_domain *hp_table_cpu_owner(const struct hp_table *table, unsigned int cpu)
{
	if (cpu >= nr_cpu_ids || !table->cpu_owner[cpu])
		return NULL;
	return table->domains[table->cpu_owner[cpu] - 1];
}

static bool name_is_valid(const char *name)
{
	const char *c;

	if (!(*name >= 'a' && *name <= 'z'))
		return false;
	for (c = name; *c; c++)
		if (!(*c >= 'a' && *c <= 'z') && !(*c >= '0' && *c <= '9') && *c != '-')
			return false;
	return c[-1] != '-' && c - name <= HP_DOMAIN_NAME_MAX;
}

static int check_domain(const struct hp_table *table, const struct hp_domain *domain,
			struct hp_refusal *why)
{
	u32 i;

	if (!name_is_valid(domain->name))
		return hp_refuse(why, -EINVAL,
				 "domain \"%.32s\": a name is a-z, 0-9 and inner '-', a letter first",
				 domain->name);
	if (table->domain_count >= HP_DOMAIN_LIMIT)
		return hp_refuse(why, -ENOSPC, "domain %s: no room, a table holds %u domains",
				 domain->name, HP_DOMAIN_LIMIT);
	for (i = 0; i < table->domain_count; i++) {
		const struct hp_domain *other = table->domains[i];

		if (!strcmp(other->name, domain->name))
			return hp_refuse(why, -EBUSY, "domain %s: given twice", domain->name);
		if (domain->cgroup_id && other->cgroup_id == domain->cgroup_id)
			return hp_refuse(why, -EBUSY, "cgroup id %llu: claimed by %s, wanted by %s",
					 domain->cgroup_id, other->name, domain->name);
		if (domain->flags & other->flags & HP_DOMAIN_F_BASE)
			return hp_refuse(why, -EBUSY, "base: is %s, wanted by %s",
					 other->name, domain->name);
	}
	return 0;
}

int hp_table_add_domain(struct hp_table *table, const struct hp_domain *domain,
			struct hp_refusal *why)
{
	struct hp_domain *copy;
	int err;

	err = check_domain(table, domain, why);
	if (err)
		return err;
	copy = kmemdup(domain, sizeof(*domain), GFP_KERNEL_ACCOUNT);
	if (!copy)
		return -ENOMEM;
	copy->index = table->domain_count;
	copy->claim_count = 0;
	table->domains[table->domain_count++] = copy;
	return 0;
}

static int take_cpus(struct hp_table *table, const struct hp_claim *claim, struct hp_refusal *why)
{
	u32 i, cpu;

	for (i = 0; i < claim->range_count; i++) {
		u32 last = claim->ranges[i].last;

		if (last >= nr_cpu_ids)
			return hp_refuse(why, -ENODEV,
					 "cpu %u: wanted by %s, this machine numbers its CPUs 0 to %u",
					 last, claim->domain->name, nr_cpu_ids - 1);
		for (cpu = claim->ranges[i].first; cpu <= last; cpu++) {
			const struct hp_domain *owner = hp_table_cpu_owner(table, cpu);

			if (owner)
				return hp_refuse(why, -EBUSY, "cpu %u: claimed by %s, wanted by %s",
						 cpu, owner->name, claim->domain->name);
			table->cpu_owner[cpu] = claim->domain->index + 1;
		}
	}
	return 0;
}

static int take_memory(struct hp_table *table, const struct hp_claim *claim,
		       struct hp_refusal *why)
{
	u64 sum;
	u32 i;

	for (i = 0; i < table->claim_count; i++)
		if (table->claims[i]->type == HP_CLAIM_MEMORY &&
		    table->claims[i]->domain == claim->domain)
			return hp_refuse(why, -EBUSY, "memory: claimed by %s, wanted by %s again",
					 claim->domain->name, claim->domain->name);
	if (check_add_overflow(table->memory_bytes, claim->memory_bytes, &sum))
		return hp_refuse(why, -ENOSPC, "memory: the claims to that of %s overflow 64 bits",
				 claim->domain->name);
	table->memory_bytes = sum;
	return 0;
}

/* 16 bits of bus, device and function below 32 of segment: needs a 64-bit kernel. */
static unsigned long pci_key(const struct hp_claim *claim)
{
	BUILD_BUG_ON(sizeof(unsigned long) < sizeof(u64));
	return (unsigned long)claim->pci.segment << 16 | claim->pci.bus << 8 |
	       claim->pci.device << 3 | claim->pci.function;
}

static int take_pci(struct hp_table *table, struct hp_claim *claim, struct hp_refusal *why)
{
	struct hp_claim *owner;
	int err;

	err = xa_insert(&table->pci, pci_key(claim), claim, GFP_KERNEL_ACCOUNT);
	if (err != -EBUSY)
		return err;
	owner = xa_load(&table->pci, pci_key(claim));
	return hp_refuse(why, -EBUSY, "pci %04x:%02x:%02x.%x: claimed by %s, wanted by %s",
			 claim->pci.segment, claim->pci.bus, claim->pci.device,
			 claim->pci.function, owner->domain->name, claim->domain->name);
}

static int take(struct hp_table *table, struct hp_claim *claim, struct hp_refusal *why)
{
	switch (claim->type) {
	case HP_CLAIM_CPU:
		return take_cpus(table, claim, why);
	case HP_CLAIM_MEMORY:
		return take_memory(table, claim, why);
	case HP_CLAIM_PCI:
		return take_pci(table, claim, why);
	}
	return hp_refuse(why, -EOPNOTSUPP, "claim type %u: not known to this module (abi %u)",
			 claim->type, HP_ABI);
}

/* kvrealloc() changed its arguments between the kernels we support; this is as short. */
static int grow_claims(struct hp_table *table)
{
	u32 capacity = max(64u, table->claim_capacity * 2);
	struct hp_claim **claims;

	claims = kvcalloc(capacity, sizeof(*claims), GFP_KERNEL_ACCOUNT);
	if (!claims)
		return -ENOMEM;
	if (table->claims)
		memcpy(claims, table->claims, table->claim_count * sizeof(*claims));
	kvfree(table->claims);
	table->claims = claims;
	table->claim_capacity = capacity;
	return 0;
}

int hp_table_add_claim(struct hp_table *table, struct hp_claim *claim, struct hp_refusal *why)
{
	int err = 0;

	if (table->claim_count >= HP_CLAIM_LIMIT)
		err = hp_refuse(why, -ENOSPC, "claim of %s: no room, a table holds %u claims",
				claim->domain->name, HP_CLAIM_LIMIT);
	else if (table->claim_count == table->claim_capacity)
		err = grow_claims(table);
	if (!err)
		err = take(table, claim, why);
	if (err) {
		/* The table may now hold half of the claim: its builder throws it away. */
		kvfree(claim);
		return err;
	}
	table->claims[table->claim_count++] = claim;
	table->domains[claim->domain->index]->claim_count++;
	table->range_count_max = max(table->range_count_max, claim->range_count);
	return 0;
}

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
