// SPDX-License-Identifier: GPL-2.0
/* kernel_read.c: reads the module's whole table as of one generation. */
#include <errno.h>
#include <string.h>
#include "hostpart.h"
#include "kernel/kernel_internal.h"

_Static_assert((int)HP_KERNEL_CPU == HP_CLAIM_CPU && (int)HP_KERNEL_MEMORY == HP_CLAIM_MEMORY &&
	       (int)HP_KERNEL_PCI == HP_CLAIM_PCI, "claim types are the module's");

#define ATTEMPTS 20	/* a table that changes faster than it can be read is not ours to wait for */

static int incomplete(struct hp_err *err, const char *what)
{
	return hp_err_set(err, EBADMSG, "kernel module: its description of a %s is incomplete", what);
}

/* The nest of `type` in a message, checked to be of the table's generation. */
static int open_entry(const struct nlmsghdr *message, uint16_t type, const struct hp_kernel_table *table,
		      const struct nlattr **nest, struct hp_err *err)
{
	const struct nlattr *by_type[HP_A_MAX + 1];
	struct hp_attrs attrs = { by_type, HP_A_MAX };
	uint64_t generation;

	hp_attrs_of_message(message, &attrs);
	if (!hp_attrs_u64(&attrs, HP_A_GENERATION, &generation) || !by_type[type])
		return incomplete(err, "table");
	if (generation != table->generation)
		return -EINTR;
	*nest = by_type[type];
	return 0;
}

static int take_domain(const struct nlmsghdr *message, void *arg, struct hp_err *err)
{
	const struct nlattr *by_type[HP_DOMAIN_A_MAX + 1], *nest;
	struct hp_attrs attrs = { by_type, HP_DOMAIN_A_MAX };
	struct hp_kernel_domain domain = { .name = "" };
	struct hp_kernel_table *table = arg;
	uint32_t flags;
	int result;

	result = open_entry(message, HP_A_DOMAIN, table, &nest, err);
	if (result)
		return result;
	hp_attrs_of_nest(nest, &attrs);
	if (!hp_attrs_string(&attrs, HP_DOMAIN_A_NAME, domain.name, sizeof(domain.name)) ||
	    !hp_attrs_u64(&attrs, HP_DOMAIN_A_CGROUP_ID, &domain.cgroup_id) ||
	    !hp_attrs_u32(&attrs, HP_DOMAIN_A_FLAGS, &flags))
		return incomplete(err, "domain");
	domain.is_base = flags & HP_DOMAIN_F_BASE;
	if (hp_kernel_table_add_domain(table, &domain) < 0)
		return hp_err_errno(err, ENOMEM, "kernel module: domain %s", domain.name);
	return 0;
}

static bool find_domain(const struct hp_kernel_table *table, const struct hp_attrs *attrs, size_t *index)
{
	char name[HP_KERNEL_NAME_MAX + 1];
	size_t i;

	if (!hp_attrs_string(attrs, HP_CLAIM_A_DOMAIN, name, sizeof(name)))
		return false;
	for (i = 0; i < table->domains_count; i++) {
		if (strcmp(table->domains[i].name, name) == 0) {
			*index = i;
			return true;
		}
	}
	return false;
}

static bool get_ranges(const struct hp_attrs *attrs, uint16_t type, struct hp_kernel_claim *claim)
{
	const struct nlattr *attr = attrs->by_type[type];

	if (!attr || mnl_attr_get_payload_len(attr) % sizeof(*claim->ranges))
		return false;
	/* Borrowed from the message; the table copies. Netlink aligns to four bytes, as the pairs are. */
	claim->ranges = mnl_attr_get_payload(attr);
	claim->ranges_count = mnl_attr_get_payload_len(attr) / sizeof(*claim->ranges);
	return true;
}

static bool get_pci(const struct hp_attrs *attrs, struct hp_kernel_claim *claim)
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

static bool get_values(const struct hp_attrs *attrs, struct hp_kernel_claim *claim)
{
	switch (claim->type) {
	case HP_KERNEL_CPU:
		return get_ranges(attrs, HP_CLAIM_A_CPUS, claim);
	case HP_KERNEL_MEMORY:
		get_ranges(attrs, HP_CLAIM_A_MEM_NODES, claim);
		return hp_attrs_u64(attrs, HP_CLAIM_A_MEM_BYTES, &claim->memory_bytes);
	case HP_KERNEL_PCI:
		return get_pci(attrs, claim);
	}
	return false;
}

static int take_claim(const struct nlmsghdr *message, void *arg, struct hp_err *err)
{
	const struct nlattr *by_type[HP_CLAIM_A_MAX + 1], *nest;
	struct hp_attrs attrs = { by_type, HP_CLAIM_A_MAX };
	struct hp_kernel_table *table = arg;
	struct hp_kernel_claim claim = { 0 };
	uint32_t type;
	int result;

	result = open_entry(message, HP_A_CLAIM, table, &nest, err);
	if (result)
		return result;
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

static int read_once(struct hp_kernel *kernel, struct hp_kernel_table *table, struct hp_err *err)
{
	struct hp_kernel_info info;
	int result;

	result = hp_kernel_info(kernel, &info, err);
	if (result)
		return result;
	hp_kernel_table_clear(table);
	table->generation = info.generation;
	result = hp_genl_call(kernel, hp_genl_request(kernel, HP_CMD_GET_DOMAIN, NLM_F_DUMP), take_domain, table, err);
	if (result)
		return result;
	result = hp_genl_call(kernel, hp_genl_request(kernel, HP_CMD_GET_CLAIM, NLM_F_DUMP), take_claim, table, err);
	if (result)
		return result;
	/* An emptied table sends nothing that could tell of its new generation. */
	if (table->domains_count != info.domain_count || table->claims_count != info.claim_count)
		return -EINTR;
	return 0;
}

int hp_kernel_table_read(struct hp_kernel *kernel, struct hp_kernel_table *table, struct hp_err *err)
{
	int attempt, result;

	for (attempt = 0; attempt < ATTEMPTS; attempt++) {
		result = read_once(kernel, table, err);
		if (result != -EINTR)
			break;
	}
	if (result == -EINTR)
		hp_err_set(err, EINTR, "the kernel module's table changes faster than it can be read");
	if (result)
		hp_kernel_table_clear(table);
	else if (err)
		hp_err_clear(err);
	return result;
}
