/* SPDX-License-Identifier: GPL-2.0 */
/* irq_guard.h: what the files of the interrupt guard share. */
#ifndef HP_IRQ_GUARD_H
#define HP_IRQ_GUARD_H

#include <linux/cpumask.h>

#include "hostpart.h"

/* ---- irq_look.c ----------------------------------------------------------- */

/* One vector as it is now. What it points to lives as long as the rcu read section. */
struct hp_irq_look {
	unsigned int irq;
	bool is_managed;		/* the kernel placed it when it was allocated */
	bool is_pending;		/* a move waits for the next interrupt */
	u32 error;			/* positive errno why nobody can move it, 0 = can be */
	const struct hp_domain *owner;	/* of its function, NULL = nobody or several */
	struct pci_dev *pdev;		/* the claimed function, NULL = none */
	struct cpumask *mask;		/* the caller's: the CPUs asked for */
	struct cpumask *effective;	/* the caller's: the CPU it is on */
};

/* Functions that use a line and no message: found before, as that may sleep. */
void hp_irq_lines_find(void);
void hp_irq_lines_put(void);
/* False when nobody has requested it. The caller holds rcu_read_lock(). */
bool hp_irq_look(const struct hp_table *table, struct hp_irq_look *look);
bool hp_irq_may_use(const struct hp_table *table, const struct hp_domain *owner, unsigned int cpu);
/* The online CPUs allowed to the vectors of @owner; all of them when none would be. */
void hp_irq_allowed(const struct hp_table *table, const struct hp_domain *owner,
		    struct cpumask *allowed);

/* ---- irq_watch.c ---------------------------------------------------------- */

struct hp_irq_note {
	unsigned int irq;
	bool is_request;		/* a task asked; otherwise the kernel's own doing */
	struct hp_actor_info actor;
};

/* Notes wake @work on @queue. An error means that changes cannot be seen. */
int hp_irq_watch_init(struct workqueue_struct *queue, struct work_struct *work);
void hp_irq_watch_exit(void);
void hp_irq_watch_set(bool is_on);
/* False when there is none. @has_lost is set when some were lost since the last call. */
bool hp_irq_watch_take(struct hp_irq_note *note, bool *has_lost);
/* The calling task moves vectors itself now: its changes are not noted. */
void hp_irq_watch_own(bool is_on);

/* ---- irq_spread.c --------------------------------------------------------- */

int hp_irq_spread_init(void);
void hp_irq_spread_exit(void);

/* ---- irq_guard.c ---------------------------------------------------------- */

struct hp_vector {
	u32 irq;
	u32 state;			/* enum hp_vector_state */
	u32 error;
	bool has_function;
	struct hp_pci_address pci;	/* when has_function */
	char domain[HP_DOMAIN_NAME_MAX + 1];	/* "" = nobody's */
};

/* The first vector numbered @irq or higher; false when there is none. May sleep. */
bool hp_irq_guard_next_vector(unsigned int irq, struct hp_vector *vector);

#endif
