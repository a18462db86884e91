// SPDX-License-Identifier: GPL-2.0
/* pci_function.c: moves each claimed function to the driver that the live table wants for it. */
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "compat_pci.h"
#include "pci_function.h"

/*
 * Binding and unbinding call drivers, which take seconds and may sleep on
 * anything, so all of it happens in one work item for each function, under no
 * lock of the module's.  The work asks the live table what is wanted, compares,
 * and does what is missing; whoever changes something queues it again.
 */
struct wanted {
	bool is_claimed, is_active, is_base;
	char domain[HP_DOMAIN_NAME_MAX + 1];
	char driver[HP_DRIVER_NAME_MAX + 1];	/* "" = whichever matches */
};

/* The user that a function has before any domain; no domain can be called so. */
#define THE_MACHINE	"(machine)"

/* The function may have left the machine: then nobody wants it. */
static void look_up(struct hp_function *function, struct wanted *wanted)
{
	const struct hp_table *table;
	const struct hp_claim *claim;

	memset(wanted, 0, sizeof(*wanted));
	mutex_lock(&hp_registry_lock);
	table = hp_registry_table_locked();
	claim = hp_function_is_leaving() ? NULL : hp_table_pci_owner(table, function->pdev);
	if (claim) {
		wanted->is_claimed = true;
		wanted->is_base = claim->domain->flags & HP_DOMAIN_F_BASE;
		wanted->is_active = claim->domain->flags &
				    (HP_DOMAIN_F_ACTIVE | HP_DOMAIN_F_BASE) &&
				    !READ_ONCE(function->is_held);
		strscpy(wanted->domain, claim->domain->name, sizeof(wanted->domain));
		strscpy(wanted->driver, claim->pci.driver, sizeof(wanted->driver));
	}
	function->generation = table->generation;
	mutex_unlock(&hp_registry_lock);
}

/* Once more with the group's other members as they are now: some may have come later. */
static int check_group(struct hp_function *function, struct hp_refusal *why)
{
	const struct hp_table *table;
	const struct hp_claim *claim;
	int err = 0;

	mutex_lock(&hp_registry_lock);
	table = hp_registry_table_locked();
	claim = hp_table_pci_owner(table, function->pdev);
	if (claim)
		err = hp_pci_group_check(table, function->pdev, claim, why);
	mutex_unlock(&hp_registry_lock);
	return err;
}

enum bound { NOT_BOUND, BOUND_TO_STUB, BOUND_TO_DRIVER };

static enum bound get_bound(struct pci_dev *pdev, char *name, size_t size)
{
	const struct device_driver *driver;
	enum bound bound;

	device_lock(&pdev->dev);
	driver = pdev->dev.driver;
	bound = !driver ? NOT_BOUND : hp_pci_stub_is(driver) ? BOUND_TO_STUB : BOUND_TO_DRIVER;
	if (name)
		strscpy(name, driver ? driver->name : "", size);
	device_unlock(&pdev->dev);
	return bound;
}

/* What a release gives back; asked once, before anything is changed. */
static int remember_prior(struct hp_function *function)
{
	struct pci_dev *pdev = function->pdev;
	int err = 0;

	if (function->is_taken)
		return 0;
	device_lock(&pdev->dev);
	/* Ours can only be left over from the moment of an arrival: it is nobody's wish. */
	if (!hp_override_is(pdev, HP_STUB_NAME))
		err = hp_override_copy(pdev, &function->prior_override);
	if (pdev->dev.driver)
		strscpy(function->prior_driver, pdev->dev.driver->name,
			sizeof(function->prior_driver));
	device_unlock(&pdev->dev);
	if (err)
		return err;
	if (function->prior_driver[0])
		strscpy(function->user, THE_MACHINE, sizeof(function->user));
	function->is_taken = true;
	return 0;
}

/* From now on the bus notifier sees to it that the override stays so. */
static int set_override(struct hp_function *function, const char *driver)
{
	hp_function_expect(function, driver);
	return hp_override_set(function->pdev, driver);
}

/* The function is its user's own again: whoever changes this one may. */
static void restore_override(struct hp_function *function, const char *driver)
{
	hp_function_unwatch(function);
	if (hp_override_set(function->pdev, driver))
		pci_warn(function->pdev,
			 "hostpart: no memory to restore driver_override \"%s\"\n", driver);
}

/* Takes the function from the driver it has; none but the stub can get it meanwhile. */
static int detach(struct hp_function *function)
{
	int err = set_override(function, HP_STUB_NAME);

	if (!err)
		device_release_driver(&function->pdev->dev);
	return err;
}

/* So that nothing of what the last user left in the function reaches the next. */
static const char *clean(struct pci_dev *pdev)
{
	int err = pci_device_is_present(pdev) ? pci_reset_function(pdev) : -ENODEV;

	if (!err)
		return "reset";
	pci_notice(pdev, "hostpart: not reset between two owners (%d)\n", err);
	return err == -ENOTTY ? "not reset: the function has no way to" : "not reset: it failed";
}

static void tell(struct hp_function *function, u32 type, const char *domain, int err,
		 const char *reason)
{
	struct hp_event event = { .generation = function->generation };

	event.type = type;
	event.error = -err;
	strscpy(event.domain, domain, sizeof(event.domain));
	strscpy(event.reason, reason, sizeof(event.reason));
	hp_function_emit(function->pdev, &event);
}

static void park(struct hp_function *function, const struct wanted *wanted)
{
	struct pci_dev *pdev = function->pdev;
	bool was_told = function->told == HP_EVENT_PCI_PARKED &&
			!strcmp(function->told_domain, wanted->domain);
	const char *reason = "";
	int err;

	err = remember_prior(function);
	if (!err)
		err = set_override(function, HP_STUB_NAME);
	if (!err && get_bound(pdev, NULL, 0) == BOUND_TO_DRIVER)
		device_release_driver(&pdev->dev);
	/* A function being added: the core attaches the stub, which brings us back. */
	if (!err && !pdev->match_driver)
		return;
	if (!err)
		err = device_attach(&pdev->dev) < 0 ? -ENODEV : 0;
	if (!err && get_bound(pdev, NULL, 0) != BOUND_TO_STUB)
		err = -ENODEV;
	if (err)
		reason = "not held by the module";
	function->is_adopted = false;
	function->told_domain[0] = '\0';
	hp_function_set_state(function, err ? HP_PCI_STATE_PLAIN : HP_PCI_STATE_PARKED);
	if (err || !was_told)
		tell(function, HP_EVENT_PCI_PARKED, wanted->domain, err, reason);
	if (!err) {
		function->told = HP_EVENT_PCI_PARKED;
		strscpy(function->told_domain, wanted->domain, sizeof(function->told_domain));
	}
}

/*
 * The override for a function that stays with its driver.  One that was there
 * before and that this driver needs is what brings the function back to it.
 */
static const char *override_to_keep(const struct hp_function *function,
				    const struct wanted *wanted, const char *bound)
{
	if (wanted->driver[0])
		return wanted->driver;
	if (function->prior_override && !strcmp(function->prior_override, bound))
		return function->prior_override;
	return "";
}

static void tell_handed(struct hp_function *function, const struct wanted *wanted, int err,
			const char *reason)
{
	hp_function_set_state(function, err ? HP_PCI_STATE_PLAIN : HP_PCI_STATE_ACTIVE);
	function->told = err ? 0 : HP_EVENT_PCI_HANDED;
	strscpy(function->told_domain, wanted->domain, sizeof(function->told_domain));
	tell(function, HP_EVENT_PCI_HANDED, wanted->domain, err, reason);
}

/* The base and what nobody claims are one owner, the machine. */
static bool is_of_a_domain(const struct hp_function *function)
{
	return function->user[0] && strcmp(function->user, THE_MACHINE);
}

/*
 * From one domain to another.  The base may keep a driver for a while: then the
 * next domain still takes the function over from the one before.
 */
static bool changes_hands(const struct hp_function *function, const struct wanted *wanted)
{
	return !wanted->is_base && is_of_a_domain(function) &&
	       strcmp(function->user, wanted->domain);
}

/* In use with the right driver, by the same owner or the machine: nothing may blink. */
static void keep(struct hp_function *function, const struct wanted *wanted, const char *bound)
{
	char reason[HP_REASON_MAX + 1];
	bool was_told = function->told == HP_EVENT_PCI_HANDED &&
			!strcmp(function->told_domain, wanted->domain);
	bool has_moved = wanted->is_base && is_of_a_domain(function);
	int err = set_override(function, override_to_keep(function, wanted, bound));

	if (!strcmp(function->user, THE_MACHINE))
		function->is_adopted = true;
	if (!wanted->is_base)
		strscpy(function->user, wanted->domain, sizeof(function->user));
	if (!err && was_told) {
		hp_function_set_state(function, HP_PCI_STATE_ACTIVE);
		return;
	}
	snprintf(reason, sizeof(reason), "stays with driver %s%s", bound,
		 has_moved ? ", to be reset for the next domain" : "");
	tell_handed(function, wanted, err, reason);
}

/* What was removed by hand and found again has lost its record, not what is in it. */
static bool needs_reset(const struct hp_function *function, const struct wanted *wanted)
{
	if (!function->user[0])
		return function->has_arrived;
	return strcmp(function->user, wanted->domain);
}

/* Unbind, reset when somebody else used it or may have, bind. */
static void give(struct hp_function *function, const struct wanted *wanted)
{
	struct pci_dev *pdev = function->pdev;
	char bound[HP_FUNCTION_DRIVER_LEN], reason[HP_REASON_MAX + 1];
	const char *was_reset = "fresh";
	int err = detach(function);

	if (!err && needs_reset(function, wanted))
		was_reset = clean(pdev);
	if (!err)
		err = set_override(function, wanted->driver);
	function->is_adopted = false;
	strscpy(function->user, wanted->domain, sizeof(function->user));
	if (!err)
		err = min(device_attach(&pdev->dev), 0);
	if (!err && get_bound(pdev, bound, sizeof(bound)) != BOUND_TO_DRIVER) {
		/* udev loads the driver that fits, if there is one; it binds by itself. */
		kobject_uevent(&pdev->dev.kobj, KOBJ_CHANGE);
		err = -ENODEV;
	}
	if (err)
		snprintf(reason, sizeof(reason), "%s, no driver took it", was_reset);
	else
		snprintf(reason, sizeof(reason), "%s, driver %s", was_reset, bound);
	tell_handed(function, wanted, err, reason);
}

static bool fits(const struct wanted *wanted, enum bound state, const char *bound)
{
	return state == BOUND_TO_DRIVER && (!wanted->driver[0] || !strcmp(wanted->driver, bound));
}

static void hand_over(struct hp_function *function, const struct wanted *wanted)
{
	char bound[HP_FUNCTION_DRIVER_LEN];
	struct hp_refusal why = {};
	enum bound state;
	int err;

	err = remember_prior(function);
	if (err) {
		tell_handed(function, wanted, err, "");
		return;
	}
	state = get_bound(function->pdev, bound, sizeof(bound));
	if (fits(wanted, state, bound) && (function->told || !function->has_arrived) &&
	    !changes_hands(function, wanted)) {
		keep(function, wanted, bound);
		return;
	}
	/* A function being added: the core attaches the stub, which brings us back. */
	if (!function->pdev->match_driver) {
		set_override(function, HP_STUB_NAME);
		return;
	}
	err = check_group(function, &why);
	if (err) {
		park(function, wanted);
		tell(function, HP_EVENT_PCI_HANDED, wanted->domain, err, why.text);
		pci_notice(function->pdev, "hostpart: stays parked: %s\n", why.text);
		return;
	}
	/* By way of the stub: what cannot be reset is at least silent before the next starts. */
	if (state == BOUND_TO_DRIVER && changes_hands(function, wanted))
		park(function, wanted);
	give(function, wanted);
}

/* The driver it had, and last the override it had, byte for byte. */
static const char *give_back(struct hp_function *function)
{
	struct pci_dev *pdev = function->pdev;
	const char *prior = function->prior_override ? function->prior_override : "";
	const char *reason = "";

	if (function->is_adopted && get_bound(pdev, NULL, 0) == BOUND_TO_DRIVER) {
		restore_override(function, prior);
		return "stays with its driver";
	}
	detach(function);
	if (is_of_a_domain(function))
		reason = clean(pdev);
	if (function->prior_driver[0]) {
		restore_override(function, function->prior_driver);
		if (device_attach(&pdev->dev) != 1)
			reason = "its driver did not take it back";
		restore_override(function, prior);
	} else {
		restore_override(function, prior);
		if (function->has_arrived && device_attach(&pdev->dev) < 0)
			reason = "no driver took it";
	}
	return reason;
}

/*
 * Claimed no more.  A commit that claims it again meanwhile finds the record and
 * queues its work, which starts afresh.
 */
static void release(struct hp_function *function)
{
	const struct hp_table *table;

	if (function->is_taken)
		tell(function, HP_EVENT_PCI_RELEASED, function->told_domain, 0,
		     give_back(function));
	kfree(function->prior_override);
	function->prior_override = NULL;
	function->prior_driver[0] = '\0';
	function->user[0] = '\0';
	function->told_domain[0] = '\0';
	function->told = 0;
	function->is_taken = false;
	function->is_adopted = false;
	function->has_arrived = false;
	mutex_lock(&hp_registry_lock);
	table = hp_registry_table_locked();
	if (hp_function_is_leaving() || !hp_table_pci_owner(table, function->pdev))
		hp_function_drop(function);
	mutex_unlock(&hp_registry_lock);
}

/* The other side of what park() and hand_over() tell. */
static void tell_let_go(struct hp_function *function, const struct wanted *wanted)
{
	char reason[HP_REASON_MAX + 1];

	if (!function->told_domain[0] || !strcmp(function->told_domain, wanted->domain))
		return;
	snprintf(reason, sizeof(reason), "goes to %s", wanted->domain);
	tell(function, HP_EVENT_PCI_RELEASED, function->told_domain, 0, reason);
	function->told_domain[0] = '\0';
}

void hp_function_reconcile(struct hp_function *function)
{
	struct wanted wanted;

	look_up(function, &wanted);
	if (!hp_function_is_here(function))
		return;
	if (wanted.is_claimed)
		tell_let_go(function, &wanted);
	if (!wanted.is_claimed)
		release(function);
	else if (wanted.is_active)
		hand_over(function, &wanted);
	else
		park(function, &wanted);
}

/* Before any driver can have seen it; the core attaches whom the override names. */
int hp_function_take_arrived(struct hp_function *function)
{
	function->is_taken = true;
	function->has_arrived = true;
	return set_override(function, HP_STUB_NAME);
}
