// SPDX-License-Identifier: GPL-2.0
/* kernel_text_parse.c: reads a table back from its canonical text. */
#include <errno.h>
#include <hwloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_pci.h"
#include "base/hp_text.h"
#include "kernel/kernel_internal.h"

#define WORDS_MAX 12	/* more than the longest line has */

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

/* The ranges of a list; *ranges is the caller's to free. */
static int parse_list(const char *list, struct hp_kernel_range **ranges, size_t *count)
{
	hp_autobitmap set = hwloc_bitmap_alloc();

	*ranges = NULL;
	*count = 0;
	if (!set)
		return -ENOMEM;
	if (hp_cpulist_parse(list, set))
		return -EINVAL;
	return hp_kernel_ranges_of(set, ranges, count);
}

/* "MIN-MAX"; max is not 0, as that means none. */
static bool parse_span(char *text, uint64_t *min, uint64_t *max)
{
	char *dash = strchr(text, '-');
	bool is_good;

	if (!dash)
		return false;
	*dash = '\0';
	is_good = parse_u64(text, min) && parse_u64(dash + 1, max) && *max && *min <= *max;
	*dash = '-';
	return is_good;
}

/* Takes the word `name` with its value at *i; NULL when another word stands there. */
static char *take_word(const struct line *line, size_t *i, const char *name)
{
	if (*i + 1 >= line->count || strcmp(line->words[*i], name) != 0)
		return NULL;
	*i += 2;
	return line->words[*i - 1];
}

static bool take_flag(const struct line *line, size_t *i, const char *name)
{
	if (*i >= line->count || strcmp(line->words[*i], name) != 0)
		return false;
	++*i;
	return true;
}

static int parse_domain(const struct line *line, struct hp_kernel_table *table)
{
	hp_autofree struct hp_kernel_range *elastic = NULL;
	struct hp_kernel_domain domain = { .name = "" };
	char *word;
	size_t i = 2;
	int result = 0;

	if (line->count < 2 || !*line->words[1] || strlen(line->words[1]) >= sizeof(domain.name))
		return -EINVAL;
	strcpy(domain.name, line->words[1]);
	domain.is_base = take_flag(line, &i, "base");
	word = take_word(line, &i, "cgroup");
	if (word && !parse_u64(word, &domain.cgroup_id))
		return -EINVAL;
	domain.is_active = take_flag(line, &i, "active");
	word = take_word(line, &i, "elastic-cpus");
	if (word)
		result = parse_list(word, &elastic, &domain.elastic_cpus_count);
	if (result)
		return result;
	domain.elastic_cpus = elastic;
	word = take_word(line, &i, "elastic-memory");
	if ((word && !parse_span(word, &domain.elastic_memory_min, &domain.elastic_memory_max)) || i != line->count)
		return -EINVAL;
	return hp_kernel_table_add_domain(table, &domain) < 0 ? -ENOMEM : 0;
}

/* Adds the claim with the ranges of a list. */
static int add_with_list(struct hp_kernel_table *table, struct hp_kernel_claim *claim, const char *list)
{
	hp_autofree struct hp_kernel_range *ranges = NULL;
	int result = parse_list(list, &ranges, &claim->ranges_count);

	claim->ranges = ranges;
	return result ? result : hp_kernel_table_add_claim(table, claim);
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

static bool parse_address(const char *text, struct hp_kernel_claim *claim, const char **rest)
{
	struct hp_pci_address at;

	if (!hp_pci_parse(text, &at, rest))
		return false;
	claim->pci_segment = at.segment;
	claim->pci_bus = at.bus;
	claim->pci_device = at.device;
	claim->pci_function = at.function;
	return true;
}

static bool parse_ids(const char *text, struct hp_kernel_claim *claim)
{
	unsigned int vendor, device_id;
	uint64_t index;
	int end = 0;

	if (sscanf(text, "%4x:%4x/%n", &vendor, &device_id, &end) != 2 || end != 10 ||
	    !parse_u64(text + end, &index) || index > UINT32_MAX)
		return false;
	claim->pci_match = HP_KERNEL_PCI_BY_ID;
	claim->pci_vendor = (uint16_t)vendor;
	claim->pci_device_id = (uint16_t)device_id;
	claim->pci_index = (uint32_t)index;
	return true;
}

/* The module judges a path; here it only has to look like one. */
static bool parse_function(const char *text, struct hp_kernel_claim *claim)
{
	struct hp_kernel_claim scratch;
	const char *rest;

	if (strlen(text) > 4 && text[4] == ':' && parse_ids(text, claim))
		return true;
	if (!parse_address(text, &scratch, &rest) || strlen(text) >= sizeof(claim->pci_path))
		return false;
	if (!*rest)
		return parse_address(text, claim, &rest);
	claim->pci_match = HP_KERNEL_PCI_BY_PATH;
	strcpy(claim->pci_path, text);
	return *rest == '/' && strspn(rest, "0123456789abcdef./") == strlen(rest);
}

static int parse_pci(const struct line *line, struct hp_kernel_claim *claim, struct hp_kernel_table *table)
{
	const char *word;
	size_t i = 3;

	claim->type = HP_KERNEL_PCI;
	if (line->count < 3 || !parse_function(line->words[2], claim))
		return -EINVAL;
	word = take_word(line, &i, "driver");
	if (word && (!*word || strlen(word) >= sizeof(claim->pci_driver)))
		return -EINVAL;
	strcpy(claim->pci_driver, word ? word : "");
	word = take_word(line, &i, "port");
	if (word && (!*word || strlen(word) >= sizeof(claim->port)))
		return -EINVAL;
	strcpy(claim->port, word ? word : "");
	claim->pci_shares_group = take_flag(line, &i, "shared-group");
	return i == line->count ? hp_kernel_table_add_claim(table, claim) : -EINVAL;
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
	long domain;
	size_t i;

	split(text, &line);
	if (strcmp(line.words[0], "domain") == 0)
		return parse_domain(&line, table);
	domain = line.count < 2 ? -1 : hp_kernel_table_find(table, line.words[1]);
	if (domain < 0)
		return -EINVAL;
	claim.domain = (size_t)domain;
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
