// SPDX-License-Identifier: GPL-2.0
/* read_elastic.c: reads what of a domain may change after the seal. */
#include "policy/parts.h"

#include "base/hp_auto.h"
#include "base/hp_text.h"

static void read_cpus(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		      void *field)
{
	struct hp_elastic_spec *elastic = field;

	elastic->cpus_loc = node->loc;
	hp_read_set(in, key, node, &elastic->cpus);
}

static const struct hp_key memory_keys[] = {
	{ "min", HP_SIZE_ALLOWED, hp_read_memory_bytes,
	  offsetof(struct hp_elastic_spec, memory_min), true },
	{ "max", HP_SIZE_ALLOWED, hp_read_memory_bytes,
	  offsetof(struct hp_elastic_spec, memory_max), true },
};
static const struct hp_shape memory_shape = HP_SHAPE("elastic memory", memory_keys);

static void read_memory(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
			void *field)
{
	struct hp_elastic_spec *elastic = field;
	const struct hp_amount *min = &elastic->memory_min, *max = &elastic->memory_max;
	hp_autofree char *min_text = NULL, *max_text = NULL;

	elastic->memory_loc = hp_yaml_where(node);
	hp_read_map(in, &memory_shape, key, node, elastic);
	if (!min->is_set || !max->is_set || min->bytes <= max->bytes)
		return;
	min_text = hp_size_format(min->bytes);
	max_text = hp_size_format(max->bytes);
	hp_complain(in->bad, max->loc, "max %s is less than min %s (line %u)", max_text ? max_text : "",
		    min_text ? min_text : "", min->loc.line);
}

static const struct hp_key keys[] = {
	{ "cpus", "logical CPUs in one text, such as \"2-5\"", read_cpus, 0, false },
	{ "memory", "a mapping of min and max, such as {min: 512MiB, max: 2GiB}", read_memory, 0, false },
};
static const struct hp_shape shape = HP_SHAPE("elastic", keys);

void hp_read_elastic(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		     void *field)
{
	struct hp_elastic_spec *elastic = field;

	elastic->loc = hp_yaml_where(node);
	if (!hp_read_map(in, &shape, key, node, elastic) && node->kind == HP_YAML_MAP && !node->count)
		hp_reject(in, key, node, "there is nothing in it", NULL);
}
