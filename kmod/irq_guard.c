// SPDX-License-Identifier: GPL-2.0
/* irq_guard.c: keeps interrupts of claimed functions on their domain's CPUs, all others off. */
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqnr.h>
#include <linux/pci.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "irq_guard.h"

/*
 * A vector whose CPUs are all allowed is left as it is, so user space may place
 * it as it likes within them.  A stray is moved to those of its CPUs that are
 * allowed, or to all allowed ones; after a change from outside it goes back to
 * where it was.  Two masks are remembered until a later table allows them: the one
 * that the guard found first, to be restored on release, and the last one that
 * somebody asked for in vain, as who resizes a domain may place its interrupts
 * before the table says so.
 *
 * A managed vector keeps its mask, because the kernel gives back room by it when
 * the vector is freed; it is moved within the mask, by narrowing it for a moment.
 */
enum { GOOD, WISH, FOUND, MASK_COUNT };

struct record {
	unsigned int irq;
	bool has[MASK_COUNT];
	char wisher[HP_DOMAIN_NAME_MAX + 1];	/* owner of the vector when WISH was asked for */
	unsigned long wish_end;		/* jiffies */
	bool is_told;			/* of the present failure */
	u32 error;			/* of the last attempt */
	struct ratelimit_state limit;	/* of events, never of moves */
	unsigned long bits[];		/* MASK_COUNT masks */
};

static DEFINE_MUTEX(guard_lock);	/* all below; taken with no other lock of the module */
static DEFINE_XARRAY(records);		/* IRQ number -> struct record */
static cpumask_var_t mask, effective, allowed, scratch;
static struct workqueue_struct *queue;
static bool is_stale;			/* the table changed, or notes were lost */
static void run(struct work_struct *work);
static DECLARE_WORK(work, run);
static bool is_active, is_spreading;	/* set at init only */

#define WISH_JIFFIES	(60 * HZ)	/* how long a commit may take to follow */
#define MASK_LONGS	(cpumask_size() / sizeof(unsigned long))

static struct cpumask *mask_of(struct record *record, int which)
{
	return to_cpumask(record->bits + which * MASK_LONGS);
}

static struct record *get_record(unsigned int irq)
{
	struct record *record = xa_load(&records, irq);

	if (record)
		return record;
	record = kzalloc(struct_size(record, bits, MASK_COUNT * MASK_LONGS), GFP_KERNEL);
	if (!record)
		return NULL;
	record->irq = irq;
	ratelimit_state_init(&record->limit, 5 * HZ, 10);
	ratelimit_set_flags(&record->limit, RATELIMIT_MSG_ON_RELEASE);
	if (xa_err(xa_store(&records, irq, record, GFP_KERNEL))) {
		kfree(record);
		return NULL;
	}
	return record;
}

static void drop_record(unsigned int irq)
{
	kfree(xa_erase(&records, irq));
}

static void drop_records(void)
{
	struct record *record;
	unsigned long irq;

	xa_for_each(&records, irq, record)
		drop_record(irq);
}

static void set_mask(struct record *record, int which, const struct cpumask *from)
{
	record->has[which] = true;
	cpumask_copy(mask_of(record, which), from);
}

static bool is_stray(const struct hp_irq_look *look)
{
	if (look->is_managed)
		return !cpumask_subset(look->effective, allowed);
	cpumask_and(scratch, look->mask, cpu_online_mask);
	if (!cpumask_subset(scratch, allowed))
		return true;
	return !look->is_pending && !cpumask_subset(look->effective, allowed);
}

/* Whether the remembered mask is one that the vector may have now. */
static bool is_possible(struct record *record, int which)
{
	if (!record->has[which] || !cpumask_intersects(mask_of(record, which), allowed))
		return false;
	cpumask_and(scratch, mask_of(record, which), cpu_online_mask);
	return cpumask_subset(scratch, allowed);
}

static int move_managed(const struct hp_irq_look *look)
{
	int err;

	if (!cpumask_and(scratch, look->mask, allowed))
		return -EINVAL;	/* no room is reserved for it on any CPU allowed */
	err = irq_set_affinity(look->irq, scratch);
	return err ? err : irq_set_affinity(look->irq, look->mask);
}

static int move_back(const struct hp_irq_look *look, struct record *record, bool is_request)
{
	const struct cpumask *target = allowed;

	if (look->error)
		return -look->error;
	if (look->is_managed)
		return move_managed(look);
	if (is_request && is_possible(record, GOOD))
		target = mask_of(record, GOOD);
	else if (cpumask_and(scratch, look->mask, allowed))
		target = scratch;
	return irq_set_affinity(look->irq, target);
}

/* Whom it concerns: the owner of the function, or of the CPU that the vector strays to. */
static void describe(const struct hp_table *table, const struct hp_irq_look *look,
		     struct hp_event *event)
{
	const struct hp_domain *victim = look->owner;
	unsigned int cpu;

	event->irq = look->irq;
	event->generation = table->generation;
	if (look->pdev) {
		event->resource = HP_CLAIM_PCI;
		event->pci = hp_pci_address_of(look->pdev);
	} else {
		cpumask_andnot(scratch, look->mask, allowed);
		cpu = cpumask_first_and(scratch, cpu_online_mask);
		victim = hp_table_cpu_owner(table, cpu);
		event->resource = HP_CLAIM_CPU;
		event->cpu = cpu;
	}
	if (victim)
		strscpy(event->domain, victim->name, sizeof(event->domain));
}

/*
 * Tells of what somebody else did, and of a failure, once, where a function is
 * claimed: interrupts of nobody's that cannot move are too many and too usual,
 * HP_CMD_GET_VECTOR lists them.
 */
static bool choose_event(struct record *record, const struct hp_irq_look *look,
			 const struct hp_irq_note *note, struct hp_event *event)
{
	if (!record->error) {
		record->is_told = false;
		event->type = HP_EVENT_IRQ_MOVED_BACK;
		return note && note->is_request && __ratelimit(&record->limit);
	}
	if (record->is_told || !look->pdev)
		return false;
	record->is_told = true;
	event->type = HP_EVENT_IRQ_UNMOVABLE;
	event->error = record->error;
	return true;
}

/* Which of the remembered masks the vector shall have now, MASK_COUNT for none. */
static int choose_mask(const struct hp_table *table, const struct hp_irq_look *look,
		       struct record *record)
{
	bool is_same_owner = !strcmp(record->wisher, look->owner ? look->owner->name : "");

	if (table->domain_count && is_same_owner && time_before(jiffies, record->wish_end) &&
	    is_possible(record, WISH))
		return WISH;
	if (is_possible(record, FOUND) && cpumask_equal(look->mask, mask_of(record, GOOD)))
		return FOUND;
	return MASK_COUNT;
}

static void keep_right(const struct hp_table *table, struct hp_irq_look *look,
		       struct record *record, const struct hp_irq_note *note)
{
	int which;

	record->error = 0;
	record->is_told = false;
	if (look->is_managed || look->error)
		return;
	if (note && note->is_request) {
		/* Its new place is somebody's choice. */
		record->has[WISH] = false;
		record->has[FOUND] = false;
	}
	which = choose_mask(table, look, record);
	if (which < MASK_COUNT && !irq_set_affinity(look->irq, mask_of(record, which))) {
		cpumask_copy(look->mask, mask_of(record, which));
		record->has[WISH] = false;
		record->has[FOUND] = false;
	}
	set_mask(record, GOOD, look->mask);
}

static void remember(struct record *record, const struct hp_irq_look *look, bool is_request)
{
	if (look->is_managed || look->error)
		return;
	if (!is_request) {
		if (!record->has[FOUND])
			set_mask(record, FOUND, look->mask);
		return;
	}
	set_mask(record, WISH, look->mask);
	record->wish_end = jiffies + WISH_JIFFIES;
	strscpy(record->wisher, look->owner ? look->owner->name : "", sizeof(record->wisher));
}

static bool put_right(const struct hp_table *table, struct hp_irq_look *look,
		      struct record *record, const struct hp_irq_note *note,
		      struct hp_event *event)
{
	bool is_request = note && note->is_request;
	int err;

	describe(table, look, event);
	remember(record, look, is_request);
	err = move_back(look, record, is_request);
	if (!err && !hp_irq_look(table, look))
		return false;	/* gone meanwhile */
	if (!err && is_stray(look))
		err = -EIO;
	record->error = -err;
	if (!err && !look->is_managed)
		set_mask(record, GOOD, look->mask);
	return choose_event(record, look, note, event);
}

/* Looks at one vector and puts it right; @note tells of the change, NULL when the table's. */
static void tend(unsigned int irq, const struct hp_irq_note *note)
{
	struct hp_irq_look look = { .irq = irq, .mask = mask, .effective = effective };
	struct hp_event event = {};
	struct record *record;
	const struct hp_table *table;
	bool has_event = false;

	record = irq_has_action(irq) ? get_record(irq) : NULL;
	rcu_read_lock();
	table = hp_registry_table();
	if (record && hp_irq_look(table, &look)) {
		hp_irq_allowed(table, look.owner, allowed);
		if (is_stray(&look))
			has_event = put_right(table, &look, record, note, &event);
		else
			keep_right(table, &look, record, note);
	} else {
		record = NULL;
	}
	rcu_read_unlock();
	if (!record)
		drop_record(irq);
	if (!has_event)
		return;
	if (note)
		event.actor = note->actor;
	hp_event_emit(&event, GFP_KERNEL);
}

static bool table_is_empty(void)
{
	bool is_empty;

	rcu_read_lock();
	is_empty = !hp_registry_table()->domain_count;
	rcu_read_unlock();
	return is_empty;
}

static void tend_all(void)
{
	bool is_over = table_is_empty();
	unsigned int irq;

	for (irq = 0; irq < nr_irqs; irq++) {
		tend(irq, NULL);
		cond_resched();
	}
	if (is_over)
		drop_records();
}

static void run(struct work_struct *unused)
{
	struct hp_irq_note note;
	bool has_lost, must_tend_all;

	mutex_lock(&guard_lock);
	hp_irq_watch_own(true);
	hp_irq_lines_find();
	must_tend_all = xchg(&is_stale, false);
	while (hp_irq_watch_take(&note, &has_lost)) {
		must_tend_all |= has_lost;
		tend(note.irq, &note);
		cond_resched();
	}
	if (must_tend_all | has_lost)
		tend_all();
	hp_irq_lines_put();
	hp_irq_watch_own(false);
	mutex_unlock(&guard_lock);
}

/* Waits, so that who commits finds the interrupts where they belong. */
void hp_irq_guard_settle(const struct hp_table *now)
{
	lockdep_assert_held(&hp_registry_lock);
	if (!is_active)
		return;
	if (now->domain_count)
		hp_irq_watch_set(true);
	WRITE_ONCE(is_stale, true);
	queue_work(queue, &work);
	flush_work(&work);
	if (!now->domain_count)
		hp_irq_watch_set(false);
}

static u32 state_of(const struct hp_irq_look *look, u32 error)
{
	if (error)
		return HP_VECTOR_STATE_UNMOVABLE;
	return look->is_managed ? HP_VECTOR_STATE_MANAGED : HP_VECTOR_STATE_MOVABLE;
}

static void fill_vector(const struct hp_irq_look *look, struct hp_vector *vector)
{
	struct record *record = xa_load(&records, look->irq);
	u32 error = look->error;

	if (!error && record)
		error = record->error;
	memset(vector, 0, sizeof(*vector));
	vector->irq = look->irq;
	vector->error = error;
	vector->state = state_of(look, error);
	if (look->owner)
		strscpy(vector->domain, look->owner->name, sizeof(vector->domain));
	vector->has_function = look->pdev;
	if (look->pdev)
		vector->pci = hp_pci_address_of(look->pdev);
}

bool hp_irq_guard_next_vector(unsigned int irq, struct hp_vector *vector)
{
	struct hp_irq_look look = { .irq = irq, .mask = mask, .effective = effective };
	bool is_found;

	mutex_lock(&guard_lock);
	hp_irq_lines_find();
	rcu_read_lock();
	while (look.irq < nr_irqs && !hp_irq_look(hp_registry_table(), &look))
		look.irq++;
	is_found = look.irq < nr_irqs;
	if (is_found)
		fill_vector(&look, vector);
	rcu_read_unlock();
	hp_irq_lines_put();
	mutex_unlock(&guard_lock);
	return is_found;
}

static void free_masks(void)
{
	free_cpumask_var(mask);
	free_cpumask_var(effective);
	free_cpumask_var(allowed);
	free_cpumask_var(scratch);
}

/* Without the probes nobody would tell of a change, so there is no promise to make. */
static void __init start_watching(void)
{
	int err = hp_irq_watch_init(queue, &work);

	if (err) {
		pr_notice("hostpart: no probe on irq_set_affinity_locked (%d): interrupts are not guarded\n",
			  err);
		return;
	}
	is_active = true;
	hp_guards_set(HP_GUARD_IRQ);
	err = hp_irq_spread_init();
	if (err)
		pr_notice("hostpart: no probe on irq_create_affinity_masks (%d): managed interrupts are moved where they can be\n",
			  err);
	is_spreading = !err;
}

int __init hp_irq_guard_init(void)
{
	if (!zalloc_cpumask_var(&mask, GFP_KERNEL) || !zalloc_cpumask_var(&effective, GFP_KERNEL) ||
	    !zalloc_cpumask_var(&allowed, GFP_KERNEL) || !zalloc_cpumask_var(&scratch, GFP_KERNEL))
		goto free_masks;
	queue = alloc_workqueue("hostpart_irq", WQ_UNBOUND, 1);
	if (!queue)
		goto free_masks;
	start_watching();
	return 0;

free_masks:
	free_masks();
	return -ENOMEM;
}

void hp_irq_guard_exit(void)
{
	hp_guards_clear(HP_GUARD_IRQ);
	if (is_spreading)
		hp_irq_spread_exit();
	if (is_active)
		hp_irq_watch_exit();
	destroy_workqueue(queue);
	drop_records();
	xa_destroy(&records);
	free_masks();
}
