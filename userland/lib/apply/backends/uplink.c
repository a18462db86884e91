// SPDX-License-Identifier: GPL-2.0
/* uplink.c: backend "uplink": a port of a domain on a port that stays with the base. */
#include "uplink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "net/hp_netns.h"

/*
 * Object "alpha/eth0": the link eth0 in alpha's namespace. Attribute "" is its
 * existence, addresses and switches, "up" that it is up and has its gateway:
 * between the two the "spoof" backend says what it may send. Object "eth0" with
 * the attribute "parent" is a port of the base that must be up for them, with
 * "forwarding" whether it lets through what is not for the base.
 *
 * A live value that no text can tell in full ends in "; " and each thing that
 * does not hold; writing it leaves those out: damage is repaired, not restored.
 * A link of that name that is none of ours reads "foreign: ..."; writing that
 * changes nothing.
 */

#define ON_A_ROUTER " on a router"

int uplink_open(struct hp_ctx *ctx, const char *object, struct uplink_site *site, struct hp_err *err)
{
	site->ctx = ctx;
	site->object = object;
	if (sscanf(object, "%39[^/]/%15s", site->domain, site->name) != 2)
		return hp_err_set(err, EINVAL, "\"%s\" is not of the form DOMAIN/NAME", object);
	hp_uplink_base_name(object, site->base_name);
	site->base = hp_netlink_open(NETLINK_ROUTE, HP_NETNS_OWN, err);
	if (!site->base)
		return -err->errnum;
	site->netns_fd = hp_netns_open_pinned(ctx->run_dir, site->domain, err);
	if (site->netns_fd == -ENOENT || site->netns_fd == -EINVAL) {
		hp_err_clear(err);
		site->netns_fd = -1;
		return 0;
	}
	if (site->netns_fd < 0)
		return -err->errnum;
	site->in = hp_netlink_open(NETLINK_ROUTE, site->netns_fd, err);
	return site->in ? 0 : -err->errnum;
}

void uplink_close(struct uplink_site *site)
{
	hp_netlink_close(site->base);
	hp_netlink_close(site->in);
	hp_close_fd(&site->netns_fd);
}

/* ---- the link ---- */

static int read_link(struct uplink_site *site, char **text, struct hp_err *err)
{
	uplink_autofound found = { .exists = false };
	hp_autofree char *problems = NULL, *value = NULL;
	size_t size;
	FILE *stream = open_memstream(&problems, &size);
	int rc = stream ? uplink_look(site, &found, stream, err) : hp_err_errno(err, ENOMEM, "look at a link");

	if (stream)
		fclose(stream);
	if (rc || !found.exists)
		return rc;
	value = found.is_ours ? uplink_value_format(&found.value) : NULL;
	if (found.is_ours ? !value || asprintf(text, "%s%s", value, problems) < 0
			  : asprintf(text, "foreign: the link %s is not hostpart's", site->name) < 0) {
		*text = NULL;
		return hp_err_errno(err, ENOMEM, "look at a link");
	}
	return 0;
}

static int delete_if(struct hp_netlink *nl, const struct hp_link *link, bool is_ours, struct hp_err *err)
{
	return is_ours && hp_link_delete(nl, link->index, err) ? hp_err_wrap(err, "delete the link %s", link->name) : 0;
}

static int remove_link(struct uplink_site *site, struct hp_err *err)
{
	hp_autofile FILE *ignored = fopen("/dev/null", "w");
	uplink_autofound found = { .exists = false };
	struct hp_link end;
	int rc = ignored ? uplink_look(site, &found, ignored, err) : hp_err_errno(err, errno, "open /dev/null");

	if (!rc && found.exists)
		rc = delete_if(site->in, &found.link, found.is_ours, err);
	if (rc)
		return rc;
	/* A cable's end in the base is left when the other one is out of reach. */
	rc = hp_link_find(site->base, site->base_name, &end, err);
	if (rc == -ENOENT) {
		hp_err_clear(err);
		return 0;
	}
	return rc ? rc : delete_if(site->base, &end, !strcmp(end.kind, "veth"), err);
}

static int write_link(struct uplink_site *site, const char *text, struct hp_err *err)
{
	uplink_autovalue want = UPLINK_VALUE_INIT;
	const char *damage = text ? strstr(text, "; ") : NULL;
	hp_autofree char *sound = NULL;

	if (!text)
		return remove_link(site, err);
	if (!strncmp(text, "foreign: ", 9))
		return 0;
	sound = hp_text_before(text, "; ");
	if (!sound)
		return hp_err_errno(err, ENOMEM, "make a link");
	if (uplink_value_parse(sound, &want, err)) {
		/* Damaged so far that nothing can be made of it. */
		if (damage)
			hp_err_clear(err);
		return damage ? 0 : -err->errnum;
	}
	return uplink_make(site, &want, err);
}

/* ---- up, with its gateway ---- */

static int read_up(struct uplink_site *site, char **text, struct hp_err *err)
{
	hp_autorecords routes = HP_NETRECORDS_INIT;
	struct hp_link link, end = { .flags = IFF_UP };
	char gateway[64];
	size_t size;
	FILE *out;
	int rc = site->in ? hp_link_find(site->in, site->name, &link, err) : -ENOENT;

	if (rc == -ENOENT) {
		hp_err_clear(err);
		return 0;
	}
	if (rc || hp_iproute_list(site->in, link.index, &routes, err))
		return -err->errnum;
	if (!strcmp(link.kind, "veth") && hp_link_find(site->base, site->base_name, &end, err)) {
		hp_err_clear(err);
		end.flags = 0;
	}
	out = open_memstream(text, &size);
	if (!out)
		return hp_err_errno(err, ENOMEM, "look at a link");
	fputs(link.flags & end.flags & IFF_UP ? "up" : "down", out);
	for (size_t i = 0; i < routes.count; i++)
		if (hp_iproute_default_gateway(&routes.items[i], gateway, sizeof(gateway)))
			fprintf(out, " gateway=%s", gateway);
	fclose(out);
	return 0;
}

/* Before the check of what it sends goes, and it with it. */
static int take_down(struct uplink_site *site, struct hp_err *err)
{
	struct hp_link link;
	int rc = site->in ? hp_link_find(site->in, site->name, &link, err) : -ENOENT;

	if (rc == -ENOENT) {
		hp_err_clear(err);
		return 0;
	}
	return rc ? rc : hp_link_set_flags(site->in, link.index, 0, IFF_UP, err);
}

static int write_up(struct uplink_site *site, const char *text, struct hp_err *err)
{
	unsigned int flags = text && !strncmp(text, "up", 2) ? IFF_UP : 0;
	const char *gateway = text ? strstr(text, " gateway=") : NULL;
	struct hp_link link, end;

	if (!text)
		return take_down(site, err);
	if (!site->in || hp_link_find(site->in, site->name, &link, err))
		return site->in ? -err->errnum : hp_err_set(err, ENOENT, "%s has no network namespace", site->domain);
	if (!strcmp(link.kind, "veth") &&
	    (hp_link_find(site->base, site->base_name, &end, err) ||
	     hp_link_set_flags(site->base, end.index, flags, IFF_UP, err)))
		return -err->errnum;
	if (hp_link_set_flags(site->in, link.index, flags, IFF_UP, err))
		return hp_err_wrap(err, "bring %s %s", site->name, flags ? "up" : "down");
	for (; flags && gateway; gateway = strstr(gateway + 1, " gateway=")) {
		const char *address = gateway + strlen(" gateway=");
		hp_autofree char *one = hp_text_before(address, " ");

		if (!one || hp_iproute_set_gateway(site->in, link.index, one, err))
			return one ? -err->errnum : hp_err_errno(err, ENOMEM, "set a gateway");
	}
	return 0;
}

static bool satisfies_up(const char *live, const char *want)
{
	const char *gateway = strstr(want, " gateway=");
	size_t length = gateway ? strlen(gateway) : 0;

	if (strncmp(live, "up", 2) != 0)
		return false;
	for (const char *at = live; gateway && (at = strstr(at, gateway)); at++)
		if (!at[length] || at[length] == ' ')
			return true;
	return !gateway;
}

/* ---- a parent: one that is gone has nothing to be made or undone ---- */

static int read_parent(const char *name, char **text, struct hp_err *err)
{
	hp_autonetlink *nl = hp_netlink_open(NETLINK_ROUTE, HP_NETNS_OWN, err);
	struct hp_link link;
	int rc = nl ? hp_link_find(nl, name, &link, err) : -err->errnum;

	if (rc == -ENOENT) {
		hp_err_clear(err);
		return 0;
	}
	if (rc)
		return rc;
	*text = strdup(link.flags & IFF_UP ? "up" : "down");
	return *text ? 0 : hp_err_errno(err, ENOMEM, "look at %s", name);
}

static int write_parent(const char *name, const char *text, struct hp_err *err)
{
	hp_autonetlink *nl = text ? hp_netlink_open(NETLINK_ROUTE, HP_NETNS_OWN, err) : NULL;
	struct hp_link link;
	int rc;

	if (!text)
		return 0;
	rc = nl ? hp_link_find(nl, name, &link, err) : -err->errnum;
	if (rc == -ENOENT) {
		hp_err_clear(err);
		return 0;
	}
	if (rc || hp_link_set_flags(nl, link.index, strcmp(text, "up") ? 0 : IFF_UP, IFF_UP, err))
		return hp_err_wrap(err, "bring the shared port %s %s", name, text);
	return 0;
}

static bool is_router(struct hp_ctx *ctx)
{
	hp_autofree char *all = hp_root_readf(ctx->root, "/proc/sys/net/ipv4/conf/all/forwarding");

	return all && !strcmp(all, "1");
}

/* "1", "0", or "0 on a router", where somebody made an exception of it. */
static int read_forwarding(struct hp_ctx *ctx, const char *name, char **text, struct hp_err *err)
{
	hp_autofree char *now = hp_root_readf(ctx->root, "/proc/sys/net/ipv4/conf/%s/forwarding", name);

	if (!now)
		return 0;
	*text = hp_format("%s%s", now, !strcmp(now, "0") && is_router(ctx) ? ON_A_ROUTER : "");
	return *text ? 0 : hp_err_errno(err, ENOMEM, "look at %s", name);
}

static int write_forwarding(struct hp_ctx *ctx, const char *name, const char *text, struct hp_err *err)
{
	hp_autofree char *path = hp_format("/proc/sys/net/ipv4/conf/%s/forwarding", name);

	if (!path)
		return hp_err_errno(err, ENOMEM, "set the forwarding of %s", name);
	if (!text || !hp_root_exists(ctx->root, path))
		return 0;
	/* The machine has become a router since: then this is how all of its ports are. */
	if (!strcmp(text, "0") && is_router(ctx))
		return 0;
	return hp_root_write(ctx->root, path, *text == '1' ? "1" : "0", err);
}

static int read_uplink(struct hp_ctx *ctx, const char *object, const char *attr, char **value,
		       struct hp_err *err)
{
	uplink_autosite site = UPLINK_SITE_INIT;
	int rc;

	*value = NULL;
	if (!strcmp(attr, "parent"))
		return read_parent(object, value, err);
	if (!strcmp(attr, "forwarding"))
		return read_forwarding(ctx, object, value, err);
	rc = uplink_open(ctx, object, &site, err);
	if (!rc)
		rc = *attr ? read_up(&site, value, err) : read_link(&site, value, err);
	return rc ? hp_err_wrap(err, "uplink %s", object) : 0;
}

static int write_uplink(struct hp_ctx *ctx, const char *object, const char *attr, const char *value,
			struct hp_err *err)
{
	uplink_autosite site = UPLINK_SITE_INIT;
	int rc;

	if (!strcmp(attr, "parent"))
		return write_parent(object, value, err);
	if (!strcmp(attr, "forwarding"))
		return write_forwarding(ctx, object, value, err);
	rc = uplink_open(ctx, object, &site, err);
	if (!rc)
		rc = *attr ? write_up(&site, value, err) : write_link(&site, value, err);
	return rc ? hp_err_wrap(err, "uplink %s", object) : 0;
}

static bool satisfies_uplink(const char *attr, const char *live, const char *want)
{
	uplink_autovalue is = UPLINK_VALUE_INIT, should = UPLINK_VALUE_INIT;
	hp_autoerr ignored = HP_ERR_INIT;

	if (!strcmp(attr, "parent") || !strcmp(attr, "forwarding"))
		return !strcmp(live, want);
	if (*attr)
		return satisfies_up(live, want);
	return !strstr(live, "; ") && !uplink_value_parse(live, &is, &ignored) &&
	       !uplink_value_parse(want, &should, &ignored) && uplink_value_satisfies(&is, &should);
}

const struct hp_backend hp_backend_uplink = {
	.name = "uplink",
	.read = read_uplink,
	.write = write_uplink,
	.satisfies = satisfies_uplink,
};
