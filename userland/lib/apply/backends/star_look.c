// SPDX-License-Identifier: GPL-2.0
/* star_look.c: what a leg of the star is like now, and what of it does not hold. */
#include "star.h"

#include <errno.h>
#include <string.h>
#include "base/hp_auto.h"
#include "net/hp_netns.h"
#include "net/hp_netrecord.h"

/*
 * rp_filter counts as the larger of this and conf.all: where the machine has
 * conf.all = 2 it is loose, and the source check of the "nft" backend is what
 * stops a false sender.
 */
const struct hp_ifswitch star_hub_switches[] = {
	{ "ipv6", "disable_ipv6", "1" },
	{ "ipv4", "forwarding", "1" },
	{ "ipv4", "rp_filter", "1" },
	{ NULL, NULL, NULL }
};

const struct hp_ifswitch star_inside_switches[] = {
	{ "ipv6", "disable_ipv6", "1" },
	{ NULL, NULL, NULL }
};

/* Without "/32"; false when the text is longer or of another family. */
static bool strip_host(const char *text, char out[16])
{
	const char *slash = strchr(text, '/');

	if (!slash || strcmp(slash, "/32") || slash - text >= 16)
		return false;
	memcpy(out, text, slash - text);
	out[slash - text] = '\0';
	return true;
}

/* The base's route to the domain says its address; the sender's address in it is the hub. */
static int look_at_hub(struct star_leg *leg, struct star_found *found, FILE *problems,
		       struct hp_err *err)
{
	hp_autorecords addresses = HP_NETRECORDS_INIT, routes = HP_NETRECORDS_INIT;
	char destination[64], gateway[64], source[64];

	if (hp_ipaddr_list(leg->base, found->hub_index, &addresses, err) ||
	    hp_iproute_list(leg->base, found->hub_index, &routes, err))
		return -err->errnum;
	if (addresses.count != 1 || !strip_host(addresses.items[0].text, found->value.hub))
		fprintf(problems, "; %s has %zu addresses instead of the hub's", leg->name, addresses.count);
	if (routes.count != 1) {
		fprintf(problems, "; %s has %zu routes instead of one to the domain", leg->name, routes.count);
		return 0;
	}
	hp_iproute_words(&routes.items[0], destination, gateway, source);
	if (!strip_host(destination, found->value.inside) || gateway[0] ||
	    strcmp(source, found->value.hub))
		fprintf(problems, "; %s has the route %s", leg->name, routes.items[0].text);
	return 0;
}

static bool has_text(const struct hp_netrecords *list, const char *address)
{
	char own[16];

	for (size_t i = 0; i < list->count; i++)
		if (strip_host(list->items[i].text, own) && !strcmp(own, address))
			return true;
	return false;
}

/* Others than ours may be there: the namespace belongs to the domain. */
static int look_inside(struct star_leg *leg, struct star_found *found, FILE *problems,
		       struct hp_err *err)
{
	hp_autorecords addresses = HP_NETRECORDS_INIT, routes = HP_NETRECORDS_INIT;
	char destination[64], gateway[64], source[64];
	struct star_value *value = &found->value;

	if (hp_ipaddr_list(leg->in, found->inside_index, &addresses, err) ||
	    hp_iproute_list(leg->in, found->inside_index, &routes, err))
		return -err->errnum;
	if (value->inside[0] && !has_text(&addresses, value->inside))
		fprintf(problems, "; " HP_LEG_INSIDE_NAME " lacks its address");
	for (size_t i = 0; i < routes.count && !value->subnet[0]; i++) {
		hp_iproute_words(&routes.items[i], destination, gateway, source);
		if (!strcmp(gateway, value->hub) && strcmp(destination, "default") &&
		    strlen(destination) < sizeof(value->subnet))
			strcpy(value->subnet, destination);
	}
	if (!value->subnet[0])
		fprintf(problems, "; " HP_LEG_INSIDE_NAME " lacks the route to the subnet");
	return 0;
}

static int find_inside(struct star_leg *leg, const struct hp_link *hub, struct star_found *found,
		       FILE *problems, struct hp_err *err)
{
	struct hp_link inside;
	int rc;

	if (!leg->in) {
		fprintf(problems, "; the domain has no network namespace");
		return 0;
	}
	rc = hp_link_find(leg->in, HP_LEG_INSIDE_NAME, &inside, err);
	if (rc && rc != -ENOENT)
		return rc;
	hp_err_clear(err);
	if (rc || strcmp(inside.kind, "veth") || inside.index != hub->lower) {
		fprintf(problems, "; " HP_LEG_INSIDE_NAME " is not in the domain's namespace");
		return 0;
	}
	found->has_inside = true;
	found->inside_index = inside.index;
	if (!(inside.flags & IFF_UP))
		fprintf(problems, "; " HP_LEG_INSIDE_NAME " is down");
	return 0;
}

static int look_at_ends(struct star_leg *leg, struct star_found *found, FILE *problems,
			struct hp_err *err)
{
	struct hp_root *root = leg->ctx->root;
	int rc = look_at_hub(leg, found, problems, err);

	if (!rc)
		rc = hp_ifswitch_check(root, HP_NETNS_OWN, leg->name, star_hub_switches, problems, err);
	if (rc || !found->has_inside)
		return rc;
	rc = look_inside(leg, found, problems, err);
	return rc ? rc : hp_ifswitch_check(root, leg->netns_fd, HP_LEG_INSIDE_NAME, star_inside_switches, problems, err);
}

int star_look(struct star_leg *leg, struct star_found *found, FILE *problems, struct hp_err *err)
{
	struct hp_link hub;
	int rc = hp_link_find(leg->base, leg->name, &hub, err);

	memset(found, 0, sizeof(*found));
	if (rc == -ENOENT) {
		hp_err_clear(err);
		return 0;
	}
	if (rc)
		return rc;
	found->exists = true;
	found->is_ours = star_is_ours(leg, &hub);
	found->hub_index = hub.index;
	if (!found->is_ours)
		return 0;
	if (!(hub.flags & IFF_UP))
		fprintf(problems, "; %s is down", leg->name);
	rc = find_inside(leg, &hub, found, problems, err);
	return rc ? rc : look_at_ends(leg, found, problems, err);
}
