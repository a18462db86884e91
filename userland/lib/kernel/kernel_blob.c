// SPDX-License-Identifier: GPL-2.0
/* kernel_blob.c: a table as the policy file that the module reads when it loads. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "hostpart.h"
#include "kernel/kernel_internal.h"

_Static_assert(HP_KERNEL_BLOB_MAX == HP_POLICY_BYTES_MAX, "what is made can be read");

/* A netlink message is only scratch space here, as its attributes are the file's. */
#define SCRATCH_BYTES (128 * 1024)

struct blob {
	struct nlmsghdr *scratch;
	FILE *out;
};

static void start(struct blob *blob)
{
	blob->scratch->nlmsg_len = MNL_NLMSG_HDRLEN;
}

static void finish(struct blob *blob)
{
	fwrite(mnl_nlmsg_get_payload(blob->scratch), mnl_nlmsg_get_payload_len(blob->scratch), 1, blob->out);
}

static int put_all(struct blob *blob, const struct hp_kernel_table *table, struct hp_err *err)
{
	for (size_t i = 0; i < table->domains_count; i++) {
		struct hp_kernel_domain domain = table->domains[i];

		domain.is_active = false;
		domain.netns_fd = 0;
		start(blob);
		if (!hp_kernel_put_domain(blob->scratch, SCRATCH_BYTES, &domain))
			return hp_err_set(err, EMSGSIZE, "domain %s is too large for a policy file", domain.name);
		finish(blob);
	}
	for (size_t i = 0; i < table->claims_count; i++) {
		start(blob);
		if (!hp_kernel_put_claim(blob->scratch, SCRATCH_BYTES, table, &table->claims[i]))
			return hp_err_set(err, EMSGSIZE, "a claim of %s is too large for a policy file",
					  table->domains[table->claims[i].domain].name);
		finish(blob);
	}
	return 0;
}

int hp_kernel_blob_make(const struct hp_kernel_table *table, unsigned char **data, size_t *size, struct hp_err *err)
{
	struct hp_policy_header header = { .version = htole32(HP_POLICY_VERSION) };
	hp_autofree void *scratch = malloc(SCRATCH_BYTES);
	struct blob blob = { .scratch = scratch };
	char *text = NULL;
	int result;

	blob.out = scratch ? open_memstream(&text, size) : NULL;
	if (!blob.out)
		return hp_err_errno(err, ENOMEM, "policy file");
	memcpy(header.magic, HP_POLICY_MAGIC, sizeof(header.magic));
	fwrite(&header, sizeof(header), 1, blob.out);
	result = put_all(&blob, table, err);
	if (fclose(blob.out) && !result)
		result = hp_err_errno(err, ENOMEM, "policy file");
	if (!result && *size > HP_POLICY_BYTES_MAX)
		result = hp_err_set(err, EFBIG, "the policy file would have %zu bytes; the module reads %d", *size,
				    HP_POLICY_BYTES_MAX);
	if (result) {
		free(text);
		return result;
	}
	header.bytes = htole32((uint32_t)*size);
	memcpy(text, &header, sizeof(header));
	*data = (unsigned char *)text;
	return 0;
}

static int check_header(const struct hp_policy_header *header, size_t size, struct hp_err *err)
{
	uint32_t version = le32toh(header->version), flags = le32toh(header->flags), bytes = le32toh(header->bytes);

	if (memcmp(header->magic, HP_POLICY_MAGIC, sizeof(header->magic)) != 0)
		return hp_err_set(err, EINVAL, "it is no policy file: it does not begin with \"%s\"", HP_POLICY_MAGIC);
	if (version != HP_POLICY_VERSION)
		return hp_err_set(err, EINVAL, "its version is %u, this program reads version %u", version,
				  HP_POLICY_VERSION);
	if (flags & ~(uint32_t)HP_POLICY_F_SIGNED || header->reserved)
		return hp_err_set(err, EINVAL, "its flags are not known to this program");
	if (bytes < sizeof(*header) || bytes > size)
		return hp_err_set(err, EINVAL, "it is truncated: %zu bytes, the header says %u", size, bytes);
	if (flags & HP_POLICY_F_SIGNED ? bytes == size : bytes != size)
		return hp_err_set(err, EINVAL, "it has %zu bytes, but the header says %u and %s signature", size, bytes,
				  flags & HP_POLICY_F_SIGNED ? "a" : "no");
	return 0;
}

static int take_all(const unsigned char *data, size_t bytes, struct hp_kernel_table *table, struct hp_err *err)
{
	const struct nlattr *attr = (const void *)data;
	int left = (int)bytes, result = 0;

	for (; !result && mnl_attr_ok(attr, left); attr = mnl_attr_next(attr)) {
		left -= MNL_ALIGN(attr->nla_len);
		if (mnl_attr_get_type(attr) == HP_A_DOMAIN)
			result = hp_kernel_take_domain(attr, table, err);
		else if (mnl_attr_get_type(attr) == HP_A_CLAIM)
			result = hp_kernel_take_claim(attr, table, err);
		else
			result = hp_err_set(err, EINVAL, "attribute %u in it is no domain and no claim",
					    mnl_attr_get_type(attr));
	}
	if (!result && left)
		result = hp_err_set(err, EINVAL, "it is truncated: %d bytes at its end are no attribute", left);
	return result;
}

int hp_kernel_blob_read(const unsigned char *data, size_t size, struct hp_kernel_table *table, size_t *signature_bytes,
			struct hp_err *err)
{
	struct hp_policy_header header;
	hp_autofree unsigned char *aligned = NULL;
	size_t bytes;
	int result;

	if (size < sizeof(header))
		return hp_err_set(err, EINVAL, "it is truncated: %zu bytes, the header alone has %zu", size,
				  sizeof(header));
	memcpy(&header, data, sizeof(header));
	result = check_header(&header, size, err);
	if (result)
		return result;
	bytes = le32toh(header.bytes) - sizeof(header);
	*signature_bytes = size - le32toh(header.bytes);
	aligned = malloc(bytes + 1);
	if (!aligned)
		return hp_err_errno(err, ENOMEM, "policy file");
	memcpy(aligned, data + sizeof(header), bytes);
	result = take_all(aligned, bytes, table, err);
	if (result)
		hp_kernel_table_clear(table);
	return result;
}
