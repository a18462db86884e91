// SPDX-License-Identifier: GPL-2.0
/* uplink_look.c: what an uplink is like now, and what of it no value can tell. */
#include "uplink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "net/hp_netns.h"

/* With forwarding on inside, accept_ra 1 would mean no. */
static const struct hp_ifswitch with_ra[] = {
	{ "ipv6", "accept_ra", "2" }, { "ipv6", "autoconf", "1" }, { NULL, NULL, NULL },
};
static const struct hp_ifswitch without_ra[] = {
	{ "ipv6", "accept_ra", "0" }, { "ipv6", "autoconf", "0" }, { NULL, NULL, NULL },
};
/* The base translates IPv4 only, so a cable carries nothing else. */
static const struct hp_ifswitch cable_inside[] = {
	{ "ipv6", "disable_ipv6", "1" }, { NULL, NULL, NULL },
};
static const struct hp_ifswitch cable_base[] = {
	{ "ipv6", "disable_ipv6", "1" }, { "ipv4", "forwarding", "1" }, { "ipv4", "rp_filter", "1" },
	{ NULL, NULL, NULL },
};

const struct hp_ifswitch *uplink_switches(const struct uplink_value *value, bool is_base)
{
	if (!strcmp(value->kind, "veth"))
		return is_base ? cable_base : cable_inside;
	return value->ra ? with_ra : without_ra;
}

void uplink_found_clear(struct uplink_found *found)
{
	uplink_value_clear(&found->value);
}

struct asking {
	struct hp_root *root;
	const char *name;
};

/* The value says whether advertisements are heeded; the switches that go with it are checked after. */
static int read_ra(void *arg, struct hp_err *err)
{
	const struct asking *a = arg;
	hp_autofree char *now = hp_root_readf(a->root, "/proc/sys/net/ipv6/conf/%s/accept_ra", a->name);

	(void)err;
	return now && strcmp(now, "0") ? 1 : 0;
}

static int name_parent(struct uplink_site *site, struct uplink_found *found, FILE *problems, struct hp_err *err)
{
	hp_autofree struct hp_link *links = NULL;
	size_t count = 0;

	if (hp_link_list(site->base, &links, &count, err))
		return -err->errnum;
	for (size_t i = 0; i < count; i++)
		if (links[i].index == found->link.lower && found->link.is_lower_elsewhere)
			memcpy(found->value.parent, links[i].name, sizeof(found->value.parent));
	if (!found->value.parent[0])
		fprintf(problems, "; it stands on no port of the base");
	if (strcmp(found->link.kind, "vlan") != 0 && !found->link.is_private)
		fprintf(problems, "; it talks to its siblings");
	return 0;
}

static int look_at_end(struct uplink_site *site, struct uplink_found *found, FILE *problems, struct hp_err *err)
{
	hp_autorecords addresses = HP_NETRECORDS_INIT;
	int rc = hp_link_find(site->base, site->base_name, &found->end, err);

	if (rc == -ENOENT || (!rc && found->end.index != found->link.lower)) {
		hp_err_clear(err);
		found->end.index = 0;
		fprintf(problems, "; its end in the base is missing");
		return 0;
	}
	if (rc || hp_ipaddr_list(site->base, found->end.index, &addresses, err))
		return -err->errnum;
	if (addresses.count == 1)
		snprintf(found->value.base, sizeof(found->value.base), "%s", addresses.items[0].text);
	else
		fprintf(problems, "; %s has %zu addresses", site->base_name, addresses.count);
	return hp_ifswitch_check(site->ctx->root, HP_NETNS_OWN, site->base_name, cable_base, problems, err);
}

static int look_inside(struct uplink_site *site, struct uplink_found *found, FILE *problems, struct hp_err *err)
{
	struct uplink_value *value = &found->value;
	struct asking in = { site->ctx->root, site->name };

	snprintf(value->kind, sizeof(value->kind), "%s", found->link.kind);
	memcpy(value->mac, found->link.mac, HP_MAC_BYTES);
	value->has_mac = strcmp(value->kind, "ipvlan") != 0;
	value->vlan = found->link.vlan;
	value->mtu = found->link.mtu;
	if (strcmp(value->kind, "veth") != 0) {
		int ra = hp_netns_run(site->netns_fd, read_ra, &in, err);

		if (ra < 0)
			return ra;
		value->ra = (unsigned int)ra;
	}
	if (hp_ipaddr_list(site->in, found->link.index, &value->addresses, err))
		return -err->errnum;
	return hp_ifswitch_check(site->ctx->root, site->netns_fd, site->name, uplink_switches(value, false),
				 problems, err);
}

int uplink_look(struct uplink_site *site, struct uplink_found *found, FILE *problems, struct hp_err *err)
{
	int rc = site->in ? hp_link_find(site->in, site->name, &found->link, err) : -ENOENT;

	if (rc == -ENOENT) {
		hp_err_clear(err);
		return 0;
	}
	if (rc)
		return rc;
	found->exists = true;
	found->is_ours = uplink_is_kind(found->link.kind);
	if (!found->is_ours)
		return 0;
	rc = look_inside(site, found, problems, err);
	if (rc)
		return rc;
	return strcmp(found->link.kind, "veth") ? name_parent(site, found, problems, err)
						: look_at_end(site, found, problems, err);
}
