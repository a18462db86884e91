// SPDX-License-Identifier: GPL-2.0
/* owners.c: which PCI function a sysfs path is below. */
#include "inventory/inv_reader.h"

#include <ctype.h>
#include <stdio.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

static int index_of_key(const struct inv_reader *reader, uint64_t key)
{
	size_t low = 0, high = reader->inv->pci_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (reader->pci_keys[middle] == key)
			return (int)middle;
		if (reader->pci_keys[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}

int inv_owner_of_path(const struct inv_reader *reader, const char *path)
{
	int owner = -1;

	for (const char *part = path; part; part = strchr(part, '/')) {
		uint64_t key;

		part += *part == '/';
		if (isxdigit((unsigned char)*part) && inv_bdf_key(part, &key)) {
			int index = index_of_key(reader, key);

			owner = index >= 0 ? index : owner;
		}
	}
	return owner;
}

static void add_owner(struct inv_owners *owners, int index)
{
	for (size_t i = 0; i < owners->count; i++)
		if (owners->pci[i] == (size_t)index)
			return;
	if (index >= 0 && owners->count < INV_OWNERS_MAX)
		owners->pci[owners->count++] = (size_t)index;
}

static bool is_controller(const char *name)
{
	unsigned int number;
	int used = 0;

	return sscanf(name, "nvme%u%n", &number, &used) == 1 && !name[used];
}

/*
 * With native multipath the namespace's disk hangs below a virtual NVMe
 * subsystem, which links to the controllers that reach it.
 */
static void add_subsystem_owners(const struct inv_reader *reader, const char *subsystem,
				 struct inv_owners *owners)
{
	const char *name = subsystem + strlen("/nvme-subsystem/");
	int name_len = (int)strcspn(name, "/");
	hp_autofree char *dir = hp_format("/sys/devices/virtual/nvme-subsystem/%.*s", name_len, name);
	char **entries;

	if (!dir)
		return;
	if (hp_root_list(reader->root, dir, &entries, NULL))
		return;
	for (char **entry = entries; *entry; entry++) {
		hp_autofree char *link = NULL;
		hp_autofree char *path = NULL;

		if (!is_controller(*entry))
			continue;
		path = hp_format("%s/%s", dir, *entry);
		link = path ? hp_root_readlink(reader->root, path) : NULL;
		if (link)
			add_owner(owners, inv_owner_of_path(reader, link));
	}
	hp_root_list_free(entries);
}

void inv_owners_of_block(const struct inv_reader *reader, const char *target,
			 struct inv_owners *owners)
{
	const char *subsystem = strstr(target, "/nvme-subsystem/");

	owners->count = 0;
	if (subsystem)
		add_subsystem_owners(reader, subsystem, owners);
	else
		add_owner(owners, inv_owner_of_path(reader, target));
}
