// SPDX-License-Identifier: GPL-2.0
/* parse.c: reads the attributes of domains and claims into a table. */
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/netlink.h>

#include "hostpart.h"

#define RANGES_BYTES_MAX	round_down(U16_MAX - NLA_HDRLEN, sizeof(struct hp_range))
#define DOMAIN_FLAGS		(HP_DOMAIN_F_BASE | HP_DOMAIN_F_ACTIVE)

/* What is not named here is refused, in strict validation. */
const struct nla_policy hp_domain_policy[HP_DOMAIN_A_MAX + 1] = {
	[HP_DOMAIN_A_NAME]	= { .type = NLA_NUL_STRING, .len = HP_DOMAIN_NAME_MAX },
	[HP_DOMAIN_A_CGROUP_ID]	= { .type = NLA_U64 },
	[HP_DOMAIN_A_FLAGS]	= NLA_POLICY_MASK(NLA_U32, DOMAIN_FLAGS),
	[HP_DOMAIN_A_CLAIM_COUNT] = { .type = NLA_REJECT },
	[HP_DOMAIN_A_NETNS_FD]	= { .type = NLA_U32 },
	[HP_DOMAIN_A_NETNS_INO]	= { .type = NLA_REJECT },
	[HP_DOMAIN_A_ELASTIC_CPUS] = { .type = NLA_BINARY, .len = RANGES_BYTES_MAX },
	[HP_DOMAIN_A_ELASTIC_MEM_MIN] = { .type = NLA_U64 },
	[HP_DOMAIN_A_ELASTIC_MEM_MAX] = { .type = NLA_U64 },
};

/* NLA_POLICY_MAX() holds 15 bits; 6.1 wants the range writable. */
static struct netlink_range_validation id_range = { .max = U16_MAX };

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
	[HP_CLAIM_A_PCI_VENDOR]	= NLA_POLICY_FULL_RANGE(NLA_U32, &id_range),
	[HP_CLAIM_A_PCI_DEVICE_ID] = NLA_POLICY_FULL_RANGE(NLA_U32, &id_range),
	[HP_CLAIM_A_PCI_INDEX]	= { .type = NLA_U32 },
	[HP_CLAIM_A_PCI_PATH]	= { .type = NLA_NUL_STRING, .len = HP_PCI_PATH_MAX },
	[HP_CLAIM_A_PCI_DRIVER]	= { .type = NLA_NUL_STRING, .len = HP_DRIVER_NAME_MAX },
	[HP_CLAIM_A_PCI_FLAGS]	= NLA_POLICY_MASK(NLA_U32, HP_PCI_F_SHARED_GROUP),
	[HP_CLAIM_A_PORT_NAME]	= { .type = NLA_NUL_STRING, .len = HP_PORT_NAME_MAX },
	[HP_CLAIM_A_PCI_STATE]	= { .type = NLA_REJECT },
};

#define PCI_BY_ADDRESS	(BIT(HP_CLAIM_A_PCI_SEGMENT) | BIT(HP_CLAIM_A_PCI_BUS) | \
			 BIT(HP_CLAIM_A_PCI_DEVICE) | BIT(HP_CLAIM_A_PCI_FUNCTION))
#define PCI_BY_ID	(BIT(HP_CLAIM_A_PCI_VENDOR) | BIT(HP_CLAIM_A_PCI_DEVICE_ID) | \
			 BIT(HP_CLAIM_A_PCI_INDEX))
#define PCI_BY_PATH	BIT(HP_CLAIM_A_PCI_PATH)

/* Which attributes a claim must and may have beside DOMAIN and TYPE. */
static const struct claim_kind {
	const char *name;
	u32 needs, may_have;
	u16 ranges;			/* the attribute with its ranges, 0 = none */
	const char *ranges_name;
} claim_kinds[HP_CLAIM_MAX + 1] = {
	[HP_CLAIM_CPU] = {
		.name = "cpu",
		.needs = BIT(HP_CLAIM_A_CPUS),
		.ranges = HP_CLAIM_A_CPUS,
		.ranges_name = "cpu claim",
	},
	[HP_CLAIM_MEMORY] = {
		.name = "memory",
		.needs = BIT(HP_CLAIM_A_MEM_BYTES),
		.may_have = BIT(HP_CLAIM_A_MEM_NODES),
		.ranges = HP_CLAIM_A_MEM_NODES,
		.ranges_name = "memory claim",
	},
	[HP_CLAIM_PCI] = {
		.name = "pci",
		.needs = PCI_BY_ADDRESS,	/* or one of the others, see needs_of() */
		.may_have = BIT(HP_CLAIM_A_PCI_DRIVER) | BIT(HP_CLAIM_A_PCI_FLAGS) |
			    BIT(HP_CLAIM_A_PORT_NAME),
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
	[HP_CLAIM_A_PCI_VENDOR]	= "pci-vendor",
	[HP_CLAIM_A_PCI_DEVICE_ID] = "pci-device-id",
	[HP_CLAIM_A_PCI_INDEX]	= "pci-index",
	[HP_CLAIM_A_PCI_PATH]	= "pci-path",
	[HP_CLAIM_A_PCI_DRIVER]	= "pci-driver",
	[HP_CLAIM_A_PCI_FLAGS]	= "pci-flags",
	[HP_CLAIM_A_PORT_NAME]	= "port-name",
};

/* Whether @attr holds ranges in order; @what and @owner name them in a refusal. */
static int check_ranges(const struct nlattr *attr, const char *what, const char *owner,
			struct hp_refusal *why)
{
	const struct hp_range *range = nla_data(attr);
	u32 bytes = nla_len(attr), i;

	if (!bytes || bytes % sizeof(*range))
		return hp_refuse(why, -EINVAL, "%s of %s: %u bytes are no pairs of u32", what,
				 owner, bytes);
	for (i = 0; i < bytes / sizeof(*range); i++, range++)
		if (range->first > range->last || (i && range->first <= range[-1].last))
			return hp_refuse(why, -EINVAL,
					 "%s of %s: range %u-%u is reversed or out of order",
					 what, owner, range->first, range->last);
	return 0;
}

static int parse_elastic_cpus(const struct nlattr *attr, struct hp_domain *domain,
			      struct hp_refusal *why)
{
	int err;

	if (!attr)
		return 0;
	err = check_ranges(attr, "elastic cpus", domain->name, why);
	if (err)
		return err;
	domain->elastic_ranges = kvzalloc(nla_len(attr), GFP_KERNEL_ACCOUNT);
	if (!domain->elastic_ranges)
		return -ENOMEM;
	memcpy(domain->elastic_ranges, nla_data(attr), nla_len(attr));
	domain->elastic_range_count = nla_len(attr) / sizeof(struct hp_range);
	return 0;
}

static int parse_elastic_memory(const struct nlattr *min, const struct nlattr *max,
				struct hp_domain *domain, struct hp_refusal *why)
{
	if (!min && !max)
		return 0;
	if (!min || !max)
		return hp_refuse(why, -EINVAL, "elastic memory of %s: give both ends or neither",
				 domain->name);
	domain->elastic_min_bytes = nla_get_u64(min);
	domain->elastic_max_bytes = nla_get_u64(max);
	if (domain->elastic_max_bytes && domain->elastic_min_bytes <= domain->elastic_max_bytes)
		return 0;
	return hp_refuse(why, -EINVAL, "elastic memory of %s: %llu to %llu bytes is no range",
			 domain->name, domain->elastic_min_bytes, domain->elastic_max_bytes);
}

static int parse_netns(const struct nlattr *attr, enum hp_source source,
		       struct hp_domain *domain, struct hp_refusal *why)
{
	struct hp_netns *netns;

	if (source == HP_FROM_FIRMWARE && (attr || domain->flags & HP_DOMAIN_F_ACTIVE))
		return hp_refuse(why, -EINVAL, "domain %s: firmware cannot start a domain",
				 domain->name);
	if (!attr)
		return 0;
	netns = hp_netns_from_fd(nla_get_u32(attr), why);
	if (IS_ERR(netns))
		return PTR_ERR(netns);
	domain->netns = netns;
	return 0;
}

static int parse_domain(const struct nlattr *attr, enum hp_source source, struct hp_table *table,
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
	err = parse_elastic_memory(tb[HP_DOMAIN_A_ELASTIC_MEM_MIN], tb[HP_DOMAIN_A_ELASTIC_MEM_MAX],
				   &domain, why);
	if (!err)
		err = parse_elastic_cpus(tb[HP_DOMAIN_A_ELASTIC_CPUS], &domain, why);
	if (!err)
		err = parse_netns(tb[HP_DOMAIN_A_NETNS_FD], source, &domain, why);
	if (!err)
		return hp_table_add_domain(table, &domain, why);
	kvfree(domain.elastic_ranges);
	return err;
}

/* What a claim with these attributes has to have: of the names of a function, the one it begins. */
static u32 needs_of(u32 type, u32 has)
{
	if (type != HP_CLAIM_PCI || has & PCI_BY_ADDRESS)
		return claim_kinds[type].needs;
	if (has & PCI_BY_PATH)
		return PCI_BY_PATH;
	return has & PCI_BY_ID ? PCI_BY_ID : PCI_BY_ADDRESS;
}

static int check_shape(struct nlattr *const *tb, u32 type, const struct hp_domain *domain,
		       struct hp_refusal *why)
{
	const struct claim_kind *kind;
	u32 needs, has = 0;
	int i;

	if (type > HP_CLAIM_MAX || !claim_kinds[type].name)
		return hp_refuse(why, -EOPNOTSUPP,
				 "claim type %u of %s: not known to this module (abi %u)",
				 type, domain->name, HP_ABI);
	kind = &claim_kinds[type];
	for (i = HP_CLAIM_A_CPUS; i <= HP_CLAIM_A_MAX; i++)
		if (tb[i])
			has |= BIT(i);
	needs = needs_of(type, has);
	if (needs & ~has)
		return hp_refuse(why, -EINVAL, "%s claim of %s: %s is missing", kind->name,
				 domain->name, claim_attr_names[__ffs(needs & ~has)]);
	has &= ~(needs | kind->may_have);
	if (has)
		return hp_refuse(why, -EINVAL, "%s claim of %s: %s does not belong to it",
				 kind->name, domain->name, claim_attr_names[__ffs(has)]);
	return 0;
}

static struct hp_claim *new_claim(u32 type, const struct hp_domain *domain,
				  const struct nlattr *ranges, struct hp_refusal *why)
{
	u32 bytes = ranges ? nla_len(ranges) : 0;
	struct hp_claim *claim;
	int err;

	if (ranges) {
		err = check_ranges(ranges, claim_kinds[type].ranges_name, domain->name, why);
		if (err)
			return ERR_PTR(err);
	}
	claim = kvzalloc(sizeof(*claim) + bytes, GFP_KERNEL_ACCOUNT);
	if (!claim)
		return ERR_PTR(-ENOMEM);
	claim->domain = domain;
	claim->type = type;
	claim->range_count = bytes / sizeof(struct hp_range);
	if (ranges)
		memcpy(claim->ranges, nla_data(ranges), bytes);
	return claim;
}

static int set_values(struct hp_claim *claim, struct nlattr *const *tb, struct hp_refusal *why)
{
	if (claim->type == HP_CLAIM_MEMORY)
		claim->memory_bytes = nla_get_u64(tb[HP_CLAIM_A_MEM_BYTES]);
	return claim->type == HP_CLAIM_PCI ? hp_parse_pci(tb, claim, why) : 0;
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
	err = set_values(claim, tb, why);
	if (err) {
		kvfree(claim);
		return err;
	}
	return hp_table_add_claim(table, claim, why);
}

int hp_parse_entry(const struct nlattr *attr, enum hp_source source, struct hp_table *table,
		   struct hp_refusal *why, struct netlink_ext_ack *extack)
{
	int err;

	if (nla_type(attr) == HP_A_DOMAIN)
		err = parse_domain(attr, source, table, why, extack);
	else
		err = parse_claim(attr, table, why, extack);
	if (err && why->text[0])
		why->attr = attr;
	return err;
}
