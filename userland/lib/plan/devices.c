// SPDX-License-Identifier: GPL-2.0
/* devices.c: gives PCI functions to domains, each to one. */
#include "plan/devices.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"

struct device_run {
	struct plan_run *run;
	struct device_index index;
	const struct hp_device_spec **claimed;	/* per function: the selector that took it */
	int *owner;				/* per function: domain, OWNER_BASE */
};

/*
 * base.devices: what stays whatever a selector of a domain says; a selector means
 * the same function everywhere.
 */
static int keep_base(struct device_run *dr)
{
	const struct hp_base_spec *base = &dr->run->policy->base;
	int rc = 0;

	for (size_t i = 0; i < base->devices_count && !rc; i++) {
		long pci = device_resolve(dr->run, &dr->index, &base->devices[i], &rc);

		if (pci >= 0)
			dr->claimed[pci] = &base->devices[i];
	}
	return rc;
}

static int refuse_twice(struct device_run *dr, size_t pci, const struct hp_device_spec *spec,
			int domain)
{
	const struct hp_device_spec *first = dr->claimed[pci];
	hp_autofree char *name = device_describe(&dr->run->inv->pci[pci]);

	if (!name)
		return -ENOMEM;
	plan_refuse(dr->run, spec->loc, "%s claims %s, which %s has already (%s:%u:%u)",
		    plan_owner_name(dr->run->policy, domain), name,
		    plan_owner_name(dr->run->policy, dr->owner[pci]), dr->run->policy->file,
		    first->loc.line, first->loc.column);
	return 0;
}

static int claim(struct device_run *dr, int domain, const struct hp_device_spec *spec)
{
	struct hp_assigned_domain *out = &dr->run->out->domains[domain];
	int rc = 0;
	long pci = device_resolve(dr->run, &dr->index, spec, &rc);

	if (rc || pci < 0)
		return rc;
	if (dr->run->inv->pci[pci].is_bridge) {
		plan_refuse(
			dr->run, spec->loc,
			"%s is a bridge; bridges stay with the base, claim the functions behind it",
			dr->run->inv->pci[pci].bdf);
		return 0;
	}
	if (dr->claimed[pci])
		return refuse_twice(dr, (size_t)pci, spec, domain);
	dr->claimed[pci] = spec;
	dr->owner[pci] = domain;
	out->pci[out->pci_count] = (size_t)pci;
	out->pci_specs[out->pci_count++] = spec;
	return 0;
}

static int claim_all(struct device_run *dr)
{
	const struct hp_policy *policy = dr->run->policy;

	for (size_t i = 0; i < policy->domains_count; i++) {
		const struct hp_domain_spec *spec = &policy->domains[i];
		struct hp_assigned_domain *out = &dr->run->out->domains[i];

		out->pci = calloc(spec->devices_count + 1, sizeof(*out->pci));
		out->pci_specs = calloc(spec->devices_count + 1, sizeof(*out->pci_specs));
		if (!out->pci || !out->pci_specs)
			return -ENOMEM;
		for (size_t j = 0; j < spec->devices_count; j++) {
			int rc = claim(dr, (int)i, &spec->devices[j]);

			if (rc)
				return rc;
		}
	}
	return 0;
}

int plan_assign_devices(struct plan_run *run)
{
	size_t count = run->inv->pci_count;
	hp_autofree const struct hp_device_spec **claimed = calloc(count + 1, sizeof(*claimed));
	hp_autofree int *owner = calloc(count + 1, sizeof(*owner));
	struct device_run dr = { .run = run, .claimed = claimed, .owner = owner };
	int rc;

	if (!claimed || !owner)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		owner[i] = OWNER_BASE;
	rc = device_index_build(run->inv, &dr.index);
	if (rc)
		return rc;
	rc = keep_base(&dr);
	if (!rc)
		rc = claim_all(&dr);
	device_index_clear(&dr.index);
	return rc;
}
