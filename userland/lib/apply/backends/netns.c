// SPDX-License-Identifier: GPL-2.0
/* netns.c: backend "netns": a domain's network namespace, pinned at RUN/netns/DOMAIN. */
#include <errno.h>
#include <string.h>
#include "apply/hp_backend.h"
#include "base/hp_auto.h"
#include "base/hp_outside.h"
#include "net/hp_link.h"
#include "net/hp_netns.h"

/*
 * Values: "present"; or, never wanted but seen: "present, loopback down",
 * and "damaged: ..." when something that is no network namespace stands there
 * (also an empty file: a pin whose mount is missing). Writing either of them
 * changes nothing that is alive: damage is repaired, not restored.
 */
#define PRESENT "present"

static char *pin_dir(const struct hp_ctx *ctx)
{
	char *dir;

	return asprintf(&dir, "%s/netns", ctx->run_dir) < 0 ? NULL : dir;
}

static int look_inside(int netns_fd, char **value, struct hp_err *err)
{
	hp_autonetlink *nl = hp_netlink_open(NETLINK_ROUTE, netns_fd, err);
	struct hp_link loopback;
	int rc;

	if (!nl)
		return -err->errnum;
	rc = hp_link_find(nl, "lo", &loopback, err);
	if (rc)
		return rc;
	*value = strdup(loopback.flags & IFF_UP ? PRESENT : PRESENT ", loopback down");
	return *value ? 0 : hp_err_errno(err, ENOMEM, "read a network namespace");
}

static int read_netns(struct hp_ctx *ctx, const char *object, const char *attr, char **value,
		      struct hp_err *err)
{
	hp_autofree char *dir = pin_dir(ctx), *path = NULL;
	hp_autofd int fd = -1;

	(void)attr;
	*value = NULL;
	if (!dir || asprintf(&path, "%s/%s", dir, object) < 0)
		return hp_err_errno(err, ENOMEM, "read the network namespace of %s", object);
	fd = hp_netns_open(path, err);
	if (fd >= 0)
		return look_inside(fd, value, err);
	if (fd == -ENOENT) {
		hp_err_clear(err);
		return 0;
	}
	if (fd != -EINVAL)
		return fd;
	hp_err_clear(err);
	if (asprintf(value, "damaged: %s is not a network namespace", path) < 0) {
		*value = NULL;
		return hp_err_errno(err, ENOMEM, "read the network namespace of %s", object);
	}
	return 0;
}

static int raise_loopback(const char *dir, const char *object, struct hp_err *err)
{
	hp_autofree char *path = NULL;
	hp_autofd int fd = -1;
	hp_autonetlink *nl = NULL;

	if (asprintf(&path, "%s/%s", dir, object) < 0)
		return hp_err_errno(err, ENOMEM, "open a network namespace");
	fd = hp_netns_open(path, err);
	if (fd < 0)
		return fd;
	nl = hp_netlink_open(NETLINK_ROUTE, fd, err);
	if (!nl)
		return -err->errnum;
	return hp_link_set_flags(nl, HP_LINK_LOOPBACK_INDEX, IFF_UP, IFF_UP, err);
}

/* What a confined partd mounts, only partd sees. */
static int pin_outside(const struct hp_ctx *ctx, const char *what, const char *dir, const char *object,
		       struct hp_err *err)
{
	const char *const args[] = { what, dir, object, NULL };

	return hp_outside_run(ctx->libexec_dir, ctx->run_dir, args, err);
}

static int pin(const struct hp_ctx *ctx, const char *dir, const char *object, struct hp_err *err)
{
	return hp_outside_is_needed() ? pin_outside(ctx, "pin", dir, object, err) : hp_netns_pin(dir, object, err);
}

static int unpin(const struct hp_ctx *ctx, const char *dir, const char *object, struct hp_err *err)
{
	return hp_outside_is_needed() ? pin_outside(ctx, "unpin", dir, object, err) : hp_netns_unpin(dir, object, err);
}

static int write_netns(struct hp_ctx *ctx, const char *object, const char *attr, const char *value,
		       struct hp_err *err)
{
	hp_autofree char *dir = pin_dir(ctx);
	int rc;

	(void)attr;
	if (!dir)
		return hp_err_errno(err, ENOMEM, "write the network namespace of %s", object);
	if (!value) {
		rc = unpin(ctx, dir, object, err);
		return rc ? hp_err_wrap(err, "remove the network namespace of %s", object) : 0;
	}
	if (strcmp(value, PRESENT))
		return 0;
	rc = pin(ctx, dir, object, err);
	if (!rc)
		rc = raise_loopback(dir, object, err);
	return rc ? hp_err_wrap(err, "make the network namespace of %s", object) : 0;
}

const struct hp_backend hp_backend_netns = {
	.name = "netns",
	.read = read_netns,
	.write = write_netns,
};
