// SPDX-License-Identifier: GPL-2.0
/* devices.c: the device nodes and network ports below each PCI function. */
#include "inventory/inv_reader.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "inventory/serial.h"

#define SECTOR_BYTES 512	/* of the size files, whatever the disk's own sectors */

const char *const hp_inv_dev_kind_words[] = {
	"block", "char", "net", "drm", "input", "sound", NULL
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* "DEVNAME=nvme0n1" of a device's uevent as "/dev/nvme0n1"; NULL when it has no node. */
static char *node_of(struct hp_root *root, const char *dir)
{
	hp_autofree char *uevent = hp_root_readf(root, "%s/uevent", dir);
	const char *key = "DEVNAME=";
	char *rest = uevent, *node = NULL;

	for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
		if (strncmp(line, key, strlen(key)))
			continue;
		node = hp_format("/dev/%s", line + strlen(key));
		break;
	}
	return node;
}

static enum hp_inv_dev_kind kind_of_char(struct hp_root *root, const char *dir)
{
	static const struct {
		const char *subsystem;
		enum hp_inv_dev_kind kind;
	} kinds[] = {
		{ "drm", HP_DEV_DRM }, { "input", HP_DEV_INPUT }, { "sound", HP_DEV_SOUND },
	};
	hp_autofree char *path = hp_format("%s/subsystem", dir);
	hp_autofree char *subsystem = NULL;

	if (!path)
		return HP_DEV_CHAR;
	subsystem = hp_root_readlink(root, path);
	for (size_t i = 0; subsystem && i < hp_array_size(kinds); i++)
		if (!strcmp(base_name(subsystem), kinds[i].subsystem))
			return kinds[i].kind;
	return HP_DEV_CHAR;
}

static uint64_t read_number(struct hp_root *root, const char *dir, const char *file)
{
	hp_autofree char *text = hp_root_readf(root, "%s/%s", dir, file);

	return text ? strtoull(text, NULL, 10) : 0;
}

/* dir: "/sys/dev/block/8:0"; the numbers are in its name. */
static int fill_node(struct hp_root *root, const char *dir, const char *target, bool is_block,
		     struct hp_inv_dev *dev)
{
	if (sscanf(base_name(dir), "%d:%d", &dev->major, &dev->minor) != 2)
		dev->major = dev->minor = -1;
	dev->kind = is_block ? HP_DEV_BLOCK : kind_of_char(root, dir);
	dev->name = strdup(base_name(target));
	dev->node = node_of(root, dir);
	if (is_block)
		dev->size_bytes = read_number(root, dir, "size") * SECTOR_BYTES;
	if (dev->name)
		dev->serial = inv_disk_serial(root, dir, dev);
	return dev->name ? 0 : -ENOMEM;
}

static int add_node(struct inv_reader *reader, const char *dir, bool is_block)
{
	hp_autofree char *target = hp_root_readlink(reader->root, dir);
	struct inv_owners owners;

	if (!target)
		return 0;
	inv_owners_of_block(reader, target, &owners);
	for (size_t i = 0; i < owners.count; i++) {
		struct hp_inv_pci *pci = &reader->inv->pci[owners.pci[i]];
		struct hp_inv_dev *dev = inv_append(pci->devs, pci->devs_count);

		if (!dev || fill_node(reader->root, dir, target, is_block, dev))
			return -ENOMEM;
	}
	return 0;
}

/* dir: "/sys/class/net/eth0" */
static int add_port(struct inv_reader *reader, const char *dir)
{
	hp_autofree char *target = hp_root_readlink(reader->root, dir);
	int owner = target ? inv_owner_of_path(reader, target) : -1;
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
	dev->name = strdup(base_name(dir));
	dev->mac = hp_root_readf(reader->root, "%s/address", dir);
	dev->ifindex = (int)read_number(reader->root, dir, "ifindex");
	for (char *c = dev->mac; c && *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return dev->name ? 0 : -ENOMEM;
}

/* sysfs lists every node in one directory: cheaper than walking each function's subtree, and nothing is missed. */
static int add_each(struct inv_reader *reader, const char *dir)
{
	char **names;
	int ret = 0;

	if (hp_root_list(reader->root, dir, &names, NULL))
		return 0;
	for (char **name = names; *name && !ret; name++) {
		hp_autofree char *path = NULL;

		if (asprintf(&path, "%s/%s", dir, *name) < 0) {
			path = NULL;
			ret = -ENOMEM;
		} else if (!strcmp(dir, "/sys/class/net")) {
			ret = add_port(reader, path);
		} else {
			ret = add_node(reader, path, !strcmp(dir, "/sys/dev/block"));
		}
	}
	hp_root_list_free(names);
	return ret;
}

static int compare_devs(const void *a, const void *b)
{
	const struct hp_inv_dev *left = a, *right = b;

	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	return hp_natural_cmp(left->name, right->name);
}

int inv_read_devices(struct inv_reader *reader)
{
	static const char *const dirs[] = { "/sys/dev/block", "/sys/dev/char", "/sys/class/net" };

	for (size_t i = 0; i < hp_array_size(dirs); i++)
		if (add_each(reader, dirs[i]))
			return -ENOMEM;
	if (inv_read_away_ports(reader))
		return -ENOMEM;
	for (size_t i = 0; i < reader->inv->pci_count; i++) {
		struct hp_inv_pci *pci = &reader->inv->pci[i];

		if (pci->devs_count)
			qsort(pci->devs, pci->devs_count, sizeof(*pci->devs), compare_devs);
	}
	return 0;
}
