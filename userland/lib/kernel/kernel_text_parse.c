// SPDX-License-Identifier: GPL-2.0
/* kernel_text_parse.c: reads a table back from its canonical text. */
#include <errno.h>
#include <hwloc.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "kernel/hp_kernel.h"

#define WORDS_MAX 6	/* one more than the longest line has */

struct line {
	char *words[WORDS_MAX];
	size_t count;
};

static void split(char *text, struct line *line)
{
	char *word, *rest = text;

	line->count = 0;
	while (line->count < WORDS_MAX && (word = strsep(&rest, " ")))
		line->words[line->count++] = word;
}

static bool parse_u64(const char *text, uint64_t *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return !errno && !*end;
}

static int find_domain(const struct hp_kernel_table *table, const char *name, size_t *index)
{
	for (*index = 0; *index < table->domains_count; (*index)++)
		if (strcmp(table->domains[*index].name, name) == 0)
			return 0;
	return -EINVAL;
}

static int parse_domain(const struct line *line, struct hp_kernel_table *table)
{
	struct hp_kernel_domain domain = { .name = "" };
	size_t i = 2;

	if (line->count < 2 || !*line->words[1] || strlen(line->words[1]) >= sizeof(domain.name))
		return -EINVAL;
	strcpy(domain.name, line->words[1]);
	if (i < line->count && strcmp(line->words[i], "base") == 0) {
		domain.is_base = true;
		i++;
	}
	if (i + 1 < line->count && strcmp(line->words[i], "cgroup") == 0 &&
	    parse_u64(line->words[i + 1], &domain.cgroup_id))
		i += 2;
	if (i != line->count)
		return -EINVAL;
	return hp_kernel_table_add_domain(table, &domain) < 0 ? -ENOMEM : 0;
}

/* Adds the claim with the ranges of a list. */
static int add_with_list(struct hp_kernel_table *table, struct hp_kernel_claim *claim, const char *list)
{
	hp_autobitmap set = hwloc_bitmap_alloc();
	hp_autofree struct hp_kernel_range *ranges = NULL;
	int first, last;

	if (!set)
		return -ENOMEM;
	if (hp_cpulist_parse(list, set))
		return -EINVAL;
	ranges = calloc((size_t)hwloc_bitmap_weight(set), sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	for (first = hwloc_bitmap_first(set); first >= 0; first = hwloc_bitmap_next(set, last)) {
		last = hwloc_bitmap_next_unset(set, first) - 1;
		ranges[claim->ranges_count++] = (struct hp_kernel_range){ (uint32_t)first, (uint32_t)last };
	}
	claim->ranges = ranges;
	return hp_kernel_table_add_claim(table, claim);
}

static int parse_cpus(const struct line *line, struct hp_kernel_claim *claim, struct hp_kernel_table *table)
{
	claim->type = HP_KERNEL_CPU;
	return line->count == 3 ? add_with_list(table, claim, line->words[2]) : -EINVAL;
}

static int parse_memory(const struct line *line, struct hp_kernel_claim *claim, struct hp_kernel_table *table)
{
	claim->type = HP_KERNEL_MEMORY;
	if (line->count < 3 || !parse_u64(line->words[2], &claim->memory_bytes))
		return -EINVAL;
	if (line->count == 3)
		return hp_kernel_table_add_claim(table, claim);
	if (line->count != 5 || strcmp(line->words[3], "nodes") != 0)
		return -EINVAL;
	return add_with_list(table, claim, line->words[4]);
}

static int parse_pci(const struct line *line, struct hp_kernel_claim *claim, struct hp_kernel_table *table)
{
	unsigned int bus, device, function;
	int end = 0;

	claim->type = HP_KERNEL_PCI;
	if (line->count != 3 ||
	    sscanf(line->words[2], "%8" SCNx32 ":%2x:%2x.%1x%n", &claim->pci_segment, &bus, &device, &function,
		   &end) != 4 || line->words[2][end] || device > 31 || function > 7)
		return -EINVAL;
	claim->pci_bus = (uint8_t)bus;
	claim->pci_device = (uint8_t)device;
	claim->pci_function = (uint8_t)function;
	return hp_kernel_table_add_claim(table, claim);
}

static const struct {
	const char *word;
	int (*parse)(const struct line *line, struct hp_kernel_claim *claim, struct hp_kernel_table *table);
} kinds[] = {
	{ "cpus", parse_cpus },
	{ "memory", parse_memory },
	{ "pci", parse_pci },
};

static int parse_line(char *text, struct hp_kernel_table *table)
{
	struct hp_kernel_claim claim = { 0 };
	struct line line;
	size_t i;

	split(text, &line);
	if (strcmp(line.words[0], "domain") == 0)
		return parse_domain(&line, table);
	if (line.count < 2 || find_domain(table, line.words[1], &claim.domain))
		return -EINVAL;
	for (i = 0; i < hp_array_size(kinds); i++)
		if (strcmp(line.words[0], kinds[i].word) == 0)
			return kinds[i].parse(&line, &claim, table);
	return -EINVAL;
}

int hp_kernel_table_parse(const char *text, struct hp_kernel_table *table, struct hp_err *err)
{
	hp_autofree char *copy = strdup(text), *shown = NULL;
	char *rest = copy, *line;
	int result;

	if (!copy)
		return hp_err_errno(err, ENOMEM, "registry table");
	while (*rest && (line = strsep(&rest, "\n"))) {
		free(shown);
		shown = strdup(line);
		result = shown ? parse_line(line, table) : -ENOMEM;
		if (result) {
			hp_kernel_table_clear(table);
			return hp_err_set(err, -result,
					  "registry table: \"%s\" is not a domain, nor the cpus, memory or pci of one named before",
					  shown ? shown : "");
		}
		if (!rest)
			break;
	}
	return 0;
}
