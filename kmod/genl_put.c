// SPDX-License-Identifier: GPL-2.0
/* genl_put.c: how a domain, or a claim, looks in a message. */
#include <net/genetlink.h>

#include "hostpart.h"

static int put_elastic(struct sk_buff *skb, const struct hp_domain *domain)
{
	u32 bytes = domain->elastic_range_count * sizeof(struct hp_range);

	if (bytes && nla_put(skb, HP_DOMAIN_A_ELASTIC_CPUS, bytes, domain->elastic_ranges))
		return -EMSGSIZE;
	if (!domain->elastic_max_bytes)
		return 0;
	return nla_put_u64_64bit(skb, HP_DOMAIN_A_ELASTIC_MEM_MIN, domain->elastic_min_bytes,
				 HP_DOMAIN_A_PAD) ||
	       nla_put_u64_64bit(skb, HP_DOMAIN_A_ELASTIC_MEM_MAX, domain->elastic_max_bytes,
				 HP_DOMAIN_A_PAD);
}

static int put_netns(struct sk_buff *skb, const struct hp_domain *domain)
{
	u32 ino = hp_netns_ino(domain->netns);

	return ino ? nla_put_u32(skb, HP_DOMAIN_A_NETNS_INO, ino) : 0;
}

int hp_genl_put_domain(struct sk_buff *skb, const struct hp_table *table,
		       const struct hp_domain *domain)
{
	struct nlattr *nest;

	if (nla_put_u64_64bit(skb, HP_A_GENERATION, table->generation, HP_A_PAD))
		return -EMSGSIZE;
	nest = nla_nest_start(skb, HP_A_DOMAIN);
	if (!nest || nla_put_string(skb, HP_DOMAIN_A_NAME, domain->name) ||
	    nla_put_u64_64bit(skb, HP_DOMAIN_A_CGROUP_ID, domain->cgroup_id, HP_DOMAIN_A_PAD) ||
	    nla_put_u32(skb, HP_DOMAIN_A_FLAGS, domain->flags) ||
	    nla_put_u32(skb, HP_DOMAIN_A_CLAIM_COUNT, domain->claim_count) ||
	    put_netns(skb, domain) || put_elastic(skb, domain))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_address(struct sk_buff *skb, const struct hp_pci_name *pci)
{
	return nla_put_u32(skb, HP_CLAIM_A_PCI_SEGMENT, pci->segment) ||
	       nla_put_u32(skb, HP_CLAIM_A_PCI_BUS, pci->bus) ||
	       nla_put_u32(skb, HP_CLAIM_A_PCI_DEVICE, pci->device) ||
	       nla_put_u32(skb, HP_CLAIM_A_PCI_FUNCTION, pci->function);
}

static int put_name(struct sk_buff *skb, const struct hp_pci_name *pci)
{
	char path[HP_PCI_TEXT_LEN];

	switch (pci->match) {
	case HP_PCI_BY_ID:
		return nla_put_u32(skb, HP_CLAIM_A_PCI_VENDOR, pci->vendor) ||
		       nla_put_u32(skb, HP_CLAIM_A_PCI_DEVICE_ID, pci->device_id) ||
		       nla_put_u32(skb, HP_CLAIM_A_PCI_INDEX, pci->index);
	case HP_PCI_BY_PATH:
		hp_pci_print(pci, path, sizeof(path));
		return nla_put_string(skb, HP_CLAIM_A_PCI_PATH, path);
	}
	return put_address(skb, pci);
}

static int put_pci(struct sk_buff *skb, const struct hp_claim *claim)
{
	const struct hp_pci_name *pci = &claim->pci;

	if (put_name(skb, pci) || nla_put_u32(skb, HP_CLAIM_A_PCI_STATE, hp_pci_state(claim)))
		return -EMSGSIZE;
	if (pci->driver[0] && nla_put_string(skb, HP_CLAIM_A_PCI_DRIVER, pci->driver))
		return -EMSGSIZE;
	if (pci->flags && nla_put_u32(skb, HP_CLAIM_A_PCI_FLAGS, pci->flags))
		return -EMSGSIZE;
	if (pci->port_name[0] && nla_put_string(skb, HP_CLAIM_A_PORT_NAME, pci->port_name))
		return -EMSGSIZE;
	return 0;
}

static int put_values(struct sk_buff *skb, const struct hp_claim *claim)
{
	u32 bytes = claim->range_count * sizeof(struct hp_range);

	switch (claim->type) {
	case HP_CLAIM_CPU:
		return nla_put(skb, HP_CLAIM_A_CPUS, bytes, claim->ranges);
	case HP_CLAIM_MEMORY:
		if (bytes && nla_put(skb, HP_CLAIM_A_MEM_NODES, bytes, claim->ranges))
			return -EMSGSIZE;
		return nla_put_u64_64bit(skb, HP_CLAIM_A_MEM_BYTES, claim->memory_bytes,
					 HP_CLAIM_A_PAD);
	case HP_CLAIM_PCI:
		return put_pci(skb, claim);
	}
	WARN_ON_ONCE(1);
	return -EMSGSIZE;
}

int hp_genl_put_claim(struct sk_buff *skb, const struct hp_table *table,
		      const struct hp_claim *claim)
{
	struct nlattr *nest;

	if (nla_put_u64_64bit(skb, HP_A_GENERATION, table->generation, HP_A_PAD))
		return -EMSGSIZE;
	nest = nla_nest_start(skb, HP_A_CLAIM);
	if (!nest || nla_put_string(skb, HP_CLAIM_A_DOMAIN, claim->domain->name) ||
	    nla_put_u32(skb, HP_CLAIM_A_TYPE, claim->type) || put_values(skb, claim))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}
