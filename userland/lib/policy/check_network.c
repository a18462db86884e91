// SPDX-License-Identifier: GPL-2.0
/* check_network.c: checks addresses against the star's subnet; links against each other. */
#include "policy/parts.h"

#include <string.h>

#include "policy/values.h"

static void check_room(const struct hp_policy *policy, const struct hp_ip *subnet,
		       struct hp_complaints *bad)
{
	/* All but the network, the broadcast and the hub's own address. */
	uint64_t room = (UINT64_C(1) << (32 - subnet->prefix)) - 3;
	size_t needed = 0;

	for (size_t i = 0; i < policy->domains_count; i++)
		needed += policy->domains[i].network.is_linked;
	if (needed > room)
		hp_complain(
			bad, policy->star_subnet_loc,
			"subnet %s has room for %llu linked domains, and there are %zu; "
			"allowed: a shorter prefix",
			policy->star_subnet, (unsigned long long)room, needed);
}

static const char *check_inside(const struct hp_ip *address, const struct hp_ip *subnet)
{
	uint32_t host_mask = UINT32_MAX >> subnet->prefix, host = hp_ip_v4(address) & host_mask;

	if (!hp_ip_in_same_network(address, subnet, subnet->prefix))
		return "it is outside";
	if (!host || host == host_mask)
		return "it is the first or last of the network, which no host may have";
	return host == 1 ? "that is the hub's own address" : NULL;
}

static void check_address(const struct hp_policy *policy, size_t number, const struct hp_ip *subnet,
			  struct hp_complaints *bad)
{
	const struct hp_network_spec *network = &policy->domains[number].network;
	struct hp_ip address;
	const char *why;

	if (!network->link_address || hp_value_ip(network->link_address, HP_IP_PLAIN, &address))
		return;
	why = check_inside(&address, subnet);
	if (why)
		hp_complain(bad, network->address_loc,
			    "address %s: %s; allowed: a free address in %s", network->link_address,
			    why, policy->star_subnet);
	for (size_t i = 0; i < number; i++) {
		const struct hp_network_spec *other = &policy->domains[i].network;

		if (other->link_address && !strcmp(other->link_address, network->link_address))
			hp_complain(bad, network->address_loc,
				    "address %s is already taken on line %u", network->link_address,
				    other->address_loc.line);
	}
}

/* Two routes to the same network would make the answer depend on their order. */
static void check_port(const struct hp_policy *policy, const struct hp_port_spec *port,
		       const struct hp_ip *subnet, struct hp_complaints *bad)
{
	for (char **text = port ? port->addresses : NULL; text && *text; text++) {
		struct hp_ip address;
		unsigned int prefix;

		if (hp_value_ip(*text, HP_IP_CIDR, &address))
			continue;
		prefix = address.prefix < subnet->prefix ? address.prefix : subnet->prefix;
		if (hp_ip_in_same_network(&address, subnet, prefix))
			hp_complain(bad, port->loc,
				    "address %s lies in the subnet of the links, %s; "
				    "use another, or another subnet under network",
				    *text, policy->star_subnet);
	}
}

static void check_ports(const struct hp_policy *policy, const struct hp_domain_spec *domain,
			const struct hp_ip *subnet, struct hp_complaints *bad)
{
	for (size_t i = 0; domain->network.is_linked && i < domain->devices_count; i++)
		check_port(policy, domain->devices[i].port, subnet, bad);
	/* The base's end of a veth has the same network: that matters with or without a link. */
	for (size_t i = 0; i < domain->network.uplinks_count; i++) {
		const struct hp_uplink_spec *uplink = &domain->network.uplinks[i];

		if (domain->network.is_linked || uplink->kind == HP_UPLINK_VETH)
			check_port(policy, &uplink->port, subnet, bad);
	}
}

void hp_policy_check_star(const struct hp_policy *policy, struct hp_complaints *bad)
{
	struct hp_ip subnet;

	if (!policy->star_subnet || hp_value_ip(policy->star_subnet, HP_IP_NETWORK, &subnet))
		return;
	check_room(policy, &subnet, bad);
	for (size_t i = 0; i < policy->domains_count; i++) {
		check_address(policy, i, &subnet, bad);
		check_ports(policy, &policy->domains[i], &subnet, bad);
	}
}

/* Both ascend without overlaps of their own. */
static const struct hp_port_range *find_common(const struct hp_link_spec *one,
					       const struct hp_link_spec *two)
{
	size_t i = 0, j = 0;

	while (i < one->ports_count && j < two->ports_count) {
		if (one->ports[i].last < two->ports[j].first)
			i++;
		else if (two->ports[j].last < one->ports[i].first)
			j++;
		else
			return one->ports[i].first > two->ports[j].first ? &one->ports[i]
									 : &two->ports[j];
	}
	return NULL;
}

static void check_link_pair(const struct hp_link_spec *one, const struct hp_link_spec *two,
			    struct hp_complaints *bad)
{
	const struct hp_port_range *common;

	if (one->from != two->from || one->to != two->to || one->protocol != two->protocol ||
	    one->from < -1 || one->to < -1)
		return;
	common = find_common(one, two);
	if (common && common->first)
		hp_complain(bad, two->loc, "port %u is already let through on line %u; remove one",
			    common->first, one->loc.line);
	else if (one->protocol == HP_LINK_ICMP)
		hp_complain(bad, two->loc, "icmp is already let through on line %u; remove one",
			    one->loc.line);
}

void hp_policy_check_links(const struct hp_policy *policy, struct hp_complaints *bad)
{
	for (size_t j = 1; j < policy->links_count && !hp_complaints_full(bad); j++) {
		for (size_t i = 0; i < j; i++)
			check_link_pair(&policy->links[i], &policy->links[j], bad);
	}
}
