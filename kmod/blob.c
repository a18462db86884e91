// SPDX-License-Identifier: GPL-2.0
/* blob.c: reads a policy file into a table. */
#include <linux/kernel.h>
#include <linux/netlink.h>
#include <linux/string.h>
#include <net/netlink.h>

#include "hostpart.h"

static int check_header(const struct hp_policy_header *header, size_t size, struct hp_refusal *why)
{
	u32 version = le32_to_cpu((__force __le32)header->version);
	u32 flags = le32_to_cpu((__force __le32)header->flags);
	u32 bytes = le32_to_cpu((__force __le32)header->bytes);

	if (memcmp(header->magic, HP_POLICY_MAGIC, sizeof(header->magic)))
		return hp_refuse(why, -EINVAL, "it is no policy: it does not begin with \"%s\"",
				 HP_POLICY_MAGIC);
	if (version != HP_POLICY_VERSION)
		return hp_refuse(why, -EOPNOTSUPP, "version %u, this module reads version %u",
				 version, HP_POLICY_VERSION);
	if (header->reserved)
		return hp_refuse(why, -EOPNOTSUPP, "the reserved field is not 0");
	if (flags & ~HP_POLICY_F_SIGNED)
		return hp_refuse(why, -EOPNOTSUPP, "flags %#x: not known to this module (abi %u)",
				 flags & ~HP_POLICY_F_SIGNED, HP_ABI);
	if (bytes < sizeof(*header) || bytes > size)
		return hp_refuse(why, -EINVAL, "truncated: %zu bytes, the header says %u", size,
				 bytes);
	if (flags & HP_POLICY_F_SIGNED ? bytes == size : bytes != size)
		return hp_refuse(why, -EINVAL, "%zu bytes, but the header says %u and %s signature",
				 size, bytes, flags & HP_POLICY_F_SIGNED ? "a" : "no");
	return 0;
}

int hp_blob_open(const void *data, size_t size, struct hp_blob *blob, struct hp_refusal *why)
{
	const struct hp_policy_header *header = data;
	int err;

	if (size > HP_POLICY_BYTES_MAX)
		return hp_refuse(why, -EFBIG, "%zu bytes are too many, at most %d are read", size,
				 HP_POLICY_BYTES_MAX);
	if (size < sizeof(*header))
		return hp_refuse(why, -EINVAL, "truncated: %zu bytes, the header alone has %zu",
				 size, sizeof(*header));
	err = check_header(header, size, why);
	if (err)
		return err;
	*blob = (struct hp_blob){
		.data = data,
		.signed_bytes = le32_to_cpu((__force __le32)header->bytes),
	};
	if (size == blob->signed_bytes)
		return 0;
	blob->signature = data + blob->signed_bytes;
	blob->signature_bytes = size - blob->signed_bytes;
	return 0;
}

static int add_entry(const struct nlattr *attr, struct hp_table *table, struct hp_refusal *why)
{
	struct netlink_ext_ack extack = {};
	int err;

	if (nla_type(attr) != HP_A_DOMAIN && nla_type(attr) != HP_A_CLAIM)
		return hp_refuse(why, -EINVAL, "attribute %d is no domain and no claim",
				 nla_type(attr));
	err = hp_parse_entry(attr, HP_FROM_FIRMWARE, table, why, &extack);
	if (err && !why->text[0])
		hp_refuse(why, err, "%s %u: %s",
			  nla_type(attr) == HP_A_DOMAIN ? "domain" : "claim",
			  nla_type(attr) == HP_A_DOMAIN ? table->domain_count : table->claim_count,
			  extack._msg ?: "malformed");
	return err;
}

int hp_blob_parse(const struct hp_blob *blob, struct hp_table *table, struct hp_refusal *why)
{
	const struct nlattr *attr = blob->data + sizeof(struct hp_policy_header);
	int rem = blob->signed_bytes - sizeof(struct hp_policy_header);
	int err;

	for (; nla_ok(attr, rem); attr = nla_next(attr, &rem)) {
		err = add_entry(attr, table, why);
		if (err)
			return err;
	}
	if (rem)
		return hp_refuse(why, -EINVAL, "truncated: %d bytes at the end are no attribute",
				 rem);
	return 0;
}
