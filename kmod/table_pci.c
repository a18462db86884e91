// SPDX-License-Identifier: GPL-2.0
/* table_pci.c: the PCI claims of a table, found by the name that each gives its function. */
#include <linux/jhash.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "hostpart.h"

/* 16 bits of bus, device and function below 32 of segment: needs a 64-bit kernel. */
static unsigned long address_key(u32 segment, u8 bus, u8 devfn)
{
	BUILD_BUG_ON(sizeof(unsigned long) < sizeof(u64));
	return (unsigned long)segment << 16 | bus << 8 | devfn;
}

static unsigned long key_of_address(const struct hp_pci_name *pci)
{
	return address_key(pci->segment, pci->bus, pci->device << 3 | pci->function);
}

static unsigned long key_of_ids(const struct hp_pci_name *pci)
{
	return (unsigned long)pci->vendor << 48 | (unsigned long)pci->device_id << 32 | pci->index;
}

static unsigned long key_of_path(const struct hp_pci_name *pci)
{
	u64 root = key_of_address(pci);

	return jhash(pci->hops, pci->hop_count, jhash_2words((u32)root, root >> 32, 0));
}

static bool same_path(const struct hp_pci_name *a, const struct hp_pci_name *b)
{
	return key_of_address(a) == key_of_address(b) && a->hop_count == b->hop_count &&
	       !memcmp(a->hops, b->hops, a->hop_count);
}

int hp_pci_print(const struct hp_pci_name *pci, char *text, size_t size)
{
	int len, i;

	if (pci->match == HP_PCI_BY_ID)
		return scnprintf(text, size, "%04x:%04x/%u", pci->vendor, pci->device_id,
				 pci->index);
	len = scnprintf(text, size, "%04x:%02x:%02x.%x", pci->segment, pci->bus, pci->device,
			pci->function);
	for (i = 0; pci->match == HP_PCI_BY_PATH && i < pci->hop_count; i++)
		len += scnprintf(text + len, size - len, "/%02x.%x", pci->hops[i] >> 3,
				 pci->hops[i] & 7);
	return len;
}

static int refuse_second(const struct hp_claim *owner, const struct hp_claim *claim,
			 struct hp_refusal *why)
{
	char text[HP_PCI_TEXT_LEN];

	hp_pci_print(&claim->pci, text, sizeof(text));
	return hp_refuse(why, -EBUSY, "pci %s: claimed by %s, wanted by %s", text,
			 owner->domain->name, claim->domain->name);
}

static int take_key(struct xarray *claims, unsigned long key, struct hp_claim *claim,
		    struct hp_refusal *why)
{
	int err = xa_insert(claims, key, claim, GFP_KERNEL_ACCOUNT);

	return err == -EBUSY ? refuse_second(xa_load(claims, key), claim, why) : err;
}

/* Paths are too long for a key: those with the same hash hang on one another. */
static int take_path(struct xarray *claims, struct hp_claim *claim, struct hp_refusal *why)
{
	unsigned long key = key_of_path(&claim->pci);
	struct hp_claim *first = xa_load(claims, key), *other;

	for (other = first; other; other = other->next_path)
		if (same_path(&other->pci, &claim->pci))
			return refuse_second(other, claim, why);
	if (!first)
		return xa_insert(claims, key, claim, GFP_KERNEL_ACCOUNT);
	claim->next_path = first->next_path;
	first->next_path = claim;
	return 0;
}

int hp_table_take_pci(struct hp_table *table, struct hp_claim *claim, struct hp_refusal *why)
{
	claim->pci_at = HP_PCI_NOWHERE;
	switch (claim->pci.match) {
	case HP_PCI_BY_ID:
		return take_key(&table->pci_ids, key_of_ids(&claim->pci), claim, why);
	case HP_PCI_BY_PATH:
		return take_path(&table->pci_paths, claim, why);
	}
	return take_key(&table->pci, key_of_address(&claim->pci), claim, why);
}

const struct hp_claim *hp_table_pci_at(const struct hp_table *table, u32 segment, u8 bus, u8 devfn)
{
	/* A table's tree never changes while it is live, so a bare load is enough. */
	return xa_load((struct xarray *)&table->pci, address_key(segment, bus, devfn));
}

const struct hp_claim *hp_table_pci_like(const struct hp_table *table,
					 const struct hp_claim *claim)
{
	const struct hp_claim *other;

	switch (claim->pci.match) {
	case HP_PCI_BY_ID:
		return xa_load((struct xarray *)&table->pci_ids, key_of_ids(&claim->pci));
	case HP_PCI_BY_PATH:
		other = xa_load((struct xarray *)&table->pci_paths, key_of_path(&claim->pci));
		while (other && !same_path(&other->pci, &claim->pci))
			other = other->next_path;
		return other;
	}
	return xa_load((struct xarray *)&table->pci, key_of_address(&claim->pci));
}
