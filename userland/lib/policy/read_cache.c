// SPDX-License-Identifier: GPL-2.0
/* read_cache.c: reads a domain's share of the L3 caches and of the memory bandwidth. */
#include "policy/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/hp_auto.h"
#include "base/hp_text.h"

#define L3_ALLOWED "a share of its L3 caches (50%) or a mask of ways in quotes (\"0xf0\")"
#define BANDWIDTH_ALLOWED "a share (50%) or an amount (20GB/s, 1500MB/s), whichever the machine takes"

/* "0xf0": the ways as the kernel numbers them, 32 at most. */
static bool parse_mask(const char *text, uint32_t *mask)
{
	size_t digits;

	if (strncmp(text, "0x", 2))
		return false;
	digits = strspn(text + 2, "0123456789abcdef");
	if (!digits || digits > 8 || text[2 + digits])
		return false;
	*mask = (uint32_t)strtoul(text + 2, NULL, 16);
	return true;
}

static void read_l3(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node, void *field)
{
	struct hp_cache_spec *cache = field;
	uint32_t mask = 0;
	const char *text;

	if (node->kind == HP_YAML_SCALAR && node->type == HP_YAML_INT)
		hp_reject(in, key, node, "a share has a %, and a mask is text", NULL);
	else if (!hp_read_text(in, key, node, &text))
		return;
	else if (!hp_percent_parse(text, &cache->l3_milli))
		return;
	else if (!parse_mask(text, &mask))
		hp_reject(in, key, node, NULL, NULL);
	else if (!mask)
		hp_reject(in, key, node, "it has no way at all", NULL);
	else
		cache->l3_mask = mask;
}

/* "1.5GB/s" in megabytes (10^6) a second; whole ones only. */
static bool parse_rate(const char *text, uint32_t *mbps)
{
	size_t whole = strspn(text, "0123456789"), decimals = 0;
	const char *point = text + whole;
	uint64_t value = whole && whole <= 6 ? strtoull(text, NULL, 10) : 0;

	if (!whole || whole > 6)
		return false;
	if (!strcmp(point, "MB/s")) {
		*mbps = (uint32_t)value;
		return true;
	}
	if (*point == '.') {
		decimals = strspn(++point, "0123456789");
		if (!decimals || decimals > 3)
			return false;
	}
	for (size_t i = 0; i < 3; i++)
		value = value * 10 + (i < decimals ? (unsigned int)(point[i] - '0') : 0);
	*mbps = (uint32_t)value;
	return !strcmp(point + decimals, "GB/s");
}

static void read_bandwidth(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node, void *field)
{
	struct hp_cache_spec *cache = field;
	uint32_t mbps = 0;
	const char *text;

	if (node->kind == HP_YAML_SCALAR && node->type == HP_YAML_INT)
		hp_reject(in, key, node, "it has no unit", NULL);
	else if (!hp_read_text(in, key, node, &text))
		return;
	else if (!hp_percent_parse(text, &cache->bandwidth_milli))
		return;
	else if (!parse_rate(text, &mbps))
		hp_reject(in, key, node, NULL, NULL);
	else if (!mbps)
		hp_reject(in, key, node, "it is nothing", NULL);
	else
		cache->bandwidth_mbps = mbps;
}

static void read_priority(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node, void *field)
{
	unsigned int *priority = field;
	uint64_t value;

	if (hp_read_number(in, key, node, 0, HP_CACHE_PRIORITY_MAX, &value))
		*priority = (unsigned int)value;
}

static const struct hp_key keys[] = {
	{ "l3", L3_ALLOWED, read_l3, 0, false },
	{ "bandwidth", BANDWIDTH_ALLOWED, read_bandwidth, 0, false },
	{ "priority", "0 to 100", read_priority, offsetof(struct hp_cache_spec, priority), false },
};
static const struct hp_shape shape = HP_SHAPE("cache", keys);

void hp_read_cache(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node, void *field)
{
	struct hp_cache_spec *cache = field;

	cache->loc = hp_yaml_where(node);
	if (!hp_read_map(in, &shape, key, node, cache) && node->kind == HP_YAML_MAP && !node->count)
		hp_reject(in, key, node, "there is nothing in it", NULL);
}
