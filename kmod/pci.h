/* SPDX-License-Identifier: GPL-2.0 */
/* pci.h: what the files of the PCI guard share with one another. */
#ifndef HP_PCI_H
#define HP_PCI_H

#include <linux/pci.h>

#include "hostpart.h"

#define HP_STUB_NAME	"hostpart"	/* the driver that parks, and the override for it */

/* ---- pci_match.c: which functions of the machine the claims mean ------------ */

/* Address of a function as one number that sorts by segment, bus, device, function. */
u64 hp_pci_key(struct pci_dev *pdev);
/*
 * Finds the functions that the claims of @next by id and by path mean, and
 * refuses two claims that mean the same one.  A claim by id keeps the function
 * it has in @live.
 */
int hp_pci_match_resolve(const struct hp_table *next, const struct hp_table *live,
			 struct hp_refusal *why);
/*
 * Who claims @pdev, which may have come after @table went live: then a claim by
 * id or path that has found nothing so far takes it.  Under rcu_read_lock() or
 * hp_registry_lock.  @same_ids: functions in the machine with the ids of @pdev.
 */
const struct hp_claim *hp_pci_match_arrival(const struct hp_table *table, struct pci_dev *pdev,
					    u32 same_ids);
u32 hp_pci_count_same(const struct pci_dev *pdev);

/* ---- pci_group.c -------------------------------------------------------------- */

/* Refuses to let @pdev go to who claims it while others have part of its IOMMU group. */
int hp_pci_group_check(const struct hp_table *table, struct pci_dev *pdev,
		       const struct hp_claim *claim, struct hp_refusal *why);

/* ---- pci_use.c ---------------------------------------------------------------- */

/*
 * Refuses a change of owner, from the one that @live has to who makes @claim,
 * that would tear a disk from under those who use it.  Under hp_registry_lock.
 */
int hp_pci_use_check(const struct hp_table *live, struct pci_dev *pdev,
		     const struct hp_claim *claim, struct hp_refusal *why);

/* ---- pci_stub.c ---------------------------------------------------------------- */

int hp_pci_stub_init(void);
void hp_pci_stub_exit(void);
bool hp_pci_stub_is(const struct device_driver *driver);

/* ---- pci_functions.c: the functions that are or were claimed ------------------------ */

int hp_functions_init(void);
/* Gives all functions back, whatever the table says, and waits until that is done. */
void hp_functions_give_back(void);
void hp_functions_exit(void);
/* A record for @pdev if it has none yet; nothing happens to the function. */
int hp_functions_add(struct pci_dev *pdev);
/* Sees to it that each function is where the live table wants it; does not wait. */
void hp_functions_settle(void);
/* Whether the stub is the driver that @pdev is to have now. */
bool hp_functions_park(struct pci_dev *pdev);
/* enum hp_pci_state of the function at this address. Not from interrupts. */
u32 hp_functions_state(u64 key);
/* What the bus tells, in the context of who caused it. */
void hp_functions_arrive(struct pci_dev *pdev);
void hp_functions_leave(struct pci_dev *pdev);
void hp_functions_see_driver(struct pci_dev *pdev, unsigned long action);

#endif
