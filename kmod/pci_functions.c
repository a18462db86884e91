// SPDX-License-Identifier: GPL-2.0
/* pci_functions.c: the records of functions that are or were claimed, and what the bus tells. */
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "compat_pci.h"
#include "pci_function.h"

static DEFINE_SPINLOCK(functions_lock);	/* never taken in an interrupt */
static LIST_HEAD(functions);		/* functions_lock */
static struct workqueue_struct *queue;
static atomic_t busy_count = ATOMIC_INIT(0);	/* works queued or running */
static DECLARE_WAIT_QUEUE_HEAD(idle);
static bool is_leaving;

#define WAIT_SECONDS	30
/* A function that is unbound may be on its way out of the machine: by then it has left. */
#define LEAVE_TIME	(HZ / 4)

static void free_function(struct kref *ref)
{
	struct hp_function *function = container_of(ref, struct hp_function, ref);

	pci_dev_put(function->pdev);
	kfree(function->prior_override);
	kfree(function);
}

static struct hp_function *find(const struct pci_dev *pdev)
{
	struct hp_function *function;

	lockdep_assert_held(&functions_lock);
	list_for_each_entry(function, &functions, node)
		if (function->pdev == pdev)
			return function;
	return NULL;
}

static void reconcile(struct work_struct *work)
{
	struct hp_function *function = container_of(work, struct hp_function, work.work);

	WRITE_ONCE(function->worker, current);
	hp_function_reconcile(function);
	WRITE_ONCE(function->worker, NULL);
	if (atomic_dec_and_test(&busy_count))
		wake_up_all(&idle);
	kref_put(&function->ref, free_function);
}

/* One that is queued already and has not begun will see all there is to see. */
static void queue_function(struct hp_function *function, unsigned long delay)
{
	bool is_new;

	lockdep_assert_held(&functions_lock);
	if (list_empty(&function->node))
		return;
	kref_get(&function->ref);
	atomic_inc(&busy_count);
	if (delay)
		is_new = queue_delayed_work(queue, &function->work, delay);
	else
		is_new = !mod_delayed_work(queue, &function->work, 0);
	if (is_new)
		return;
	atomic_dec(&busy_count);
	kref_put(&function->ref, free_function);
}

static struct hp_function *new_function(struct pci_dev *pdev)
{
	struct hp_function *function = kzalloc(sizeof(*function), GFP_KERNEL_ACCOUNT);

	if (!function)
		return NULL;
	kref_init(&function->ref);
	INIT_LIST_HEAD(&function->node);
	INIT_DELAYED_WORK(&function->work, reconcile);
	function->pdev = pci_dev_get(pdev);
	function->state = HP_PCI_STATE_PLAIN;
	return function;
}

/* Whoever comes second finds the record of the first. */
static bool list_function(struct hp_function *function)
{
	bool is_first;

	spin_lock(&functions_lock);
	is_first = !find(function->pdev);
	if (is_first)
		list_add_tail(&function->node, &functions);
	spin_unlock(&functions_lock);
	return is_first;
}

int hp_functions_add(struct pci_dev *pdev)
{
	struct hp_function *function = new_function(pdev);

	if (!function)
		return -ENOMEM;
	if (!list_function(function))
		kref_put(&function->ref, free_function);
	return 0;
}

void hp_functions_settle(void)
{
	struct hp_function *function;

	spin_lock(&functions_lock);
	list_for_each_entry(function, &functions, node) {
		function->is_held = false;
		queue_function(function, 0);
	}
	spin_unlock(&functions_lock);
}

/*
 * A commit that starts a domain answers when the domain has its functions.  Not
 * for ever: a driver's probe may wait for something that waits for netlink, and
 * the request holds the lock of generic netlink for reading.
 */
void hp_pci_guard_wait(void)
{
	wait_event_killable_timeout(idle, !atomic_read(&busy_count), WAIT_SECONDS * HZ);
}

bool hp_pci_guard_park(struct pci_dev *pdev)
{
	struct hp_function *function;

	spin_lock(&functions_lock);
	function = find(pdev);
	if (function) {
		function->is_held = true;
		queue_function(function, 0);
	}
	spin_unlock(&functions_lock);
	return function;
}

bool hp_functions_park(struct pci_dev *pdev)
{
	struct hp_function *function;
	bool result;

	spin_lock(&functions_lock);
	function = find(pdev);
	result = function && !strcmp(function->expected, HP_STUB_NAME);
	spin_unlock(&functions_lock);
	return result;
}

u32 hp_functions_state(u64 key)
{
	struct hp_function *function;
	u32 state = HP_PCI_STATE_ABSENT;

	spin_lock(&functions_lock);
	list_for_each_entry(function, &functions, node)
		if (hp_pci_key(function->pdev) == key)
			state = function->state;
	spin_unlock(&functions_lock);
	return state;
}

/* ---- for pci_function.c -------------------------------------------------------- */

bool hp_function_is_leaving(void)
{
	return READ_ONCE(is_leaving);
}

bool hp_function_is_here(struct hp_function *function)
{
	bool is_here;

	spin_lock(&functions_lock);
	is_here = !list_empty(&function->node);
	spin_unlock(&functions_lock);
	return is_here;
}

void hp_function_set_state(struct hp_function *function, u32 state)
{
	spin_lock(&functions_lock);
	function->state = state;
	spin_unlock(&functions_lock);
}

void hp_function_expect(struct hp_function *function, const char *driver)
{
	spin_lock(&functions_lock);
	strscpy(function->expected, driver, sizeof(function->expected));
	function->is_watched = true;
	spin_unlock(&functions_lock);
}

void hp_function_unwatch(struct hp_function *function)
{
	spin_lock(&functions_lock);
	function->is_watched = false;
	function->expected[0] = '\0';
	spin_unlock(&functions_lock);
}

void hp_function_drop(struct hp_function *function)
{
	bool was_listed;

	spin_lock(&functions_lock);
	was_listed = !list_empty(&function->node);
	list_del_init(&function->node);
	spin_unlock(&functions_lock);
	if (was_listed)
		kref_put(&function->ref, free_function);
}

void hp_function_emit(struct pci_dev *pdev, struct hp_event *event)
{
	event->resource = HP_CLAIM_PCI;
	event->pci = hp_pci_address_of(pdev);
	hp_event_emit(event, GFP_KERNEL);
}

/* ---- what the bus tells ---------------------------------------------------------- */

/* A module being loaded probes in the task that loads it, much else in kernel threads. */
static void set_actor(struct hp_actor_info *actor)
{
	if (!(current->flags & PF_KTHREAD))
		hp_actor_set_current(actor);
}

/* Copies the owner's name; false when nobody claims @pdev. */
static bool is_claimed(struct pci_dev *pdev, struct hp_event *event)
{
	u32 same_ids = hp_pci_count_same(pdev);
	const struct hp_claim *claim;
	const struct hp_table *table;

	rcu_read_lock();
	table = hp_registry_table();
	claim = hp_pci_match_arrival(table, pdev, same_ids);
	if (claim)
		strscpy(event->domain, claim->domain->name, sizeof(event->domain));
	event->generation = table->generation;
	rcu_read_unlock();
	return claim;
}

/*
 * The core looks for a driver after this.  When the stub has the function it
 * tells, and from there on the work hands over to a domain that is active.
 * Without memory for a record the override alone keeps drivers off, the stub
 * included: a function too few is better than one in wrong hands.
 */
void hp_functions_arrive(struct pci_dev *pdev)
{
	struct hp_event event = { .type = HP_EVENT_PCI_PARKED, .error = ENOMEM };
	struct hp_function *function;
	int err = -ENOMEM;

	if (READ_ONCE(is_leaving) || !is_claimed(pdev, &event))
		return;
	function = new_function(pdev);
	if (function) {
		err = hp_function_take_arrived(function);
		if (!list_function(function))
			kref_put(&function->ref, free_function);
	} else {
		hp_override_set(pdev, HP_STUB_NAME);
	}
	if (err)
		hp_function_emit(pdev, &event);
}

void hp_functions_leave(struct pci_dev *pdev)
{
	struct hp_function *function;

	spin_lock(&functions_lock);
	function = find(pdev);
	if (function)
		list_del_init(&function->node);
	spin_unlock(&functions_lock);
	if (function)
		kref_put(&function->ref, free_function);
}

/*
 * Under the device lock, which whoever binds or unbinds holds.
 *
 * The core matches once more between this notice and the driver's probe, so an
 * override that is put right here keeps a driver from a function that is not its
 * own: it is refused before it has touched anything.
 */
static bool mend_override(struct pci_dev *pdev, const char *expected)
{
	struct hp_event event = { .type = HP_EVENT_PCI_DRIVER_VETO };
	char *found = NULL;
	int err;

	if (hp_override_is(pdev, expected))
		return false;
	if (!hp_override_copy(pdev, &found))
		snprintf(event.reason, sizeof(event.reason), "driver_override was \"%.60s\"",
			 found ? found : "");
	kfree(found);
	is_claimed(pdev, &event);
	err = hp_override_set_locked(pdev, expected);
	event.error = -err;
	set_actor(&event.actor);
	hp_function_emit(pdev, &event);
	pci_notice(pdev, "hostpart: %s, %s claims it\n", event.reason, event.domain);
	return true;
}

static void note_driver(struct hp_function *function, const struct device_driver *driver)
{
	bool is_parked = driver && hp_pci_stub_is(driver);

	lockdep_assert_held(&functions_lock);
	if (driver)
		function->state = is_parked ? HP_PCI_STATE_PARKED : HP_PCI_STATE_ACTIVE;
	else
		function->state = HP_PCI_STATE_PLAIN;
}

void hp_functions_see_driver(struct pci_dev *pdev, unsigned long action)
{
	char expected[HP_FUNCTION_DRIVER_LEN] = "";
	bool is_watched = false, is_other = false, is_mended = false;
	struct hp_function *function;

	spin_lock(&functions_lock);
	function = find(pdev);
	if (function) {
		is_watched = function->is_watched;
		is_other = READ_ONCE(function->worker) != current;
		strscpy(expected, function->expected, sizeof(expected));
	}
	spin_unlock(&functions_lock);
	if (!function)
		return;
	if (is_watched && action != BUS_NOTIFY_BOUND_DRIVER)
		is_mended = mend_override(pdev, expected);
	spin_lock(&functions_lock);
	function = find(pdev);
	if (function && function->is_watched && action != BUS_NOTIFY_BIND_DRIVER)
		note_driver(function, action == BUS_NOTIFY_BOUND_DRIVER ? pdev->dev.driver : NULL);
	/* Somebody bound it, or meant to: the work sees to it that the right driver has it. */
	if (function && is_other && action == BUS_NOTIFY_BOUND_DRIVER)
		queue_function(function, 0);
	else if (function && is_other && is_mended)
		queue_function(function, LEAVE_TIME);
	spin_unlock(&functions_lock);
}

/* ---- init and exit ------------------------------------------------------------------ */

int __init hp_functions_init(void)
{
	/* Frozen with user space: nothing is bound or unbound during a suspend. */
	queue = alloc_workqueue("hostpart_pci", WQ_UNBOUND | WQ_FREEZABLE, 0);
	return queue ? 0 : -ENOMEM;
}

void hp_functions_give_back(void)
{
	WRITE_ONCE(is_leaving, true);
	hp_functions_settle();
	wait_event(idle, !atomic_read(&busy_count));
}

void hp_functions_exit(void)
{
	hp_functions_give_back();
	destroy_workqueue(queue);
	WARN_ON(!list_empty(&functions));
}
