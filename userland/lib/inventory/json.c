// SPDX-License-Identifier: GPL-2.0
/* json.c: an inventory as JSON. */
#include "inventory/hp_inventory.h"

#include <stdio.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

const char *const hp_inv_role_words[] = {
	"root_disk", "mounted", "swap", "console", "management", NULL
};

static void put(struct json_object *to, const char *key, struct json_object *value)
{
	json_object_object_add(to, key, value);
}

static void put_text(struct json_object *to, const char *key, const char *text)
{
	put(to, key, text ? json_object_new_string(text) : NULL);
}

static void put_bool(struct json_object *to, const char *key, bool value)
{
	put(to, key, json_object_new_boolean(value));
}

static void put_size(struct json_object *to, const char *key, uint64_t value)
{
	put(to, key, json_object_new_uint64(value));
}

/* -1 is how the inventory says "none"; JSON has null for that. */
static void put_index(struct json_object *to, const char *key, int value)
{
	put(to, key, value < 0 ? NULL : json_object_new_int(value));
}

static void put_cpus(struct json_object *to, const char *key, hwloc_const_bitmap_t cpus)
{
	hp_autofree char *text = hp_cpulist_format(cpus);

	put_text(to, key, text);
}

static void put_hex(struct json_object *to, const char *key, unsigned int value, int digits)
{
	char text[16];

	snprintf(text, sizeof(text), "0x%0*x", digits, value);
	put_text(to, key, text);
}

static struct json_object *json_cores(const struct hp_inventory *inv)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < inv->cores_count; i++) {
		struct json_object *core = json_object_new_object();

		put_cpus(core, "cpus", inv->cores[i].cpus);
		put_index(core, "package", inv->cores[i].package);
		put_index(core, "l3", inv->cores[i].l3);
		put_index(core, "node", inv->cores[i].node);
		put_index(core, "kind", inv->cores[i].kind);
		json_object_array_add(list, core);
	}
	return list;
}

static struct json_object *json_cpus(const struct hp_inventory *inv)
{
	struct json_object *cpus = json_object_new_object();

	put_cpus(cpus, "online", inv->online);
	put_cpus(cpus, "offline", inv->offline);
	put_bool(cpus, "has_smt", inv->has_smt);
	put_bool(cpus, "is_hybrid", inv->is_hybrid);
	put(cpus, "cores", json_cores(inv));
	return cpus;
}

static struct json_object *json_memory(const struct hp_inventory *inv)
{
	struct json_object *memory = json_object_new_object();
	struct json_object *nodes = json_object_new_array();

	for (size_t i = 0; i < inv->nodes_count; i++) {
		struct json_object *node = json_object_new_object();

		put_size(node, "node", inv->nodes[i].os);
		put_size(node, "total_bytes", inv->nodes[i].total_bytes);
		put_cpus(node, "cpus", inv->nodes[i].cpus);
		json_object_array_add(nodes, node);
	}
	put_size(memory, "total_bytes", inv->memory_bytes);
	put_size(memory, "swap_bytes", inv->swap_bytes);
	put(memory, "nodes", nodes);
	return memory;
}

static struct json_object *json_roles(unsigned int roles)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; hp_inv_role_words[i]; i++)
		if (roles & 1u << i)
			json_object_array_add(list, json_object_new_string(hp_inv_role_words[i]));
	return list;
}

static struct json_object *json_dev(const struct hp_inv_dev *dev)
{
	struct json_object *out = json_object_new_object();

	put_text(out, "kind", hp_inv_dev_kind_words[dev->kind]);
	put_text(out, "name", dev->name);
	put_text(out, "node", dev->node);
	put_index(out, "major", dev->major);
	put_index(out, "minor", dev->minor);
	if (dev->kind == HP_DEV_BLOCK)
		put_size(out, "size_bytes", dev->size_bytes);
	if (dev->kind == HP_DEV_BLOCK || dev->serial)
		put_text(out, "serial", dev->serial);
	if (dev->kind == HP_DEV_NET) {
		put_text(out, "mac", dev->mac);
		put_index(out, "ifindex", dev->ifindex);
		put_text(out, "netns", dev->netns);
	}
	return out;
}

static struct json_object *json_devs(const struct hp_inv_pci *pci)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < pci->devs_count; i++)
		json_object_array_add(list, json_dev(&pci->devs[i]));
	return list;
}

static struct json_object *json_function(const struct hp_inv_pci *pci)
{
	struct json_object *out = json_object_new_object();

	put_text(out, "bdf", pci->bdf);
	put_hex(out, "class_code", pci->class_code, 6);
	put_text(out, "class_name", pci->class_name);
	put_hex(out, "vendor_id", pci->vendor, 4);
	put_text(out, "vendor_name", pci->vendor_name);
	put_hex(out, "device_id", pci->device, 4);
	put_text(out, "device_name", pci->device_name);
	put_text(out, "driver", pci->driver);
	put_index(out, "iommu_group", pci->iommu_group);
	put_index(out, "node", pci->node);
	put_bool(out, "is_bridge", pci->is_bridge);
	put(out, "roles", json_roles(pci->roles));
	put(out, "devices", json_devs(pci));
	return out;
}

static struct json_object *json_pci(const struct hp_inventory *inv)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < inv->pci_count; i++)
		json_object_array_add(list, json_function(&inv->pci[i]));
	return list;
}

static struct json_object *json_irqs(const struct hp_inventory *inv)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < inv->irqs_count; i++) {
		const struct hp_inv_irq *irq = &inv->irqs[i];
		struct json_object *out = json_object_new_object();

		put_size(out, "irq", irq->number);
		put_text(out, "action", irq->action);
		put_text(out, "affinity", irq->affinity);
		put_bool(out, "is_managed", irq->is_managed);
		put_bool(out, "is_movable", irq->is_movable);
		put_text(out, "pci", irq->pci < 0 ? NULL : inv->pci[irq->pci].bdf);
		json_object_array_add(list, out);
	}
	return list;
}

/* "performance powersave" as a list; empty for NULL. */
static struct json_object *json_words(const char *words)
{
	struct json_object *list = json_object_new_array();

	for (const char *at = words; at && *(at += strspn(at, " ")); at += strcspn(at, " "))
		json_object_array_add(list, json_object_new_string_len(at, (int)strcspn(at, " ")));
	return list;
}

static struct json_object *json_frequencies(const struct hp_inventory *inv)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < inv->freqs_count; i++) {
		const struct hp_inv_freq *freq = &inv->freqs[i];
		struct json_object *out = json_object_new_object();

		put_size(out, "policy", freq->number);
		put_cpus(out, "cpus", freq->cpus);
		put_text(out, "driver", freq->driver);
		put_text(out, "governor", freq->governor);
		put(out, "governors", json_words(freq->governors));
		put_text(out, "preference", freq->preference);
		put(out, "preferences", json_words(freq->preferences));
		put_size(out, "min_khz", freq->min_khz);
		put_size(out, "max_khz", freq->max_khz);
		json_object_array_add(list, out);
	}
	return list;
}

const char *const hp_inv_bandwidth_words[] = { "none", "percent", "eighths", "mbps", NULL };

static struct json_object *json_caches(const struct hp_inv_resctrl *it)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < it->l3s_count; i++) {
		struct json_object *out = json_object_new_object();

		put_size(out, "id", it->l3s[i].id);
		put_cpus(out, "cpus", it->l3s[i].cpus);
		put_hex(out, "taken", it->l3s[i].taken, 1);
		json_object_array_add(list, out);
	}
	return list;
}

static struct json_object *json_resctrl(const struct hp_inv_resctrl *it)
{
	struct json_object *out = json_object_new_object();

	put_bool(out, "is_supported", it->is_supported);
	put_bool(out, "is_mounted", it->is_mounted);
	put_bool(out, "has_l3", it->has_l3);
	put_bool(out, "has_l2", it->has_l2);
	put_bool(out, "is_cdp", it->is_cdp);
	put_bool(out, "takes_holes", it->takes_holes);
	put_hex(out, "l3_mask", it->l3_mask, 1);
	put_hex(out, "shareable_mask", it->shareable_mask, 1);
	put_size(out, "l3_min_ways", it->l3_min_ways);
	put_text(out, "bandwidth", hp_inv_bandwidth_words[it->bandwidth]);
	put_size(out, "bandwidth_min", it->bandwidth_min);
	put_size(out, "bandwidth_step", it->bandwidth_step);
	put_size(out, "bandwidth_max", it->bandwidth_max);
	put_size(out, "classes", it->classes);
	put_size(out, "monitors", it->monitors);
	put_size(out, "foreign_classes", it->foreign_classes);
	put_size(out, "foreign_monitors", it->foreign_monitors);
	put(out, "caches", json_caches(it));
	return out;
}

static struct json_object *json_subnets(const struct hp_inventory *inv)
{
	struct json_object *list = json_object_new_array();

	for (char **subnet = inv->local_subnets; subnet && *subnet; subnet++)
		json_object_array_add(list, json_object_new_string(*subnet));
	return list;
}

struct json_object *hp_inventory_json(const struct hp_inventory *inv)
{
	struct json_object *out = json_object_new_object();

	put_text(out, "kernel", inv->kernel);
	put_bool(out, "has_systemd", inv->has_systemd);
	put_bool(out, "has_module", inv->has_module);
	put(out, "local_subnets", json_subnets(inv));
	put(out, "cpus", json_cpus(inv));
	put(out, "memory", json_memory(inv));
	put(out, "pci", json_pci(inv));
	put(out, "irqs", json_irqs(inv));
	put(out, "frequencies", json_frequencies(inv));
	put_text(out, "idle_driver", inv->idle_driver);
	put(out, "resctrl", json_resctrl(&inv->resctrl));
	return out;
}
