/* SPDX-License-Identifier: GPL-2.0 */
/* hp_contention.h: the programs that find out who had the processor while others waited for it. */
#ifndef HP_CONTENTION_H
#define HP_CONTENTION_H

#include "base/hp_err.h"
#include "bpf/hp_blame.h"

#define HP_CONTENTION_DOMAINS_MAX (HP_ROWS_MAX - HP_ROW_DOMAIN)

/*
 * The hooks, each the loss of something else when it is not there: without
 * the first there is nothing to count; without the second the waits of tasks
 * that are moved while they wait lack what they waited before the move;
 * without the others such time counts for the task that was interrupted.
 */
enum hp_contention_hook { HP_HOOK_SWITCH, HP_HOOK_MOVE, HP_HOOK_IRQ, HP_HOOK_SOFTIRQ, HP_HOOKS };

struct hp_contention_irq {
	unsigned int number;
	unsigned int domain;	/* index of the domain that owns the device */
};

struct hp_contention_options {
	const uint64_t *cgroups;	/* ids; domain i is row HP_ROW_DOMAIN + i */
	size_t cgroups_count;		/* at most HP_CONTENTION_DOMAINS_MAX */
	const struct hp_contention_irq *irqs;	/* interrupts of others count as HP_ROW_IRQ */
	size_t irqs_count;
	unsigned int irqs_room;		/* interrupts below this number can be named later; 0 = those above alone */
	unsigned int without;		/* bits 1 << enum hp_contention_hook: not to be used though they are there */
};

struct hp_contention;

/*
 * Loads the programs, attaches them and counts from then on, until close. A
 * cgroup counts with all that is below it; the nearest domain wins. Memory of
 * the kernel: see hp_contention_memory(). -EOPNOTSUPP when this kernel cannot
 * tell at all (no BTF, no switch tracepoint, no sched_info). The options are
 * not needed afterwards.
 */
int hp_contention_open(const struct hp_contention_options *options, struct hp_contention **out, struct hp_err *err);
/* Frees; NULL is fine. */
void hp_contention_close(struct hp_contention *contention);
/* Names other interrupts from now on; numbers beyond the room that was made are passed over. */
int hp_contention_set_irqs(struct hp_contention *contention, const struct hp_contention_irq *irqs, size_t count,
			   struct hp_err *err);
/*
 * Takes up how many processors the domains have now: what counts as contended
 * (contention.h) is a share of their time. Done at open and at adoption; to be
 * called again now and then, for cpusets change.
 */
void hp_contention_follow(struct hp_contention *contention);
/*
 * Pins maps and programs below `dir` (in bpffs), so that they go on counting
 * when this process ends. What was pinned there before goes.
 */
int hp_contention_pin(struct hp_contention *contention, const char *dir, struct hp_err *err);
/*
 * Takes over what a process pinned below `dir`: nothing is loaded and all is
 * counted on. -ENOENT when there is nothing; -ESTALE when it is for other
 * cgroups, of another build (which may lay out or mean its counts otherwise) or
 * not whole, as err says. Interrupts are set as in `options`.
 */
int hp_contention_adopt(const struct hp_contention_options *options, const char *dir, struct hp_contention **out,
			struct hp_err *err);
/* Removes what is pinned below `dir`; the programs end when nobody has them open. Success when there is nothing. */
int hp_contention_unpin(const char *dir, struct hp_err *err);
/* Stops counting; what was counted can still be read, and no longer moves. */
void hp_contention_stop(struct hp_contention *contention);
/* All since open; *blame must be empty or of an earlier read, and is the caller's to clear. */
int hp_contention_read(struct hp_contention *contention, struct hp_blame *blame, struct hp_err *err);
/* Bytes of kernel memory that the maps take; does not grow. */
size_t hp_contention_memory(const struct hp_contention *contention);
/* Why a hook is not at work, NULL when it is; static text. */
const char *hp_contention_missing(const struct hp_contention *contention, enum hp_contention_hook hook);
/* Is there such a tracepoint in the running kernel, with its types known? */
bool hp_contention_has_tracepoint(const char *name);

#endif
