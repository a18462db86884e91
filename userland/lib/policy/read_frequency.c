// SPDX-License-Identifier: GPL-2.0
/* read_frequency.c: reads how fast a domain's processors run, and how fast they wake. */
#include "policy/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/hp_auto.h"

/*
 * The governors of Documentation/admin-guide/pm/cpufreq.rst, without userspace: nobody would be there to
 * choose. The preferences are those of intel_pstate.rst, without "default": it does not read back.
 */
const char *const hp_governor_words[] = { "performance", "powersave", "schedutil", "ondemand", "conservative", NULL };
const char *const hp_preference_words[] = { "performance", "balance_performance", "balance_power", "power", NULL };

#define FREQUENCY_ALLOWED "a frequency with its unit, such as 2.4GHz or 1800MHz, at most 100GHz"
#define FREQUENCY_MAX_KHZ UINT64_C(100000000)
/* Whole digits; more could overflow, and no processor needs them. */
#define DIGITS_MAX 6

/* "2.4GHz": as many decimals as make whole kilohertz. */
static bool parse_frequency(const char *text, uint64_t *khz)
{
	static const struct {
		const char *name;
		unsigned int decimals;
	} units[] = { { "GHz", 6 }, { "MHz", 3 } };
	size_t whole = strspn(text, "0123456789");
	const char *point = text + whole + (text[whole] == '.');
	size_t decimals = text[whole] == '.' ? strspn(point, "0123456789") : 0;
	uint64_t value;

	if (!whole || whole > DIGITS_MAX || (text[whole] == '.' && !decimals))
		return false;
	for (size_t i = 0; i < hp_array_size(units); i++) {
		if (strcmp(point + decimals, units[i].name) || decimals > units[i].decimals)
			continue;
		value = strtoull(text, NULL, 10);
		for (unsigned int j = 0; j < units[i].decimals; j++)
			value = value * 10 + (j < decimals ? (unsigned int)(point[j] - '0') : 0);
		*khz = value;
		return true;
	}
	return false;
}

static void read_khz(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node, void *field)
{
	uint64_t *khz = field, value = 0;
	const char *text;

	if (node->kind == HP_YAML_SCALAR && (node->type == HP_YAML_INT || node->type == HP_YAML_FLOAT))
		hp_reject(in, key, node, "it has no unit", NULL);
	else if (!hp_read_text(in, key, node, &text))
		return;
	else if (!parse_frequency(text, &value))
		hp_reject(in, key, node, NULL, NULL);
	else if (!value || value > FREQUENCY_MAX_KHZ)
		hp_reject(in, key, node, value ? "no processor runs that fast" : "it is zero", NULL);
	else
		*khz = value;
}

static void read_governor(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node, void *field)
{
	const char **governor = field;
	unsigned int word;

	if (hp_read_word(in, key, node, hp_governor_words, &word))
		*governor = hp_governor_words[word];
}

static void read_preference(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node, void *field)
{
	const char **preference = field;
	unsigned int word;

	if (hp_read_word(in, key, node, hp_preference_words, &word))
		*preference = hp_preference_words[word];
}

static const struct hp_key keys[] = {
	{ "governor", "performance, powersave, schedutil, ondemand or conservative", read_governor,
	  offsetof(struct hp_frequency_spec, governor), false },
	{ "min", FREQUENCY_ALLOWED, read_khz, offsetof(struct hp_frequency_spec, min_khz), false },
	{ "max", FREQUENCY_ALLOWED, read_khz, offsetof(struct hp_frequency_spec, max_khz), false },
	{ "preference", "performance, balance_performance, balance_power or power", read_preference,
	  offsetof(struct hp_frequency_spec, preference), false },
};
static const struct hp_shape shape = HP_SHAPE("frequency", keys);

void hp_read_frequency(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node, void *field)
{
	struct hp_frequency_spec *frequency = field;

	frequency->loc = hp_yaml_where(node);
	if (!hp_read_map(in, &shape, key, node, frequency) && node->kind == HP_YAML_MAP && !node->count)
		hp_reject(in, key, node, "there is nothing in it", NULL);
	if (frequency->min_khz && frequency->max_khz && frequency->min_khz > frequency->max_khz)
		hp_complain(in->bad, frequency->loc, "min of frequency is more than its max");
}

static bool parse_latency(const char *text, uint64_t *us)
{
	size_t digits = strspn(text, "0123456789");

	if (!digits || digits > 8 || (strcmp(text + digits, "us") && strcmp(text + digits, "ms")))
		return false;
	*us = strtoull(text, NULL, 10) * (text[digits] == 'm' ? 1000 : 1);
	return true;
}

void hp_read_wake_latency(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node, void *field)
{
	struct hp_latency_spec *latency = field;
	const char *text;
	uint64_t us = 0;

	if (node->kind == HP_YAML_SCALAR && node->type == HP_YAML_INT)
		hp_reject(in, key, node, "it has no unit", NULL);
	else if (!hp_read_text(in, key, node, &text))
		return;
	else if (!parse_latency(text, &us))
		hp_reject(in, key, node, NULL, NULL);
	else if (us > HP_WAKE_LATENCY_MAX_US)
		hp_reject(in, key, node, "it is more than a second", NULL);
	else
		*latency = (struct hp_latency_spec){ .is_set = true, .us = us, .loc = hp_yaml_where(node) };
}
