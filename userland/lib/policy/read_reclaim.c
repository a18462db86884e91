// SPDX-License-Identifier: GPL-2.0
/* read_reclaim.c: reads how the agent frees memory that a domain does not use. */
#include "policy/parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/hp_auto.h"
#include "base/hp_text.h"

const char *const hp_reclaim_mode_words[] = { "off", "observe", "on", NULL };

/* Digits and one unit; a day is enough, and seven digits of anything are no overflow. */
#define DURATION_ALLOWED "a time with its unit, such as 500ms, 30s, 15m or 2h, at most 24h"
#define DURATION_MAX_MS UINT64_C(86400000)

static bool parse_duration(const char *text, uint64_t *ms)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 } };
	size_t digits = strspn(text, "0123456789");

	for (size_t i = 0; i < hp_array_size(units); i++) {
		if (!digits || digits > 8 || strcmp(text + digits, units[i].name))
			continue;
		*ms = strtoull(text, NULL, 10) * units[i].ms;
		return true;
	}
	return false;
}

static void read_duration(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
			  void *field)
{
	uint64_t *duration = field, ms = 0;
	const char *text;

	if (node->kind == HP_YAML_SCALAR && node->type == HP_YAML_INT)
		hp_reject(in, key, node, "it has no unit", NULL);
	else if (!hp_read_text(in, key, node, &text))
		return;
	else if (!parse_duration(text, &ms))
		hp_reject(in, key, node, NULL, NULL);
	else if (ms > DURATION_MAX_MS)
		hp_reject(in, key, node, "it is more than a day", NULL);
	else
		*duration = ms;
}

static void read_share(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		       void *field)
{
	const char *text;

	if (hp_read_text(in, key, node, &text) && hp_percent_parse(text, field))
		hp_reject(in, key, node, NULL, NULL);
}

static void read_mode(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		      void *field)
{
	enum hp_reclaim_mode *mode = field;
	unsigned int word;

	if (hp_read_word(in, key, node, hp_reclaim_mode_words, &word))
		*mode = word;
}

static void read_k(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		   void *field)
{
	unsigned int *k = field;
	uint64_t value;

	if (hp_read_number(in, key, node, 1, HP_RECLAIM_K_MAX, &value))
		*k = (unsigned int)value;
}

#define SHARE_ALLOWED "a share above 0% and up to 100%, with at most three decimals"
static const struct hp_key keys[] = {
	{ "mode", "off, observe or on", read_mode, offsetof(struct hp_reclaim_spec, mode), true },
	{ "k", "1 to 8", read_k, offsetof(struct hp_reclaim_spec, k), false },
	{ "crp", DURATION_ALLOWED, read_duration, offsetof(struct hp_reclaim_spec, crp_ms), false },
	{ "rip", DURATION_ALLOWED, read_duration, offsetof(struct hp_reclaim_spec, rip_ms), false },
	{ "distance", DURATION_ALLOWED, read_duration, offsetof(struct hp_reclaim_spec, distance_ms), false },
	{ "budget", SHARE_ALLOWED, read_share, offsetof(struct hp_reclaim_spec, budget_milli), false },
	{ "pressure", SHARE_ALLOWED, read_share, offsetof(struct hp_reclaim_spec, pressure_milli), false },
	{ "ranking", "true or false", hp_read_bool, offsetof(struct hp_reclaim_spec, is_ranked), false },
};
static const struct hp_shape shape = HP_SHAPE("reclaim", keys);

void hp_read_reclaim(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		     void *field)
{
	struct hp_reclaim_spec *reclaim = field;

	reclaim->loc = hp_yaml_where(node);
	hp_read_map(in, &shape, key, node, reclaim);
	if (reclaim->rip_ms < reclaim->crp_ms)
		hp_complain(in->bad, reclaim->loc,
			    "rip is less than crp: a history would end before it counts as a second reference");
}
