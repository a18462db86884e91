// SPDX-License-Identifier: GPL-2.0
/* plan_print.c: prints an assignment and the steps to it for people. */
#include "plan_print.h"

#include <stdlib.h>
#include <string.h>
#include "base/hp_text.h"
#include "plan_phrase.h"

static const char *owner_name(const struct hp_engine_result *plan, int domain)
{
	return domain < 0 ? "machine" : plan->policy->domains[domain].name;
}

/* "0000:03:00.0 (nvme0n1)", comma-separated; NULL when there is none. */
static char *list_devices(const struct hp_engine_result *plan,
			  const struct hp_assigned_domain *domain)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; out && i < domain->pci_count; i++) {
		const struct hp_inv_pci *pci = &plan->inventory->pci[domain->pci[i]];
		const char *below = pci->devs_count ? pci->devs[0].name : NULL;

		for (size_t d = 0; d < pci->devs_count; d++)
			if (pci->devs[d].kind == HP_DEV_BLOCK || pci->devs[d].kind == HP_DEV_NET) {
				below = pci->devs[d].name;
				break;
			}
		fprintf(out, "%s%s%s%s%s", i ? ", " : "", pci->bdf, below ? " (" : "",
			below ? below : "", below ? ")" : "");
	}
	if (out)
		fclose(out);
	return text;
}

/*
 * The L3 groups of a set of CPUs, by number; a group that others share is followed
 * by "*". NULL = none known.
 */
static char *list_l3(const struct hp_engine_result *plan, hwloc_const_bitmap_t cpus)
{
	hp_autobitmap mine = hwloc_bitmap_alloc(), others = hwloc_bitmap_alloc();
	char *text = NULL;
	size_t size, said = 0;
	FILE *out = mine && others ? open_memstream(&text, &size) : NULL;
	unsigned int l3;

	if (!out)
		return NULL;
	for (size_t i = 0; i < plan->inventory->cores_count; i++) {
		const struct hp_inv_core *core = &plan->inventory->cores[i];

		if (core->l3 >= 0)
			hwloc_bitmap_set(hwloc_bitmap_isincluded(core->cpus, cpus) ? mine : others,
					 (unsigned int)core->l3);
	}
	hwloc_bitmap_foreach_begin(l3, mine)
		fprintf(out, "%s%u%s", said++ ? "," : "", l3,
			hwloc_bitmap_isset(others, l3) ? "*" : "");
	hwloc_bitmap_foreach_end();
	fclose(out);
	return text;
}

static void add_domain(struct out_table *table, const struct hp_engine_result *plan,
		       const struct hp_assigned_domain *domain)
{
	hp_autofree char *cpus = hp_cpulist_format(domain->cpus);
	hp_autofree char *nodes = hp_cpulist_format(domain->nodes);
	hp_autofree char *memory = hp_size_human(domain->memory_bytes);
	hp_autofree char *guarantee = hp_size_human(domain->guarantee_bytes);
	hp_autofree char *devices = list_devices(plan, domain);
	hp_autofree char *l3 = list_l3(plan, domain->cpus);
	char cores[16];

	snprintf(cores, sizeof(cores), "%u", domain->cores);
	out_table_row(table, domain->name, cores, cpus, l3, nodes, memory, guarantee,
		      domain->link_address, devices);
}

static void add_base(struct out_table *table, const struct hp_engine_result *plan)
{
	const struct hp_assignment *assignment = plan->assignment;
	hp_autofree char *cpus = hp_cpulist_format(assignment->base_cpus);
	hp_autofree char *memory = hp_size_human(assignment->base_memory_bytes);
	hp_autofree char *l3 = list_l3(plan, assignment->base_cpus);
	unsigned int count = 0;
	char cores[16];

	for (size_t i = 0; i < plan->inventory->cores_count; i++)
		count += hwloc_bitmap_isincluded(plan->inventory->cores[i].cpus,
						 assignment->base_cpus);
	snprintf(cores, sizeof(cores), "%u", count);
	out_table_row(table, "base", cores, cpus, l3, "all", memory, NULL,
		      assignment->base_link_address, "everything else");
}

static void print_gaps(const struct hp_engine_result *plan)
{
	if (!plan->assignment->gaps_count)
		return;
	printf("\nNot guaranteed here:\n");
	for (size_t i = 0; i < plan->assignment->gaps_count; i++) {
		const struct hp_gap *gap = &plan->assignment->gaps[i];

		printf("  %-8s %s: %s\n", owner_name(plan, gap->domain), gap->what, gap->why);
	}
}

void plan_print_assignment(const struct run *run, const struct hp_engine_result *plan)
{
	static const char *const headers[] = { "DOMAIN",  ">CORES",  "CPUS",	   "L3",
					       "NODES",	  ">MEMORY", ">GUARANTEE", "ADDRESS",
					       "DEVICES", NULL };
	struct out_table *table = out_table_new(run, headers);

	for (size_t i = 0; i < plan->assignment->domains_count; i++)
		add_domain(table, plan, &plan->assignment->domains[i]);
	add_base(table, plan);
	out_table_print(table, stdout);
	print_gaps(plan);
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* Dozens of interrupts that go from the same to the same are one line. */
static bool belongs_together(const struct hp_step *a, const struct hp_step *b)
{
	return !strcmp(a->backend, "irq") && !strcmp(b->backend, "irq") && a->kind == b->kind &&
		a->domain == b->domain && is_same_text(a->from, b->from) &&
		is_same_text(a->to, b->to);
}

/* "interrupts 24-30,40": of steps [first, end); one whose driver let it go has no number and is not named. */
static char *list_irqs(const struct hp_engine_result *plan, size_t first, size_t end)
{
	const struct hp_inv_irq *irq;
	hp_autobitmap set = hwloc_bitmap_alloc();
	hp_autofree char *list = NULL;
	char *text;

	for (size_t i = first; set && i < end; i++) {
		irq = plan_phrase_irq(plan->inventory, plan->steps.items[i].object);
		if (irq)
			hwloc_bitmap_set(set, irq->number);
	}
	list = set ? hp_cpulist_format(set) : NULL;
	return list && asprintf(&text, "interrupts %s", list) >= 0 ? text : NULL;
}

static void add_step(struct out_table *table, const struct hp_engine_result *plan, size_t first,
		     size_t end)
{
	static const char *const kinds[] = {
		[HP_STEP_SET] = "",
		[HP_STEP_RESTORE] = "restore ",
		[HP_STEP_SHRINK] = "shrink first: ",
	};
	const struct hp_step *step = &plan->steps.items[first];
	hp_autofree char *what = end - first > 1 ? list_irqs(plan, first, end) :
						   plan_phrase_what(step, plan->inventory);
	hp_autofree char *from = plan_phrase_value(step, step->from);
	hp_autofree char *to = plan_phrase_value(step, step->to);
	hp_autofree char *full = NULL;
	char number[48], line[16] = "";

	if (end - first > 1)
		snprintf(number, sizeof(number), "%zu-%zu", first + 1, end);
	else
		snprintf(number, sizeof(number), "%zu", first + 1);
	if (step->loc.line)
		snprintf(line, sizeof(line), "%u", step->loc.line);
	full = hp_format("%s%s", kinds[step->kind], what ? what : step->object);
	out_table_row(table, number, full, from, to, line);
	out_table_colour(table, 2, OUT_DIM);
}

static void print_summary(const struct hp_engine_result *plan)
{
	size_t gaps = plan->steps.gaps;

	if (plan->steps.count == 0)
		printf("nothing to do");
	else
		printf("%zu step%s", plan->steps.count, plan->steps.count == 1 ? "" : "s");
	printf("; %zu setting%s already hold%s", plan->steps.satisfied,
	       plan->steps.satisfied == 1 ? "" : "s", plan->steps.satisfied == 1 ? "s" : "");
	if (gaps)
		printf("; %zu cannot hold on this kernel", gaps);
	putchar('\n');
}

void plan_print_steps(const struct run *run, const struct hp_engine_result *plan)
{
	static const char *const headers[] = { ">STEP", "WHAT", "FROM", "TO", ">LINE", NULL };
	struct out_table *table = plan->steps.count ? out_table_new(run, headers) : NULL;

	for (size_t i = 0, end; i < plan->steps.count; i = end) {
		for (end = i + 1; end < plan->steps.count &&
				  belongs_together(&plan->steps.items[i], &plan->steps.items[end]);)
			end++;
		add_step(table, plan, i, end);
	}
	if (table)
		out_table_print(table, stdout);
	print_summary(plan);
}

static void add_set(struct json_object *object, const char *key, hwloc_const_bitmap_t set)
{
	hp_autofree char *text = hp_cpulist_format(set);

	out_add_text(object, key, text);
}

struct json_object *plan_steps_json(const struct hp_engine_result *plan)
{
	static const char *const kinds[] = {
		[HP_STEP_SET] = "set", [HP_STEP_RESTORE] = "restore", [HP_STEP_SHRINK] = "shrink"
	};
	struct json_object *object = json_object_new_object(), *list = json_object_new_array();

	for (size_t i = 0; i < plan->steps.count; i++) {
		const struct hp_step *step = &plan->steps.items[i];
		struct json_object *item = json_object_new_object();

		out_add_text(item, "kind", kinds[step->kind]);
		out_add_text(item, "domain", step->domain < 0 ? NULL : owner_name(plan, step->domain));
		out_add_text(item, "backend", step->backend);
		out_add_text(item, "object", step->object);
		out_add_text(item, "attr", step->attr);
		out_add_text(item, "from", step->from);
		out_add_text(item, "to", step->to);
		out_add_number(item, "policy_line", step->loc.line);
		json_object_array_add(list, item);
	}
	json_object_object_add(object, "steps", list);
	out_add_number(object, "satisfied", plan->steps.satisfied);
	out_add_number(object, "gaps", plan->steps.gaps);
	return object;
}

static struct json_object *domain_json(const struct hp_engine_result *plan,
				       const struct hp_assigned_domain *domain)
{
	struct json_object *object = json_object_new_object(), *devices = json_object_new_array();

	out_add_text(object, "name", domain->name);
	out_add_number(object, "cores", domain->cores);
	add_set(object, "cpus", domain->cpus);
	add_set(object, "nodes", domain->nodes);
	out_add_number(object, "memory_bytes", domain->memory_bytes);
	out_add_number(object, "guarantee_bytes", domain->guarantee_bytes);
	out_add_number(object, "swap_bytes", domain->swap_bytes);
	out_add_text(object, "address", domain->link_address);
	for (size_t i = 0; i < domain->pci_count; i++)
		json_object_array_add(
			devices, json_object_new_string(plan->inventory->pci[domain->pci[i]].bdf));
	json_object_object_add(object, "devices", devices);
	return object;
}

struct json_object *plan_gaps_json(const struct hp_engine_result *plan)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < plan->assignment->gaps_count; i++) {
		struct json_object *gap = json_object_new_object();

		out_add_text(gap, "domain", owner_name(plan, plan->assignment->gaps[i].domain));
		out_add_text(gap, "what", plan->assignment->gaps[i].what);
		out_add_text(gap, "why", plan->assignment->gaps[i].why);
		json_object_array_add(list, gap);
	}
	return list;
}

struct json_object *plan_json(const struct hp_engine_result *plan)
{
	struct json_object *object = plan_steps_json(plan), *domains = json_object_new_array();
	struct json_object *base = json_object_new_object();

	for (size_t i = 0; i < plan->assignment->domains_count; i++)
		json_object_array_add(domains, domain_json(plan, &plan->assignment->domains[i]));
	json_object_object_add(object, "domains", domains);
	add_set(base, "cpus", plan->assignment->base_cpus);
	out_add_number(base, "memory_bytes", plan->assignment->base_memory_bytes);
	json_object_object_add(object, "base", base);
	json_object_object_add(object, "not_guaranteed", plan_gaps_json(plan));
	return object;
}

int plan_show_steps(const struct run *run, const struct hp_engine_result *plan)
{
	if (run->format != OUT_TABLE)
		out_object(run, plan_steps_json(plan));
	else
		plan_print_steps(run, plan);
	return HP_EXIT_OK;
}
