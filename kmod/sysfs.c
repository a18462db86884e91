// SPDX-License-Identifier: GPL-2.0
/* sysfs.c: the read-only view of the registry under /sys/kernel/hostpart. */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/nodemask.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "hostpart.h"

/*
 * A directory belongs to a name, not to a table: it stays while tables with a
 * domain of that name come and go, and its files look the name up in the live
 * table at each read.
 */
struct domain_dir {
	struct kobject kobj;
	struct list_head node;
	struct completion released;
};

static struct kobject *root, *domains_parent;
static LIST_HEAD(dirs);			/* hp_registry_lock */

static const struct hp_domain *domain_of(const struct hp_table *table, struct kobject *kobj)
{
	return hp_table_find_domain(table, kobject_name(kobj));
}

static ssize_t cgroup_id_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	const struct hp_domain *domain;
	ssize_t len = -ENODEV;

	rcu_read_lock();
	domain = domain_of(hp_registry_table(), kobj);
	if (domain)
		len = sysfs_emit(buf, "%llu\n", domain->cgroup_id);
	rcu_read_unlock();
	return len;
}

static struct kobj_attribute cgroup_id_attr = __ATTR(cgroup_id, 0400, cgroup_id_show, NULL);

static ssize_t memory_bytes_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	const struct hp_table *table;
	const struct hp_domain *domain;
	const struct hp_claim *claim;
	ssize_t len = -ENODEV;

	rcu_read_lock();
	table = hp_registry_table();
	domain = domain_of(table, kobj);
	if (domain) {
		claim = hp_table_memory_claim(table, domain);
		len = sysfs_emit(buf, "%llu\n", claim ? claim->memory_bytes : 0);
	}
	rcu_read_unlock();
	return len;
}

static struct kobj_attribute memory_bytes_attr =
	__ATTR(memory_bytes, 0400, memory_bytes_show, NULL);

static ssize_t nodes_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	const struct hp_claim *claim = NULL;
	const struct hp_table *table;
	const struct hp_domain *domain;
	nodemask_t nodes = NODE_MASK_NONE;
	u32 i, node;

	rcu_read_lock();
	table = hp_registry_table();
	domain = domain_of(table, kobj);
	if (domain)
		claim = hp_table_memory_claim(table, domain);
	for (i = 0; claim && i < claim->range_count; i++)
		for (node = claim->ranges[i].first; node <= claim->ranges[i].last; node++)
			node_set(node, nodes);
	rcu_read_unlock();
	return domain ? sysfs_emit(buf, "%*pbl\n", nodemask_pr_args(&nodes)) : -ENODEV;
}

static struct kobj_attribute nodes_attr = __ATTR(nodes, 0400, nodes_show, NULL);

/* A binary attribute, as the list may be longer than the page of a text one. */
static ssize_t cpus_read(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
			 char *buf, loff_t off, size_t count)
{
	const struct hp_table *table;
	const struct hp_domain *domain;
	unsigned int cpu;
	cpumask_var_t cpus;
	ssize_t len = -ENODEV;

	if (!zalloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	rcu_read_lock();
	table = hp_registry_table();
	domain = domain_of(table, kobj);
	for (cpu = 0; domain && cpu < nr_cpu_ids; cpu++)
		if (hp_table_cpu_owner(table, cpu) == domain)
			cpumask_set_cpu(cpu, cpus);
	rcu_read_unlock();
	if (domain)
		len = cpumap_print_list_to_buf(buf, cpus, off, count);
	free_cpumask_var(cpus);
	return len;
}

static BIN_ATTR(cpus, 0400, cpus_read, NULL, 0);

/* The part of a text that falls into the window of one read. */
struct window {
	char *buf;
	loff_t start, position;		/* in the whole text */
	size_t size, used;
};

static void window_add(struct window *window, const char *line, size_t len)
{
	loff_t skip = max(window->start - window->position, 0LL);

	window->position += len;
	if (skip >= len || window->used == window->size)
		return;
	len = min_t(size_t, len - skip, window->size - window->used);
	memcpy(window->buf + window->used, line + skip, len);
	window->used += len;
}

static ssize_t pci_read(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
			char *buf, loff_t off, size_t count)
{
	struct window window = { .buf = buf, .start = off, .size = count };
	const struct hp_table *table;
	const struct hp_domain *domain;
	char line[HP_PCI_TEXT_LEN + 1];
	int len;
	u32 i;

	rcu_read_lock();
	table = hp_registry_table();
	domain = domain_of(table, kobj);
	for (i = 0; domain && i < table->claim_count; i++) {
		const struct hp_claim *claim = table->claims[i];

		if (claim->type != HP_CLAIM_PCI || claim->domain != domain)
			continue;
		len = hp_pci_print(&claim->pci, line, sizeof(line) - 1);
		line[len] = '\n';
		window_add(&window, line, len + 1);
	}
	rcu_read_unlock();
	return domain ? window.used : -ENODEV;
}

static BIN_ATTR(pci, 0400, pci_read, NULL, 0);

static struct attribute *domain_attrs[] = {
	&cgroup_id_attr.attr,
	&memory_bytes_attr.attr,
	&nodes_attr.attr,
	NULL
};

static struct bin_attribute *domain_bin_attrs[] = {
	&bin_attr_cpus,
	&bin_attr_pci,
	NULL
};

static const struct attribute_group domain_group = {
	.attrs = domain_attrs,
	.bin_attrs = domain_bin_attrs,
};

static const struct attribute_group *domain_groups[] = {
	&domain_group,
	NULL
};

static void dir_released(struct kobject *kobj)
{
	complete(&container_of(kobj, struct domain_dir, kobj)->released);
}

static const struct kobj_type dir_type = {
	.sysfs_ops = &kobj_sysfs_ops,
	.default_groups = domain_groups,
	.release = dir_released,
};

/* Waits for the last reader, so that the module's code outlives its directories. */
static void drop_dir(struct domain_dir *dir)
{
	kobject_del(&dir->kobj);
	kobject_put(&dir->kobj);
	wait_for_completion(&dir->released);
	kfree(dir);
}

static int add_dir(const char *name)
{
	struct domain_dir *dir = kzalloc(sizeof(*dir), GFP_KERNEL);
	int err;

	if (!dir)
		return -ENOMEM;
	init_completion(&dir->released);
	err = kobject_init_and_add(&dir->kobj, &dir_type, domains_parent, "%s", name);
	if (err) {
		drop_dir(dir);
		return err;
	}
	list_add(&dir->node, &dirs);
	return 0;
}

static bool dir_exists(const char *name)
{
	struct domain_dir *dir;

	list_for_each_entry(dir, &dirs, node)
		if (!strcmp(kobject_name(&dir->kobj), name))
			return true;
	return false;
}

void hp_sysfs_retire(const struct hp_table *table)
{
	struct domain_dir *dir, *next;

	lockdep_assert_held(&hp_registry_lock);
	list_for_each_entry_safe(dir, next, &dirs, node) {
		if (hp_table_find_domain(table, kobject_name(&dir->kobj)))
			continue;
		list_del(&dir->node);
		drop_dir(dir);
	}
}

int hp_sysfs_prepare(const struct hp_table *next)
{
	u32 i;
	int err;

	lockdep_assert_held(&hp_registry_lock);
	for (i = 0; i < next->domain_count; i++) {
		if (dir_exists(next->domains[i]->name))
			continue;
		err = add_dir(next->domains[i]->name);
		if (err)
			return err;
	}
	return 0;
}

static ssize_t version_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", HP_MODULE_VERSION);
}

static struct kobj_attribute version_attr = __ATTR_RO(version);

static ssize_t abi_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", HP_ABI);
}

static struct kobj_attribute abi_attr = __ATTR_RO(abi);

static ssize_t generation_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	u64 generation;

	rcu_read_lock();
	generation = hp_registry_table()->generation;
	rcu_read_unlock();
	return sysfs_emit(buf, "%llu\n", generation);
}

static struct kobj_attribute generation_attr = __ATTR_RO(generation);

static struct attribute *root_attrs[] = {
	&version_attr.attr,
	&abi_attr.attr,
	&generation_attr.attr,
	NULL
};

static const struct attribute_group root_group = {
	.attrs = root_attrs,
};

int __init hp_sysfs_init(void)
{
	int err = -ENOMEM;

	root = kobject_create_and_add("hostpart", kernel_kobj);
	if (!root)
		return -ENOMEM;
	domains_parent = kobject_create_and_add("domains", root);
	if (!domains_parent)
		goto put_root;
	err = sysfs_create_group(root, &root_group);
	if (err)
		goto put_domains;
	return 0;

put_domains:
	kobject_put(domains_parent);
put_root:
	kobject_put(root);
	return err;
}

/* Directories are left only after "rmmod -f". */
void hp_sysfs_exit(void)
{
	struct domain_dir *dir, *next;

	list_for_each_entry_safe(dir, next, &dirs, node) {
		list_del(&dir->node);
		drop_dir(dir);
	}
	sysfs_remove_group(root, &root_group);
	kobject_put(domains_parent);
	kobject_put(root);
}
