/* SPDX-License-Identifier: GPL-2.0 */
/* contention_subject.h: whom the verbs that count are about. */
#ifndef CONTENTION_SUBJECT_H
#define CONTENTION_SUBJECT_H

#include "bpf/hp_contention.h"
#include "partctl.h"

/* Whom the rows are about, HP_ROW_DOMAIN + i being domain i. Starts zeroed. */
struct contention_subject {
	char **names;		/* count of them, owned, as are the cgroups */
	char **cgroups;		/* their names below the hierarchy's root */
	uint64_t *ids;
	struct hp_contention_irq *irqs;	/* owned */
	size_t count, irqs_count;
};

void contention_subject_clear(struct contention_subject *subject);

/* --by cgroup:PATH, for a table of options; into is the subject. */
int contention_subject_parse_by(const char *value, void *into, struct hp_err *err);
/* The domains in force, and the interrupts of their devices; -ENOENT when nothing is applied. */
int contention_subject_take_policy(struct run *run, struct contention_subject *subject, struct hp_err *err);
/* Asks the kernel for the cgroups' ids; one that is named twice is bad usage. */
int contention_subject_find(struct run *run, struct contention_subject *subject, struct hp_err *err);
/* What a row is called: "base", "irq", a domain's name; lives as long as the subject. */
const char *contention_row_name(const struct contention_subject *subject, size_t row);
/* The same of an aggressor; the victim's own row is "(its own)". */
const char *contention_blamed_name(const struct contention_subject *subject, size_t victim, size_t aggressor);
/* Is it another domain that is to blame? */
bool contention_is_other_domain(size_t victim, size_t aggressor);
/* The i-th victim to speak of: the domains first, then base, kernel and the other rows. */
size_t contention_victim_at(const struct contention_subject *subject, size_t i);

#endif
