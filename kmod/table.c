// SPDX-License-Identifier: GPL-2.0
/* table.c: builds one table of domains and claims that cannot contradict itself. */
#include <linux/cpumask.h>
#include <linux/overflow.h>
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
	xa_init_flags(&table->pci_ids, XA_FLAGS_ACCOUNT);
	xa_init_flags(&table->pci_paths, XA_FLAGS_ACCOUNT);
	xa_init_flags(&table->pci_resolved, XA_FLAGS_ACCOUNT);
	return table;
}

static void drop_owned(const struct hp_domain *domain)
{
	kvfree(domain->elastic_ranges);
	hp_netns_put(domain->netns);
}

void hp_table_free(struct hp_table *table)
{
	u32 i;

	if (!table)
		return;
	xa_destroy(&table->pci);
	xa_destroy(&table->pci_ids);
	xa_destroy(&table->pci_paths);
	xa_destroy(&table->pci_resolved);
	for (i = 0; i < table->claim_count; i++)
		kvfree(table->claims[i]);
	kvfree(table->claims);
	for (i = 0; i < table->domain_count; i++) {
		drop_owned(table->domains[i]);
		kfree(table->domains[i]);
	}
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

const struct hp_claim *hp_table_memory_claim(const struct hp_table *table,
					     const struct hp_domain *domain)
{
	u32 i;

	for (i = 0; i < table->claim_count; i++)
		if (table->claims[i]->type == HP_CLAIM_MEMORY && table->claims[i]->domain == domain)
			return table->claims[i];
	return NULL;
}

void hp_table_domain_cpus(const struct hp_table *table, const struct hp_domain *domain,
			  struct cpumask *cpus)
{
	unsigned int cpu;

	cpumask_clear(cpus);
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (hp_table_cpu_owner(table, cpu) == domain)
			cpumask_set_cpu(cpu, cpus);
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
		goto drop;
	err = -ENOMEM;
	copy = kmemdup(domain, sizeof(*domain), GFP_KERNEL_ACCOUNT);
	if (!copy)
		goto drop;
	copy->index = table->domain_count;
	copy->claim_count = 0;
	table->domains[table->domain_count++] = copy;
	table->range_count_max = max(table->range_count_max, copy->elastic_range_count);
	return 0;

drop:
	drop_owned(domain);
	return err;
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

	if (hp_table_memory_claim(table, claim->domain))
		return hp_refuse(why, -EBUSY, "memory: claimed by %s, wanted by %s again",
				 claim->domain->name, claim->domain->name);
	if (check_add_overflow(table->memory_bytes, claim->memory_bytes, &sum))
		return hp_refuse(why, -ENOSPC, "memory: the claims to that of %s overflow 64 bits",
				 claim->domain->name);
	table->memory_bytes = sum;
	return 0;
}

static int take(struct hp_table *table, struct hp_claim *claim, struct hp_refusal *why)
{
	switch (claim->type) {
	case HP_CLAIM_CPU:
		return take_cpus(table, claim, why);
	case HP_CLAIM_MEMORY:
		return take_memory(table, claim, why);
	case HP_CLAIM_PCI:
		return hp_table_take_pci(table, claim, why);
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

void hp_table_keep_netns(struct hp_table *next, const struct hp_table *old)
{
	const struct hp_domain *was;
	u32 i;

	for (i = 0; i < next->domain_count; i++) {
		struct hp_domain *domain = next->domains[i];

		was = hp_table_find_domain(old, domain->name);
		if (was && !domain->netns && was->flags & domain->flags & HP_DOMAIN_F_ACTIVE)
			domain->netns = hp_netns_get(was->netns);
	}
}

bool hp_ranges_have(const struct hp_range *ranges, u32 count, u32 number)
{
	u32 i;

	for (i = 0; i < count; i++)
		if (number >= ranges[i].first && number <= ranges[i].last)
			return true;
	return false;
}

static int check_elastic_cpus(const struct hp_table *table, const struct hp_domain *domain,
			      struct hp_refusal *why)
{
	unsigned int cpu;

	if (!domain->elastic_range_count)
		return 0;
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (hp_table_cpu_owner(table, cpu) == domain &&
		    !hp_ranges_have(domain->elastic_ranges, domain->elastic_range_count, cpu))
			return hp_refuse(why, -EINVAL,
					 "elastic cpus of %s: cpu %u, which it claims, is not among them",
					 domain->name, cpu);
	return 0;
}

static int check_elastic_memory(const struct hp_table *table, const struct hp_domain *domain,
				struct hp_refusal *why)
{
	const struct hp_claim *memory;

	if (!domain->elastic_max_bytes)
		return 0;
	memory = hp_table_memory_claim(table, domain);
	if (memory && memory->memory_bytes >= domain->elastic_min_bytes &&
	    memory->memory_bytes <= domain->elastic_max_bytes)
		return 0;
	return hp_refuse(why, -EINVAL, "elastic memory of %s: %llu to %llu bytes, it claims %llu",
			 domain->name, domain->elastic_min_bytes, domain->elastic_max_bytes,
			 memory ? memory->memory_bytes : 0);
}

int hp_table_check_elastic(const struct hp_table *table, struct hp_refusal *why)
{
	int err = 0;
	u32 i;

	for (i = 0; i < table->domain_count && !err; i++) {
		err = check_elastic_cpus(table, table->domains[i], why);
		if (!err)
			err = check_elastic_memory(table, table->domains[i], why);
	}
	return err;
}
