/* SPDX-License-Identifier: GPL-2.0 */
/* machine.h: made-up and recorded machines for the tests. */
#ifndef TEST_MACHINE_H
#define TEST_MACHINE_H

#include "inventory/hp_inventory.h"

/* A directory of its own; fails the test when it cannot be made. Caller passes it to machine_remove(). */
char *machine_make(const char *name);		/* "two-socket": tests/fixtures/mkmachine --list */
char *machine_unpack(const char *name);		/* "testbed-6.12": tests/fixtures/machines/NAME.machine */
void machine_remove(char *dir);
/* Puts a file into it (parents are made), with a newline behind the text; one that is there is replaced. */
void machine_put(const char *dir, const char *path, const char *text);
/* Reads the tree; fails the test when that fails. */
struct hp_inventory *machine_read(const char *dir);
/* The three in one: made, read, removed. */
struct hp_inventory *machine_inventory(const char *name);
struct hp_inventory *machine_recorded(const char *name);

/* The function at an address and the device below it; fail the test when there is none. */
const struct hp_inv_pci *machine_function(const struct hp_inventory *inv, const char *bdf);
const struct hp_inv_dev *machine_device(const struct hp_inventory *inv, const char *bdf, const char *name);
const struct hp_inv_irq *machine_irq(const struct hp_inventory *inv, const char *action);

#endif
