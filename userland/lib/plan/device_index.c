// SPDX-License-Identifier: GPL-2.0
/* device_index.c: sorted tables of what PCI functions are called. */
#include "plan/devices.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int by_text(const void *a, const void *b)
{
	const struct device_key *x = a, *y = b;
	int order = strcmp(x->text, y->text);

	if (order)
		return order;
	return x->pci < y->pci ? -1 : x->pci > y->pci;
}

static void sort_keys(struct device_keys *keys)
{
	qsort(keys->items, keys->count, sizeof(*keys->items), by_text);
}

static void add_key(struct device_keys *keys, const char *text, size_t pci)
{
	keys->items[keys->count++] = (struct device_key){ text, pci };
}

/*
 * A disk and its partitions, or two ports, may repeat a text below one function:
 * one entry is enough.
 */
static void drop_repeats(struct device_keys *keys)
{
	size_t kept = 0;

	for (size_t i = 0; i < keys->count; i++) {
		if (!kept || by_text(&keys->items[kept - 1], &keys->items[i]))
			keys->items[kept++] = keys->items[i];
	}
	keys->count = kept;
}

static void fill(const struct hp_inventory *inv, struct device_index *index)
{
	for (size_t i = 0; i < inv->pci_count; i++) {
		const struct hp_inv_pci *pci = &inv->pci[i];

		snprintf(index->ids[i], sizeof(index->ids[i]), "%04x:%04x", pci->vendor,
			 pci->device);
		add_key(&index->bdf, pci->bdf, i);
		if (!pci->is_bridge)
			add_key(&index->id, index->ids[i], i);
		for (int c = 0; c < DEVICE_CLASSES; c++) {
			if (device_is_class(pci, c))
				index->of_class[c][index->class_count[c]++] = i;
		}
		for (size_t j = 0; j < pci->devs_count; j++) {
			if (pci->devs[j].serial)
				add_key(&index->serial, pci->devs[j].serial, i);
			if (pci->devs[j].mac)
				add_key(&index->mac, pci->devs[j].mac, i);
		}
		if (pci->parked_serial)
			add_key(&index->serial, pci->parked_serial, i);
		if (pci->parked_mac)
			add_key(&index->mac, pci->parked_mac, i);
	}
}

static bool alloc_tables(const struct hp_inventory *inv, struct device_index *index)
{
	size_t devs = 0;
	bool ok = true;

	for (size_t i = 0; i < inv->pci_count; i++)
		devs += inv->pci[i].devs_count + 1;	/* a parked one has an entry of its own */
	for (int c = 0; c < DEVICE_CLASSES; c++) {
		index->of_class[c] = calloc(inv->pci_count + 1, sizeof(size_t));
		ok = ok && index->of_class[c];
	}
	index->ids = calloc(inv->pci_count + 1, sizeof(*index->ids));
	index->bdf.items = calloc(inv->pci_count + 1, sizeof(struct device_key));
	index->id.items = calloc(inv->pci_count + 1, sizeof(struct device_key));
	index->serial.items = calloc(devs + 1, sizeof(struct device_key));
	index->mac.items = calloc(devs + 1, sizeof(struct device_key));
	return ok && index->ids && index->bdf.items && index->id.items && index->serial.items &&
	       index->mac.items;
}

int device_index_build(const struct hp_inventory *inv, struct device_index *index)
{
	memset(index, 0, sizeof(*index));
	if (!alloc_tables(inv, index)) {
		device_index_clear(index);
		return -ENOMEM;
	}
	fill(inv, index);
	sort_keys(&index->bdf);
	sort_keys(&index->id);
	sort_keys(&index->serial);
	sort_keys(&index->mac);
	drop_repeats(&index->serial);
	drop_repeats(&index->mac);
	return 0;
}

void device_index_clear(struct device_index *index)
{
	for (int c = 0; c < DEVICE_CLASSES; c++)
		free(index->of_class[c]);
	free(index->bdf.items);
	free(index->id.items);
	free(index->serial.items);
	free(index->mac.items);
	free(index->ids);
	memset(index, 0, sizeof(*index));
}

const struct device_key *device_keys_find(const struct device_keys *keys, const char *text,
					  size_t *count)
{
	size_t low = 0, high = keys->count;

	*count = 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(keys->items[middle].text, text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + *count < keys->count && !strcmp(keys->items[low + *count].text, text))
		++*count;
	return *count ? &keys->items[low] : NULL;
}
