// SPDX-License-Identifier: GPL-2.0
/* oracle.c: what the registry must hold and refuse, worked out in the simplest way there is. */
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "hostpart.h"
#include "selftest.h"

#define WISH_LIMIT	256

/* A table is the list of the wishes that were granted; every question walks the list. */
struct hp_oracle {
	u32 count;
	struct hp_wish wishes[WISH_LIMIT];
};

struct hp_oracle *hp_oracle_new(void)
{
	return kvzalloc(sizeof(struct hp_oracle), GFP_KERNEL);
}

void hp_oracle_free(struct hp_oracle *oracle)
{
	kvfree(oracle);
}

static bool has_domain(const struct hp_oracle *oracle, const char *name)
{
	u32 i;

	for (i = 0; i < oracle->count; i++)
		if (oracle->wishes[i].kind == HP_WISH_DOMAIN &&
		    !strcmp(oracle->wishes[i].domain, name))
			return true;
	return false;
}

static bool wants_cpu(const struct hp_wish *wish, u32 cpu)
{
	u32 i;

	if (wish->kind != HP_WISH_CPUS)
		return false;
	for (i = 0; i < wish->range_count; i++)
		if (cpu >= wish->ranges[i][0] && cpu <= wish->ranges[i][1])
			return true;
	return false;
}

static const char *cpu_owner(const struct hp_oracle *oracle, u32 cpu)
{
	u32 i;

	for (i = 0; i < oracle->count; i++)
		if (wants_cpu(&oracle->wishes[i], cpu))
			return oracle->wishes[i].domain;
	return NULL;
}

static int judge_domain(const struct hp_oracle *oracle, const struct hp_wish *wish)
{
	u32 i;

	/* The one bad name that is drawn begins with a capital letter. */
	if (wish->domain[0] < 'a')
		return -EINVAL;
	for (i = 0; i < oracle->count; i++) {
		const struct hp_wish *other = &oracle->wishes[i];

		if (other->kind != HP_WISH_DOMAIN)
			continue;
		if (!strcmp(other->domain, wish->domain) ||
		    (wish->cgroup_id && wish->cgroup_id == other->cgroup_id) ||
		    (wish->is_base && other->is_base))
			return -EBUSY;
	}
	return 0;
}

/* A range that reaches beyond the machine is refused before any CPU of it is looked at. */
static int judge_cpus(const struct hp_oracle *oracle, const struct hp_wish *wish)
{
	u32 i, cpu;

	for (i = 0; i < wish->range_count; i++) {
		if (wish->ranges[i][1] >= nr_cpu_ids)
			return -ENODEV;
		for (cpu = wish->ranges[i][0]; cpu <= wish->ranges[i][1]; cpu++)
			if (cpu_owner(oracle, cpu))
				return -EBUSY;
	}
	return 0;
}

static int judge_memory(const struct hp_oracle *oracle, const struct hp_wish *wish)
{
	u64 left = U64_MAX;
	u32 i;

	for (i = 0; i < oracle->count; i++) {
		const struct hp_wish *other = &oracle->wishes[i];

		if (other->kind != HP_WISH_MEMORY)
			continue;
		if (!strcmp(other->domain, wish->domain))
			return -EBUSY;
		left -= other->memory_bytes;
	}
	return wish->memory_bytes > left ? -ENOSPC : 0;
}

static int judge_pci(const struct hp_oracle *oracle, const struct hp_wish *wish)
{
	u32 i;

	for (i = 0; i < oracle->count; i++)
		if (oracle->wishes[i].kind == HP_WISH_PCI &&
		    !memcmp(&oracle->wishes[i].pci, &wish->pci, sizeof(wish->pci)))
			return -EBUSY;
	return 0;
}

int hp_oracle_judge(const struct hp_oracle *oracle, const struct hp_wish *wish)
{
	if (wish->kind == HP_WISH_DOMAIN)
		return judge_domain(oracle, wish);
	if (!has_domain(oracle, wish->domain))
		return -ENOENT;
	if (wish->kind == HP_WISH_CPUS)
		return judge_cpus(oracle, wish);
	if (wish->kind == HP_WISH_MEMORY)
		return judge_memory(oracle, wish);
	return judge_pci(oracle, wish);
}

int hp_oracle_stage(struct hp_oracle *oracle, const struct hp_wish *wish)
{
	int err = hp_oracle_judge(oracle, wish);

	if (!err && oracle->count < WISH_LIMIT)
		oracle->wishes[oracle->count++] = *wish;
	return err;
}

int hp_oracle_check(const struct hp_oracle *oracle)
{
	u64 left = (u64)totalram_pages() << PAGE_SHIFT;
	u32 i, cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (cpu_owner(oracle, cpu) && !cpu_online(cpu))
			return -ENODEV;
	for (i = 0; i < oracle->count; i++) {
		if (oracle->wishes[i].kind != HP_WISH_MEMORY)
			continue;
		if (oracle->wishes[i].memory_bytes > left)
			return -ENOSPC;
		left -= oracle->wishes[i].memory_bytes;
	}
	return 0;
}

static bool agrees_on_domain(const struct hp_oracle *oracle, const struct hp_wish *wish,
			     const struct hp_table *table)
{
	const struct hp_domain *domain = hp_table_find_domain(table, wish->domain);
	u32 claims = 0, i;

	for (i = 0; i < oracle->count; i++)
		claims += oracle->wishes[i].kind != HP_WISH_DOMAIN &&
			  !strcmp(oracle->wishes[i].domain, wish->domain);
	return domain && domain->cgroup_id == wish->cgroup_id && domain->claim_count == claims &&
	       !!(domain->flags & HP_DOMAIN_F_BASE) == wish->is_base;
}

static bool agrees_on_wish(const struct hp_oracle *oracle, const struct hp_wish *wish,
			   const struct hp_table *table)
{
	const struct hp_domain *domain;
	const struct hp_claim *claim;

	if (wish->kind == HP_WISH_DOMAIN)
		return agrees_on_domain(oracle, wish, table);
	if (wish->kind == HP_WISH_CPUS)
		return true;	/* compared CPU by CPU */
	domain = hp_table_find_domain(table, wish->domain);
	if (wish->kind == HP_WISH_MEMORY) {
		claim = domain ? hp_table_memory_claim(table, domain) : NULL;
		return claim && claim->memory_bytes == wish->memory_bytes;
	}
	claim = hp_wish_find_pci(table, &wish->pci);
	return claim && claim->domain == domain;
}

static bool agrees_on_cpu(const struct hp_oracle *oracle, u32 cpu, const struct hp_table *table)
{
	const struct hp_domain *domain = hp_table_cpu_owner(table, cpu);
	const char *owner = cpu_owner(oracle, cpu);

	return owner ? domain && !strcmp(domain->name, owner) : !domain;
}

bool hp_oracle_agrees(const struct hp_oracle *oracle, const struct hp_table *table)
{
	u32 domains = 0, i;

	for (i = 0; i < oracle->count; i++) {
		domains += oracle->wishes[i].kind == HP_WISH_DOMAIN;
		if (!agrees_on_wish(oracle, &oracle->wishes[i], table)) {
			pr_err("hostpart: selftest: wish %u, of kind %u, of %s, is not in the table\n",
			       i, oracle->wishes[i].kind, oracle->wishes[i].domain);
			return false;
		}
	}
	for (i = 0; i < nr_cpu_ids; i++)
		if (!agrees_on_cpu(oracle, i, table)) {
			pr_err("hostpart: selftest: cpu %u has another owner\n", i);
			return false;
		}
	if (table->domain_count == domains && table->claim_count == oracle->count - domains)
		return true;
	pr_err("hostpart: selftest: %u domains and %u claims, should be %u and %u\n",
	       table->domain_count, table->claim_count, domains, oracle->count - domains);
	return false;
}
