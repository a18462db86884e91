// SPDX-License-Identifier: GPL-2.0
/* pci_match.c: finds the functions of the machine that claims by id and by path mean. */
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/spinlock.h>

#include "pci.h"

/*
 * Where a claim by id or path has found its function is kept as an address, in
 * hp_claim.pci_at and hp_table.pci_resolved: asking who owns a function is then
 * a look-up, and the card that is pulled and put back keeps its owner even if
 * others with the same ids came or went meanwhile.
 */
static DEFINE_SPINLOCK(late_lock);	/* orders claims that find theirs in a live table */

u64 hp_pci_key(struct pci_dev *pdev)
{
	return (u64)pci_domain_nr(pdev->bus) << 16 | pci_dev_id(pdev);
}

struct hp_pci_address hp_pci_address_of(const struct pci_dev *pdev)
{
	return (struct hp_pci_address){
		.segment = pci_domain_nr(pdev->bus),
		.bus = pdev->bus->number,
		.device = PCI_SLOT(pdev->devfn),
		.function = PCI_FUNC(pdev->devfn),
	};
}

/* The functions in the machine, in the order that the index of a claim counts. */
struct census {
	u32 count;
	struct census_entry {
		u64 key;
		struct pci_dev *pdev;	/* referenced */
	} *entries;
};

static int compare_entries(const void *a, const void *b)
{
	const struct census_entry *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static void drop_census(struct census *census)
{
	while (census->count)
		pci_dev_put(census->entries[--census->count].pdev);
	kvfree(census->entries);
}

/* Functions that arrive between the count and the listing are seen when they are added. */
static int take_census(struct census *census)
{
	struct pci_dev *pdev = NULL;
	u32 capacity = 0;

	for_each_pci_dev(pdev)
		capacity++;
	census->count = 0;
	census->entries = kvcalloc(capacity + 1, sizeof(*census->entries), GFP_KERNEL);
	if (!census->entries)
		return -ENOMEM;
	for_each_pci_dev(pdev) {
		if (census->count == capacity) {
			pci_dev_put(pdev);
			break;
		}
		census->entries[census->count].key = hp_pci_key(pdev);
		census->entries[census->count++].pdev = pci_dev_get(pdev);
	}
	sort(census->entries, census->count, sizeof(*census->entries), compare_entries, NULL);
	return 0;
}

u32 hp_pci_count_same(const struct pci_dev *pdev)
{
	struct pci_dev *other = NULL;
	u32 count = 0;

	while ((other = pci_get_device(pdev->vendor, pdev->device, other)))
		count++;
	return count;
}

static const struct hp_claim *claim_at(const struct hp_table *table, u64 key)
{
	const struct hp_claim *claim = hp_table_pci_at(table, key >> 16, key >> 8 & 0xff,
						       key & 0xff);

	return claim ? claim : xa_load((struct xarray *)&table->pci_resolved, key);
}

/* @table is private to the caller. */
static int place(const struct hp_table *table, struct hp_claim *claim, u64 key,
		 struct hp_refusal *why)
{
	const struct hp_claim *owner = claim_at(table, key);
	char text[HP_PCI_TEXT_LEN];
	int err;

	if (owner) {
		hp_pci_print(&claim->pci, text, sizeof(text));
		return hp_refuse(why, -EBUSY,
				 "pci %04llx:%02llx:%02llx.%llx: claimed by %s, wanted by %s as %s",
				 key >> 16, key >> 8 & 0xff, key >> 3 & 0x1f, key & 7,
				 owner->domain->name, claim->domain->name, text);
	}
	err = xa_insert((struct xarray *)&table->pci_resolved, key, claim, GFP_KERNEL_ACCOUNT);
	if (!err)
		claim->pci_at = key;
	return err;
}

static bool names_by(const struct hp_claim *claim, enum hp_pci_match match)
{
	return claim->type == HP_CLAIM_PCI && claim->pci.match == match;
}

/* The function of the live table stays the claim's, in the machine or not. */
static int keep_ids(const struct hp_table *next, const struct hp_table *live,
		    struct hp_claim *claim, struct hp_refusal *why)
{
	const struct hp_claim *was = hp_table_pci_like(live, claim);
	u64 key = was ? READ_ONCE(was->pci_at) : HP_PCI_NOWHERE;

	return key == HP_PCI_NOWHERE ? 0 : place(next, claim, key, why);
}

static bool has_ids(const struct hp_pci_name *name, const struct pci_dev *pdev)
{
	return pdev->vendor == name->vendor && pdev->device == name->device_id;
}

/*
 * The n-th in order; when another claim by these ids kept that one, the first
 * that none has, as long as there are enough for an n-th.
 */
static int find_ids(const struct hp_table *next, struct hp_claim *claim,
		    const struct census *census, struct hp_refusal *why)
{
	u64 nth = HP_PCI_NOWHERE, first_free = HP_PCI_NOWHERE;
	const struct hp_claim *owner;
	u32 i, seen = 0;

	for (i = 0; i < census->count; i++) {
		u64 key = census->entries[i].key;

		if (!has_ids(&claim->pci, census->entries[i].pdev))
			continue;
		if (seen++ == claim->pci.index)
			nth = key;
		if (first_free == HP_PCI_NOWHERE && !claim_at(next, key))
			first_free = key;
	}
	if (nth == HP_PCI_NOWHERE)
		return 0;
	owner = claim_at(next, nth);
	if (owner && names_by(owner, HP_PCI_BY_ID))
		nth = first_free;
	return nth == HP_PCI_NOWHERE ? 0 : place(next, claim, nth, why);
}

static bool is_on_path(const struct hp_pci_name *name, struct pci_dev *pdev)
{
	int i;

	for (i = name->hop_count - 1; i >= 0; i--) {
		if (!pdev || pdev->devfn != name->hops[i])
			return false;
		pdev = pci_upstream_bridge(pdev);
	}
	return pdev && pci_domain_nr(pdev->bus) == name->segment &&
	       pdev->bus->number == name->bus &&
	       pdev->devfn == PCI_DEVFN(name->device, name->function);
}

static int find_path(const struct hp_table *next, struct hp_claim *claim,
		     const struct census *census, struct hp_refusal *why)
{
	u32 i;

	for (i = 0; i < census->count; i++)
		if (is_on_path(&claim->pci, census->entries[i].pdev))
			return place(next, claim, census->entries[i].key, why);
	return 0;
}

int hp_pci_match_resolve(const struct hp_table *next, const struct hp_table *live,
			 struct hp_refusal *why)
{
	struct census census;
	u32 i;
	int err;

	lockdep_assert_held(&hp_registry_lock);
	if (xa_empty(&next->pci_ids) && xa_empty(&next->pci_paths))
		return 0;
	err = take_census(&census);
	if (err)
		return err;
	for (i = 0; i < next->claim_count && !err; i++)
		if (names_by(next->claims[i], HP_PCI_BY_PATH))
			err = find_path(next, next->claims[i], &census, why);
	for (i = 0; i < next->claim_count && !err; i++)
		if (names_by(next->claims[i], HP_PCI_BY_ID))
			err = keep_ids(next, live, next->claims[i], why);
	for (i = 0; i < next->claim_count && !err; i++)
		if (names_by(next->claims[i], HP_PCI_BY_ID) &&
		    next->claims[i]->pci_at == HP_PCI_NOWHERE)
			err = find_ids(next, next->claims[i], &census, why);
	drop_census(&census);
	return err;
}

/* An address may belong to another card, or to another slot, since the claim found it. */
static bool means(const struct hp_claim *claim, struct pci_dev *pdev)
{
	if (claim->pci.match == HP_PCI_BY_ID)
		return has_ids(&claim->pci, pdev);
	return is_on_path(&claim->pci, pdev);
}

const struct hp_claim *hp_table_pci_owner(const struct hp_table *table, struct pci_dev *pdev)
{
	const struct hp_claim *claim;

	/* The machine's own: nothing goes on without them. */
	if (pdev->class >> 16 == PCI_BASE_CLASS_BRIDGE)
		return NULL;
	claim = hp_table_pci_at(table, pci_domain_nr(pdev->bus), pdev->bus->number, pdev->devfn);
	if (claim)
		return claim;
	claim = xa_load((struct xarray *)&table->pci_resolved, hp_pci_key(pdev));
	return claim && means(claim, pdev) ? claim : NULL;
}

static struct hp_claim *find_waiting(const struct hp_table *table, struct pci_dev *pdev,
				     u32 same_ids)
{
	u32 i;

	for (i = 0; i < table->claim_count; i++) {
		struct hp_claim *claim = table->claims[i];

		if (names_by(claim, HP_PCI_BY_PATH) && is_on_path(&claim->pci, pdev))
			return claim;
		if (names_by(claim, HP_PCI_BY_ID) && claim->pci_at == HP_PCI_NOWHERE &&
		    has_ids(&claim->pci, pdev) && claim->pci.index < same_ids)
			return claim;
	}
	return NULL;
}

const struct hp_claim *hp_pci_match_arrival(const struct hp_table *table, struct pci_dev *pdev,
					    u32 same_ids)
{
	const struct hp_claim *owner = hp_table_pci_owner(table, pdev);
	struct hp_claim *claim;
	u64 key = hp_pci_key(pdev);

	if (owner || pdev->class >> 16 == PCI_BASE_CLASS_BRIDGE)
		return owner;
	if (xa_empty(&table->pci_ids) && xa_empty(&table->pci_paths))
		return NULL;
	spin_lock(&late_lock);
	claim = find_waiting(table, pdev, same_ids);
	if (claim && xa_err(xa_store((struct xarray *)&table->pci_resolved, key, claim,
				     GFP_ATOMIC))) {
		pr_warn("hostpart: no memory left to guard pci %s for %s\n", pci_name(pdev),
			claim->domain->name);
		claim = NULL;
	}
	if (claim)
		WRITE_ONCE(claim->pci_at, key);
	spin_unlock(&late_lock);
	return claim;
}

u32 hp_pci_state(const struct hp_claim *claim)
{
	u64 key = READ_ONCE(claim->pci_at);

	if (claim->pci.match == HP_PCI_BY_ADDRESS)
		key = (u64)claim->pci.segment << 16 | claim->pci.bus << 8 |
		      PCI_DEVFN(claim->pci.device, claim->pci.function);
	return key == HP_PCI_NOWHERE ? HP_PCI_STATE_ABSENT : hp_functions_state(key);
}
