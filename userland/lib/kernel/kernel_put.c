// SPDX-License-Identifier: GPL-2.0
/* kernel_put.c: writes a domain or a claim as attributes. */
#include "hostpart.h"
#include "kernel/kernel_internal.h"

_Static_assert(sizeof(struct hp_kernel_range) == 2 * sizeof(uint32_t), "a range is a pair on the wire");

static bool put_ranges(struct nlmsghdr *request, size_t room, uint16_t type, const struct hp_kernel_range *ranges,
		       size_t count)
{
	size_t bytes = count * sizeof(*ranges);

	/* The whole nest, names included, has to stay below the 64 KiB of an attribute. */
	return bytes < UINT16_MAX - 512 && mnl_attr_put_check(request, room, type, bytes, ranges);
}

/* A text that may be left out. */
static bool put_word(struct nlmsghdr *request, size_t room, uint16_t type, const char *word)
{
	return !*word || mnl_attr_put_strz_check(request, room, type, word);
}

static bool put_elastic(struct nlmsghdr *request, size_t room, const struct hp_kernel_domain *domain)
{
	if (domain->elastic_cpus_count &&
	    !put_ranges(request, room, HP_DOMAIN_A_ELASTIC_CPUS, domain->elastic_cpus, domain->elastic_cpus_count))
		return false;
	return !domain->elastic_memory_max ||
	       (mnl_attr_put_u64_check(request, room, HP_DOMAIN_A_ELASTIC_MEM_MIN, domain->elastic_memory_min) &&
		mnl_attr_put_u64_check(request, room, HP_DOMAIN_A_ELASTIC_MEM_MAX, domain->elastic_memory_max));
}

bool hp_kernel_put_domain(struct nlmsghdr *request, size_t room, const struct hp_kernel_domain *domain)
{
	struct nlattr *nest = mnl_attr_nest_start_check(request, room, HP_A_DOMAIN);
	uint32_t flags = (domain->is_base ? HP_DOMAIN_F_BASE : 0) | (domain->is_active ? HP_DOMAIN_F_ACTIVE : 0);

	if (!nest)
		return false;
	if (!mnl_attr_put_strz_check(request, room, HP_DOMAIN_A_NAME, domain->name) ||
	    (domain->cgroup_id &&
	     !mnl_attr_put_u64_check(request, room, HP_DOMAIN_A_CGROUP_ID, domain->cgroup_id)) ||
	    (flags && !mnl_attr_put_u32_check(request, room, HP_DOMAIN_A_FLAGS, flags)) ||
	    (domain->netns_fd > 0 &&
	     !mnl_attr_put_u32_check(request, room, HP_DOMAIN_A_NETNS_FD, (uint32_t)domain->netns_fd)) ||
	    !put_elastic(request, room, domain)) {
		mnl_attr_nest_cancel(request, nest);
		return false;
	}
	mnl_attr_nest_end(request, nest);
	return true;
}

static bool put_function(struct nlmsghdr *request, size_t room, const struct hp_kernel_claim *claim)
{
	switch (claim->pci_match) {
	case HP_KERNEL_PCI_BY_ADDRESS:
		return mnl_attr_put_u32_check(request, room, HP_CLAIM_A_PCI_SEGMENT, claim->pci_segment) &&
		       mnl_attr_put_u32_check(request, room, HP_CLAIM_A_PCI_BUS, claim->pci_bus) &&
		       mnl_attr_put_u32_check(request, room, HP_CLAIM_A_PCI_DEVICE, claim->pci_device) &&
		       mnl_attr_put_u32_check(request, room, HP_CLAIM_A_PCI_FUNCTION, claim->pci_function);
	case HP_KERNEL_PCI_BY_ID:
		return mnl_attr_put_u32_check(request, room, HP_CLAIM_A_PCI_VENDOR, claim->pci_vendor) &&
		       mnl_attr_put_u32_check(request, room, HP_CLAIM_A_PCI_DEVICE_ID, claim->pci_device_id) &&
		       mnl_attr_put_u32_check(request, room, HP_CLAIM_A_PCI_INDEX, claim->pci_index);
	case HP_KERNEL_PCI_BY_PATH:
		return mnl_attr_put_strz_check(request, room, HP_CLAIM_A_PCI_PATH, claim->pci_path);
	}
	return false;
}

static bool put_pci(struct nlmsghdr *request, size_t room, const struct hp_kernel_claim *claim)
{
	return put_function(request, room, claim) &&
	       put_word(request, room, HP_CLAIM_A_PCI_DRIVER, claim->pci_driver) &&
	       put_word(request, room, HP_CLAIM_A_PORT_NAME, claim->port) &&
	       (!claim->pci_shares_group ||
		mnl_attr_put_u32_check(request, room, HP_CLAIM_A_PCI_FLAGS, HP_PCI_F_SHARED_GROUP));
}

static bool put_values(struct nlmsghdr *request, size_t room, const struct hp_kernel_claim *claim)
{
	switch (claim->type) {
	case HP_KERNEL_CPU:
		return put_ranges(request, room, HP_CLAIM_A_CPUS, claim->ranges, claim->ranges_count);
	case HP_KERNEL_MEMORY:
		return mnl_attr_put_u64_check(request, room, HP_CLAIM_A_MEM_BYTES, claim->memory_bytes) &&
		       (!claim->ranges_count ||
			put_ranges(request, room, HP_CLAIM_A_MEM_NODES, claim->ranges, claim->ranges_count));
	case HP_KERNEL_PCI:
		return put_pci(request, room, claim);
	}
	return false;
}

bool hp_kernel_put_claim(struct nlmsghdr *request, size_t room, const struct hp_kernel_table *table,
			 const struct hp_kernel_claim *claim)
{
	struct nlattr *nest = mnl_attr_nest_start_check(request, room, HP_A_CLAIM);

	if (!nest)
		return false;
	if (!mnl_attr_put_strz_check(request, room, HP_CLAIM_A_DOMAIN, table->domains[claim->domain].name) ||
	    !mnl_attr_put_u32_check(request, room, HP_CLAIM_A_TYPE, claim->type) ||
	    !put_values(request, room, claim)) {
		mnl_attr_nest_cancel(request, nest);
		return false;
	}
	mnl_attr_nest_end(request, nest);
	return true;
}
