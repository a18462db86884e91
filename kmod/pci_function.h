/* SPDX-License-Identifier: GPL-2.0 */
/* pci_function.h: the record of one function that is or was claimed. */
#ifndef HP_PCI_FUNCTION_H
#define HP_PCI_FUNCTION_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/workqueue.h>

#include "pci.h"

#define HP_FUNCTION_DRIVER_LEN	64	/* of a driver's name with its NUL, cut if longer */

struct hp_function {
	struct kref ref;		/* one of the list, one of the queued work */
	struct pci_dev *pdev;		/* referenced */
	struct delayed_work work;

	/* functions_lock of pci_functions.c */
	struct list_head node;		/* empty = dropped, or the function has left */
	bool is_watched;		/* the override is the module's business */
	bool is_held;			/* parked whatever the table says, until the next commit */
	u32 state;			/* enum hp_pci_state */
	char expected[HP_FUNCTION_DRIVER_LEN];	/* the override while it is watched, "" = none */
	struct task_struct *worker;	/* who moves it now; compared, never followed */

	/* The work's alone, but for hp_function_take_arrived() before it is queued. */
	bool is_taken;			/* what is below says how the function was */
	bool has_arrived;		/* after it was claimed: no driver had it before */
	bool is_adopted;		/* has kept the driver that it had before */
	char *prior_override;		/* NULL = none */
	char prior_driver[HP_FUNCTION_DRIVER_LEN];
	char user[HP_DOMAIN_NAME_MAX + 1];	/* who used it last, "" = nobody known */
	u32 told;			/* the last event about it; 0 = none or a failure */
	char told_domain[HP_DOMAIN_NAME_MAX + 1];
	u64 generation;			/* of the table it was last compared with */
};

/* ---- pci_function.c ------------------------------------------------------------- */

void hp_function_reconcile(struct hp_function *function);
int hp_function_take_arrived(struct hp_function *function);

/* ---- pci_functions.c -------------------------------------------------------------- */

/* The module is on its way out: nothing is claimed any more. */
bool hp_function_is_leaving(void);
bool hp_function_is_here(struct hp_function *function);
void hp_function_set_state(struct hp_function *function, u32 state);
/* What the override is to be from now on: the bus notifier watches over it. */
void hp_function_expect(struct hp_function *function, const char *driver);
void hp_function_unwatch(struct hp_function *function);
/* Ends the record; its memory goes with the last reference. */
void hp_function_drop(struct hp_function *function);
/* Completes @event with the function's address. */
void hp_function_emit(struct pci_dev *pdev, struct hp_event *event);

#endif
