// SPDX-License-Identifier: GPL-2.0
/* sysfs.c: the read-only view of the registry under /sys/kernel/hostpart. */
#include <linux/completion.h>
#include <linux/kobject.h>
#include <linux/list.h>
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

static void dir_released(struct kobject *kobj)
{
	complete(&container_of(kobj, struct domain_dir, kobj)->released);
}

static const struct kobj_type dir_type = {
	.sysfs_ops = &kobj_sysfs_ops,
	.default_groups = hp_sysfs_domain_groups,
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

static ssize_t sealed_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", hp_seal_is_set());
}

static struct kobj_attribute sealed_attr = __ATTR_RO(sealed);

static ssize_t guards_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	static const char *const words[] = {
		"cpu-offline", "unload", "pci", "netdev", "irq", "memory-offline", "suspend",
		"sealed",
	};
	unsigned long guards = hp_guards_active();
	unsigned int bit;
	ssize_t len = 0;

	for_each_set_bit(bit, &guards, ARRAY_SIZE(words))
		len += sysfs_emit_at(buf, len, "%s\n", words[bit]);
	return len;
}

static struct kobj_attribute guards_attr = __ATTR_RO(guards);

static struct attribute *root_attrs[] = {
	&version_attr.attr,
	&abi_attr.attr,
	&generation_attr.attr,
	&sealed_attr.attr,
	&guards_attr.attr,
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
