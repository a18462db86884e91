// SPDX-License-Identifier: GPL-2.0
/* star_make.c: makes a leg of the star what it should be. */
#include "star.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "net/hp_netns.h"
#include "net/hp_netrecord.h"

/*
 * A leg for other addresses, or one whose far end is elsewhere, is made anew:
 * nothing of it is worth keeping.
 */
static bool is_reusable(const struct star_found *found, const struct star_value *want)
{
	const struct star_value *live = &found->value;

	return found->has_inside && (!live->inside[0] || !strcmp(live->inside, want->inside)) &&
	       (!live->hub[0] || !strcmp(live->hub, want->hub)) &&
	       (!live->subnet[0] || !strcmp(live->subnet, want->subnet));
}

static int create(struct star_leg *leg, struct star_found *found, struct hp_err *err)
{
	struct hp_veth_end here = { .name = leg->name }, there = { .name = HP_LEG_INSIDE_NAME };
	struct hp_link link;

	memcpy(here.mac, leg->hub_mac, HP_MAC_BYTES);
	memcpy(there.mac, leg->inside_mac, HP_MAC_BYTES);
	if (hp_link_create_veth(leg->base, &here, &there, leg->netns_fd, err)) {
		hp_err_wrap(err, "create the veth pair %s and " HP_LEG_INSIDE_NAME, leg->name);
		if (err->errnum == EEXIST)
			hp_err_hint(err, "a link named " HP_LEG_INSIDE_NAME " is already in the domain's namespace");
		return -err->errnum;
	}
	if (hp_link_find(leg->base, leg->name, &link, err))
		return -err->errnum;
	found->hub_index = link.index;
	if (hp_link_find(leg->in, HP_LEG_INSIDE_NAME, &link, err))
		return -err->errnum;
	found->inside_index = link.index;
	return 0;
}

static int prepare(struct star_leg *leg, const struct star_value *want, struct star_found *found,
		   struct hp_err *err)
{
	hp_autofree char *ignored = NULL;
	size_t size;
	FILE *stream;
	int rc;

	stream = open_memstream(&ignored, &size);
	if (!stream)
		return hp_err_errno(err, ENOMEM, "examine %s", leg->name);
	rc = star_look(leg, found, stream, err);
	fclose(stream);
	if (rc)
		return rc;
	if (found->exists && !found->is_ours)
		return hp_err_set(err, EEXIST, "a link named %s exists and is not hostpart's; rename or remove it",
				  leg->name);
	if (found->exists && is_reusable(found, want))
		return 0;
	if (found->exists && hp_link_delete(leg->base, found->hub_index, err))
		return hp_err_wrap(err, "delete the old link %s", leg->name);
	return create(leg, found, err);
}

static int set_base_address(struct star_leg *leg, int index, const char *hub, struct hp_err *err)
{
	hp_autorecords live = HP_NETRECORDS_INIT;
	size_t length = strlen(hub);

	if (hp_ipaddr_list(leg->base, index, &live, err))
		return -err->errnum;
	for (size_t i = 0; i < live.count; i++) {
		bool is_hub = !strncmp(live.items[i].text, hub, length) &&
			      !strcmp(live.items[i].text + length, "/32");

		if (!is_hub && hp_ipaddr_delete(leg->base, index, &live.items[i], err))
			return -err->errnum;
	}
	return hp_ipaddr_add_bare(leg->base, index, hub, err);
}

static int add_route(struct hp_netlink *nl, int index, const struct hp_iproute_spec *spec,
		     struct hp_err *err)
{
	hp_autorecords route = HP_NETRECORDS_INIT;
	int rc = hp_iproute_from_spec(spec, &route);

	if (rc)
		return hp_err_errno(err, -rc, "make a route to %s", spec->destination);
	return hp_iproute_add(nl, index, &route.items[0], err);
}

static int set_base_route(struct star_leg *leg, int index, const struct star_value *want,
			  struct hp_err *err)
{
	struct hp_iproute_spec spec = { .source = want->hub };
	hp_autorecords live = HP_NETRECORDS_INIT;
	char destination[64], gateway[64], source[64], host[20];

	snprintf(host, sizeof(host), "%s/32", want->inside);
	spec.destination = host;
	if (hp_iproute_list(leg->base, index, &live, err))
		return -err->errnum;
	for (size_t i = 0; i < live.count; i++) {
		hp_iproute_words(&live.items[i], destination, gateway, source);
		if (!strcmp(destination, host) && !gateway[0] && !strcmp(source, want->hub))
			continue;
		if (hp_iproute_delete(leg->base, index, &live.items[i], err))
			return -err->errnum;
	}
	return add_route(leg->base, index, &spec, err);
}

static int raise(struct hp_netlink *nl, int index, const char *name, struct hp_err *err)
{
	return hp_link_set_flags(nl, index, IFF_UP, IFF_UP, err) ? hp_err_wrap(err, "bring up %s", name) : 0;
}

/* IPv6 goes off before the ends come up, so that none of them ever has an address of it. */
static int configure(struct star_leg *leg, const struct star_value *want,
		     const struct star_found *found, struct hp_err *err)
{
	struct hp_root *root = leg->ctx->root;
	struct hp_iproute_spec subnet = {
		.destination = want->subnet,
		.gateway = want->hub,
		.source = want->inside,
		.is_onlink = true,
	};

	if (hp_ifswitch_set(root, HP_NETNS_OWN, leg->name, star_hub_switches, err) ||
	    hp_ifswitch_set(root, leg->netns_fd, HP_LEG_INSIDE_NAME, star_inside_switches, err))
		return -err->errnum;
	if (set_base_address(leg, found->hub_index, want->hub, err) ||
	    hp_ipaddr_add_bare(leg->in, found->inside_index, want->inside, err))
		return -err->errnum;
	if (raise(leg->base, found->hub_index, leg->name, err) ||
	    raise(leg->in, found->inside_index, HP_LEG_INSIDE_NAME, err))
		return -err->errnum;
	if (set_base_route(leg, found->hub_index, want, err))
		return -err->errnum;
	return add_route(leg->in, found->inside_index, &subnet, err);
}

int star_make(struct star_leg *leg, const struct star_value *want, struct hp_err *err)
{
	struct star_found found = { 0 };
	int rc;

	if (!leg->in)
		return hp_err_set(err, ENOENT, "the domain has no network namespace at %s/netns/%s",
				  leg->ctx->run_dir, leg->domain);
	rc = prepare(leg, want, &found, err);
	return rc ? rc : configure(leg, want, &found, err);
}
