// SPDX-License-Identifier: GPL-2.0
/* read_uplink.c: reads the ports that a domain gets on shared ports of the base. */
#include "policy/parts.h"

#include <string.h>
#include <sys/socket.h>

#include "base/hp_auto.h"
#include "policy/values.h"

const char *const hp_uplink_kind_words[] = { "macvlan", "ipvlan", "vlan", "veth", NULL };

#define PARENT_ALLOWED "the name or MAC of a port that stays with the base, such as enp1s0"

static void read_kind(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		      void *field)
{
	struct hp_uplink_spec *uplink = field;
	unsigned int word;

	if (hp_read_word(in, key, node, hp_uplink_kind_words, &word))
		uplink->kind = word;
}

static void read_parent(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
			void *field)
{
	struct hp_uplink_spec *uplink = field;
	char canonical[HP_MAC_TEXT_MAX];
	const char *text, *why;

	if (!hp_read_text(in, key, node, &text))
		return;
	uplink->parent_loc = node->loc;
	uplink->is_parent_mac = strchr(text, ':') != NULL;
	why = uplink->is_parent_mac ? hp_value_mac(text, canonical) : hp_value_port_name(text);
	if (why)
		hp_reject(in, key, node, why, NULL);
	else
		uplink->parent = hp_reader_copy(in, uplink->is_parent_mac ? canonical : text);
}

static void read_vlan(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		      void *field)
{
	unsigned int *vlan = field;
	uint64_t number;

	if (hp_read_number(in, key, node, 1, 4094, &number))
		*vlan = number;
}

static void read_mac(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		     void *field)
{
	struct hp_uplink_spec *uplink = field;
	char canonical[HP_MAC_TEXT_MAX];
	const char *text, *why;

	if (!hp_read_text(in, key, node, &text))
		return;
	uplink->mac_loc = node->loc;
	why = hp_value_mac(text, canonical);
	if (why)
		hp_reject(in, key, node, why, NULL);
	else
		uplink->mac = hp_reader_copy(in, canonical);
}

enum { NAME, KIND, PARENT, VLAN, MAC, ADDRESSES, GATEWAY, MTU, DHCP, SLAAC };

static const struct hp_key keys[] = {
	[NAME] = { "name", HP_PORT_NAME_ALLOWED, hp_read_port_name,
		   offsetof(struct hp_uplink_spec, port.name), true },
	[KIND] = { "kind", "macvlan, ipvlan, vlan or veth", read_kind, 0, true },
	[PARENT] = { "parent", PARENT_ALLOWED, read_parent, 0, true },
	[VLAN] = { "vlan", "1 to 4094", read_vlan, offsetof(struct hp_uplink_spec, vlan), false },
	[MAC] = { "mac", "an address for it, such as \"02:00:00:00:00:01\"", read_mac, 0, false },
	[ADDRESSES] = { "addresses", HP_PORT_ADDRESSES_ALLOWED, hp_read_port_addresses,
			offsetof(struct hp_uplink_spec, port.addresses), false },
	[GATEWAY] = { "gateway", HP_PORT_GATEWAY_ALLOWED, hp_read_port_gateway,
		      offsetof(struct hp_uplink_spec, port.gateway), false },
	[MTU] = { "mtu", HP_PORT_MTU_ALLOWED, hp_read_port_mtu,
		  offsetof(struct hp_uplink_spec, port.mtu), false },
	[DHCP] = { "dhcp", "true or false", hp_read_bool, offsetof(struct hp_uplink_spec, has_dhcp),
		   false },
	[SLAAC] = { "slaac", "true or false", hp_read_bool,
		    offsetof(struct hp_uplink_spec, has_slaac), false },
};
static const struct hp_shape shape = HP_SHAPE("an uplink", keys);

static size_t count_addresses(const struct hp_port_spec *port, int family)
{
	size_t count = 0;
	struct hp_ip ip;

	for (char **text = port->addresses; text && *text; text++)
		count += !hp_value_ip(*text, HP_IP_CIDR, &ip) && ip.family == family;
	return count;
}

static void check_vlan(struct hp_reader *in, unsigned int seen, const struct hp_uplink_spec *uplink)
{
	if (uplink->kind == HP_UPLINK_VLAN && !(seen & 1u << VLAN))
		hp_complain(in->bad, uplink->loc, "vlan is missing; allowed: %s", keys[VLAN].allowed);
	if (uplink->kind != HP_UPLINK_VLAN && seen & 1u << VLAN)
		hp_complain(in->bad, uplink->loc, "vlan only belongs to kind vlan; remove it");
}

static void check_addresses(struct hp_reader *in, const struct hp_uplink_spec *uplink)
{
	const struct hp_port_spec *port = &uplink->port;

	if ((!port->addresses || !port->addresses[0]) && !uplink->has_dhcp && !uplink->has_slaac)
		hp_complain(in->bad, uplink->loc,
			    "an uplink needs addresses, or dhcp or slaac that leave them to the domain; add one");
	if (uplink->has_dhcp && count_addresses(port, AF_INET))
		hp_complain(in->bad, uplink->loc,
			    "with dhcp the domain's own system sets the IPv4 addresses; remove one");
	if (uplink->has_slaac && count_addresses(port, AF_INET6))
		hp_complain(in->bad, uplink->loc,
			    "with slaac the network gives the IPv6 addresses; remove one");
}

/* The parent's MAC is all that the network sees of it. */
static void check_ipvlan(struct hp_reader *in, const struct hp_uplink_spec *uplink)
{
	if (uplink->kind != HP_UPLINK_IPVLAN)
		return;
	if (uplink->mac)
		hp_complain(in->bad, uplink->mac_loc,
			    "an ipvlan has its parent's MAC and no other; remove it, or use macvlan");
	if (uplink->has_dhcp || uplink->has_slaac)
		hp_complain(in->bad, uplink->loc,
			    "an ipvlan is told from its parent by its addresses; "
			    "give them instead of dhcp and slaac, or use macvlan");
}

/* The base's end of the cable has the gateway's address, and translates IPv4 only. */
static void check_veth(struct hp_reader *in, const struct hp_uplink_spec *uplink)
{
	const struct hp_port_spec *port = &uplink->port;
	struct hp_ip ip;

	if (uplink->kind != HP_UPLINK_VETH)
		return;
	if (uplink->has_dhcp || uplink->has_slaac)
		hp_complain(in->bad, uplink->loc,
			    "at the other end of a veth is the base, which serves no dhcp or slaac; remove it");
	if (port->addresses && (count_addresses(port, AF_INET) != 1 || port->addresses[1]))
		hp_complain(in->bad, uplink->loc, "a veth has exactly one address, of IPv4");
	else if (port->addresses && !hp_value_ip(port->addresses[0], HP_IP_CIDR, &ip) && ip.prefix > 30)
		hp_complain(in->bad, uplink->loc,
			    "address %s leaves no room for the base's end; allowed: a prefix of at most 30",
			    port->addresses[0]);
	if (port->addresses && !port->gateway)
		hp_complain(in->bad, uplink->loc,
			    "gateway is missing; a veth needs one: the base's end gets that address");
}

static void read_uplink(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
			void *field)
{
	struct hp_uplink_spec *uplink = field;
	const unsigned int required = 1u << NAME | 1u << KIND | 1u << PARENT;
	unsigned int seen;

	uplink->loc = uplink->port.loc = node->loc;
	seen = hp_read_map(in, &shape, key, node, uplink);
	uplink->port.is_bound = true;
	if ((seen & required) != required)
		return;
	hp_check_port(in, node, &uplink->port);
	check_vlan(in, seen, uplink);
	check_addresses(in, uplink);
	check_ipvlan(in, uplink);
	check_veth(in, uplink);
}

void hp_read_uplinks(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		     void *field)
{
	static const struct hp_list list = { 0, HP_UPLINKS_MAX, sizeof(struct hp_uplink_spec),
					     read_uplink };
	struct hp_network_spec *network = field;
	void *items = NULL;

	hp_read_list(in, key, &list, node, &items, &network->uplinks_count);
	network->uplinks = items;
}
