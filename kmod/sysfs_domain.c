// SPDX-License-Identifier: GPL-2.0
/* sysfs_domain.c: the files of a domain's directory in sysfs. */
#include <linux/capability.h>
#include <linux/cpumask.h>
#include <linux/kobject.h>
#include <linux/nodemask.h>
#include <linux/sysfs.h>

#include "hostpart.h"

static const struct hp_domain *domain_of(const struct hp_table *table, struct kobject *kobj)
{
	return hp_table_find_domain(table, kobject_name(kobj));
}

/*
 * Root of a domain is uid 0 too and sees the same sysfs: what others own is
 * for those who hold the machine.
 */
static int check_reader(void)
{
	return capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
}

/* What a text file says of its domain; under rcu_read_lock(). */
typedef ssize_t (*emit_fn)(const struct hp_table *table, const struct hp_domain *domain, char *buf);

static ssize_t show(struct kobject *kobj, char *buf, emit_fn emit)
{
	const struct hp_domain *domain;
	const struct hp_table *table;
	ssize_t len = check_reader();

	if (len)
		return len;
	rcu_read_lock();
	table = hp_registry_table();
	domain = domain_of(table, kobj);
	len = domain ? emit(table, domain, buf) : -ENODEV;
	rcu_read_unlock();
	return len;
}

#define DOMAIN_TEXT(name)								\
static ssize_t name##_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)\
{											\
	return show(kobj, buf, emit_##name);						\
}											\
static struct kobj_attribute name##_attr = __ATTR(name, 0400, name##_show, NULL)

static ssize_t emit_cgroup_id(const struct hp_table *table, const struct hp_domain *domain,
			      char *buf)
{
	return sysfs_emit(buf, "%llu\n", domain->cgroup_id);
}
DOMAIN_TEXT(cgroup_id);

static ssize_t emit_active(const struct hp_table *table, const struct hp_domain *domain, char *buf)
{
	return sysfs_emit(buf, "%d\n", !!(domain->flags & HP_DOMAIN_F_ACTIVE));
}
DOMAIN_TEXT(active);

static ssize_t emit_netns(const struct hp_table *table, const struct hp_domain *domain, char *buf)
{
	return sysfs_emit(buf, "%u\n", hp_netns_ino(domain->netns));
}
DOMAIN_TEXT(netns);

static ssize_t emit_memory_bytes(const struct hp_table *table, const struct hp_domain *domain,
				 char *buf)
{
	const struct hp_claim *claim = hp_table_memory_claim(table, domain);

	return sysfs_emit(buf, "%llu\n", claim ? claim->memory_bytes : 0);
}
DOMAIN_TEXT(memory_bytes);

static ssize_t emit_elastic_memory(const struct hp_table *table, const struct hp_domain *domain,
				   char *buf)
{
	return sysfs_emit(buf, "%llu %llu\n", domain->elastic_min_bytes,
			  domain->elastic_max_bytes);
}
DOMAIN_TEXT(elastic_memory);

static ssize_t emit_nodes(const struct hp_table *table, const struct hp_domain *domain, char *buf)
{
	const struct hp_claim *claim = hp_table_memory_claim(table, domain);
	nodemask_t nodes = NODE_MASK_NONE;
	u32 i, node;

	for (i = 0; claim && i < claim->range_count; i++)
		for (node = claim->ranges[i].first; node <= claim->ranges[i].last; node++)
			node_set(node, nodes);
	return sysfs_emit(buf, "%*pbl\n", nodemask_pr_args(&nodes));
}
DOMAIN_TEXT(nodes);

typedef void (*cpus_fn)(const struct hp_table *table, const struct hp_domain *domain,
			struct cpumask *cpus);

/* Binary attributes, as the lists may be longer than the page of a text one. */
static ssize_t read_cpus(struct kobject *kobj, char *buf, loff_t off, size_t count, cpus_fn fill)
{
	const struct hp_domain *domain;
	const struct hp_table *table;
	ssize_t len = check_reader();
	cpumask_var_t cpus;

	if (len)
		return len;
	if (!zalloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	rcu_read_lock();
	table = hp_registry_table();
	domain = domain_of(table, kobj);
	if (domain)
		fill(table, domain, cpus);
	rcu_read_unlock();
	len = domain ? cpumap_print_list_to_buf(buf, cpus, off, count) : -ENODEV;
	free_cpumask_var(cpus);
	return len;
}

static ssize_t cpus_read(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
			 char *buf, loff_t off, size_t count)
{
	return read_cpus(kobj, buf, off, count, hp_table_domain_cpus);
}

static BIN_ATTR(cpus, 0400, cpus_read, NULL, 0);

static void elastic_cpus_of(const struct hp_table *table, const struct hp_domain *domain,
			    struct cpumask *cpus)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (hp_ranges_have(domain->elastic_ranges, domain->elastic_range_count, cpu))
			cpumask_set_cpu(cpu, cpus);
}

static ssize_t elastic_cpus_read(struct file *file, struct kobject *kobj,
				 struct bin_attribute *attr, char *buf, loff_t off, size_t count)
{
	return read_cpus(kobj, buf, off, count, elastic_cpus_of);
}

static BIN_ATTR(elastic_cpus, 0400, elastic_cpus_read, NULL, 0);

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

static const char *const state_words[] = {
	[HP_PCI_STATE_ABSENT]	= "absent",
	[HP_PCI_STATE_PARKED]	= "parked",
	[HP_PCI_STATE_ACTIVE]	= "active",
	[HP_PCI_STATE_PLAIN]	= "plain",
};

/* "0000:03:00.0", with its state behind it on demand; returns the length. */
static int print_function(const struct hp_claim *claim, bool with_state, char *line, size_t size)
{
	int len = hp_pci_print(&claim->pci, line, size);

	if (with_state)
		len += scnprintf(line + len, size - len, " %s", state_words[hp_pci_state(claim)]);
	return len + scnprintf(line + len, size - len, "\n");
}

static ssize_t read_pci(struct kobject *kobj, char *buf, loff_t off, size_t count, bool with_state)
{
	struct window window = { .buf = buf, .start = off, .size = count };
	const struct hp_domain *domain;
	const struct hp_table *table;
	char line[HP_PCI_TEXT_LEN + 16];
	int err = check_reader();
	u32 i;

	if (err)
		return err;
	rcu_read_lock();
	table = hp_registry_table();
	domain = domain_of(table, kobj);
	for (i = 0; domain && i < table->claim_count; i++) {
		const struct hp_claim *claim = table->claims[i];

		if (claim->type == HP_CLAIM_PCI && claim->domain == domain)
			window_add(&window, line,
				   print_function(claim, with_state, line, sizeof(line)));
	}
	rcu_read_unlock();
	return domain ? window.used : -ENODEV;
}

static ssize_t pci_read(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
			char *buf, loff_t off, size_t count)
{
	return read_pci(kobj, buf, off, count, false);
}

static BIN_ATTR(pci, 0400, pci_read, NULL, 0);

static ssize_t pci_state_read(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
			      char *buf, loff_t off, size_t count)
{
	return read_pci(kobj, buf, off, count, true);
}

static BIN_ATTR(pci_state, 0400, pci_state_read, NULL, 0);

static struct attribute *domain_attrs[] = {
	&cgroup_id_attr.attr,
	&active_attr.attr,
	&netns_attr.attr,
	&memory_bytes_attr.attr,
	&elastic_memory_attr.attr,
	&nodes_attr.attr,
	NULL
};

static struct bin_attribute *domain_bin_attrs[] = {
	&bin_attr_cpus,
	&bin_attr_elastic_cpus,
	&bin_attr_pci,
	&bin_attr_pci_state,
	NULL
};

static const struct attribute_group domain_group = {
	.attrs = domain_attrs,
	.bin_attrs = domain_bin_attrs,
};

const struct attribute_group *hp_sysfs_domain_groups[] = {
	&domain_group,
	NULL
};
