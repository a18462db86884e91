// SPDX-License-Identifier: GPL-2.0
/* kernel_commit.c: replaces the module's table in one transaction. */
#include <errno.h>
#include "hostpart.h"
#include "kernel/kernel_internal.h"

/* Below what a socket may send at once by default, and above the largest claim. */
#define STAGE_BYTES (96 * 1024)

struct stager {
	struct hp_kernel *kernel;
	struct nlmsghdr *request;	/* NULL = none started */
	struct hp_err *err;
};

static int flush(struct stager *stager)
{
	struct nlmsghdr *request = stager->request;

	stager->request = NULL;
	return request ? hp_genl_call(stager->kernel, request, NULL, NULL, stager->err) : 0;
}

static struct nlmsghdr *writable(struct stager *stager)
{
	if (!stager->request)
		stager->request = hp_genl_request(stager->kernel, HP_CMD_TXN_STAGE, 0);
	return stager->request;
}

static int stage_domain(struct stager *stager, const struct hp_kernel_domain *domain)
{
	int result;

	if (hp_kernel_put_domain(writable(stager), STAGE_BYTES, domain))
		return 0;
	result = flush(stager);
	if (result)
		return result;
	if (!hp_kernel_put_domain(writable(stager), STAGE_BYTES, domain))
		return hp_err_set(stager->err, EMSGSIZE, "domain %s does not fit a message", domain->name);
	return 0;
}

static int stage_claim(struct stager *stager, const struct hp_kernel_table *table,
		       const struct hp_kernel_claim *claim)
{
	int result;

	if (hp_kernel_put_claim(writable(stager), STAGE_BYTES, table, claim))
		return 0;
	result = flush(stager);
	if (result)
		return result;
	if (!hp_kernel_put_claim(writable(stager), STAGE_BYTES, table, claim))
		return hp_err_set(stager->err, EMSGSIZE, "a claim of %s with %zu ranges does not fit a message",
				  table->domains[claim->domain].name, claim->ranges_count);
	return 0;
}

static int stage_all(struct hp_kernel *kernel, const struct hp_kernel_table *table, struct hp_err *err)
{
	struct stager stager = { kernel, NULL, err };
	int result;
	size_t i;

	for (i = 0; i < table->domains_count; i++) {
		result = stage_domain(&stager, &table->domains[i]);
		if (result)
			return result;
	}
	for (i = 0; i < table->claims_count; i++) {
		result = stage_claim(&stager, table, &table->claims[i]);
		if (result)
			return result;
	}
	return flush(&stager);
}

static int take_generation(const struct nlmsghdr *message, void *arg, struct hp_err *err)
{
	const struct nlattr *by_type[HP_A_MAX + 1];
	struct hp_attrs attrs = { by_type, HP_A_MAX };

	hp_attrs_of_message(message, &attrs);
	if (!hp_attrs_u64(&attrs, HP_A_GENERATION, arg))
		return hp_err_set(err, EBADMSG, "kernel module: its answer has no generation");
	return 0;
}

static int finish(struct hp_kernel *kernel, const struct hp_kernel_table *table, uint64_t expected_generation,
		  uint64_t *generation, struct hp_err *err)
{
	struct nlmsghdr *request = hp_genl_request(kernel, HP_CMD_TXN_COMMIT, 0);

	mnl_attr_put_u32(request, HP_A_DOMAIN_COUNT, (uint32_t)table->domains_count);
	mnl_attr_put_u32(request, HP_A_CLAIM_COUNT, (uint32_t)table->claims_count);
	if (expected_generation != HP_KERNEL_ANY_GENERATION)
		mnl_attr_put_u64(request, HP_A_GENERATION, expected_generation);
	return hp_genl_call(kernel, request, take_generation, generation, err);
}

/* Leaves the socket without a transaction; that there is none any more is the usual case. */
static void abandon(struct hp_kernel *kernel)
{
	(void)hp_genl_call(kernel, hp_genl_request(kernel, HP_CMD_TXN_ABORT, 0), NULL, NULL, NULL);
}

int hp_kernel_commit(struct hp_kernel *kernel, const struct hp_kernel_table *table, uint64_t expected_generation,
		     uint64_t *generation, struct hp_err *err)
{
	uint64_t new_generation = 0;
	int result;

	result = hp_genl_call(kernel, hp_genl_request(kernel, HP_CMD_TXN_BEGIN, 0), NULL, NULL, err);
	if (result)
		return result;
	result = stage_all(kernel, table, err);
	if (!result)
		result = finish(kernel, table, expected_generation, &new_generation, err);
	if (result) {
		abandon(kernel);
		return result;
	}
	if (generation)
		*generation = new_generation;
	return 0;
}

int hp_kernel_seal(struct hp_kernel *kernel, uint64_t expected_generation, uint64_t *generation, struct hp_err *err)
{
	struct nlmsghdr *request = hp_genl_request(kernel, HP_CMD_SEAL, 0);
	uint64_t sealed = 0;
	int result;

	if (expected_generation != HP_KERNEL_ANY_GENERATION)
		mnl_attr_put_u64(request, HP_A_GENERATION, expected_generation);
	result = hp_genl_call(kernel, request, take_generation, &sealed, err);
	if (!result && generation)
		*generation = sealed;
	return result;
}

struct dropped {
	uint32_t domains, claims;
};

static int take_dropped(const struct nlmsghdr *message, void *arg, struct hp_err *err)
{
	const struct nlattr *by_type[HP_A_MAX + 1];
	struct hp_attrs attrs = { by_type, HP_A_MAX };
	struct dropped *dropped = arg;

	hp_attrs_of_message(message, &attrs);
	if (!hp_attrs_u32(&attrs, HP_A_DOMAIN_COUNT, &dropped->domains) ||
	    !hp_attrs_u32(&attrs, HP_A_CLAIM_COUNT, &dropped->claims))
		return hp_err_set(err, EBADMSG, "kernel module: its answer does not say what it dropped");
	return 0;
}

int hp_kernel_release_force(struct hp_kernel *kernel, uint32_t *domains_dropped, uint32_t *claims_dropped,
			    struct hp_err *err)
{
	struct dropped dropped = { 0, 0 };
	int result;

	result = hp_genl_call(kernel, hp_genl_request(kernel, HP_CMD_RELEASE, 0), take_dropped, &dropped, err);
	if (result)
		return result;
	if (domains_dropped)
		*domains_dropped = dropped.domains;
	if (claims_dropped)
		*claims_dropped = dropped.claims;
	return 0;
}
