// SPDX-License-Identifier: GPL-2.0
/* irq_watch.c: learns who changes which interrupt's CPUs, in the changer's own context. */
#include <linux/irq.h>
#include <linux/kfifo.h>
#include <linux/kprobes.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "irq_guard.h"

/*
 * The kernel's own way to be told, irq_set_affinity_notifier(), has one place per
 * vector, and that is the driver's.  So a probe sits where all changes pass:
 * irq_set_affinity_locked() for whoever asks (/proc, drivers), and
 * irq_do_set_affinity() for what the kernel does of itself, such as starting a
 * vector up.  Both run with the descriptor locked and interrupts off: a note is
 * all that can be taken, a work item does the rest after the change.
 */
static DEFINE_KFIFO(notes, struct hp_irq_note, 128);
static DEFINE_RAW_SPINLOCK(notes_lock);
static bool has_lost_notes;		/* notes_lock */
static bool is_watching;
static struct task_struct *own_task;	/* whose changes are the guard's own */
static struct workqueue_struct *wake_queue;
static struct work_struct *wake_work;

static void take_note(struct pt_regs *regs, bool is_request)
{
	struct irq_data *data = (struct irq_data *)regs_get_kernel_argument(regs, 0);
	struct hp_irq_note note = { .is_request = is_request };
	unsigned long flags;

	if (!READ_ONCE(is_watching) || READ_ONCE(own_task) == current)
		return;
	note.irq = data->irq;
	if (in_task())
		hp_actor_set_current(&note.actor);
	/* A kernel thread that asks is a driver at work, such as when a CPU comes or goes. */
	note.is_request &= note.actor.kind == HP_ACTOR_TASK;
	raw_spin_lock_irqsave(&notes_lock, flags);
	if (!kfifo_put(&notes, note))
		has_lost_notes = true;
	raw_spin_unlock_irqrestore(&notes_lock, flags);
	queue_work(wake_queue, wake_work);
}

static int on_request(struct kprobe *probe, struct pt_regs *regs)
{
	take_note(regs, true);
	return 0;
}

static int on_placement(struct kprobe *probe, struct pt_regs *regs)
{
	take_note(regs, false);
	return 0;
}

static struct kprobe request_probe = {
	.symbol_name = "irq_set_affinity_locked",
	.pre_handler = on_request,
};

static struct kprobe placement_probe = {
	.symbol_name = "irq_do_set_affinity",
	.pre_handler = on_placement,
};

static struct kprobe *probes[] = { &request_probe, &placement_probe };

bool hp_irq_watch_take(struct hp_irq_note *note, bool *has_lost)
{
	unsigned long flags;
	bool is_there;

	raw_spin_lock_irqsave(&notes_lock, flags);
	is_there = kfifo_get(&notes, note);
	*has_lost = has_lost_notes;
	has_lost_notes = false;
	raw_spin_unlock_irqrestore(&notes_lock, flags);
	return is_there;
}

void hp_irq_watch_own(bool is_on)
{
	WRITE_ONCE(own_task, is_on ? current : NULL);
}

void hp_irq_watch_set(bool is_on)
{
	WRITE_ONCE(is_watching, is_on);
}

int hp_irq_watch_init(struct workqueue_struct *queue, struct work_struct *work)
{
	wake_queue = queue;
	wake_work = work;
	return register_kprobes(probes, ARRAY_SIZE(probes));
}

void hp_irq_watch_exit(void)
{
	unregister_kprobes(probes, ARRAY_SIZE(probes));
}
