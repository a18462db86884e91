// SPDX-License-Identifier: GPL-2.0
/* irqs.c: the machine's interrupts, whose they are and who may place them. */
#include "inventory/inv_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include "base/hp_auto.h"
#include "base/hp_irq.h"
#include "base/hp_text.h"

/* What is known of an interrupt beside its public entry; same index as irqs[]. */
struct clue {
	bool is_message;	/* listed in its function's msi_irqs */
	bool is_writable;	/* mode of smp_affinity; neither this nor the next when there is none */
	bool is_read_only;
};

struct irq_scan {
	struct inv_reader *reader;
	struct clue *clues;
	bool tells_by_mode, has_debugfs;
};

static struct clue read_mode(struct hp_root *root, unsigned int number)
{
	struct clue clue = { 0 };
	hp_autofree char *path = hp_format("/proc/irq/%u/smp_affinity", number);
	hp_autofd int fd = -1;
	struct stat st;

	if (!path)
		return clue;
	fd = hp_root_openat(root, path, O_PATH, NULL);
	if (fd >= 0 && !fstat(fd, &st)) {
		clue.is_writable = st.st_mode & 0200;
		clue.is_read_only = !clue.is_writable;
	}
	return clue;
}

/* /sys/kernel/irq costs one small read per interrupt; /proc/interrupts one number per interrupt and CPU. */
static char *action_of(struct hp_root *root, unsigned int number)
{
	char *actions = hp_root_readf(root, "/sys/kernel/irq/%u/actions", number);

	if (actions && !*actions) {
		free(actions);
		actions = NULL;
	}
	return actions;
}

static int add_irq(struct irq_scan *scan, unsigned int number)
{
	struct hp_root *root = scan->reader->root;
	struct hp_inventory *inv = scan->reader->inv;
	struct clue *grown = inv_grown(scan->clues, inv->irqs_count, sizeof(*grown));
	struct hp_inv_irq *irq;

	if (!grown)
		return -ENOMEM;
	scan->clues = grown;
	scan->clues[inv->irqs_count] = read_mode(root, number);
	irq = inv_append(inv->irqs, inv->irqs_count);
	if (!irq)
		return -ENOMEM;
	irq->number = number;
	irq->pci = -1;
	irq->vector = -1;
	irq->action = action_of(root, number);
	irq->affinity = hp_root_readf(root, "/proc/irq/%u/smp_affinity_list", number);
	return 0;
}

static int find_irqs(struct irq_scan *scan)
{
	char **names;
	int ret = 0;

	if (hp_root_list(scan->reader->root, "/proc/irq", &names, NULL))
		return 0;
	for (char **name = names; *name && !ret; name++) {
		unsigned int number;

		if (hp_irq_parse(*name, &number))
			ret = add_irq(scan, number);
	}
	hp_root_list_free(names);
	return ret;
}

static int compare_irq(const void *key, const void *item)
{
	unsigned int number = *(const unsigned int *)key;
	unsigned int other = ((const struct hp_inv_irq *)item)->number;

	return number < other ? -1 : number > other;
}

static struct hp_inv_irq *find_irq(struct hp_inventory *inv, unsigned int number)
{
	if (!inv->irqs_count)
		return NULL;
	return bsearch(&number, inv->irqs, inv->irqs_count, sizeof(*inv->irqs), compare_irq);
}

/* Returns whether the function uses message-signalled interrupts at all. */
static bool claim_messages(struct irq_scan *scan, size_t pci)
{
	struct hp_inventory *inv = scan->reader->inv;
	hp_autofree unsigned int *numbers = NULL;
	size_t count;

	if (hp_irq_vectors(scan->reader->root, inv->pci[pci].bdf, &numbers, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct hp_inv_irq *irq = find_irq(inv, numbers[i]);

		if (irq) {
			irq->pci = (int)pci;
			irq->vector = (int)i;
			scan->clues[irq - inv->irqs].is_message = true;
		}
	}
	return true;
}

/* A line may be shared: it goes to the first function with a driver. One without a handler is nobody's. */
static void claim_line(struct irq_scan *scan, size_t pci)
{
	struct hp_inventory *inv = scan->reader->inv;
	hp_autofree char *text = NULL;
	struct hp_inv_irq *irq;
	unsigned int number;

	if (!inv->pci[pci].driver)
		return;
	text = hp_root_readf(scan->reader->root, "/sys/bus/pci/devices/%s/irq", inv->pci[pci].bdf);
	if (!text || !hp_irq_parse(text, &number) || !number)
		return;
	irq = find_irq(inv, number);
	if (irq && irq->action && irq->pci < 0)
		irq->pci = (int)pci;
}

/*
 * Linux 6.1 keeps smp_affinity writable for interrupts that it manages and
 * says EIO when written. Known drivers of ours whose vectors are managed there:
 * NVMe I/O queues (queue 0 is the admin queue), virtio-blk request queues,
 * virtio-scsi request queues.
 */
static bool is_managed_by_name(const char *action)
{
	unsigned int device, queue;
	int used = 0;

	/* A shared interrupt lists its handlers with commas; the first one is who set it up. */
	if (sscanf(action, "nvme%uq%u%n", &device, &queue, &used) == 2)
		return queue > 0 && (!action[used] || action[used] == ',');
	if (sscanf(action, "virtio%u-req.%u%n", &device, &queue, &used) == 2)
		return !action[used];
	used = 0;
	return sscanf(action, "virtio%u-request%n", &device, &used) == 1 && used && !action[used];
}

/*
 * The kernel refuses to move these on 6.1 although their file is writable: the
 * clock, set up with IRQF_NOBALANCING, and the old interrupt controller's
 * cascade, which is number 2 for ever.
 */
static bool is_fixed_by_name(const struct hp_inv_irq *irq)
{
	if (!irq->action)
		return irq->number == 2;
	return !strcmp(irq->action, "timer") || !strncmp(irq->action, "hpet", 4);
}

static void judge_by_debugfs(struct hp_root *root, struct hp_inv_irq *irq)
{
	hp_autofree char *state = hp_root_readf(root, "/sys/kernel/debug/irq/irqs/%u", irq->number);

	irq->is_managed = state && strstr(state, "IRQD_AFFINITY_MANAGED");
	irq->is_movable = state && !irq->is_managed && !strstr(state, "IRQD_NO_BALANCING") &&
			  !strstr(state, "IRQD_PER_CPU");
}

/* Since 6.12 at the latest the mode tells; an older kernel is asked by debugfs, else by what its drivers do. */
static void judge(const struct irq_scan *scan, struct hp_inv_irq *irq, const struct clue *clue)
{
	if (scan->tells_by_mode) {
		irq->is_movable = clue->is_writable;
		irq->is_managed = clue->is_message && clue->is_read_only;
	} else if (scan->has_debugfs) {
		judge_by_debugfs(scan->reader->root, irq);
	} else {
		irq->is_managed =
			clue->is_message && irq->action && is_managed_by_name(irq->action);
		irq->is_movable = clue->is_writable && !irq->is_managed && !is_fixed_by_name(irq);
	}
}

static void judge_all(struct irq_scan *scan)
{
	struct hp_inventory *inv = scan->reader->inv;

	/* A kernel that tells by mode always has a read-only one: the clock, a disk's queue. */
	for (size_t i = 0; i < inv->irqs_count; i++)
		scan->tells_by_mode = scan->tells_by_mode || scan->clues[i].is_read_only;
	scan->has_debugfs = hp_root_exists(scan->reader->root, "/sys/kernel/debug/irq/irqs");
	for (size_t i = 0; i < inv->irqs_count; i++)
		judge(scan, &inv->irqs[i], &scan->clues[i]);
}

int inv_read_irqs(struct inv_reader *reader)
{
	struct irq_scan scan = { .reader = reader };
	int ret = find_irqs(&scan);

	for (size_t i = 0; !ret && i < reader->inv->pci_count; i++)
		if (!claim_messages(&scan, i))
			claim_line(&scan, i);
	if (!ret)
		judge_all(&scan);
	free(scan.clues);
	return ret;
}
