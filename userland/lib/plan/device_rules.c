// SPDX-License-Identifier: GPL-2.0
/* device_rules.c: refuses half an IOMMU group, the root disk and ports that are none. */
#include "plan/devices.h"

#include <errno.h>
#include <stdlib.h>
#include "base/hp_auto.h"

static const struct {
	unsigned int role;
	const char *reason;
} role_reasons[] = {
	{ HP_ROLE_ROOT_DISK, "holds the running system: /, /boot or /usr" },
	{ HP_ROLE_MOUNTED, "holds a mounted file system" },
	{ HP_ROLE_SWAP, "holds swap in use" },
	{ HP_ROLE_CONSOLE, "drives the console" },
	{ HP_ROLE_MANAGEMENT, "carries the default route or your own session" },
};

/* "holds swap in use and drives the console" */
char *device_role_text(unsigned int roles)
{
	char *text = NULL;
	size_t size, said = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < hp_array_size(role_reasons); i++) {
		if (roles & role_reasons[i].role)
			fprintf(out, "%s%s", said++ ? " and " : "", role_reasons[i].reason);
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static int check_roles(struct plan_run *run, const struct hp_assigned_domain *domain, size_t nth)
{
	const struct hp_inv_pci *pci = &run->inv->pci[domain->pci[nth]];
	const struct hp_device_spec *spec = domain->pci_specs[nth];
	hp_autofree char *name = NULL, *why = NULL;

	if (!pci->roles || spec->force)
		return 0;
	name = device_describe(pci);
	why = device_role_text(pci->roles);
	if (!name || !why)
		return -ENOMEM;
	plan_refuse(run, spec->loc,
		    "%s may not take %s: it %s; choose another function, or write force: true",
		    domain->name, name, why);
	return 0;
}

static int check_port(struct plan_run *run, const struct hp_assigned_domain *domain, size_t nth)
{
	const struct hp_inv_pci *pci = &run->inv->pci[domain->pci[nth]];
	const struct hp_device_spec *spec = domain->pci_specs[nth];
	hp_autofree char *name = NULL;

	if (!spec->port)
		return 0;
	for (size_t i = 0; i < pci->devs_count; i++) {
		if (pci->devs[i].kind == HP_DEV_NET)
			return 0;
	}
	/*
	 * A port that is in a domain already cannot be seen from here; its function and
	 * driver can.
	 */
	if (pci->class_code >> 16 == 0x02 && pci->driver)
		return 0;
	name = device_describe(pci);
	if (!name)
		return -ENOMEM;
	if (pci->class_code >> 16 == 0x02)
		plan_refuse(run, spec->loc,
			    "port: %s has no network port because no driver is bound to it", name);
	else
		plan_refuse(
			run, spec->loc,
			"port: %s is not a network function (%s); remove port, or choose class: "
			"net",
			name, pci->class_name ? pci->class_name : "other class");
	return 0;
}

/* Functions of one IOMMU group stand together in this list. */
struct grouped {
	int group;
	size_t pci;
	int owner;
	const struct hp_device_spec *spec;
};

static int by_group(const void *a, const void *b)
{
	const struct grouped *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return x->pci < y->pci ? -1 : x->pci > y->pci;
}

/* "0000:00:1f.2 (base) and 0000:00:1f.3 (beta)": members that someone else has. */
static char *describe_others(const struct plan_run *run, const struct grouped *members,
			     size_t count, int owner)
{
	char *text = NULL;
	size_t size, said = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (members[i].owner == owner)
			continue;
		fprintf(out, "%s%s (%s)", said++ ? ", " : "", run->inv->pci[members[i].pci].bdf,
			plan_owner_name(run->policy, members[i].owner));
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static int check_group(struct plan_run *run, const struct grouped *members, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct grouped *it = &members[i];
		hp_autofree char *others = NULL;

		if (!it->spec || it->spec->allow_shared_group)
			continue;
		others = describe_others(run, members, count, it->owner);
		if (!others)
			return -ENOMEM;
		if (*others)
			plan_refuse(
				run, it->spec->loc,
				"%s cannot have %s alone: it shares IOMMU group %d with %s; claim "
				"them all for %s, or write allow_shared_group: true",
				plan_owner_name(run->policy, it->owner), run->inv->pci[it->pci].bdf,
				it->group, others, plan_owner_name(run->policy, it->owner));
	}
	return 0;
}

static int check_groups(struct plan_run *run)
{
	const struct hp_inventory *inv = run->inv;
	hp_autofree struct grouped *list = calloc(inv->pci_count + 1, sizeof(*list));
	hp_autofree struct grouped *sorted = calloc(inv->pci_count + 1, sizeof(*sorted));
	size_t count = 0;

	if (!list || !sorted)
		return -ENOMEM;
	for (size_t i = 0; i < inv->pci_count; i++)
		list[i] = (struct grouped){ inv->pci[i].iommu_group, i, OWNER_BASE, NULL };
	for (size_t i = 0; i < run->out->domains_count; i++) {
		const struct hp_assigned_domain *domain = &run->out->domains[i];

		for (size_t j = 0; j < domain->pci_count; j++) {
			list[domain->pci[j]].owner = (int)i;
			list[domain->pci[j]].spec = domain->pci_specs[j];
		}
	}
	for (size_t i = 0; i < inv->pci_count; i++) {
		if (inv->pci[i].iommu_group >= 0 && !inv->pci[i].is_bridge)
			sorted[count++] = list[i];
	}
	qsort(sorted, count, sizeof(*sorted), by_group);
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && sorted[end].group == sorted[i].group; end++)
			;
		if (check_group(run, &sorted[i], end - i))
			return -ENOMEM;
	}
	return 0;
}

int plan_check_devices(struct plan_run *run)
{
	for (size_t i = 0; i < run->out->domains_count; i++) {
		const struct hp_assigned_domain *domain = &run->out->domains[i];

		for (size_t j = 0; j < domain->pci_count; j++) {
			if (check_roles(run, domain, j) || check_port(run, domain, j))
				return -ENOMEM;
		}
	}
	return check_groups(run);
}
