// SPDX-License-Identifier: GPL-2.0
/* away.c: finds the network ports that live in a pinned namespace, where /sys does not show them. */
#include "inventory/inv_reader.h"

#include <errno.h>
#include <stdio.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "net/hp_link.h"
#include "net/hp_netns.h"

/* "0000:03:00.0" itself, or the function that "virtio2" on bus "virtio" stands on. */
static int owner_of_link(const struct inv_reader *reader, const struct hp_link *link)
{
	hp_autofree char *path = hp_format("/sys/bus/%s/devices/%s", link->parent_bus, link->parent);
	hp_autofree char *target = NULL;

	if (!path)
		return -1;
	target = hp_root_readlink(reader->root, path);
	return target ? inv_owner_of_path(reader, target) : -1;
}

/* A namespace may be pinned twice, or be the base's own. */
static bool is_known(const struct hp_inv_pci *pci, const struct hp_link *link, const char *mac)
{
	for (size_t i = 0; i < pci->devs_count; i++) {
		const struct hp_inv_dev *dev = &pci->devs[i];

		if (dev->kind == HP_DEV_NET && dev->ifindex == link->index &&
		    !strcmp(dev->name, link->name) && dev->mac && !strcmp(dev->mac, mac))
			return true;
	}
	return false;
}

static int add_link(struct inv_reader *reader, const struct hp_link *link, const char *netns)
{
	int owner = link->parent[0] && !link->kind[0] ? owner_of_link(reader, link) : -1;
	const unsigned char *mac = link->mac;
	hp_autofree char *mac_text = NULL;
	struct hp_inv_pci *pci;
	struct hp_inv_dev *dev;

	if (owner < 0)
		return 0;
	mac_text = hp_format("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
			     mac[4], mac[5]);
	if (!mac_text)
		return -ENOMEM;
	pci = &reader->inv->pci[owner];
	if (is_known(pci, link, mac_text))
		return 0;
	dev = inv_append(pci->devs, pci->devs_count);
	if (!dev)
		return -ENOMEM;
	dev->kind = HP_DEV_NET;
	dev->major = dev->minor = -1;
	dev->ifindex = link->index;
	dev->name = strdup(link->name);
	dev->netns = strdup(netns);
	dev->mac = hp_take(mac_text);
	return dev->name && dev->netns ? 0 : -ENOMEM;
}

/* A namespace that cannot be looked into keeps its ports to itself: they are then not in the inventory. */
static int add_namespace(struct inv_reader *reader, const char *dir, const char *name)
{
	hp_autoerr err = HP_ERR_INIT;
	hp_autofree char *path = hp_format("%s/%s", dir, name);
	hp_autofree struct hp_link *links = NULL;
	hp_autonetlink *nl = NULL;
	hp_autofd int fd = -1;
	size_t count = 0;
	int ret = 0;

	if (!path)
		return -ENOMEM;
	fd = hp_netns_open(path, &err);
	nl = fd >= 0 ? hp_netlink_open(NETLINK_ROUTE, fd, &err) : NULL;
	if (!nl || hp_link_list(nl, &links, &count, &err) < 0)
		return 0;
	for (size_t i = 0; !ret && i < count; i++)
		ret = add_link(reader, &links[i], name);
	return ret;
}

int inv_read_away_ports(struct inv_reader *reader)
{
	/* Where the netns backend pins domains, and where ip-netns(8) pins anything. */
	static const char *const dirs[] = { "/run/hostpart/netns", "/run/netns" };
	int ret = 0;

	/* A recording has no namespaces to look into. */
	for (size_t i = 0; hp_root_is_live(reader->root) && !ret && i < hp_array_size(dirs); i++) {
		char **names = NULL;

		if (hp_root_list(reader->root, dirs[i], &names, NULL))
			continue;
		for (char **name = names; *name && !ret; name++)
			ret = add_namespace(reader, dirs[i], *name);
		hp_root_list_free(names);
	}
	return ret;
}
