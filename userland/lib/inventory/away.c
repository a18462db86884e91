// SPDX-License-Identifier: GPL-2.0
/* away.c: finds the network ports that live in a domain's namespace, where /sys does not show them. */
#include "inventory/inv_reader.h"

#include <errno.h>
#include <stdio.h>
#include "base/hp_auto.h"
#include "net/hp_link.h"
#include "net/hp_netns.h"

#define PINS "/run/hostpart/netns"	/* where the netns backend pins domains */

/* "0000:03:00.0" itself, or the function that "virtio2" on bus "virtio" stands on. */
static int owner_of_link(const struct inv_reader *reader, const struct hp_link *link)
{
	hp_autofree char *path = NULL;
	hp_autofree char *target = NULL;

	if (asprintf(&path, "/sys/bus/%s/devices/%s", link->parent_bus, link->parent) < 0) {
		path = NULL;
		return -1;
	}
	target = hp_root_readlink(reader->root, path);
	return target ? inv_owner_of_path(reader, target) : -1;
}

static int add_link(struct inv_reader *reader, const struct hp_link *link)
{
	int owner = link->parent[0] && !link->kind[0] ? owner_of_link(reader, link) : -1;
	const unsigned char *mac = link->mac;
	struct hp_inv_pci *pci;
	struct hp_inv_dev *dev;

	if (owner < 0)
		return 0;
	pci = &reader->inv->pci[owner];
	dev = inv_append(pci->devs, pci->devs_count);
	if (!dev)
		return -ENOMEM;
	dev->kind = HP_DEV_NET;
	dev->major = dev->minor = -1;
	dev->ifindex = link->index;
	dev->name = strdup(link->name);
	if (asprintf(&dev->mac, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]) < 0)
		dev->mac = NULL;
	return dev->name && dev->mac ? 0 : -ENOMEM;
}

/* A namespace that cannot be looked into keeps its ports to itself: they are then not in the inventory. */
static int add_namespace(struct inv_reader *reader, const char *name)
{
	hp_autoerr err = HP_ERR_INIT;
	hp_autofree char *path = NULL;
	hp_autofree struct hp_link *links = NULL;
	hp_autonetlink *nl = NULL;
	hp_autofd int fd = -1;
	size_t count = 0;
	int ret = 0;

	if (asprintf(&path, PINS "/%s", name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	fd = hp_netns_open(path, &err);
	nl = fd >= 0 ? hp_netlink_open(NETLINK_ROUTE, fd, &err) : NULL;
	if (!nl || hp_link_list(nl, &links, &count, &err) < 0)
		return 0;
	for (size_t i = 0; !ret && i < count; i++)
		ret = add_link(reader, &links[i]);
	return ret;
}

int inv_read_away_ports(struct inv_reader *reader)
{
	char **names = NULL;
	int ret = 0;

	if (!hp_root_is_live(reader->root) || hp_root_list(reader->root, PINS, &names, NULL))
		return 0;
	for (char **name = names; *name && !ret; name++)
		ret = add_namespace(reader, *name);
	hp_root_list_free(names);
	return ret;
}
