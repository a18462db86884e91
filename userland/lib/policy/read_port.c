// SPDX-License-Identifier: GPL-2.0
/* read_port.c: reads what a claimed network port becomes inside its domain. */
#include "policy/parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/hp_auto.h"
#include "policy/values.h"

#define ADDRESSES_MAX 64

void hp_read_port_name(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		       void *field)
{
	char **name = field;
	const char *text, *why;

	if (!hp_read_text(in, key, node, &text))
		return;
	why = hp_value_port_name(text);
	if (why)
		hp_reject(in, key, node, why, NULL);
	else
		*name = hp_reader_copy(in, text);
}

static void read_address(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
			 void *field)
{
	char canonical[HP_IP_TEXT_MAX], **address = field;
	const char *text, *why;
	struct hp_ip ip;

	if (!hp_read_text(in, key, node, &text))
		return;
	why = hp_value_ip(text, HP_IP_CIDR, &ip);
	if (why) {
		hp_reject(in, key, node, why, NULL);
		return;
	}
	hp_ip_format(&ip, HP_IP_CIDR, canonical);
	*address = hp_reader_copy(in, canonical);
}

/* Moves the texts that were read well to the front and ends the array there. */
static void compact(char **addresses, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (addresses[i])
			addresses[kept++] = addresses[i];
	}
	addresses[kept] = NULL;
}

void hp_read_port_addresses(struct hp_reader *in, const struct hp_key *key,
			    const struct hp_yaml *node, void *field)
{
	static const struct hp_list list = { 0, ADDRESSES_MAX, sizeof(char *), read_address };
	char ***slot = field, **longer;
	size_t count = 0;
	void *items = NULL;

	hp_read_list(in, key, &list, node, &items, &count);
	if (!items)
		return;
	longer = reallocarray(items, count + 1, sizeof(*longer));
	if (!longer) {
		in->bad->is_out_of_memory = true;
		for (size_t i = 0; i < count; i++)
			free(((char **)items)[i]);
		free(items);
		return;
	}
	compact(longer, count);
	*slot = longer;
}

void hp_read_port_gateway(struct hp_reader *in, const struct hp_key *key,
			  const struct hp_yaml *node, void *field)
{
	char canonical[HP_IP_TEXT_MAX], **gateway = field;
	const char *text, *why;
	struct hp_ip ip;

	if (!hp_read_text(in, key, node, &text))
		return;
	why = hp_value_ip(text, HP_IP_PLAIN, &ip);
	if (why) {
		hp_reject(in, key, node, why, NULL);
		return;
	}
	hp_ip_format(&ip, HP_IP_PLAIN, canonical);
	*gateway = hp_reader_copy(in, canonical);
}

void hp_read_port_mtu(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		      void *field)
{
	unsigned int *mtu = field;
	uint64_t number;

	if (hp_read_number(in, key, node, 68, 65535, &number))
		*mtu = number;
}

static const struct hp_key keys[] = {
	{ "name", HP_PORT_NAME_ALLOWED, hp_read_port_name,
	  offsetof(struct hp_port_spec, name), false },
	{ "addresses", HP_PORT_ADDRESSES_ALLOWED, hp_read_port_addresses,
	  offsetof(struct hp_port_spec, addresses), false },
	{ "gateway", HP_PORT_GATEWAY_ALLOWED, hp_read_port_gateway,
	  offsetof(struct hp_port_spec, gateway), false },
	{ "mtu", HP_PORT_MTU_ALLOWED, hp_read_port_mtu, offsetof(struct hp_port_spec, mtu), false },
	{ "bind", "true or false", hp_read_bool, offsetof(struct hp_port_spec, is_bound), false },
};
static const struct hp_shape shape = HP_SHAPE("a port", keys);

static void check_repeats(struct hp_reader *in, const struct hp_port_spec *port)
{
	for (char **one = port->addresses; one && *one; one++) {
		for (char **two = port->addresses; two < one; two++) {
			if (!strcmp(*one, *two))
				hp_complain(in->bad, port->loc, "address %s is given twice", *one);
		}
	}
}

static void check_gateway(struct hp_reader *in, const struct hp_yaml *node,
			  const struct hp_port_spec *port)
{
	struct hp_ip gateway, address;

	if (!port->gateway || hp_value_ip(port->gateway, HP_IP_PLAIN, &gateway))
		return;
	/* A link-local gateway needs no address of ours: every IPv6 port has one of that kind. */
	if (gateway.family == AF_INET6 && gateway.bytes[0] == 0xfe &&
	    (gateway.bytes[1] & 0xc0) == 0x80)
		return;
	for (char **text = port->addresses; text && *text; text++) {
		if (!hp_value_ip(*text, HP_IP_CIDR, &address) &&
		    hp_ip_in_same_network(&gateway, &address, address.prefix)) {
			if (memcmp(gateway.bytes, address.bytes, sizeof(gateway.bytes)))
				return;
			hp_complain(in->bad, node->loc, "gateway %s is the port's own address",
				    port->gateway);
			return;
		}
	}
	hp_complain(
		in->bad, node->loc,
		"gateway %s is in the network of none of the port's addresses; it is out of reach",
		port->gateway);
}

static const struct hp_yaml *find(const struct hp_yaml *node, const char *key)
{
	const struct hp_yaml *child = node->children;

	while (child && strcmp(child->key, key))
		child = child->next;
	return child;
}

void hp_check_port(struct hp_reader *in, const struct hp_yaml *node, const struct hp_port_spec *port)
{
	check_repeats(in, port);
	if (port->gateway)
		check_gateway(in, find(node, "gateway"), port);
}

void hp_read_port(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		  void *field)
{
	struct hp_port_spec **slot = field, *port = calloc(1, sizeof(*port));

	if (!port) {
		in->bad->is_out_of_memory = true;
		return;
	}
	*slot = port;
	port->loc = hp_yaml_where(node);
	hp_read_map(in, &shape, key, node, port);
	hp_check_port(in, node, port);
}
