/* SPDX-License-Identifier: GPL-2.0 */
/* contention_print.h: how partctl shows who waited for whom. */
#ifndef CONTENTION_PRINT_H
#define CONTENTION_PRINT_H

#include "bpf/hp_contention.h"
#include "partctl.h"

/* Whom the rows are about, HP_ROW_DOMAIN + i being domain i. */
struct contention_subject {
	char **names;		/* count of them, owned, as are the cgroups */
	char **cgroups;		/* their names below the hierarchy's root */
	uint64_t *ids;
	struct hp_contention_irq *irqs;	/* owned */
	size_t count, irqs_count;
};

void contention_subject_clear(struct contention_subject *subject);

/* Prints what was counted in the format asked for; JSON and YAML are one document each. */
void contention_print(const struct run *run, const struct contention_subject *subject,
		      const struct hp_contention *contention, const struct hp_blame *blame);

#endif
