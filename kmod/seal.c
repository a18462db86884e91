// SPDX-License-Identifier: GPL-2.0
/* seal.c: freezes the live table but for what it declares elastic. */
#include <linux/printk.h>
#include <linux/string.h>

#include "hostpart.h"

/*
 * The sealed table is the live one: a commit under the seal keeps what is not
 * elastic and the bounds of what is, so the first sealed table binds all later
 * ones.  A dead namespace is not replaced either: who can kill a domain could
 * else put one of his own in its place.
 */
static bool is_sealed;			/* written once, under hp_registry_lock */

bool hp_seal_is_set(void)
{
	return READ_ONCE(is_sealed);
}

static bool same_ranges(const struct hp_range *a, u32 a_count, const struct hp_range *b,
			u32 b_count)
{
	return a_count == b_count && !memcmp(a, b, a_count * sizeof(*a));
}

/* What a domain is beside its claims. */
static bool same_domain(const struct hp_domain *a, const struct hp_domain *b)
{
	u32 a_ino = hp_netns_ino(a->netns), b_ino = hp_netns_ino(b->netns);

	return a->cgroup_id == b->cgroup_id && a->flags == b->flags && a_ino == b_ino &&
	       a->elastic_min_bytes == b->elastic_min_bytes &&
	       a->elastic_max_bytes == b->elastic_max_bytes &&
	       same_ranges(a->elastic_ranges, a->elastic_range_count, b->elastic_ranges,
			   b->elastic_range_count);
}

static int check_domains(const struct hp_table *old, const struct hp_table *next,
			 struct hp_refusal *why)
{
	const struct hp_domain *domain;
	u32 i;

	for (i = 0; i < old->domain_count; i++) {
		domain = hp_table_find_domain(next, old->domains[i]->name);
		if (!domain)
			return hp_refuse(why, -EROFS, "sealed: domain %s stays",
					 old->domains[i]->name);
		if (!same_domain(old->domains[i], domain))
			return hp_refuse(why, -EROFS,
					 "sealed: flags, cgroup, namespace and elastic bounds of %s stay",
					 domain->name);
	}
	for (i = 0; i < next->domain_count; i++)
		if (!hp_table_find_domain(old, next->domains[i]->name))
			return hp_refuse(why, -EROFS, "sealed: no new domain, not %s",
					 next->domains[i]->name);
	return 0;
}

static bool is_same_owner(const struct hp_domain *a, const struct hp_domain *b)
{
	return a ? b && !strcmp(a->name, b->name) : !b;
}

static bool may_change(const struct hp_domain *domain, unsigned int cpu)
{
	return !domain || hp_ranges_have(domain->elastic_ranges, domain->elastic_range_count, cpu);
}

/* A CPU changes hands only when it is elastic to both. */
static int check_cpus(const struct hp_table *old, const struct hp_table *next,
		      struct hp_refusal *why)
{
	const struct hp_domain *was, *becomes, *rigid;
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		was = hp_table_cpu_owner(old, cpu);
		becomes = hp_table_cpu_owner(next, cpu);
		if (is_same_owner(was, becomes))
			continue;
		rigid = may_change(was, cpu) ? becomes : was;
		if (!may_change(rigid, cpu))
			return hp_refuse(why, -EROFS, "sealed: cpu %u is not elastic in %s", cpu,
					 rigid->name);
	}
	return 0;
}

static bool fits(const struct hp_domain *domain, u64 memory_bytes)
{
	return memory_bytes >= domain->elastic_min_bytes &&
	       memory_bytes <= domain->elastic_max_bytes;
}

static int check_memory(const struct hp_table *old, const struct hp_table *next,
			struct hp_refusal *why)
{
	const struct hp_claim *was, *becomes;
	const struct hp_domain *domain;
	u32 i;

	for (i = 0; i < old->domain_count; i++) {
		domain = hp_table_find_domain(next, old->domains[i]->name);
		was = hp_table_memory_claim(old, old->domains[i]);
		becomes = hp_table_memory_claim(next, domain);
		if (!was && !becomes)
			continue;
		if (!was || !becomes || !same_ranges(was->ranges, was->range_count,
						     becomes->ranges, becomes->range_count))
			return hp_refuse(why, -EROFS, "sealed: the memory nodes of %s stay",
					 domain->name);
		if (was->memory_bytes != becomes->memory_bytes &&
		    !fits(domain, becomes->memory_bytes))
			return hp_refuse(why, -EROFS,
					 "sealed: the memory of %s cannot become %llu bytes",
					 domain->name, becomes->memory_bytes);
	}
	return 0;
}

static bool same_pci(const struct hp_claim *a, const struct hp_claim *b)
{
	return !strcmp(a->domain->name, b->domain->name) &&
	       !memcmp(&a->pci, &b->pci, sizeof(a->pci));
}

static u32 count_pci(const struct hp_table *table)
{
	u32 i, count = 0;

	for (i = 0; i < table->claim_count; i++)
		count += table->claims[i]->type == HP_CLAIM_PCI;
	return count;
}

static bool has_pci(const struct hp_table *table, const struct hp_claim *wanted)
{
	const struct hp_claim *claim = hp_table_pci_like(table, wanted);

	return claim && same_pci(claim, wanted);
}

static int check_pci(const struct hp_table *old, const struct hp_table *next,
		     struct hp_refusal *why)
{
	char text[HP_PCI_TEXT_LEN];
	u32 i;

	for (i = 0; i < old->claim_count; i++) {
		const struct hp_claim *claim = old->claims[i];

		if (claim->type != HP_CLAIM_PCI || has_pci(next, claim))
			continue;
		hp_pci_print(&claim->pci, text, sizeof(text));
		return hp_refuse(why, -EROFS, "sealed: pci %s stays with %s as it is", text,
				 claim->domain->name);
	}
	if (count_pci(next) != count_pci(old))
		return hp_refuse(why, -EROFS, "sealed: no further pci function can be claimed");
	return 0;
}

static void tell(u32 type, const struct hp_table *table, const struct hp_actor_info *actor,
		 const struct hp_refusal *why)
{
	struct hp_event event = {
		.type = type,
		.generation = table->generation,
		.domain_count = table->domain_count,
		.claim_count = table->claim_count,
		.actor = *actor,
	};

	if (why)
		strscpy(event.reason, why->text, sizeof(event.reason));
	hp_event_emit(&event, GFP_KERNEL);
}

int hp_seal_check(const struct hp_table *old, const struct hp_table *next,
		  const struct hp_actor_info *actor, struct hp_refusal *why)
{
	int err;

	lockdep_assert_held(&hp_registry_lock);
	if (!is_sealed)
		return 0;
	err = check_domains(old, next, why);
	if (!err)
		err = check_cpus(old, next, why);
	if (!err)
		err = check_memory(old, next, why);
	if (!err)
		err = check_pci(old, next, why);
	if (err)
		tell(HP_EVENT_SEAL_REFUSED, old, actor, why);
	return err;
}

int hp_seal(const u64 *expected_generation, const struct hp_actor_info *actor,
	    struct hp_refusal *why)
{
	const struct hp_table *table = hp_registry_table_locked();

	if (expected_generation && *expected_generation != table->generation)
		return hp_refuse(why, -ESTALE, "generation is %llu, the request expects %llu",
				 table->generation, *expected_generation);
	if (is_sealed)
		return 0;
	if (!table->domain_count)
		return hp_refuse(why, -ENOENT, "the table is empty: there is nothing to seal");
	hp_seal_hold_module();
	WRITE_ONCE(is_sealed, true);
	hp_guards_set(HP_GUARD_SEALED);
	tell(HP_EVENT_SEAL, table, actor, NULL);
	pr_notice("hostpart: generation %llu is sealed until the next reboot, by %s[%u]\n",
		  table->generation, actor->comm, actor->pid);
	return 0;
}
