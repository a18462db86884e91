// SPDX-License-Identifier: GPL-2.0
/* assign.c: runs the planner's phases over one policy and one inventory. */
#include "plan/plan_run.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

#define REFUSALS_MAX 20

void plan_refuse(struct plan_run *run, struct hp_loc loc, const char *fmt, ...)
{
	va_list ap;

	if (run->refused++ >= REFUSALS_MAX)
		return;
	if (run->refused > 1)
		fputc('\n', run->refusals);
	if (loc.line)
		fprintf(run->refusals, "%s:%u:%u: ", run->policy->file, loc.line, loc.column);
	else
		fprintf(run->refusals, "%s: ", run->policy->file);
	va_start(ap, fmt);
	vfprintf(run->refusals, fmt, ap);
	va_end(ap);
}

int plan_gap(struct hp_assignment *out, int domain, const char *fmt, ...)
{
	hp_autofree char *text = NULL;
	struct hp_gap *gaps, *gap;
	char *bar;
	va_list ap;

	va_start(ap, fmt);
	text = hp_vformat(fmt, ap);
	va_end(ap);
	if (!text)
		return -ENOMEM;
	bar = strchr(text, '|');
	gaps = reallocarray(out->gaps, out->gaps_count + 1, sizeof(*gaps));
	if (!gaps)
		return -ENOMEM;
	out->gaps = gaps;
	gap = &gaps[out->gaps_count];
	gap->domain = domain;
	gap->what = bar ? strndup(text, (size_t)(bar - text)) : strdup(text);
	gap->why = strdup(bar ? bar + 1 : "");
	if (!gap->what || !gap->why) {
		free(gap->what);
		free(gap->why);
		return -ENOMEM;
	}
	out->gaps_count++;
	return 0;
}

static void free_domain(struct hp_assigned_domain *domain)
{
	hwloc_bitmap_free(domain->cpus);
	hwloc_bitmap_free(domain->nodes);
	free(domain->pci);
	free(domain->pci_specs);
	free(domain->link_address);
	for (size_t i = 0; i < domain->uplinks_count; i++)
		free(domain->uplinks[i].parent);
	free(domain->uplinks);
}

void hp_assignment_free(struct hp_assignment *assignment)
{
	if (!assignment)
		return;
	for (size_t i = 0; i < assignment->domains_count; i++)
		free_domain(&assignment->domains[i]);
	free(assignment->domains);
	hwloc_bitmap_free(assignment->base_cpus);
	free(assignment->base_link_address);
	for (size_t i = 0; i < assignment->gaps_count; i++) {
		free(assignment->gaps[i].what);
		free(assignment->gaps[i].why);
	}
	free(assignment->gaps);
	free(assignment);
}

void hp_assignment_freep(struct hp_assignment **assignment)
{
	hp_assignment_free(*assignment);
}

void hp_assignment_owners(const struct hp_assignment *assignment, int *owner, size_t pci_count)
{
	for (size_t i = 0; i < pci_count; i++)
		owner[i] = -1;
	for (size_t i = 0; i < assignment->domains_count; i++)
		for (size_t j = 0; j < assignment->domains[i].pci_count; j++)
			owner[assignment->domains[i].pci[j]] = (int)i;
}

struct hp_assignment *plan_assignment_new(const struct hp_policy *policy)
{
	hp_autoassignment *out = calloc(1, sizeof(*out));

	if (!out)
		return NULL;
	out->base_cpus = hwloc_bitmap_alloc();
	out->domains = calloc(policy->domains_count + 1, sizeof(*out->domains));
	if (!out->base_cpus || !out->domains)
		return NULL;
	out->domains_count = policy->domains_count;
	for (size_t i = 0; i < out->domains_count; i++) {
		struct hp_assigned_domain *domain = &out->domains[i];

		domain->name = policy->domains[i].name;
		domain->cpus = hwloc_bitmap_alloc();
		domain->nodes = hwloc_bitmap_alloc();
		if (!domain->cpus || !domain->nodes)
			return NULL;
	}
	return hp_take(out);
}

/*
 * Phases whose refusals are independent of each other all run; those that
 * build on a result run only when it is there.
 */
static int run_phases(struct plan_run *run)
{
	int rc = plan_assign_cpus(run);

	if (!rc)
		rc = plan_assign_memory(run);
	if (!rc && !run->refused)
		rc = plan_assign_nodes(run);
	if (!rc && !run->refused)
		rc = plan_check_elastic(run);
	if (!rc)
		rc = plan_assign_devices(run);
	if (!rc)
		rc = plan_check_devices(run);
	if (!rc)
		rc = plan_assign_star(run);
	if (!rc)
		rc = plan_assign_uplinks(run);
	if (!rc && !run->refused)
		rc = plan_find_gaps(run);
	return rc;
}

static int report(const struct plan_run *run, const char *text, struct hp_err *err)
{
	if (run->refused > REFUSALS_MAX)
		return hp_err_usage(err, "%s\n%s: %u more conflicts", text, run->policy->file,
				    run->refused - REFUSALS_MAX);
	return hp_err_usage(err, "%s", text);
}

int hp_assign(const struct hp_policy *policy, const struct hp_inventory *inv,
	      const struct hp_assignment *current, struct hp_assignment **out, struct hp_err *err)
{
	hp_autoassignment *made = plan_assignment_new(policy);
	struct plan_run run = { .policy = policy, .inv = inv, .current = current, .out = made };
	hp_autofree char *text = NULL;
	size_t size;
	int rc;

	if (!made)
		return hp_err_errno(err, ENOMEM, "planning %s", policy->file);
	run.refusals = open_memstream(&text, &size);
	if (!run.refusals)
		return hp_err_errno(err, errno, "planning %s", policy->file);
	rc = run_phases(&run);
	if (fclose(run.refusals) && !rc)
		rc = -ENOMEM;
	if (rc)
		return hp_err_errno(err, -rc, "planning %s", policy->file);
	if (run.refused)
		return report(&run, text, err);
	*out = hp_take(made);
	return 0;
}
