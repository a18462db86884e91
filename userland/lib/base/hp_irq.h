/* SPDX-License-Identifier: GPL-2.0 */
/* hp_irq.h: names of interrupts that outlive the driver that asked for them. */
#ifndef HP_IRQ_H
#define HP_IRQ_H

#include <stdbool.h>
#include <stddef.h>
#include "base/hp_err.h"
#include "base/hp_root.h"

/*
 * A message interrupt of a PCI function is named "SSSS:BB:DD.F/N", the N-th of
 * the function from 0: when a driver starts anew, its vectors come back in the
 * same order, but with whatever numbers are free, which may have been another
 * function's. Any other interrupt is named by its number.
 */
#define HP_IRQ_NAME_BYTES 32

/* An interrupt's number, digits only, as the kernel spells it; false for anything else. */
bool hp_irq_parse(const char *text, unsigned int *number);
/*
 * The interrupt's number now: 0, -EINVAL for text that is no such name, -ENOENT
 * when the function has no N-th vector (its driver let it go), -ENOMEM. Whether a plain
 * number is in use is not asked.
 */
int hp_irq_number(struct hp_root *root, const char *name, unsigned int *number, struct hp_err *err);
/*
 * The numbers of a function's message interrupts in the order of the vectors;
 * the caller frees. -ENOENT when it has none.
 */
int hp_irq_vectors(struct hp_root *root, const char *function, unsigned int **numbers, size_t *count);

#endif
