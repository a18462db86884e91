// SPDX-License-Identifier: GPL-2.0
/* kernel_take.c: reads a domain or a claim from its attributes. */
#include <errno.h>
#include <string.h>
#include "hostpart.h"
#include "kernel/kernel_internal.h"

_Static_assert((int)HP_KERNEL_CPU == HP_CLAIM_CPU && (int)HP_KERNEL_MEMORY == HP_CLAIM_MEMORY &&
	       (int)HP_KERNEL_PCI == HP_CLAIM_PCI, "claim types are the module's");
_Static_assert((int)HP_KERNEL_PCI_ABSENT == HP_PCI_STATE_ABSENT && (int)HP_KERNEL_PCI_PARKED == HP_PCI_STATE_PARKED &&
	       (int)HP_KERNEL_PCI_ACTIVE == HP_PCI_STATE_ACTIVE && (int)HP_KERNEL_PCI_PLAIN == HP_PCI_STATE_PLAIN,
	       "states are the module's");

const char *hp_kernel_pci_state_name(uint32_t state)
{
	static const char *const names[] = { "absent", "parked", "active", "plain" };

	return state < sizeof(names) / sizeof(*names) ? names[state] : "unknown";
}

static int incomplete(struct hp_err *err, const char *what)
{
	return hp_err_set(err, EBADMSG, "kernel module: its description of a %s is incomplete", what);
}

/* Borrowed from the message; the table copies. Netlink aligns to four bytes, as the pairs are. */
static bool get_ranges(const struct hp_attrs *attrs, uint16_t type, struct hp_kernel_range **ranges, size_t *count)
{
	const struct nlattr *attr = attrs->by_type[type];

	if (!attr || mnl_attr_get_payload_len(attr) % sizeof(**ranges))
		return false;
	*ranges = mnl_attr_get_payload(attr);
	*count = mnl_attr_get_payload_len(attr) / sizeof(**ranges);
	return true;
}

int hp_kernel_take_domain(const struct nlattr *nest, struct hp_kernel_table *table, struct hp_err *err)
{
	const struct nlattr *by_type[HP_DOMAIN_A_MAX + 1];
	struct hp_attrs attrs = { by_type, HP_DOMAIN_A_MAX };
	struct hp_kernel_domain domain = { .name = "" };
	uint32_t flags = 0;

	hp_attrs_of_nest(nest, &attrs);
	if (!hp_attrs_string(&attrs, HP_DOMAIN_A_NAME, domain.name, sizeof(domain.name)))
		return incomplete(err, "domain");
	hp_attrs_u64(&attrs, HP_DOMAIN_A_CGROUP_ID, &domain.cgroup_id);
	hp_attrs_u32(&attrs, HP_DOMAIN_A_FLAGS, &flags);
	hp_attrs_u32(&attrs, HP_DOMAIN_A_NETNS_INO, &domain.netns_ino);
	hp_attrs_u64(&attrs, HP_DOMAIN_A_ELASTIC_MEM_MIN, &domain.elastic_memory_min);
	hp_attrs_u64(&attrs, HP_DOMAIN_A_ELASTIC_MEM_MAX, &domain.elastic_memory_max);
	get_ranges(&attrs, HP_DOMAIN_A_ELASTIC_CPUS, &domain.elastic_cpus, &domain.elastic_cpus_count);
	domain.is_base = flags & HP_DOMAIN_F_BASE;
	domain.is_active = flags & HP_DOMAIN_F_ACTIVE;
	if (hp_kernel_table_add_domain(table, &domain) < 0)
		return hp_err_errno(err, ENOMEM, "kernel module: domain %s", domain.name);
	return 0;
}

static bool find_domain(const struct hp_kernel_table *table, const struct hp_attrs *attrs, size_t *index)
{
	char name[HP_KERNEL_NAME_MAX + 1];
	long found;

	if (!hp_attrs_string(attrs, HP_CLAIM_A_DOMAIN, name, sizeof(name)))
		return false;
	found = hp_kernel_table_find(table, name);
	*index = found < 0 ? 0 : (size_t)found;
	return found >= 0;
}

static bool get_address(const struct hp_attrs *attrs, struct hp_kernel_claim *claim)
{
	uint32_t bus, device, function;

	if (!hp_attrs_u32(attrs, HP_CLAIM_A_PCI_SEGMENT, &claim->pci_segment) ||
	    !hp_attrs_u32(attrs, HP_CLAIM_A_PCI_BUS, &bus) ||
	    !hp_attrs_u32(attrs, HP_CLAIM_A_PCI_DEVICE, &device) ||
	    !hp_attrs_u32(attrs, HP_CLAIM_A_PCI_FUNCTION, &function))
		return false;
	claim->pci_bus = (uint8_t)bus;
	claim->pci_device = (uint8_t)device;
	claim->pci_function = (uint8_t)function;
	return true;
}

static bool get_ids(const struct hp_attrs *attrs, struct hp_kernel_claim *claim)
{
	uint32_t vendor, device_id;

	if (!hp_attrs_u32(attrs, HP_CLAIM_A_PCI_VENDOR, &vendor) ||
	    !hp_attrs_u32(attrs, HP_CLAIM_A_PCI_DEVICE_ID, &device_id) ||
	    !hp_attrs_u32(attrs, HP_CLAIM_A_PCI_INDEX, &claim->pci_index))
		return false;
	claim->pci_vendor = (uint16_t)vendor;
	claim->pci_device_id = (uint16_t)device_id;
	return true;
}

static bool get_pci(const struct hp_attrs *attrs, struct hp_kernel_claim *claim)
{
	uint32_t flags = 0;

	hp_attrs_string(attrs, HP_CLAIM_A_PCI_DRIVER, claim->pci_driver, sizeof(claim->pci_driver));
	hp_attrs_string(attrs, HP_CLAIM_A_PORT_NAME, claim->port, sizeof(claim->port));
	hp_attrs_u32(attrs, HP_CLAIM_A_PCI_FLAGS, &flags);
	hp_attrs_u32(attrs, HP_CLAIM_A_PCI_STATE, &claim->pci_state);
	claim->pci_shares_group = flags & HP_PCI_F_SHARED_GROUP;
	if (hp_attrs_string(attrs, HP_CLAIM_A_PCI_PATH, claim->pci_path, sizeof(claim->pci_path))) {
		claim->pci_match = HP_KERNEL_PCI_BY_PATH;
		return true;
	}
	if (attrs->by_type[HP_CLAIM_A_PCI_VENDOR]) {
		claim->pci_match = HP_KERNEL_PCI_BY_ID;
		return get_ids(attrs, claim);
	}
	return get_address(attrs, claim);
}

static bool get_values(const struct hp_attrs *attrs, struct hp_kernel_claim *claim)
{
	switch (claim->type) {
	case HP_KERNEL_CPU:
		return get_ranges(attrs, HP_CLAIM_A_CPUS, &claim->ranges, &claim->ranges_count);
	case HP_KERNEL_MEMORY:
		get_ranges(attrs, HP_CLAIM_A_MEM_NODES, &claim->ranges, &claim->ranges_count);
		return hp_attrs_u64(attrs, HP_CLAIM_A_MEM_BYTES, &claim->memory_bytes);
	case HP_KERNEL_PCI:
		return get_pci(attrs, claim);
	}
	return false;
}

int hp_kernel_take_claim(const struct nlattr *nest, struct hp_kernel_table *table, struct hp_err *err)
{
	const struct nlattr *by_type[HP_CLAIM_A_MAX + 1];
	struct hp_attrs attrs = { by_type, HP_CLAIM_A_MAX };
	struct hp_kernel_claim claim = { 0 };
	uint32_t type;

	hp_attrs_of_nest(nest, &attrs);
	if (!find_domain(table, &attrs, &claim.domain) || !hp_attrs_u32(&attrs, HP_CLAIM_A_TYPE, &type))
		return incomplete(err, "claim");
	if (type > HP_CLAIM_MAX)
		return hp_err_set(err, EOPNOTSUPP,
				  "kernel module: it holds a claim of type %u, which this program is too old for", type);
	claim.type = type;
	if (!get_values(&attrs, &claim))
		return incomplete(err, "claim");
	if (hp_kernel_table_add_claim(table, &claim))
		return hp_err_errno(err, ENOMEM, "kernel module: a claim of %s", table->domains[claim.domain].name);
	return 0;
}
