// SPDX-License-Identifier: GPL-2.0
/* inventory.c: reads a whole machine into one inventory. */
#include "inventory/hp_inventory.h"

#include <errno.h>
#include <string.h>
#include "base/hp_auto.h"
#include "inventory/inv_reader.h"

/* One word a line. */
static bool guards_irqs(struct hp_root *root)
{
	hp_autofree char *guards = hp_root_readf(root, "/sys/kernel/hostpart/guards");
	char *rest = guards;

	for (char *word = guards ? strsep(&rest, "\n") : NULL; word; word = strsep(&rest, "\n"))
		if (!strcmp(word, "irq"))
			return true;
	return false;
}

static int read_facts(struct inv_reader *reader)
{
	struct hp_inventory *inv = reader->inv;

	inv->kernel = hp_root_readf(reader->root, "/proc/sys/kernel/osrelease");
	inv->has_systemd = hp_root_exists(reader->root, "/run/systemd/system");
	inv->has_module = hp_root_exists(reader->root, "/sys/kernel/hostpart");
	inv->module_moves_irqs = guards_irqs(reader->root);
	return 0;
}

static int read_all(struct inv_reader *reader, struct hp_err *err)
{
	static int (*const steps[])(struct inv_reader *reader) = {
		read_facts, inv_read_pci, inv_read_devices, inv_read_parked, inv_read_irqs, inv_read_disk_roles,
		inv_read_net_roles, inv_read_console_roles, inv_read_subnets, inv_read_links, inv_read_frequencies,
		inv_read_resctrl,
	};
	int ret = inv_read_topology(reader, err);

	if (ret)
		return ret;
	for (size_t i = 0; i < hp_array_size(steps); i++)
		if (steps[i](reader))
			return hp_err_set(err, ENOMEM, "out of memory");
	return 0;
}

int hp_inventory_read(struct hp_root *root, pid_t caller, struct hp_inventory **inv, struct hp_err *err)
{
	hp_autoinventory *fresh = calloc(1, sizeof(*fresh));
	struct inv_reader reader = { .root = root, .caller = caller, .inv = fresh };
	int ret;

	if (!fresh)
		return hp_err_set(err, ENOMEM, "out of memory");
	ret = read_all(&reader, err);
	free(reader.pci_keys);
	if (!ret)
		*inv = hp_take(fresh);
	else if (err)
		hp_err_wrap(err, "read the inventory");
	return ret;
}

static void free_devs(struct hp_inv_pci *pci)
{
	for (size_t i = 0; i < pci->devs_count; i++) {
		free(pci->devs[i].name);
		free(pci->devs[i].node);
		free(pci->devs[i].serial);
		free(pci->devs[i].mac);
		free(pci->devs[i].netns);
	}
	free(pci->devs);
}

static void free_pci(struct hp_inventory *inv)
{
	for (size_t i = 0; i < inv->pci_count; i++) {
		struct hp_inv_pci *pci = &inv->pci[i];

		free_devs(pci);
		free(pci->bdf);
		free(pci->driver);
		free(pci->parked_serial);
		free(pci->parked_mac);
		free(pci->vendor_name);
		free(pci->device_name);
		free(pci->class_name);
	}
	free(inv->pci);
}

static void free_irqs(struct hp_inventory *inv)
{
	for (size_t i = 0; i < inv->irqs_count; i++) {
		free(inv->irqs[i].action);
		free(inv->irqs[i].affinity);
	}
	free(inv->irqs);
}

static void free_topology(struct hp_inventory *inv)
{
	for (size_t i = 0; i < inv->cores_count; i++)
		hwloc_bitmap_free(inv->cores[i].cpus);
	for (size_t i = 0; i < inv->nodes_count; i++)
		hwloc_bitmap_free(inv->nodes[i].cpus);
	free(inv->cores);
	free(inv->nodes);
	hwloc_bitmap_free(inv->online);
	hwloc_bitmap_free(inv->offline);
}

void hp_inventory_free(struct hp_inventory *inv)
{
	if (!inv)
		return;
	free_topology(inv);
	free_pci(inv);
	free_irqs(inv);
	inv_free_frequencies(inv);
	inv_free_resctrl(inv);
	hp_root_list_free(inv->local_subnets);
	for (size_t i = 0; i < inv->links_count; i++) {
		free(inv->links[i].name);
		free(inv->links[i].mac);
	}
	free(inv->links);
	free(inv->machine_id);
	free(inv->kernel);
	free(inv);
}

void hp_inventory_freep(struct hp_inventory **inv)
{
	hp_inventory_free(*inv);
}

const char *hp_inventory_top(const struct hp_inventory *inv)
{
	return inv->has_systemd ? "hostpart.service" : "hostpart";
}
