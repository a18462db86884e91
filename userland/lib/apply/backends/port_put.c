// SPDX-License-Identifier: GPL-2.0
/* port_put.c: puts a network port into a namespace, with its name, addresses and routes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "net/hp_netns.h"
#include "port.h"

int port_capture(struct hp_ctx *ctx, struct port_place *place, struct port_value *value,
		 struct hp_err *err)
{
	memcpy(value->netns, place->netns, sizeof(value->netns));
	memcpy(value->name, place->link.name, sizeof(value->name));
	value->mtu = place->link.mtu;
	value->has_up = true;
	value->is_up = place->link.flags & IFF_UP;
	value->is_capture = true;
	if (hp_ipaddr_list(place->nl, place->link.index, &value->addresses, err) ||
	    hp_iproute_list(place->nl, place->link.index, &value->routes, err))
		return hp_err_wrap(err, "read the port %s", value->name);
	if (place->netns_fd < 0 &&
	    port_sysctl_capture(ctx->root, value->name, &value->sysctls, err))
		return -err->errnum;
	for (size_t i = 0; i < value->routes.count && !value->gateway[0]; i++)
		if (!hp_iproute_default_gateway(&value->routes.items[i], value->gateway,
						sizeof(value->gateway)))
			value->gateway[0] = '\0';
	return 0;
}

/*
 * A bridge, bond or VLAN that holds the port would lose it silently, and nothing
 * could put it back.
 */
static int check_is_free(struct port_place *place, struct hp_err *err)
{
	hp_autofree struct hp_link *links = NULL;
	const struct hp_link *port = &place->link;
	size_t count = 0;

	if (hp_link_list(place->nl, &links, &count, err))
		return -err->errnum;
	for (size_t i = 0; i < count; i++) {
		if (links[i].index == port->master)
			return hp_err_set(err, EBUSY, "%s belongs to %s %s; take it out of there first", port->name,
					  links[i].kind[0] ? links[i].kind : "link", links[i].name);
		if (links[i].lower == port->index && !links[i].is_lower_elsewhere &&
		    links[i].index != port->index)
			return hp_err_set(err, EBUSY, "the %s %s stands on %s; remove it first",
					  links[i].kind[0] ? links[i].kind : "link", links[i].name,
					  port->name);
	}
	return 0;
}

static int check_name_is_free(struct port_place *target, const char *name, struct hp_err *err)
{
	struct hp_link other;
	int rc = hp_link_find(target->nl, name, &other, err);

	if (rc == -ENOENT) {
		hp_err_clear(err);
		return 0;
	}
	if (rc)
		return rc;
	hp_err_set(err, EEXIST, "a link named %s is already in %s%s", name,
		   target->netns[0] ? "the network namespace of " : "the base", target->netns);
	hp_err_hint(err, "give the port another name with `port: {name: ...}`");
	return -EEXIST;
}

/* On success `target` has the port in it. */
static int move(struct port_place *place, struct port_place *target, const char *name,
		struct hp_err *err)
{
	hp_autofd int own = -1;
	int fd = target->netns_fd, rc;

	if (check_is_free(place, err) || check_name_is_free(target, name, err))
		return -err->errnum;
	if (fd < 0) {
		own = hp_netns_open_own(err);
		if (own < 0)
			return own;
		fd = own;
	}
	rc = hp_link_move(place->nl, place->link.index, fd, name, err);
	if (rc == -ENODEV)
		return hp_err_set(err, ENODEV, "the port %s vanished while it was being moved", place->link.name);
	if (rc)
		return hp_err_wrap(err, "move the port %s to %s%s as %s", place->link.name,
				   target->netns[0] ? "the network namespace of " : "the base", target->netns, name);
	return hp_link_find(target->nl, name, &target->link, err);
}

/* Linux 6.1 renames a link only while it is down. */
static int rename_here(struct port_place *target, const char *name, struct hp_err *err)
{
	if (!strcmp(target->link.name, name))
		return 0;
	if (check_name_is_free(target, name, err))
		return -err->errnum;
	if (hp_link_set_flags(target->nl, target->link.index, 0, IFF_UP, err) ||
	    hp_link_rename(target->nl, target->link.index, name, err))
		return hp_err_wrap(err, "rename the port %s to %s", target->link.name, name);
	if (hp_link_find(target->nl, name, &target->link, err))
		return -err->errnum;
	return 0;
}

static int set_addresses(struct port_place *p, const struct port_value *want, struct hp_err *err)
{
	hp_autorecords before = HP_NETRECORDS_INIT;

	if (!want->is_capture)
		return want->addresses.count ? hp_ipaddr_set(p->nl, p->link.index, &want->addresses, err) : 0;
	if (hp_ipaddr_list(p->nl, p->link.index, &before, err))
		return -err->errnum;
	if (hp_netrecords_are_same(&before, &want->addresses))
		return 0;
	/*
	 * A capture goes back in its own order: the first address of a subnet is the
	 * primary one.
	 */
	for (size_t i = 0; i < before.count; i++)
		if (hp_ipaddr_delete(p->nl, p->link.index, &before.items[i], err))
			return -err->errnum;
	return hp_ipaddr_set(p->nl, p->link.index, &want->addresses, err);
}

static bool contains(const struct hp_netrecords *list, const struct hp_netrecord *record)
{
	for (size_t i = 0; i < list->count; i++)
		if (hp_netrecord_is_same(&list->items[i], record))
			return true;
	return false;
}

/*
 * A route through a gateway needs the route to that gateway first, whatever the
 * order in which the kernel told them.
 */
static int add_routes(struct port_place *p, const struct hp_netrecords *routes, struct hp_err *err)
{
	hp_autofree bool *is_done = calloc(routes->count + 1, sizeof(*is_done));
	size_t left = routes->count, before;

	if (!is_done)
		return hp_err_errno(err, ENOMEM, "add routes");
	do {
		before = left;
		for (size_t i = 0; i < routes->count; i++)
			if (!is_done[i] &&
			    !hp_iproute_add(p->nl, p->link.index, &routes->items[i], err)) {
				is_done[i] = true;
				left--;
			}
	} while (left && left < before);
	if (left)
		return -err->errnum;
	hp_err_clear(err);
	return 0;
}

static int restore_routes(struct port_place *p, const struct port_value *want, struct hp_err *err)
{
	hp_autorecords live = HP_NETRECORDS_INIT;

	if (hp_iproute_list(p->nl, p->link.index, &live, err))
		return -err->errnum;
	if (hp_netrecords_are_same(&live, &want->routes))
		return 0;
	for (size_t i = 0; i < live.count; i++)
		if (!contains(&want->routes, &live.items[i]) &&
		    hp_iproute_delete(p->nl, p->link.index, &live.items[i], err))
			return -err->errnum;
	return add_routes(p, &want->routes, err);
}

static int configure(struct hp_ctx *ctx, struct port_place *p, const struct port_value *want,
		     struct hp_err *err)
{
	bool is_up = want->has_up ? want->is_up : p->link.flags & IFF_UP;

	if (want->mtu && want->mtu != p->link.mtu &&
	    hp_link_set_mtu(p->nl, p->link.index, want->mtu, err))
		return hp_err_wrap(err, "set the MTU of %s to %u", p->link.name, want->mtu);
	/* Before addresses and before it comes up: some of them say how that is to be done. */
	if (p->netns_fd < 0 && port_sysctl_restore(ctx->root, p->link.name, &want->sysctls, err))
		return -err->errnum;
	if (set_addresses(p, want, err))
		return hp_err_wrap(err, "port %s", p->link.name);
	if (hp_link_set_flags(p->nl, p->link.index, is_up ? IFF_UP : 0, IFF_UP, err))
		return hp_err_wrap(err, "bring %s %s", p->link.name, is_up ? "up" : "down");
	if (!is_up)
		return 0;
	if (want->is_capture ? restore_routes(p, want, err)
			     : want->gateway[0] && hp_iproute_set_gateway(p->nl, p->link.index, want->gateway, err))
		return hp_err_wrap(err, "port %s", p->link.name);
	return 0;
}

static bool is_in(const struct port_place *place, const struct port_place *target)
{
	return (place->netns_fd < 0 && target->netns_fd < 0) ||
	       (place->netns_fd >= 0 && target->netns_fd >= 0 &&
		hp_netns_is_same(place->netns_fd, target->netns_fd));
}

int port_put(struct hp_ctx *ctx, struct port_place *place, const struct port_value *want,
	     struct hp_err *err)
{
	port_autoplace target = PORT_PLACE_INIT;
	const char *name = want->name[0] ? want->name : place->link.name;
	int rc = port_open_netns(ctx, want->netns, &target, err);

	if (rc)
		return rc;
	if (is_in(place, &target)) {
		target.link = place->link;
		rc = rename_here(&target, name, err);
	} else {
		rc = move(place, &target, name, err);
	}
	return rc ? rc : configure(ctx, &target, want, err);
}
