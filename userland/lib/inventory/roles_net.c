// SPDX-License-Identifier: GPL-2.0
/* roles_net.c: which functions carry the machine's management traffic. */
#include "inventory/inv_reader.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include "base/hp_auto.h"
#include "inventory/routes.h"
#include "inventory/session.h"

#define STACK_MAX 8	/* ports on ports: a VLAN on a bridge on a bond is three */

/* A bridge, bond or VLAN links to what it stands on as "lower_NAME". */
static void mark_port(struct inv_reader *reader, const char *name, int depth)
{
	static const char lower[] = "lower_";
	hp_autofree char *path = NULL;
	hp_autofree char *target = NULL;
	char **entries;
	int owner;

	if (depth > STACK_MAX || asprintf(&path, "/sys/class/net/%s", name) < 0) {
		path = NULL;
		return;
	}
	target = hp_root_readlink(reader->root, path);
	owner = target ? inv_owner_of_path(reader, target) : -1;
	if (owner >= 0)
		reader->inv->pci[owner].roles |= HP_ROLE_MANAGEMENT;
	if (hp_root_list(reader->root, path, &entries, NULL))
		return;
	for (char **entry = entries; *entry; entry++)
		if (!strncmp(*entry, lower, strlen(lower)))
			mark_port(reader, *entry + strlen(lower), depth + 1);
	hp_root_list_free(entries);
}

static bool has_address(const struct ifaddrs *entry, int family, const void *address)
{
	if (!entry->ifa_addr || entry->ifa_addr->sa_family != family)
		return false;
	if (family == AF_INET)
		return !memcmp(&((struct sockaddr_in *)(void *)entry->ifa_addr)->sin_addr, address,
			       sizeof(struct in_addr));
	return !memcmp(&((struct sockaddr_in6 *)(void *)entry->ifa_addr)->sin6_addr, address,
		       sizeof(struct in6_addr));
}

/* An address of the live machine; "fe80::1%eth0" names its port itself. */
static void mark_address(struct inv_reader *reader, char *text)
{
	char *scope = strchr(text, '%');
	unsigned char address[sizeof(struct in6_addr)];
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;
	struct ifaddrs *entries;

	if (scope) {
		mark_port(reader, scope + 1, 0);
		*scope = '\0';
	}
	if (inet_pton(family, text, address) != 1 || getifaddrs(&entries))
		return;
	for (struct ifaddrs *entry = entries; entry; entry = entry->ifa_next)
		if (has_address(entry, family, address))
			mark_port(reader, entry->ifa_name, 0);
	freeifaddrs(entries);
}

static void mark_session(struct inv_reader *reader)
{
	hp_autofree char *address = inv_session_address(reader->root, reader->caller);

	if (address)
		mark_address(reader, address);
}

static int mark_route(const struct inv_route *route, void *reader)
{
	if (!route->destination && !route->prefix && !route->is_refused)
		mark_port(reader, route->port, 0);
	return 0;
}

/* "dest prefix source prefix hop metric refs use flags port", numbers in hexadecimal. */
static void mark_ipv6_routes(struct inv_reader *reader)
{
	hp_autofree char *table = hp_root_readf(reader->root, "/proc/net/ipv6_route");
	char *rest = table;

	for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
		char port[IFNAMSIZ];
		unsigned int prefix, flags;

		if (sscanf(line, "%*32s %2x %*32s %*2x %*32s %*8x %*8x %*8x %8x %15s", &prefix,
			   &flags, port) == 3 &&
		    !prefix && !(flags & INV_ROUTE_REFUSED) && strcmp(port, "lo"))
			mark_port(reader, port, 0);
	}
}

int inv_read_net_roles(struct inv_reader *reader)
{
	int ret = inv_each_route(reader->root, mark_route, reader);

	mark_ipv6_routes(reader);
	if (hp_root_is_live(reader->root))
		mark_session(reader);
	return ret;
}
