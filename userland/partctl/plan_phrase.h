/* SPDX-License-Identifier: GPL-2.0 */
/* plan_phrase.h: a step in a person's words. */
#ifndef PLAN_PHRASE_H
#define PLAN_PHRASE_H

#include "apply/hp_txn.h"

/*
 * What a step changes: "CPUs of alpha", "interrupt 24 (nvme0q1)". inv gives
 * names to interrupts and ports; it may be NULL. Caller frees; NULL when out
 * of memory.
 */
char *plan_phrase_what(const struct hp_step *step, const struct hp_inventory *inv);
/* The interrupt of a setting's object (base/hp_irq.h), in the inventory; NULL when it is not there now. */
const struct hp_inv_irq *plan_phrase_irq(const struct hp_inventory *inv, const char *name);
/* A value on one line: sizes with units, texts of many lines counted, NULL "absent". Caller frees. */
char *plan_phrase_value(const struct hp_step *step, const char *value);

#endif
