// SPDX-License-Identifier: GPL-2.0
/* check_module.c: the module's registry holds the same claims, and its guards are up. */
#include "verify/verify.h"

#include <errno.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "kernel/hp_kernel.h"

static void collect_cpus(const struct hp_kernel_table *table, const char *name, hwloc_bitmap_t cpus)
{
	for (size_t i = 0; i < table->claims_count; i++) {
		const struct hp_kernel_claim *claim = &table->claims[i];

		if (claim->type != HP_KERNEL_CPU || strcmp(table->domains[claim->domain].name, name) != 0)
			continue;
		for (size_t r = 0; r < claim->ranges_count; r++)
			hwloc_bitmap_set_range(cpus, claim->ranges[r].first, (int)claim->ranges[r].last);
	}
}

static size_t count_pci(const struct hp_kernel_table *table, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < table->claims_count; i++)
		count += table->claims[i].type == HP_KERNEL_PCI &&
			 strcmp(table->domains[table->claims[i].domain].name, name) == 0;
	return count;
}

static void check_claims(struct verify *verify, int domain, const struct hp_kernel_table *table)
{
	const struct hp_assigned_domain *assigned = &verify->assignment->domains[domain];
	hp_autobitmap cpus = hwloc_bitmap_alloc();
	hp_autofree char *live = NULL;

	collect_cpus(table, assigned->name, cpus);
	live = hp_cpulist_format(cpus);
	if (hwloc_bitmap_isequal(cpus, assigned->cpus) && count_pci(table, assigned->name) == assigned->pci_count)
		verify_say(verify, domain, "module", HP_KEPT, "the kernel's registry holds CPUs %s and %zu functions for it", live,
			   assigned->pci_count);
	else
		verify_say(verify, domain, "module", HP_BROKEN, "the kernel's registry holds CPUs '%s' and %zu functions for it",
			   live, count_pci(table, assigned->name));
}

/* What an older module does not have yet, and what this kernel or a parameter keeps it from, is a gap. */
static void check_other_guards(struct verify *verify, const struct hp_kernel_info *info)
{
	static const struct {
		uint32_t guard;
		const char *promise, *gap;
	} guards[] = {
		{ HP_KERNEL_GUARD_NETDEV, "puts ports back that leave their domain's namespace",
		  "does not watch the ports: only partd puts them back" },
		{ HP_KERNEL_GUARD_IRQ, "puts interrupts back that leave the CPUs allowed to them",
		  "does not watch the interrupts: only partd puts them back" },
		{ HP_KERNEL_GUARD_MEMORY_OFFLINE, "refuses to take memory offline that claims need",
		  "does not keep memory that claims need online" },
		{ HP_KERNEL_GUARD_SUSPEND, "refuses to suspend the machine while domains run",
		  "lets the machine suspend while domains run" },
	};

	for (size_t i = 0; i < hp_array_size(guards); i++) {
		bool is_up = info->guards & guards[i].guard;

		verify_say(verify, -1, "module", is_up ? HP_KEPT : HP_GAP, "the module %s",
			   is_up ? guards[i].promise : guards[i].gap);
	}
}

static void check_guards(struct verify *verify, const struct hp_kernel_info *info)
{
	bool vetoes = info->guards & HP_KERNEL_GUARD_CPU_OFFLINE, stays = info->guards & HP_KERNEL_GUARD_UNLOAD;

	verify_say(verify, -1, "module", vetoes ? HP_KEPT : HP_BROKEN, "the guard that refuses to take claimed CPUs offline is %s",
		   vetoes ? "up" : "down");
	verify_say(verify, -1, "module", stays ? HP_KEPT : HP_BROKEN, "the module %s while domains live",
		   stays ? "cannot be unloaded" : "can be unloaded");
	check_other_guards(verify, info);
}

void verify_module(struct verify *verify)
{
	hp_autokernel *kernel = NULL;
	hp_autokerneltable table = HP_KERNEL_TABLE_INIT;
	struct hp_kernel_info info;
	hp_autoerr err = HP_ERR_INIT;
	int ret = hp_kernel_open(&kernel, &err);

	if (ret == -ENOENT) {
		verify_say(verify, -1, "module", HP_GAP,
			   "hostpart.ko is not loaded: nothing refuses to take a claimed CPU offline, and no claim survives a hand-made change");
		return;
	}
	if (ret < 0 || hp_kernel_info(kernel, &info, &err) < 0 || hp_kernel_table_read(kernel, &table, &err) < 0) {
		verify_say(verify, -1, "module", HP_BROKEN, "the module does not answer: %s", err.text);
		return;
	}
	check_guards(verify, &info);
	for (size_t i = 0; i < verify->policy->domains_count; i++)
		if (verify_wants(verify, i))
			check_claims(verify, (int)i, &table);
}
