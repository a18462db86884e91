/* SPDX-License-Identifier: GPL-2.0 */
/* contention_print.h: how partctl shows who waited for whom. */
#ifndef CONTENTION_PRINT_H
#define CONTENTION_PRINT_H

#include "contention_subject.h"
#include "contention_waits.h"

/* Prints what was counted in the format asked for; JSON and YAML are one document each. */
void contention_print(const struct run *run, const struct contention_subject *subject,
		      const struct hp_contention *contention, const struct hp_blame *blame,
		      const struct contention_waits *waits);

#endif
