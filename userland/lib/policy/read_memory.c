// SPDX-License-Identifier: GPL-2.0
/* read_memory.c: reads amounts of memory. */
#include "policy/parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/hp_auto.h"
#include "base/hp_text.h"

/* "2GB", "2gib", "2 Gi": what was meant is the binary unit of that letter. */
static const char *guess_size(const char *text, char guess[32])
{
	size_t digits = strspn(text, "0123456789.");
	const char *unit = text + digits + strspn(text + digits, " ");
	const char *letter = *unit ? strchr("KkMmGgTt", *unit) : NULL;
	uint64_t unused;

	if (!letter || digits > 20 || strlen(unit) > 3)
		return NULL;
	snprintf(guess, 32, "%.*s%ciB", (int)digits, text, *letter & ~0x20);
	return hp_size_parse(guess, &unused) ? NULL : guess;
}

static void read_bytes(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		       uint64_t min_bytes, struct hp_amount *amount)
{
	const char *text = node->text;
	char guess[32];
	uint64_t bytes;
	int ret = hp_size_parse(text, &bytes);

	if (ret == -ERANGE)
		hp_reject(in, key, node, "it does not fit 64 bits, or has more than nine decimals",
			  NULL);
	else if (ret)
		hp_reject(in, key, node, NULL, guess_size(text, guess));
	else if (bytes < min_bytes && !text[strspn(text, "0123456789")])
		hp_reject(in, key, node,
			  "a number without a unit is bytes, and a host needs at least 16MiB",
			  NULL);
	else if (bytes < min_bytes)
		hp_reject(in, key, node, "a host needs at least 16MiB", NULL);
	else
		*amount = (struct hp_amount){ .is_set = true, .bytes = bytes, .loc = node->loc };
}

static void read_share(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		       struct hp_amount *amount)
{
	unsigned int milli;
	int ret = hp_percent_parse(node->text, &milli);

	if (ret)
		hp_reject(in, key, node,
			  ret == -ERANGE
				  ? "a share is more than 0% and at most 100%, to three decimals"
				  : NULL,
			  NULL);
	else
		*amount = (struct hp_amount){
			.is_set = true,
			.is_fraction = true,
			.fraction_milli = milli,
			.loc = node->loc,
		};
}

static void read_amount(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
			bool may_be_share, uint64_t min_bytes, struct hp_amount *amount)
{
	uint64_t bytes;
	const char *text;

	if (node->kind == HP_YAML_SCALAR && node->type == HP_YAML_INT) {
		if (hp_read_number(in, key, node, 0, UINT64_MAX, &bytes))
			read_bytes(in, key, node, min_bytes, amount);
		return;
	}
	if (!hp_read_text(in, key, node, &text))
		return;
	if (may_be_share && strchr(text, '%'))
		read_share(in, key, node, amount);
	else
		read_bytes(in, key, node, min_bytes, amount);
}

void hp_read_memory_size(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
			 void *field)
{
	read_amount(in, key, node, true, HP_MEMORY_MIN_BYTES, field);
}

void hp_read_memory_bytes(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
			  void *field)
{
	read_amount(in, key, node, false, HP_MEMORY_MIN_BYTES, field);
}

static void read_guarantee(struct hp_reader *in, const struct hp_key *key,
			   const struct hp_yaml *node, void *field)
{
	read_amount(in, key, node, true, 0, field);
}

static void read_swap(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		      void *field)
{
	read_amount(in, key, node, false, 0, field);
}

static const struct hp_key keys[] = {
	{ "size", HP_AMOUNT_ALLOWED, hp_read_memory_size, offsetof(struct hp_memory_spec, size),
	  true },
	{ "guarantee",
	  "a size with its unit (512MiB), plain bytes, or a share of the domain's size (50%)",
	  read_guarantee, offsetof(struct hp_memory_spec, guarantee), false },
	{ "swap", HP_SIZE_ALLOWED, read_swap, offsetof(struct hp_memory_spec, swap), false },
	{ "nodes", "NUMA nodes in one text, such as \"0\" or \"0-1\"", hp_read_nodes, 0, false },
};
static const struct hp_shape shape = HP_SHAPE("memory", keys);

static void check_guarantee(struct hp_reader *in, const struct hp_memory_spec *memory)
{
	const struct hp_amount *size = &memory->size, *guarantee = &memory->guarantee;
	hp_autofree char *size_text = NULL, *guarantee_text = NULL;

	if (!size->is_set || !guarantee->is_set || size->is_fraction || guarantee->is_fraction ||
	    guarantee->bytes <= size->bytes)
		return;
	size_text = hp_size_format(size->bytes);
	guarantee_text = hp_size_format(guarantee->bytes);
	hp_complain(
		in->bad, guarantee->loc,
		"guarantee %s is more than size %s (line %u); at most the size can be guaranteed",
		guarantee_text ? guarantee_text : "", size_text ? size_text : "", size->loc.line);
}

void hp_read_memory(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		    void *field)
{
	struct hp_memory_spec *memory = field;

	memory->loc = hp_yaml_where(node);
	if (node->kind == HP_YAML_MAP)
		hp_read_map(in, &shape, key, node, memory);
	else
		hp_read_memory_size(in, key, node, &memory->size);
	check_guarantee(in, memory);
	if (!memory->guarantee.is_set)
		memory->guarantee = (struct hp_amount){
			.is_set = true,
			.is_fraction = true,
			.fraction_milli = 100000,
			.loc = memory->size.loc,
		};
	if (!memory->swap.is_set)
		memory->swap = (struct hp_amount){ .is_set = true, .loc = memory->loc };
}
