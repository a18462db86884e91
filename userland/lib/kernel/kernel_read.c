// SPDX-License-Identifier: GPL-2.0
/* kernel_read.c: reads the module's whole table as of one generation. */
#include <errno.h>
#include "hostpart.h"
#include "kernel/kernel_internal.h"

#define ATTEMPTS 20	/* a table that changes faster than it can be read is not ours to wait for */

/* The nest of `type` in a message, checked to be of the table's generation. */
static int open_entry(const struct nlmsghdr *message, uint16_t type, const struct hp_kernel_table *table,
		      const struct nlattr **nest, struct hp_err *err)
{
	const struct nlattr *by_type[HP_A_MAX + 1];
	struct hp_attrs attrs = { by_type, HP_A_MAX };
	uint64_t generation;

	hp_attrs_of_message(message, &attrs);
	if (!hp_attrs_u64(&attrs, HP_A_GENERATION, &generation) || !by_type[type])
		return hp_err_set(err, EBADMSG, "kernel module: its description of a table is incomplete");
	if (generation != table->generation)
		return -EINTR;
	*nest = by_type[type];
	return 0;
}

static int take_domain(const struct nlmsghdr *message, void *arg, struct hp_err *err)
{
	struct hp_kernel_table *table = arg;
	const struct nlattr *nest;
	int result = open_entry(message, HP_A_DOMAIN, table, &nest, err);

	return result ? result : hp_kernel_take_domain(nest, table, err);
}

static int take_claim(const struct nlmsghdr *message, void *arg, struct hp_err *err)
{
	struct hp_kernel_table *table = arg;
	const struct nlattr *nest;
	int result = open_entry(message, HP_A_CLAIM, table, &nest, err);

	return result ? result : hp_kernel_take_claim(nest, table, err);
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
