// SPDX-License-Identifier: GPL-2.0
/* kernel_attrs.c: sorts the attributes of a message by type. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "kernel/kernel_internal.h"

static int keep(const struct nlattr *attr, void *data)
{
	struct hp_attrs *attrs = data;

	if (mnl_attr_get_type(attr) <= attrs->max)
		attrs->by_type[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static void blank(struct hp_attrs *attrs)
{
	memset(attrs->by_type, 0, (attrs->max + 1u) * sizeof(*attrs->by_type));
}

void hp_attrs_of_message(const struct nlmsghdr *message, struct hp_attrs *attrs)
{
	blank(attrs);
	mnl_attr_parse(message, sizeof(struct genlmsghdr), keep, attrs);
}

void hp_attrs_of_nest(const struct nlattr *nest, struct hp_attrs *attrs)
{
	blank(attrs);
	mnl_attr_parse_nested(nest, keep, attrs);
}

bool hp_attrs_u32(const struct hp_attrs *attrs, uint16_t type, uint32_t *value)
{
	const struct nlattr *attr = attrs->by_type[type];

	if (!attr || mnl_attr_get_payload_len(attr) != sizeof(*value))
		return false;
	*value = mnl_attr_get_u32(attr);
	return true;
}

bool hp_attrs_u64(const struct hp_attrs *attrs, uint16_t type, uint64_t *value)
{
	const struct nlattr *attr = attrs->by_type[type];

	if (!attr || mnl_attr_get_payload_len(attr) != sizeof(*value))
		return false;
	*value = mnl_attr_get_u64(attr);
	return true;
}

bool hp_attrs_string(const struct hp_attrs *attrs, uint16_t type, char *value, size_t size)
{
	const struct nlattr *attr = attrs->by_type[type];
	size_t length;

	if (!attr)
		return false;
	length = strnlen(mnl_attr_get_str(attr), mnl_attr_get_payload_len(attr));
	if (length >= size)
		return false;
	memcpy(value, mnl_attr_get_str(attr), length);
	value[length] = '\0';
	return true;
}

bool hp_attrs_pci_function(const struct hp_attrs *attrs, uint16_t segment, char *value, size_t size)
{
	uint32_t number[4];

	for (uint16_t i = 0; i < 4; i++)
		if (!hp_attrs_u32(attrs, (uint16_t)(segment + i), &number[i]))
			return false;
	snprintf(value, size, "%04" PRIx32 ":%02x:%02x.%x", number[0], number[1] & 0xff, number[2] & 0x1f,
		 number[3] & 7);
	return true;
}
