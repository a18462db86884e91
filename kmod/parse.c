// SPDX-License-Identifier: GPL-2.0
/* parse.c: reads the attributes of domains and claims into a table. */
#include <linux/slab.h>
#include <linux/string.h>
#include <net/netlink.h>

#include "hostpart.h"

/* What is not named here is refused, in strict validation. */
const struct nla_policy hp_domain_policy[HP_DOMAIN_A_MAX + 1] = {
	[HP_DOMAIN_A_NAME]	= { .type = NLA_NUL_STRING, .len = HP_DOMAIN_NAME_MAX },
	[HP_DOMAIN_A_CGROUP_ID]	= { .type = NLA_U64 },
	[HP_DOMAIN_A_FLAGS]	= NLA_POLICY_MASK(NLA_U32, HP_DOMAIN_F_BASE),
	[HP_DOMAIN_A_CLAIM_COUNT] = { .type = NLA_REJECT },
};

#define RANGES_BYTES_MAX	round_down(U16_MAX - NLA_HDRLEN, sizeof(struct hp_range))

const struct nla_policy hp_claim_policy[HP_CLAIM_A_MAX + 1] = {
	[HP_CLAIM_A_DOMAIN]	= { .type = NLA_NUL_STRING, .len = HP_DOMAIN_NAME_MAX },
	[HP_CLAIM_A_TYPE]	= { .type = NLA_U32 },
	[HP_CLAIM_A_CPUS]	= { .type = NLA_BINARY, .len = RANGES_BYTES_MAX },
	[HP_CLAIM_A_MEM_BYTES]	= { .type = NLA_U64 },
	[HP_CLAIM_A_MEM_NODES]	= { .type = NLA_BINARY, .len = RANGES_BYTES_MAX },
	[HP_CLAIM_A_PCI_SEGMENT] = { .type = NLA_U32 },
	[HP_CLAIM_A_PCI_BUS]	= NLA_POLICY_MAX(NLA_U32, 255),
	[HP_CLAIM_A_PCI_DEVICE]	= NLA_POLICY_MAX(NLA_U32, 31),
	[HP_CLAIM_A_PCI_FUNCTION] = NLA_POLICY_MAX(NLA_U32, 7),
};

/* Which attributes a claim must and may have beside DOMAIN and TYPE. */
static const struct claim_kind {
	const char *name;
	u32 needs, may_have;
	u16 ranges;			/* the attribute with its ranges, 0 = none */
} claim_kinds[HP_CLAIM_MAX + 1] = {
	[HP_CLAIM_CPU] = {
		.name = "cpu",
		.needs = BIT(HP_CLAIM_A_CPUS),
		.ranges = HP_CLAIM_A_CPUS,
	},
	[HP_CLAIM_MEMORY] = {
		.name = "memory",
		.needs = BIT(HP_CLAIM_A_MEM_BYTES),
		.may_have = BIT(HP_CLAIM_A_MEM_NODES),
		.ranges = HP_CLAIM_A_MEM_NODES,
	},
	[HP_CLAIM_PCI] = {
		.name = "pci",
		.needs = BIT(HP_CLAIM_A_PCI_SEGMENT) | BIT(HP_CLAIM_A_PCI_BUS) |
			 BIT(HP_CLAIM_A_PCI_DEVICE) | BIT(HP_CLAIM_A_PCI_FUNCTION),
	},
};

static const char *const claim_attr_names[HP_CLAIM_A_MAX + 1] = {
	[HP_CLAIM_A_CPUS]	= "cpus",
	[HP_CLAIM_A_MEM_BYTES]	= "mem-bytes",
	[HP_CLAIM_A_MEM_NODES]	= "mem-nodes",
	[HP_CLAIM_A_PCI_SEGMENT] = "pci-segment",
	[HP_CLAIM_A_PCI_BUS]	= "pci-bus",
	[HP_CLAIM_A_PCI_DEVICE]	= "pci-device",
	[HP_CLAIM_A_PCI_FUNCTION] = "pci-function",
};

static int parse_domain(const struct nlattr *attr, struct hp_table *table,
			struct hp_refusal *why, struct netlink_ext_ack *extack)
{
	struct nlattr *tb[HP_DOMAIN_A_MAX + 1];
	struct hp_domain domain = {};
	int err;

	err = nla_parse_nested(tb, HP_DOMAIN_A_MAX, attr, hp_domain_policy, extack);
	if (err)
		return err;
	if (!tb[HP_DOMAIN_A_NAME])
		return hp_refuse(why, -EINVAL, "a domain needs a name");
	nla_strscpy(domain.name, tb[HP_DOMAIN_A_NAME], sizeof(domain.name));
	if (tb[HP_DOMAIN_A_CGROUP_ID])
		domain.cgroup_id = nla_get_u64(tb[HP_DOMAIN_A_CGROUP_ID]);
	if (tb[HP_DOMAIN_A_FLAGS])
		domain.flags = nla_get_u32(tb[HP_DOMAIN_A_FLAGS]);
	return hp_table_add_domain(table, &domain, why);
}

static int check_shape(struct nlattr *const *tb, u32 type, const struct hp_domain *domain,
		       struct hp_refusal *why)
{
	const struct claim_kind *kind;
	u32 has = 0;
	int i;

	if (type > HP_CLAIM_MAX || !claim_kinds[type].name)
		return hp_refuse(why, -EOPNOTSUPP,
				 "claim type %u of %s: not known to this module (abi %u)",
				 type, domain->name, HP_ABI);
	kind = &claim_kinds[type];
	for (i = HP_CLAIM_A_CPUS; i <= HP_CLAIM_A_MAX; i++)
		if (tb[i])
			has |= BIT(i);
	if (kind->needs & ~has)
		return hp_refuse(why, -EINVAL, "%s claim of %s: %s is missing", kind->name,
				 domain->name, claim_attr_names[__ffs(kind->needs & ~has)]);
	has &= ~(kind->needs | kind->may_have);
	if (has)
		return hp_refuse(why, -EINVAL, "%s claim of %s: %s does not belong to it",
				 kind->name, domain->name, claim_attr_names[__ffs(has)]);
	return 0;
}

static int copy_ranges(struct hp_claim *claim, const struct nlattr *attr, struct hp_refusal *why)
{
	const char *kind = claim_kinds[claim->type].name;
	u32 i;

	memcpy(claim->ranges, nla_data(attr), nla_len(attr));
	for (i = 0; i < claim->range_count; i++) {
		const struct hp_range *range = &claim->ranges[i];

		if (range->first > range->last || (i && range->first <= range[-1].last))
			return hp_refuse(why, -EINVAL,
					 "%s claim of %s: range %u-%u is reversed or out of order",
					 kind, claim->domain->name, range->first, range->last);
	}
	return 0;
}

static struct hp_claim *new_claim(u32 type, const struct hp_domain *domain,
				  const struct nlattr *ranges, struct hp_refusal *why)
{
	u32 bytes = ranges ? nla_len(ranges) : 0;
	struct hp_claim *claim;
	int err;

	if (ranges && (!bytes || bytes % sizeof(struct hp_range))) {
		err = hp_refuse(why, -EINVAL, "%s claim of %s: %u bytes are no pairs of u32",
				claim_kinds[type].name, domain->name, bytes);
		return ERR_PTR(err);
	}
	claim = kvzalloc(sizeof(*claim) + bytes, GFP_KERNEL_ACCOUNT);
	if (!claim)
		return ERR_PTR(-ENOMEM);
	claim->domain = domain;
	claim->type = type;
	claim->range_count = bytes / sizeof(struct hp_range);
	err = ranges ? copy_ranges(claim, ranges, why) : 0;
	if (err) {
		kvfree(claim);
		return ERR_PTR(err);
	}
	return claim;
}

static void set_values(struct hp_claim *claim, struct nlattr *const *tb)
{
	if (claim->type == HP_CLAIM_MEMORY) {
		claim->memory_bytes = nla_get_u64(tb[HP_CLAIM_A_MEM_BYTES]);
	} else if (claim->type == HP_CLAIM_PCI) {
		claim->pci.segment = nla_get_u32(tb[HP_CLAIM_A_PCI_SEGMENT]);
		claim->pci.bus = nla_get_u32(tb[HP_CLAIM_A_PCI_BUS]);
		claim->pci.device = nla_get_u32(tb[HP_CLAIM_A_PCI_DEVICE]);
		claim->pci.function = nla_get_u32(tb[HP_CLAIM_A_PCI_FUNCTION]);
	}
}

static int parse_claim(const struct nlattr *attr, struct hp_table *table,
		       struct hp_refusal *why, struct netlink_ext_ack *extack)
{
	struct nlattr *tb[HP_CLAIM_A_MAX + 1];
	const struct hp_domain *domain;
	struct hp_claim *claim;
	u32 type;
	int err;

	err = nla_parse_nested(tb, HP_CLAIM_A_MAX, attr, hp_claim_policy, extack);
	if (err)
		return err;
	if (!tb[HP_CLAIM_A_DOMAIN] || !tb[HP_CLAIM_A_TYPE])
		return hp_refuse(why, -EINVAL, "a claim needs a domain and a type");
	domain = hp_table_find_domain(table, nla_data(tb[HP_CLAIM_A_DOMAIN]));
	if (!domain)
		return hp_refuse(why, -ENOENT, "claim of %s: the transaction has no such domain",
				 (char *)nla_data(tb[HP_CLAIM_A_DOMAIN]));
	type = nla_get_u32(tb[HP_CLAIM_A_TYPE]);
	err = check_shape(tb, type, domain, why);
	if (err)
		return err;
	claim = new_claim(type, domain, tb[claim_kinds[type].ranges], why);
	if (IS_ERR(claim))
		return PTR_ERR(claim);
	set_values(claim, tb);
	return hp_table_add_claim(table, claim, why);
}

int hp_parse_entry(const struct nlattr *attr, struct hp_table *table, struct hp_refusal *why,
		   struct netlink_ext_ack *extack)
{
	int err;

	if (nla_type(attr) == HP_A_DOMAIN)
		err = parse_domain(attr, table, why, extack);
	else
		err = parse_claim(attr, table, why, extack);
	if (err && why->text[0])
		why->attr = attr;
	return err;
}
