// SPDX-License-Identifier: GPL-2.0
/* gaps_devices.c: what cannot be promised about claimed PCI functions. */
#include "plan/gaps.h"

#include <errno.h>
#include <stdlib.h>
#include "base/hp_auto.h"
#include "plan/devices.h"

/* Functions that share a fault, listed together; few lines say more than thousands. */
struct fault {
	FILE *out;
	char *text;
	size_t size, count;
};

#define LISTED_MAX 8

static int fault_open(struct fault *fault)
{
	*fault = (struct fault){ .out = NULL };
	fault->out = open_memstream(&fault->text, &fault->size);
	return fault->out ? 0 : -ENOMEM;
}

static void fault_add(struct fault *fault, const char *name)
{
	if (fault->count < LISTED_MAX)
		fprintf(fault->out, "%s%s", fault->count ? ", " : "", name);
	fault->count++;
}

/* Closes the list; *names is NULL when it is empty. */
static int fault_close(struct fault *fault, char **names)
{
	*names = NULL;
	if (fault->count > LISTED_MAX)
		fprintf(fault->out, " and %zu more", fault->count - LISTED_MAX);
	if (fclose(fault->out)) {
		free(fault->text);
		return -ENOMEM;
	}
	if (fault->count)
		*names = fault->text;
	else
		free(fault->text);
	return 0;
}

/* A kind of fault: which functions have it, and what to say. */
struct check {
	bool (*has)(const struct plan_run *run, const struct hp_inv_pci *pci,
		    const struct hp_device_spec *spec);
	const char *what, *why;		/* why goes on behind the names of the functions */
};

static bool has_no_iommu(const struct plan_run *run, const struct hp_inv_pci *pci,
			 const struct hp_device_spec *spec)
{
	(void)run;
	(void)spec;
	return pci->iommu_group < 0;
}

/* Only groups that really are divided count: the flag alone is a permission. */
static bool has_divided_group(const struct plan_run *run, const struct hp_inv_pci *pci,
			      const struct hp_device_spec *spec)
{
	const struct hp_assignment *out = run->out;
	size_t members = 0, mine = 0;

	if (pci->iommu_group < 0 || !spec->allow_shared_group)
		return false;
	for (size_t i = 0; i < run->inv->pci_count; i++)
		members += run->inv->pci[i].iommu_group == pci->iommu_group &&
			!run->inv->pci[i].is_bridge;
	for (size_t i = 0; i < out->domains_count; i++) {
		bool is_owner = false;
		size_t here = 0;

		for (size_t j = 0; j < out->domains[i].pci_count; j++) {
			const struct hp_inv_pci *it = &run->inv->pci[out->domains[i].pci[j]];

			is_owner |= it == pci;
			here += it->iommu_group == pci->iommu_group;
		}
		mine = is_owner ? here : mine;
	}
	return mine < members;
}

static bool is_forced(const struct plan_run *run, const struct hp_inv_pci *pci,
		      const struct hp_device_spec *spec)
{
	(void)run;
	return pci->roles && spec->force;
}

static bool has_no_driver(const struct plan_run *run, const struct hp_inv_pci *pci,
			  const struct hp_device_spec *spec)
{
	(void)run;
	(void)spec;
	return !pci->driver;
}

static bool grows_nodes(const struct plan_run *run, const struct hp_inv_pci *pci,
			const struct hp_device_spec *spec)
{
	(void)run;
	(void)spec;
	return device_is_class(pci, HP_CLASS_USB);
}

static const struct check checks[] = {
	{ has_no_iommu, "its devices' DMA is not confined",
	  ": in no IOMMU group, so the device can reach the memory of every domain (enable the "
	  "IOMMU in firmware and kernel)" },
	{ has_divided_group, "its devices can reach others in their IOMMU group",
	  ": the group is divided between owners, as allow_shared_group permits" },
	{ is_forced, "it holds a device that the base needs",
	  ": taken because the policy says force: true" },
	{ has_no_driver, "some of its devices are of no use yet",
	  ": no driver is bound, so there are no device nodes to allow" },
	{ grows_nodes, "devices plugged in later are not separated at once",
	  ": nodes that appear below a USB controller are not in the device rules until the policy "
	  "is applied again" },
};

static int run_check(struct plan_run *run, size_t index, const struct check *check)
{
	const struct hp_assigned_domain *domain = &run->out->domains[index];
	hp_autofree char *names = NULL;
	struct fault fault;

	if (fault_open(&fault))
		return -ENOMEM;
	for (size_t i = 0; i < domain->pci_count; i++) {
		const struct hp_inv_pci *pci = &run->inv->pci[domain->pci[i]];

		if (check->has(run, pci, domain->pci_specs[i]))
			fault_add(&fault, pci->bdf);
	}
	if (fault_close(&fault, &names))
		return -ENOMEM;
	if (!names)
		return 0;
	return plan_gap(run->out, (int)index, "%s|%s%s", check->what, names, check->why);
}

int gaps_of_devices(struct plan_run *run)
{
	for (size_t i = 0; i < run->out->domains_count; i++) {
		for (size_t j = 0; j < hp_array_size(checks); j++) {
			if (run_check(run, i, &checks[j]))
				return -ENOMEM;
		}
	}
	return 0;
}
