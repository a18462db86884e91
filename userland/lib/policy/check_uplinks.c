// SPDX-License-Identifier: GPL-2.0
/* check_uplinks.c: checks uplinks against each other and against the ports of their domain. */
#include "policy/parts.h"

#include <string.h>

#include "policy/values.h"

struct pair {
	const struct hp_uplink_spec *one, *two;	/* two stands further down */
	bool is_same_domain;
};

static bool is_same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static void check_names(const struct hp_domain_spec *domain, const struct hp_uplink_spec *uplink,
			struct hp_complaints *bad)
{
	for (size_t i = 0; i < domain->devices_count; i++) {
		const struct hp_port_spec *port = domain->devices[i].port;

		if (port && is_same(port->name, uplink->port.name))
			hp_complain(bad, uplink->loc,
				    "port name %s is already used on line %u; names in a domain differ",
				    uplink->port.name, port->loc.line);
	}
}

static void check_parents(const struct pair *pair, struct hp_complaints *bad)
{
	const struct hp_uplink_spec *one = pair->one, *two = pair->two;

	if (!is_same(one->parent, two->parent))
		return;
	if (one->kind == HP_UPLINK_VLAN && two->kind == HP_UPLINK_VLAN && one->vlan == two->vlan)
		hp_complain(bad, two->loc, "VLAN %u of %s is already used on line %u; a VLAN has one owner",
			    two->vlan, two->parent, one->loc.line);
	if ((one->kind == HP_UPLINK_MACVLAN && two->kind == HP_UPLINK_IPVLAN) ||
	    (one->kind == HP_UPLINK_IPVLAN && two->kind == HP_UPLINK_MACVLAN))
		hp_complain(bad, two->loc,
			    "%s has a %s on line %u; the kernel does not do macvlan and ipvlan on one port",
			    two->parent, hp_uplink_kind_words[one->kind], one->loc.line);
}

/* An empty list has been told already, as have wrong addresses, which are not in it. */
static bool has_address(const struct hp_uplink_spec *uplink)
{
	return uplink->port.addresses && uplink->port.addresses[0];
}

/* Both ends of a veth are in one network, and the base has a route to each. */
static void check_networks(const struct pair *pair, struct hp_complaints *bad)
{
	struct hp_ip one, two;
	unsigned int prefix;

	if (pair->one->kind != HP_UPLINK_VETH || pair->two->kind != HP_UPLINK_VETH ||
	    !has_address(pair->one) || !has_address(pair->two) ||
	    hp_value_ip(pair->one->port.addresses[0], HP_IP_CIDR, &one) ||
	    hp_value_ip(pair->two->port.addresses[0], HP_IP_CIDR, &two))
		return;
	prefix = one.prefix < two.prefix ? one.prefix : two.prefix;
	if (hp_ip_in_same_network(&one, &two, prefix))
		hp_complain(bad, pair->two->loc,
			    "address %s is in the network of the veth on line %u; each needs its own",
			    pair->two->port.addresses[0], pair->one->loc.line);
}

static void check_pair(const struct pair *pair, struct hp_complaints *bad)
{
	const struct hp_uplink_spec *one = pair->one, *two = pair->two;

	if (pair->is_same_domain && is_same(one->port.name, two->port.name))
		hp_complain(bad, two->loc,
			    "port name %s is already used on line %u; names in a domain differ",
			    two->port.name, one->loc.line);
	if (is_same(one->mac, two->mac))
		hp_complain(bad, two->mac_loc, "mac %s is already given on line %u; each has its own",
			    two->mac, one->mac_loc.line);
	check_parents(pair, bad);
	check_networks(pair, bad);
}

static void check_against_earlier(const struct hp_policy *policy, size_t domain, size_t number,
				  struct hp_complaints *bad)
{
	struct pair pair = { .two = &policy->domains[domain].network.uplinks[number] };

	for (size_t i = 0; i <= domain; i++) {
		const struct hp_network_spec *network = &policy->domains[i].network;

		for (size_t j = 0; j < (i == domain ? number : network->uplinks_count); j++) {
			pair.one = &network->uplinks[j];
			pair.is_same_domain = i == domain;
			check_pair(&pair, bad);
		}
	}
}

void hp_policy_check_uplinks(const struct hp_policy *policy, struct hp_complaints *bad)
{
	for (size_t i = 0; i < policy->domains_count; i++) {
		for (size_t j = 0; j < policy->domains[i].network.uplinks_count; j++) {
			if (hp_complaints_full(bad))
				return;
			check_names(&policy->domains[i], &policy->domains[i].network.uplinks[j], bad);
			check_against_earlier(policy, i, j, bad);
		}
	}
}
