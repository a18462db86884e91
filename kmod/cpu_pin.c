// SPDX-License-Identifier: GPL-2.0
/* cpu_pin.c: has the device core refuse to take a claimed CPU offline before any teardown. */
#include <linux/cpu.h>
#include <linux/device.h>
#include <linux/kfifo.h>
#include <linux/kprobes.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "hostpart.h"

/*
 * The hotplug callback of cpu_guard.c comes too late for cpusets: the scheduler
 * has taken the CPU out of its masks by then, and from 6.10 on cpusets follow at
 * once, so a partition that loses a CPU for that moment turns invalid and stays
 * so after the roll-back.
 *
 * device_offline() asks the CPU device's children first: one whose bus can take
 * devices offline, and which is not offline itself, refuses with -EBUSY.  So
 * every claimed CPU has such a child.  That refusal calls nobody; a kprobe at
 * the entry of device_offline() sees who asks, in that task's own context.
 */
static int stay_online(struct device *dev)
{
	return -EBUSY;
}

static struct bus_type pin_bus = {
	.name = "hostpart",
	.online = stay_online,
	.offline = stay_online,
};

struct pin {
	struct device dev;
};

static DEFINE_XARRAY(pins);		/* CPU -> struct pin; hp_registry_lock */
static atomic_t pin_count = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(pins_gone);
static bool is_active;			/* set at init only */

static void release_pin(struct device *dev)
{
	kfree(container_of(dev, struct pin, dev));
	if (atomic_dec_and_test(&pin_count))
		wake_up(&pins_gone);
}

static int add_pin(unsigned int cpu)
{
	struct device *parent = get_cpu_device(cpu);
	struct pin *pin;
	int err;

	if (!parent)
		return 0;	/* the check against the machine names it */
	pin = kzalloc(sizeof(*pin), GFP_KERNEL);
	if (!pin)
		return -ENOMEM;
	err = xa_reserve(&pins, cpu, GFP_KERNEL);
	if (err) {
		kfree(pin);
		return err;
	}
	atomic_inc(&pin_count);
	device_initialize(&pin->dev);
	pin->dev.parent = parent;
	pin->dev.bus = &pin_bus;
	pin->dev.release = release_pin;
	pin->dev.offline_disabled = true;	/* no "online" file of its own */
	dev_set_uevent_suppress(&pin->dev, true);
	err = dev_set_name(&pin->dev, "hostpart-cpu%u", cpu);
	if (!err)
		err = device_add(&pin->dev);
	if (err) {
		xa_release(&pins, cpu);
		put_device(&pin->dev);
		return err;
	}
	xa_store(&pins, cpu, pin, GFP_KERNEL);	/* reserved: cannot fail */
	return 0;
}

int hp_cpu_pin_prepare(const struct hp_table *next)
{
	unsigned int cpu;
	int err;

	lockdep_assert_held(&hp_registry_lock);
	if (!is_active)
		return 0;
	for_each_possible_cpu(cpu) {
		if (!hp_table_cpu_owner(next, cpu) || xa_load(&pins, cpu))
			continue;
		err = add_pin(cpu);
		if (err)
			return err;
	}
	return 0;
}

void hp_cpu_pin_retire(const struct hp_table *table)
{
	struct pin *pin;
	unsigned long cpu;

	lockdep_assert_held(&hp_registry_lock);
	xa_for_each(&pins, cpu, pin) {
		if (hp_table_cpu_owner(table, cpu))
			continue;
		xa_erase(&pins, cpu);
		device_unregister(&pin->dev);
	}
}

/* What the probe saw and the work item has not told yet. */
static DEFINE_KFIFO(asked, struct hp_event, 16);
static DEFINE_SPINLOCK(asked_lock);

static void tell_asked(struct work_struct *work)
{
	struct hp_event event;

	while (kfifo_out_spinlocked(&asked, &event, 1, &asked_lock)) {
		hp_event_emit(&event, GFP_KERNEL);
		pr_notice_ratelimited("hostpart: cpu %u stays online, %s claims it\n", event.cpu,
				      event.domain);
	}
}

static DECLARE_WORK(tell_work, tell_asked);

/* Atomic: note it and leave.  A burst that overflows loses its later events, not its refusals. */
static int on_device_offline(struct kprobe *probe, struct pt_regs *regs)
{
	struct device *dev = (struct device *)regs_get_kernel_argument(regs, 0);
	struct hp_event event = { .type = HP_EVENT_CPU_OFFLINE_VETO, .resource = HP_CLAIM_CPU };

	if (dev->bus != &cpu_subsys || dev->offline || !hp_cpu_guard_owner(dev->id, &event))
		return 0;
	event.cpu = dev->id;
	hp_actor_set_current(&event.actor);
	kfifo_in_spinlocked(&asked, &event, 1, &asked_lock);
	schedule_work(&tell_work);
	return 0;
}

static struct kprobe probe = {
	.symbol_name = "device_offline",
	.pre_handler = on_device_offline,
};

/* Without the probe a refusal would go untold: then the hotplug callback alone guards. */
int __init hp_cpu_pin_init(void)
{
	int err = bus_register(&pin_bus);

	if (err)
		return err;
	err = register_kprobe(&probe);
	if (err)
		pr_notice("hostpart: no probe on device_offline (%d): CPUs are guarded by hotplug callback only\n",
			  err);
	is_active = !err;
	return 0;
}

void hp_cpu_pin_exit(void)
{
	struct pin *pin;
	unsigned long cpu;

	if (is_active)
		unregister_kprobe(&probe);
	cancel_work_sync(&tell_work);
	xa_for_each(&pins, cpu, pin) {
		xa_erase(&pins, cpu);
		device_unregister(&pin->dev);
	}
	wait_event(pins_gone, !atomic_read(&pin_count));
	bus_unregister(&pin_bus);
	xa_destroy(&pins);
}
