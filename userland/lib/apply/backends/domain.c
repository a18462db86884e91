// SPDX-License-Identifier: GPL-2.0
/* domain.c: backend for the running of a domain: "hostname=H cgroup=TOP/NAME". */
#include "apply/hp_backend.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_cgroup2.h"
#include "base/hp_outside.h"
#include "domain/hp_domain.h"

static int probe(struct hp_ctx *ctx, struct hp_err *err)
{
	if (!hp_root_is_live(ctx->root))
		return hp_err_set(err, EOPNOTSUPP, "domain: not the live machine");
	if (geteuid() != 0)
		return hp_err_set(err, EOPNOTSUPP, "domain: only root makes namespaces");
	return hp_cgroup_root(err) ? 0 : -EOPNOTSUPP;
}

/* The init sits in a namespace that is no longer the pinned one: it would talk past the domain's ports. */
static bool is_netns_stale(const struct hp_ctx *ctx, const char *object, const struct hp_domain *domain)
{
	hp_autofree char *path = NULL;

	return asprintf(&path, "%s/netns/%s", ctx->run_dir, object) < 0 || !hp_domain_has_netns(domain, path);
}

static int read_domain(struct hp_ctx *ctx, const char *object, const char *attr, char **value,
		       struct hp_err *err)
{
	hp_autodomain domain = HP_DOMAIN_INIT;
	hp_autofree char *hostname = NULL;
	int ret;

	(void)attr;
	*value = NULL;
	ret = hp_domain_open(ctx->run_dir, object, &domain, NULL, err);
	if (ret == -ENOENT) {
		if (err)
			hp_err_clear(err);
		return 0;
	}
	if (ret)
		return ret;
	hostname = hp_domain_hostname(&domain, err);
	if (!hostname)
		return hp_err_wrap(err, "domain %s", object);
	if (asprintf(value, "hostname=%s cgroup=%s%s", hostname, domain.cgroup,
		     is_netns_stale(ctx, object, &domain) ? " netns=stale" : "") < 0) {
		*value = NULL;
		return hp_err_set(err, ENOMEM, "out of memory");
	}
	return 0;
}

/* Splits `value` in place. */
static bool parse(char *value, char **hostname, char **cgroup)
{
	char *save = NULL, *first = strtok_r(value, " ", &save), *second = strtok_r(NULL, " ", &save);

	if (!first || !second || strncmp(first, "hostname=", 9) != 0 || strncmp(second, "cgroup=", 7) != 0)
		return false;
	*hostname = first + 9;
	*cgroup = second + 7;
	return **hostname && **cgroup;
}

/* A running domain keeps its processes: what cannot be changed under them is refused. */
static int adjust(struct hp_ctx *ctx, const char *object, const struct hp_domain *domain, const char *hostname,
		  const char *cgroup, struct hp_err *err)
{
	if (strcmp(domain->cgroup, cgroup) != 0)
		return hp_err_set(err, EBUSY, "runs in cgroup %s, not %s; tear it down first", domain->cgroup, cgroup);
	if (is_netns_stale(ctx, object, domain)) {
		hp_err_set(err, EBUSY, "runs in another network namespace than the one pinned at %s/netns/%s",
			   ctx->run_dir, object);
		hp_err_hint(err, "process %d holds the old one; tear the domain down and apply again", domain->pid);
		return -EBUSY;
	}
	return hp_domain_set_hostname(domain, hostname, err);
}

/* The domain would inherit for good what a confined partd may not do. */
static int start_outside(const struct hp_ctx *ctx, const struct hp_domain_start *start, struct hp_err *err)
{
	const char *const args[] = {
		"start", start->name, start->hostname, start->cgroup, start->run_dir, start->lib_dir, start->libexec_dir, NULL,
	};

	return hp_outside_run(ctx->libexec_dir, ctx->run_dir, args, err);
}

static int run_domain(struct hp_ctx *ctx, const char *object, const char *value, struct hp_err *err)
{
	hp_autofree char *copy = strdup(value);
	hp_autodomain domain = HP_DOMAIN_INIT;
	struct hp_domain_start start = {
		.name = object,
		.run_dir = ctx->run_dir,
		.lib_dir = ctx->lib_dir,
		.libexec_dir = ctx->libexec_dir,
	};
	char *hostname, *cgroup;

	if (!copy)
		return hp_err_set(err, ENOMEM, "out of memory");
	if (!parse(copy, &hostname, &cgroup))
		return hp_err_set(err, EINVAL, "'%s' is not \"hostname=H cgroup=C\"", value);
	if (hp_domain_open(ctx->run_dir, object, &domain, NULL, NULL) == 0)
		return adjust(ctx, object, &domain, hostname, cgroup, err);
	start.hostname = hostname;
	start.cgroup = cgroup;
	return hp_outside_is_needed() ? start_outside(ctx, &start, err) : hp_domain_start(&start, err);
}

static int write_domain(struct hp_ctx *ctx, const char *object, const char *attr, const char *value,
			struct hp_err *err)
{
	int ret;

	(void)attr;
	ret = value ? run_domain(ctx, object, value, err) : hp_domain_stop(ctx->run_dir, object, err);
	return ret ? hp_err_wrap(err, "domain %s", object) : 0;
}

const struct hp_backend hp_backend_domain = {
	.name = "domain",
	.probe = probe,
	.read = read_domain,
	.write = write_domain,
};
