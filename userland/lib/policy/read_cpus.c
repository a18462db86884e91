// SPDX-License-Identifier: GPL-2.0
/* read_cpus.c: reads how many or which processors. */
#include "policy/parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/hp_auto.h"
#include "base/hp_text.h"

static void read_cores(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		       void *field)
{
	struct hp_cpus_spec *spec = field;
	uint64_t cores;

	if (!hp_read_number(in, key, node, 1, HP_CPU_MAX, &cores))
		return;
	spec->how = HP_CPUS_CORES;
	spec->cores = cores;
}

static void read_fraction(struct hp_reader *in, const struct hp_key *key,
			  const struct hp_yaml *node, void *field)
{
	struct hp_cpus_spec *spec = field;
	hp_autobitmap set = NULL;
	char suggestion[64];
	const char *text;
	int ret;

	if (!hp_read_text(in, key, node, &text))
		return;
	ret = hp_percent_parse(text, &spec->fraction_milli);
	if (!ret) {
		spec->how = HP_CPUS_FRACTION;
		return;
	}
	set = hwloc_bitmap_alloc();
	snprintf(suggestion, sizeof(suggestion), "{list: '%.40s'}", text);
	if (set && !strcmp(key->name, "cpus") && !hp_cpulist_parse(text, set) && strlen(text) <= 40)
		hp_reject(in, key, node, NULL, suggestion);
	else
		hp_reject(in, key, node,
			  ret == -ERANGE
				  ? "a share is more than 0% and at most 100%, to three decimals"
				  : NULL,
			  NULL);
}

void hp_read_set(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		 void *field)
{
	hp_autobitmap read = NULL;
	hwloc_bitmap_t *set = field;
	const char *text;
	int ret;

	if (!hp_read_list_text(in, key, node, &text))
		return;
	read = hwloc_bitmap_alloc();
	ret = read ? hp_cpulist_parse(text, read) : -ENOMEM;
	if (!ret) {
		hwloc_bitmap_free(*set);
		*set = hp_take(read);
	} else if (ret == -ENOMEM) {
		in->bad->is_out_of_memory = true;
	} else {
		hp_reject(in, key, node, ret == -ERANGE ? "a number is above 65535" : NULL, NULL);
	}
}

static void read_list(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		      void *field)
{
	struct hp_cpus_spec *spec = field;

	spec->how = HP_CPUS_LIST;
	hp_read_set(in, key, node, &spec->list);
}

static void read_kind(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		      void *field)
{
	static const char *const words[] = { "any", "performance", "efficiency", NULL };
	struct hp_cpus_spec *spec = field;
	unsigned int word;

	if (hp_read_word(in, key, node, words, &word))
		spec->kind = word;
}

static void read_isolated(struct hp_reader *in, const struct hp_key *key,
			  const struct hp_yaml *node, void *field)
{
	struct hp_cpus_spec *spec = field;

	hp_read_bool(in, key, node, &spec->isolated);
}

enum { CORES, FRACTION, LIST, KIND, ISOLATED };

static const struct hp_key keys[] = {
	[CORES] = { "cores", "whole cores, 1 or more", read_cores, 0, false },
	[FRACTION] = { "fraction", "a share of the machine's cores, such as 50%", read_fraction, 0,
		       false },
	[LIST] = { "list", "logical CPUs in one text, such as \"2-3,6\"", read_list, 0, false },
	[KIND] = { "kind", "performance, efficiency or any", read_kind, 0, false },
	[ISOLATED] = { "isolated", "true or false", read_isolated, 0, false },
};
static const struct hp_shape domain_shape = HP_SHAPE("cpus", keys);
static const struct hp_shape base_shape = { .what = "the base's cpus",
					    .keys = keys,
					    .count = ISOLATED };

static void read_mapping(struct hp_reader *in, const struct hp_shape *shape,
			 const struct hp_key *key, const struct hp_yaml *node,
			 struct hp_cpus_spec *spec)
{
	const unsigned int ways = 1u << CORES | 1u << FRACTION | 1u << LIST;
	unsigned int seen = hp_read_map(in, shape, key, node, spec);

	if (__builtin_popcount(seen & ways) != 1)
		hp_complain(in->bad, hp_yaml_where(node),
			    "cpus needs exactly one of cores, fraction or list; %s",
			    seen & ways ? "remove the others" : "add one");
	else if (seen & 1u << LIST && seen & 1u << KIND)
		hp_complain(in->bad, hp_yaml_where(node),
			    "cpus has both list and kind; a list already says which; remove kind");
}

static void read_either(struct hp_reader *in, const struct hp_shape *shape,
			const struct hp_key *key, const struct hp_yaml *node,
			struct hp_cpus_spec *spec)
{
	spec->loc = hp_yaml_where(node);
	if (node->kind == HP_YAML_MAP)
		read_mapping(in, shape, key, node, spec);
	else if (node->kind == HP_YAML_SCALAR && node->type == HP_YAML_TEXT &&
		 hp_yaml_resolve(node->text) == HP_YAML_TEXT)
		read_fraction(in, key, node, spec);
	else
		read_cores(in, key, node, spec);
}

void hp_read_cpus(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		  void *field)
{
	read_either(in, &domain_shape, key, node, field);
}

void hp_read_base_cpus(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		       void *field)
{
	struct hp_base_spec *base = field;

	base->has_cpus = true;
	read_either(in, &base_shape, key, node, &base->cpus);
}

void hp_read_nodes(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		   void *field)
{
	struct hp_memory_spec *memory = field;

	memory->nodes_loc = node->loc;
	hp_read_set(in, key, node, &memory->nodes);
}
