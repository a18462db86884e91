// SPDX-License-Identifier: GPL-2.0
/* links.c: reads the base's network interfaces, for the uplinks that may stand on them. */
#include "inventory/inv_reader.h"

#include <errno.h>
#include "base/hp_auto.h"
#include "base/hp_leg.h"

/* Our own ends of cables, and the loopback. */
static bool is_no_parent(const char *name)
{
	return !strcmp(name, "lo") || !strncmp(name, "hp-", 3) ||
	       !strncmp(name, HP_UPLINK_PREFIX, strlen(HP_UPLINK_PREFIX));
}

/* Files such as bonding_masters stand beside the interfaces; no address means that it is none. */
static int add_link(struct inv_reader *reader, const char *name)
{
	hp_autofree char *mac = hp_root_readf(reader->root, "/sys/class/net/%s/address", name);
	hp_autofree char *mtu = hp_root_readf(reader->root, "/sys/class/net/%s/mtu", name);
	struct hp_inv_link *link;

	if (!mac || is_no_parent(name))
		return 0;
	link = inv_append(reader->inv->links, reader->inv->links_count);
	if (!link)
		return -ENOMEM;
	link->mtu = mtu ? (unsigned int)strtoul(mtu, NULL, 10) : 0;
	link->mac = *mac ? hp_take(mac) : NULL;
	link->name = strdup(name);
	return link->name ? 0 : -ENOMEM;
}

int inv_read_links(struct inv_reader *reader)
{
	hp_autofree char *forward = hp_root_readf(reader->root, "/proc/sys/net/ipv4/ip_forward");
	char **names = NULL;
	int ret = 0;

	reader->inv->is_router = forward && !strcmp(forward, "1");
	reader->inv->machine_id = hp_root_readf(reader->root, "/etc/machine-id");
	if (!reader->inv->machine_id)
		reader->inv->machine_id = strdup("");
	if (!reader->inv->machine_id)
		return -ENOMEM;
	/* A recording has the functions' ports and no others. */
	if (hp_root_list(reader->root, "/sys/class/net", &names, NULL))
		return 0;
	for (char **name = names; !ret && *name; name++)
		ret = add_link(reader, *name);
	hp_root_list_free(names);
	return ret;
}
