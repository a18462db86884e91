// SPDX-License-Identifier: GPL-2.0
/* bench_plan.c: how long assigning and writing down the settings takes on machines of several sizes. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/hp_auto.h"
#include "plan/hp_plan.h"

#define RUNS 31
#define GIB (UINT64_C(1) << 30)

struct machine {
	const char *topology;	/* hwloc synthetic */
	unsigned int cpus, domains, functions;
};

/* Odd sizes on purpose: they do not fit the groups and keep the search busy. */
static const struct machine machines[] = {
	{ "pack:2 [numa] l3:1 core:2 pu:2", 8, 2, 8 },
	{ "pack:1 [numa] l3:1 core:16 pu:2", 32, 3, 32 },
	{ "pack:2 [numa] l3:4 core:8 pu:2", 128, 6, 128 },
	{ "pack:2 [numa] l3:12 core:8 pu:2", 384, 16, 512 },
	{ "pack:4 [numa] l3:16 core:8 pu:2", 1024, 32, 1024 },
	{ "pack:8 [numa] l3:16 core:16 pu:2", 4096, 64, 4096 },
	{ "pack:16 [numa] l3:32 core:4 pu:2", 4096, 64, 4096 },
};

static void die(const char *what, const struct hp_err *err)
{
	fprintf(stderr, "bench_plan: %s: %s\n", what, err && err->text ? err->text : "out of memory");
	exit(1);
}

__attribute__((format(printf, 1, 2)))
static char *make_text(const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		die("making a machine", NULL);
	return text;
}

static void add_devs(struct hp_inv_pci *pci, unsigned int i)
{
	pci->devs = calloc(1, sizeof(*pci->devs));
	if (!pci->devs)
		die("making a machine", NULL);
	pci->devs_count = 1;
	pci->devs[0] = (struct hp_inv_dev){
		.kind = i % 2 ? HP_DEV_NET : HP_DEV_BLOCK, .name = i % 2 ? make_text("eth%u", i) : make_text("nvme%un1", i),
		.major = i % 2 ? -1 : 259, .minor = i % 2 ? -1 : (int)i,
		.mac = i % 2 ? make_text("52:54:00:00:%02x:%02x", i >> 8, i & 0xff) : NULL,
		.serial = i % 2 ? NULL : make_text("disk-%u", i),
	};
}

/* Functions in groups of their own, half disks, half ports, with four interrupts each. */
static void add_functions(struct hp_inventory *inv, unsigned int count)
{
	inv->pci = calloc(count, sizeof(*inv->pci));
	inv->irqs = calloc((size_t)4 * count, sizeof(*inv->irqs));
	if (!inv->pci || !inv->irqs)
		die("making a machine", NULL);
	for (unsigned int i = 0; i < count; i++) {
		struct hp_inv_pci *pci = &inv->pci[i];

		*pci = (struct hp_inv_pci){
			.bdf = make_text("%04x:%02x:%02x.%u", i >> 11, i >> 3 & 0xff, 0, i & 7),
			.class_code = i % 2 ? 0x020000 : 0x010802, .vendor = 0x8086,
			.device = 0x10d3, .driver = strdup("driver"), .iommu_group = (int)i, .node = -1,
		};
		add_devs(pci, i);
	}
	inv->pci_count = count;
	for (unsigned int i = 0; i < 4 * count; i++)
		inv->irqs[i] = (struct hp_inv_irq){
			.number = i + 24, .is_managed = i % 8 == 0, .is_movable = i % 8 != 0,
			.action = make_text("dev%uq%u", i / 4, i % 4), .affinity = make_text("%u", i % 8),
			.pci = (int)(i / 4), .vector = (int)(i % 4),
		};
	inv->irqs_count = 4 * (size_t)count;
}

static void print_selector(FILE *out, unsigned int i)
{
	if (i % 4 == 0)
		fprintf(out, "      - {serial: disk-%u}\n", i);
	else if (i % 4 == 1)
		fprintf(out, "      - {mac: \"52:54:00:00:%02x:%02x\"}\n", i >> 8, i & 0xff);
	else if (i % 4 == 2)
		fprintf(out, "      - {class: nvme, index: %u}\n", i / 2);
	else
		fprintf(out, "      - {bdf: \"%04x:%02x:%02x.%u\"}\n", i >> 11, i >> 3 & 0xff, 0, i & 7);
}

/* Every domain asks for its share of cores and memory and for its slice of nearly all functions. */
static char *make_policy(const struct machine *machine)
{
	unsigned int cores = machine->cpus / 2 / (machine->domains + 1), each = machine->functions / machine->domains;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		die("making a policy", NULL);
	fputs("apiVersion: hostpart/v1\nnetwork: {subnet: 10.203.0.0/24}\ndomains:\n", out);
	for (unsigned int i = 0; i < machine->domains; i++) {
		fprintf(out, "  d%u:\n    cpus: %u\n    memory: 1GiB\n    devices:\n", i,
			cores > 2 ? cores - i % 3 : 1);
		for (unsigned int j = 0; j < each; j++)
			print_selector(out, i * each + j);
	}
	if (fclose(out))
		die("making a policy", NULL);
	return text;
}

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

struct times {
	double assign, settings, total, worst, again;
	size_t count;
};

static void measure(const struct hp_policy *policy, const struct hp_inventory *inv, struct times *times)
{
	double assign[RUNS], settings[RUNS], total[RUNS], again[RUNS];

	for (int i = 0; i < RUNS; i++) {
		hp_autoassignment *made = NULL, *kept = NULL;
		hp_autosettings list = HP_SETTINGS_INIT;
		hp_autoerr err = HP_ERR_INIT;
		double start = now_ms(), middle;

		if (hp_assign(policy, inv, NULL, &made, &err))
			die("assigning", &err);
		middle = now_ms();
		if (hp_plan_settings(policy, inv, made, &list, &err))
			die("writing settings", &err);
		total[i] = now_ms() - start;
		assign[i] = middle - start;
		settings[i] = total[i] - assign[i];
		start = now_ms();
		if (hp_assign(policy, inv, made, &kept, &err))
			die("assigning again", &err);
		again[i] = now_ms() - start;
		times->count = list.count;
	}
	qsort(assign, RUNS, sizeof(double), by_value);
	qsort(settings, RUNS, sizeof(double), by_value);
	qsort(total, RUNS, sizeof(double), by_value);
	qsort(again, RUNS, sizeof(double), by_value);
	times->again = again[RUNS / 2];
	times->assign = assign[RUNS / 2];
	times->settings = settings[RUNS / 2];
	times->total = total[RUNS / 2];
	times->worst = total[RUNS - 1];
}

static void run(const struct machine *machine)
{
	hp_autofree char *text = make_policy(machine);
	hp_autoinventory *inv = NULL;
	hp_autopolicy *policy = NULL;
	hp_autoerr err = HP_ERR_INIT;
	struct times times;

	if (hp_inventory_synthetic(machine->topology, 256 * GIB, &inv, &err) ||
	    hp_policy_parse("bench.yaml", text, &policy, &err))
		die(machine->topology, &err);
	add_functions(inv, machine->functions);
	measure(policy, inv, &times);
	printf("%6u %8u %10u %9zu %8.2f %9.2f %8.2f %8.2f %8.2f\n", machine->cpus,
	       machine->domains, machine->functions, times.count, times.assign, times.settings,
	       times.total, times.worst, times.again);
}

int main(void)
{
	printf("planner, medians of %d runs in milliseconds (\"again\": assigned where it is already)\n",
	       RUNS);
	printf("%6s %8s %10s %9s %8s %9s %8s %8s %8s\n", "CPUs", "domains", "functions", "settings",
	       "assign", "settings", "total", "worst", "again");
	for (size_t i = 0; i < hp_array_size(machines); i++)
		run(&machines[i]);
	return 0;
}
