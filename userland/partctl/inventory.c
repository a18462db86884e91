// SPDX-License-Identifier: GPL-2.0
/* inventory.c: partctl inventory: what the machine has. */
#include "partctl.h"

#include <stdarg.h>
#include <string.h>
#include "base/hp_text.h"
#include "inventory/hp_inventory.h"

#define LINE_WIDTH 100		/* of the PCI table; its names are cut to fit */
#define NAME_WIDTH_MIN 12
#define BELOW_WIDTH 22
#define CORES_LISTED_MAX 16	/* more cores: one line per group of them */
#define GROUPS_LISTED_MAX 64	/* more L3 groups: one line per package */

static bool want_all, want_irqs;

static const struct option_spec options[] = {
	{ "all", 'a', NULL, "bridges too", &want_all, NULL, NULL, NULL },
	{ "irqs", 0, NULL, "every interrupt: whose it is, where it goes, who may move it",
	  &want_irqs, NULL, NULL, NULL },
	{ 0 },
};

__attribute__((format(printf, 1, 2)))
static char *text_of(const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = hp_vformat(fmt, ap);
	va_end(ap);
	if (!text)
		abort();
	return text;
}

/* "-" for what the inventory does not know. */
static char *index_text(int value)
{
	return value < 0 ? NULL : text_of("%d", value);
}

static size_t columns_of(const char *text)
{
	size_t columns = 0;

	for (; *text; text++)
		columns += ((unsigned char)*text & 0xc0) != 0x80;
	return columns;
}

/* Cuts to a number of columns, between UTF-8 characters, with an ellipsis. */
static char *cut(const char *text, size_t columns)
{
	size_t seen = 0, i = 0;

	if (columns_of(text) <= columns)
		return text_of("%s", text);
	while (text[i] && seen < columns - 1) {
		i++;
		while (((unsigned char)text[i] & 0xc0) == 0x80)
			i++;
		seen++;
	}
	return text_of("%.*s\u2026", (int)i, text);
}

/* Of the first cpufreq policy; hybrid machines differ in limits, not in the rest. */
static void print_frequencies(const struct hp_inventory *inv)
{
	const struct hp_inv_freq *first = inv->freqs;

	if (!inv->freqs_count) {
		puts("frequency: no cpufreq policy, the firmware or a hypervisor decides");
		return;
	}
	printf("frequency: %zu cpufreq polic%s, driver %s", inv->freqs_count, inv->freqs_count == 1 ? "y" : "ies",
	       first->driver ? first->driver : "unknown");
	if (first->max_khz)
		printf(", %.4g to %.4g GHz", (double)first->min_khz / 1e6, (double)first->max_khz / 1e6);
	printf("; idle states: %s\n", inv->idle_driver ? inv->idle_driver : "none");
	printf("  governor %s, energy preference %s\n", first->governor ? first->governor : "unknown",
	       first->preference ? first->preference : "none");
}

static void print_resctrl(const struct hp_inv_resctrl *it)
{
	static const char *const units[] = { "no limit", "in percent", "in eighths of GB/s", "in MB/s" };

	if (!it->is_supported || !it->is_mounted) {
		printf("resctrl: %s\n", it->is_supported ? "there, but not mounted"
							 : "none, caches and memory bandwidth cannot be divided");
		return;
	}
	if (it->has_l3)
		printf("resctrl: %zu L3 cache%s of %d ways (%x, %x also for devices), masks %s holes%s\n", it->l3s_count,
		       it->l3s_count == 1 ? "" : "s", __builtin_popcount(it->l3_mask), it->l3_mask, it->shareable_mask,
		       it->takes_holes ? "with" : "without", it->is_cdp ? ", code and data apart" : "");
	else
		puts("resctrl: L3 caches cannot be divided");
	printf("  memory bandwidth: %s; %u classes, %u monitored\n", units[it->bandwidth], it->classes, it->monitors);
}

static void print_machine(const struct run *run, const struct hp_inventory *inv)
{
	hp_autofree char *online = hp_cpulist_format(inv->online);
	hp_autofree char *offline = hp_cpulist_format(inv->offline);
	hp_autofree char *memory = hp_size_human(inv->memory_bytes);
	hp_autofree char *swap = hp_size_human(inv->swap_bytes);

	printf("%sLinux %s%s: %d CPUs online (%s), %zu cores%s%s\n", out_colour(run, OUT_BOLD),
	       inv->kernel ? inv->kernel : "of unknown release", out_colour(run, OUT_PLAIN),
	       hwloc_bitmap_weight(inv->online), online, inv->cores_count,
	       inv->has_smt ? " with SMT" : "", inv->is_hybrid ? " of several kinds" : "");
	if (*offline)
		printf("offline CPUs: %s\n", offline);
	printf("%s memory in %zu node%s, %s swap\n", memory, inv->nodes_count,
	       inv->nodes_count == 1 ? "" : "s", swap);
	printf("systemd: %s, hostpart module: %s, IPv4 networks in use:",
	       inv->has_systemd ? "yes" : "no", inv->has_module ? "loaded" : "not loaded");
	for (char **subnet = inv->local_subnets; *subnet; subnet++)
		printf(" %s", *subnet);
	puts(inv->local_subnets[0] ? "" : " none");
	print_frequencies(inv);
	print_resctrl(&inv->resctrl);
}

/* Cores that share a line: the same package, L3 group, node and kind. */
struct core_group {
	struct hp_inv_core like;	/* borrows nothing: cpus is its own */
	unsigned int cores;
};

static bool is_alike(const struct hp_inv_core *a, const struct hp_inv_core *b, bool by_l3)
{
	return a->package == b->package && a->node == b->node && a->kind == b->kind &&
	       (!by_l3 || a->l3 == b->l3);
}

static void add_to_group(struct core_group **groups, size_t *count, const struct hp_inv_core *core,
			 bool by_l3)
{
	struct core_group *group = NULL;

	for (size_t i = 0; i < *count && !group; i++)
		if (is_alike(&(*groups)[i].like, core, by_l3))
			group = &(*groups)[i];
	if (!group) {
		*groups = reallocarray(*groups, *count + 1, sizeof(**groups));
		if (!*groups)
			abort();
		group = &(*groups)[(*count)++];
		*group = (struct core_group){ .like = *core };
		group->like.cpus = hwloc_bitmap_alloc();
		group->like.l3 = by_l3 ? core->l3 : -1;
	}
	hwloc_bitmap_or(group->like.cpus, group->like.cpus, core->cpus);
	group->cores++;
}

static struct core_group *group_cores(const struct hp_inventory *inv, bool by_l3, size_t *count)
{
	struct core_group *groups = NULL;

	*count = 0;
	for (size_t i = 0; i < inv->cores_count; i++)
		add_to_group(&groups, count, &inv->cores[i], by_l3);
	return groups;
}

static void free_groups(struct core_group *groups, size_t count)
{
	for (size_t i = 0; i < count; i++)
		hwloc_bitmap_free(groups[i].like.cpus);
	free(groups);
}

static void core_row(struct out_table *table, const struct hp_inv_core *core, unsigned int cores)
{
	hp_autofree char *package = index_text(core->package);
	hp_autofree char *l3 = index_text(core->l3);
	hp_autofree char *node = index_text(core->node);
	hp_autofree char *kind = index_text(core->kind);
	hp_autofree char *cpus = hp_cpulist_format(core->cpus);
	hp_autofree char *many = text_of("%u", cores);

	out_table_row(table, package, node, l3, kind, many, cpus);
}

static void print_cores(const struct run *run, const struct hp_inventory *inv)
{
	static const char *const headers[] = {
		">PACKAGE", ">NODE", ">L3", ">KIND", ">CORES", "CPUS", NULL,
	};
	struct out_table *table = out_table_new(run, headers);
	size_t count;
	struct core_group *groups;

	if (inv->cores_count <= CORES_LISTED_MAX) {
		for (size_t i = 0; i < inv->cores_count; i++)
			core_row(table, &inv->cores[i], 1);
		out_table_print(table, stdout);
		return;
	}
	groups = group_cores(inv, true, &count);
	if (count > GROUPS_LISTED_MAX) {
		free_groups(groups, count);
		groups = group_cores(inv, false, &count);
	}
	for (size_t i = 0; i < count; i++)
		core_row(table, &groups[i].like, groups[i].cores);
	free_groups(groups, count);
	out_table_print(table, stdout);
}

static void print_nodes(const struct run *run, const struct hp_inventory *inv)
{
	static const char *const headers[] = { ">NODE", ">MEMORY", "CPUS", NULL };
	struct out_table *table = out_table_new(run, headers);

	for (size_t i = 0; i < inv->nodes_count; i++) {
		hp_autofree char *number = text_of("%u", inv->nodes[i].os);
		hp_autofree char *size = hp_size_human(inv->nodes[i].total_bytes);
		hp_autofree char *cpus = hp_cpulist_format(inv->nodes[i].cpus);

		out_table_row(table, number, size, *cpus ? cpus : "none: memory only");
	}
	out_table_print(table, stdout);
}

/* The words that a policy's `class:` understands, where there is one. */
static const char *class_word(const struct hp_inv_pci *pci)
{
	static const struct {
		uint32_t code, mask;
		const char *word;
	} words[] = {
		{ 0x010802, 0xffffff, "nvme" },	   { 0x010600, 0xffff00, "sata" },
		{ 0x010000, 0xff0000, "storage" }, { 0x020000, 0xff0000, "net" },
		{ 0x030000, 0xff0000, "gpu" },	   { 0x040100, 0xffff00, "audio" },
		{ 0x040300, 0xffff00, "audio" },   { 0x0c0300, 0xffff00, "usb" },
		{ 0x0c0500, 0xffff00, "smbus" },   { 0x060000, 0xff0000, "bridge" },
		{ 0x070000, 0xff0000, "serial" },  { 0x080600, 0xffff00, "iommu" },
	};

	for (size_t i = 0; i < hp_array_size(words); i++)
		if ((pci->class_code & words[i].mask) == words[i].code)
			return words[i].word;
	return "other";
}

static char *name_of(const struct hp_inv_pci *pci)
{
	if (pci->device_name)
		return text_of("%s", pci->device_name);
	if (pci->vendor_name)
		return text_of("%s %04x", pci->vendor_name, pci->device);
	return text_of("%04x:%04x", pci->vendor, pci->device);
}

/*
 * Disks and ports by name, the rest by number: "nvme0n1 eth0@alpha +3". A
 * partition starts with its disk's name; a port says where it was moved to.
 */
static char *below_of(const struct hp_inv_pci *pci)
{
	char *list = text_of("%s", "");
	const char *disk = NULL;
	size_t more = 0;

	for (size_t i = 0; i < pci->devs_count; i++) {
		const struct hp_inv_dev *dev = &pci->devs[i];
		bool is_part = dev->kind == HP_DEV_BLOCK && disk &&
			       !strncmp(dev->name, disk, strlen(disk));
		bool is_named = dev->kind == HP_DEV_BLOCK || dev->kind == HP_DEV_NET ||
				dev->kind == HP_DEV_DRM;
		char *longer;

		if (!is_named || is_part ||
		    strlen(list) + strlen(dev->name) > BELOW_WIDTH - strlen(" +999")) {
			more++;
			continue;
		}
		disk = dev->kind == HP_DEV_BLOCK ? dev->name : disk;
		longer = text_of("%s%s%s%s%s", list, *list ? " " : "", dev->name,
				 dev->netns ? "@" : "", dev->netns ? dev->netns : "");
		free(list);
		list = longer;
	}
	if (more) {
		char *longer = text_of("%s%s+%zu", list, *list ? " " : "", more);

		free(list);
		list = longer;
	}
	return list;
}

static char *roles_of(const struct hp_inv_pci *pci)
{
	char *list = text_of("%s", "");

	for (size_t bit = 0; hp_inv_role_words[bit]; bit++) {
		char *longer;

		if (!(pci->roles & 1u << bit))
			continue;
		longer = text_of("%s%s%s", list, *list ? "," : "", hp_inv_role_words[bit]);
		free(list);
		list = longer;
	}
	return list;
}

/* Everything of a PCI line but its name, which gets the room that is left. */
struct pci_row {
	const struct hp_inv_pci *pci;
	char *group, *node, *below, *roles;
};

static void make_row(const struct hp_inv_pci *pci, struct pci_row *row)
{
	row->pci = pci;
	row->group = index_text(pci->iommu_group);
	row->node = index_text(pci->node);
	row->below = below_of(pci);
	row->roles = roles_of(pci);
}

static void free_row(struct pci_row *row)
{
	free(row->group);
	free(row->node);
	free(row->below);
	free(row->roles);
}

static const char *const pci_headers[] = {
	"FUNCTION", "CLASS", "NAME", "DRIVER", ">GROUP", ">NODE", "BELOW", "ROLES", NULL,
};

static size_t wider(size_t width, const char *text)
{
	size_t columns = text ? columns_of(text) : 0;

	return columns > width ? columns : width;
}

static size_t name_width(const struct pci_row *rows, size_t count)
{
	size_t bdf = strlen("FUNCTION"), class = strlen("CLASS"), driver = strlen("DRIVER"),
	       below = strlen("BELOW");
	size_t roles = strlen("ROLES"), used;

	for (size_t i = 0; i < count; i++) {
		bdf = wider(bdf, rows[i].pci->bdf);
		class = wider(class, class_word(rows[i].pci));
		driver = wider(driver, rows[i].pci->driver);
		below = wider(below, rows[i].below);
		roles = wider(roles, rows[i].roles);
	}
	used = bdf + class + driver + strlen("GROUP") + strlen("NODE") + below + roles +
	       2 * (hp_array_size(pci_headers) - 2);
	return used + NAME_WIDTH_MIN < LINE_WIDTH ? LINE_WIDTH - used : NAME_WIDTH_MIN;
}

static void print_rows(const struct run *run, const struct pci_row *rows, size_t count)
{
	struct out_table *table = out_table_new(run, pci_headers);
	size_t width = name_width(rows, count);

	for (size_t i = 0; i < count; i++) {
		const struct pci_row *row = &rows[i];
		hp_autofree char *full = name_of(row->pci);
		hp_autofree char *name = cut(full, width);

		out_table_row(table, row->pci->bdf, class_word(row->pci), name, row->pci->driver,
			      row->group, row->node, row->below, row->roles);
		if (row->pci->roles)
			out_table_colour(table, (int)hp_array_size(pci_headers) - 2, OUT_YELLOW);
	}
	out_table_print(table, stdout);
}

static void print_pci(const struct run *run, const struct hp_inventory *inv)
{
	hp_autofree struct pci_row *rows = calloc(inv->pci_count + 1, sizeof(*rows));
	size_t count = 0, bridges = 0;

	if (!rows)
		abort();
	for (size_t i = 0; i < inv->pci_count; i++) {
		bridges += inv->pci[i].is_bridge;
		if (!inv->pci[i].is_bridge || want_all)
			make_row(&inv->pci[i], &rows[count++]);
	}
	if (count)
		print_rows(run, rows, count);
	else
		puts("no PCI functions");
	if (bridges && !want_all)
		printf("and %zu bridge%s (--all shows them)\n", bridges, bridges == 1 ? "" : "s");
	for (size_t i = 0; i < count; i++)
		free_row(&rows[i]);
}

static const char *placed_by(const struct hp_inv_irq *irq)
{
	return irq->is_managed ? "kernel (managed)" : irq->is_movable ? "anyone" : "nobody (fixed)";
}

static void print_irqs(const struct run *run, const struct hp_inventory *inv)
{
	static const char *const headers[] = {
		">IRQ", "FUNCTION", "ACTION", "CPUS", "PLACED BY", NULL,
	};
	struct out_table *table = out_table_new(run, headers);

	for (size_t i = 0; i < inv->irqs_count; i++) {
		const struct hp_inv_irq *irq = &inv->irqs[i];
		hp_autofree char *number = text_of("%u", irq->number);
		hp_autofree char *cpus = irq->affinity ? cut(irq->affinity, 24) : NULL;

		out_table_row(table, number, irq->pci < 0 ? NULL : inv->pci[irq->pci].bdf,
			      irq->action, cpus, placed_by(irq));
	}
	out_table_print(table, stdout);
}

static void print_irq_summary(const struct hp_inventory *inv)
{
	size_t managed = 0, movable = 0, used = 0;

	for (size_t i = 0; i < inv->irqs_count; i++) {
		used += inv->irqs[i].action != NULL;
		managed += inv->irqs[i].is_managed;
		movable += inv->irqs[i].is_movable;
	}
	printf("%zu interrupts (%zu in use): %zu can be moved by anyone, %zu are managed by the "
	       "kernel, %zu are fixed\n",
	       inv->irqs_count, used, movable, managed, inv->irqs_count - movable - managed);
}

static void print_tables(const struct run *run, const struct hp_inventory *inv)
{
	print_machine(run, inv);
	putchar('\n');
	print_cores(run, inv);
	putchar('\n');
	print_nodes(run, inv);
	putchar('\n');
	print_pci(run, inv);
	putchar('\n');
	if (want_irqs)
		print_irqs(run, inv);
	print_irq_summary(inv);
}

static int run_inventory(struct run *run, int argc, char **argv)
{
	hp_autoinventory *inv = NULL;
	hp_autoerr err = HP_ERR_INIT;
	int status;

	if (cli_parse(run, argc, argv, options, 0, 0, &status) < 0)
		return status;
	if (hp_inventory_read(run->ctx.root, run->ctx.caller, &inv, &err))
		return cli_fail(run, &err);
	if (run->format == OUT_TABLE)
		print_tables(run, inv);
	else
		out_object(run, hp_inventory_json(inv));
	return HP_EXIT_OK;
}

const struct verb verb_inventory = {
	.name = "inventory",
	.summary = "show what the machine has: cores, memory nodes, PCI functions, interrupts",
	.usage = "[--all] [--irqs]",
	.help = "Reads the machine, or with --root one that scripts/record-machine recorded, and shows what a\n"
		"policy can hand out. CLASS is the word that a policy's `class:` takes. GROUP is the IOMMU group:\n"
		"functions that share one belong together. BELOW names the disks, ports and displays of a\n"
		"function and counts its other nodes. ROLES say why the base should keep it: root_disk, mounted,\n"
		"swap, console, management. PORT@NETNS is a port that was moved there. KIND ranks the\n"
		"cores of a hybrid machine, 0 the most efficient.\n\n"
		"Example:\n  partctl inventory -o json | jq '.pci[] | select(.driver == \"nvme\") | .bdf'",
	.run = run_inventory,
};
