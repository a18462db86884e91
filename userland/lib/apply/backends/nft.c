// SPDX-License-Identifier: GPL-2.0
/* nft.c: backend "nft": the table that lets only the policy's links pass. */
#include "nft.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include "apply/hp_backend.h"
#include "base/hp_auto.h"

/*
 * The table lives in the caller's network namespace, the base. It is made and
 * replaced as a whole in one batch; tables of others are never touched. The
 * name "inet hostpart" is ours: whatever stands there is replaced.
 *
 * read() gives "altered: ..." lines after the canonical ones for whatever was
 * changed by hand. Writing such a text changes nothing: damage is repaired,
 * not restored.
 */

static struct hp_netlink *open_nft(struct hp_err *err)
{
	struct hp_netlink *nl = hp_netlink_open(NETLINK_NETFILTER, HP_NETNS_OWN, err);

	if (!nl)
		hp_err_wrap(err, "this kernel has no nfnetlink");
	return nl;
}

static int probe_nft(struct hp_ctx *ctx, struct hp_err *err)
{
	hp_autonetlink *nl = open_nft(err);
	nft_autoimage image = { 0 };

	(void)ctx;
	if (!nl)
		return hp_err_set(err, EOPNOTSUPP, "this kernel has no nfnetlink, so no firewall between domains");
	/* An unknown subsystem is refused with EINVAL. */
	if (nft_kernel_read(nl, &image, err))
		return hp_err_set(err, EOPNOTSUPP, "this kernel has no nf_tables, so no firewall between domains");
	return 0;
}

static int read_nft(struct hp_ctx *ctx, const char *object, const char *attr, char **value,
		    struct hp_err *err)
{
	hp_autonetlink *nl = open_nft(err);
	nft_autoimage image = { 0 };
	int rc;

	(void)ctx;
	(void)object;
	(void)attr;
	*value = NULL;
	if (!nl)
		return -err->errnum;
	rc = nft_kernel_read(nl, &image, err);
	if (rc)
		return rc;
	rc = nft_image_value(&image, value);
	return rc ? hp_err_errno(err, -rc, "read the table inet " NFT_TABLE) : 0;
}

/* Counters would start again from zero: an equal table is left alone. */
static bool is_there(struct hp_netlink *nl, const struct nft_policy *policy)
{
	hp_autofree char *live = NULL, *want = nft_policy_format(policy);
	hp_autoerr ignored = HP_ERR_INIT;
	nft_autoimage image = { 0 };

	return want && !nft_kernel_read(nl, &image, &ignored) && !nft_image_value(&image, &live) &&
	       live && !strcmp(live, want);
}

static int write_nft(struct hp_ctx *ctx, const char *object, const char *attr, const char *value,
		     struct hp_err *err)
{
	nft_autopolicy policy = NFT_POLICY_INIT;
	hp_autonetlink *nl = NULL;
	int rc;

	(void)ctx;
	(void)object;
	(void)attr;
	if (value && strstr(value, "altered: "))
		return 0;
	if (value && nft_policy_parse(value, &policy, err))
		return hp_err_wrap(err, "firewall");
	nl = open_nft(err);
	if (!nl)
		return -err->errnum;
	if (value && is_there(nl, &policy))
		return 0;
	rc = nft_kernel_write(nl, value ? &policy : NULL, err);
	if (rc || !value)
		return rc;
	if (!is_there(nl, &policy))
		return hp_err_set(err, EIO, "the table inet " NFT_TABLE " does not read back as it was written");
	return 0;
}

static bool satisfies_nft(const char *attr, const char *live, const char *want)
{
	nft_autopolicy policy = NFT_POLICY_INIT;
	hp_autofree char *canonical = NULL;
	hp_autoerr ignored = HP_ERR_INIT;

	(void)attr;
	if (nft_policy_parse(want, &policy, &ignored))
		return !strcmp(live, want);
	canonical = nft_policy_format(&policy);
	return canonical && !strcmp(live, canonical);
}

const struct hp_backend hp_backend_nft = {
	.name = "nft",
	.probe = probe_nft,
	.read = read_nft,
	.write = write_nft,
	.satisfies = satisfies_nft,
};
