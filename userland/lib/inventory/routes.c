// SPDX-License-Identifier: GPL-2.0
/* routes.c: reads the machine's IPv4 routes, for its subnets and its default route. */
#include "inventory/routes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include "base/hp_auto.h"
#include "base/hp_leg.h"
#include "base/hp_text.h"
#include "inventory/inv_reader.h"

/* "port destination gateway flags refs use metric mask ..."; addresses are the raw word in hexadecimal. */
static bool parse_route(const char *line, struct inv_route *route)
{
	unsigned int destination, flags, mask;

	if (sscanf(line, "%15s %8x %*8x %4x %*d %*d %*d %8x", route->port, &destination, &flags,
		   &mask) != 4)
		return false;
	route->destination = destination;
	route->prefix = (unsigned int)__builtin_popcount(mask);
	route->is_refused = flags & INV_ROUTE_REFUSED;
	return true;
}

int inv_each_route(struct hp_root *root, int (*visit)(const struct inv_route *route, void *arg),
		   void *arg)
{
	hp_autofree char *table = hp_root_readf(root, "/proc/net/route");
	char *rest = table;
	int ret = 0;

	for (char *line; !ret && (line = strsep(&rest, "\n")) != NULL;) {
		struct inv_route route;

		if (parse_route(line, &route))
			ret = visit(&route, arg);
	}
	return ret;
}

struct subnets {
	char **names;
	size_t count;
};

/* Our own star and cables are not something to stay clear of. */
static bool is_ours(const char *port)
{
	return !strcmp(port, "hp0") || !strncmp(port, "hp-", 3) || !strncmp(port, HP_UPLINK_PREFIX, 3);
}

static int add_subnet(const struct inv_route *route, void *arg)
{
	struct in_addr address = { .s_addr = route->destination };
	struct subnets *subnets = arg;
	char text[INET_ADDRSTRLEN];
	char **slot, *name;

	if (!route->prefix || is_ours(route->port))
		return 0;
	inet_ntop(AF_INET, &address, text, sizeof(text));
	if (asprintf(&name, "%s/%u", text, route->prefix) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < subnets->count; i++) {
		if (!strcmp(subnets->names[i], name)) {
			free(name);
			return 0;
		}
	}
	slot = inv_append(subnets->names, subnets->count);
	if (!slot) {
		free(name);
		return -ENOMEM;
	}
	*slot = name;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return hp_natural_cmp(*(char *const *)a, *(char *const *)b);
}

/* Networks behind a gateway count too: an address of ours inside one would cut the base off from it. */
int inv_read_subnets(struct inv_reader *reader)
{
	struct subnets subnets = { 0 };
	int ret = inv_each_route(reader->root, add_subnet, &subnets);

	if (subnets.count)
		qsort(subnets.names, subnets.count, sizeof(*subnets.names), compare_names);
	if (!inv_append(subnets.names, subnets.count))	/* the NULL at the end */
		ret = -ENOMEM;
	reader->inv->local_subnets = subnets.names;
	if (ret && subnets.names)
		subnets.names[subnets.count ? subnets.count - 1 : 0] = NULL;
	return ret;
}
