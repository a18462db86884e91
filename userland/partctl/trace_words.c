// SPDX-License-Identifier: GPL-2.0
/* trace_words.c: understands which waits partctl trace is asked to tell of. */
#include "trace_words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ABOVE_DEFAULT_NS = 10000000 };

/* HP_OUTLIER_RESOURCES when the first `length` bytes are the word of none. */
static unsigned int find_resource(const char *word, size_t length)
{
	for (unsigned int i = 0; i < HP_OUTLIER_RESOURCES; i++) {
		const char *known = hp_outlier_resource(i);

		if (known && strlen(known) == length && memcmp(known, word, length) == 0)
			return i;
	}
	return HP_OUTLIER_RESOURCES;
}

static int refuse_resource(const char *word, size_t length, struct hp_err *err)
{
	const char *words[HP_OUTLIER_RESOURCES + 1] = { NULL };
	hp_autofree char *copy = strndup(word, length);
	size_t count = 0;

	for (unsigned int i = 0; i < HP_OUTLIER_RESOURCES; i++)
		if (hp_outlier_resource(i))
			words[count++] = hp_outlier_resource(i);
	return copy ? cli_refuse_word(copy, words, err) : hp_err_errno(err, ENOMEM, "'%s'", word);
}

int trace_parse_resource(const char *value, void *into, struct hp_err *err)
{
	struct trace_wish *wish = into;

	for (;; value++) {
		size_t length = strcspn(value, ",");
		unsigned int resource = find_resource(value, length);

		if (resource == HP_OUTLIER_RESOURCES)
			return refuse_resource(value, length, err);
		wish->is_wanted[resource] = true;
		value += length;
		if (!*value)
			return 0;
	}
}

/* "500us", "10ms", "2s": from 1us to 1h. */
static bool parse_time(const char *value, uint64_t *ns)
{
	static const struct {
		const char *unit;
		uint64_t ns;
	} units[] = { { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 } };
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(value, &end, 10);
	for (size_t i = 0; i < hp_array_size(units); i++)
		if (end != value && *value >= '0' && *value <= '9' && !errno && strcmp(end, units[i].unit) == 0 && n >= 1 &&
		    n <= 3600000000000 / units[i].ns) {
			*ns = n * units[i].ns;
			return true;
		}
	return false;
}

int trace_parse_above(const char *value, void *into, struct hp_err *err)
{
	const char *equals = strchr(value, '='), *time = equals ? equals + 1 : value;
	struct trace_wish *wish = into;
	uint64_t *above_ns = &wish->above_ns;

	if (equals) {
		unsigned int resource = find_resource(value, (size_t)(equals - value));

		if (resource == HP_OUTLIER_RESOURCES)
			return refuse_resource(value, (size_t)(equals - value), err);
		above_ns = &wish->above_of_ns[resource];
	}
	if (parse_time(time, above_ns))
		return 0;
	return hp_err_usage(err, "'%s' is not a time from 1us to 3600s with its unit, such as 500us, 10ms or 2s", time);
}

int trace_choose(const struct trace_wish *wish, uint64_t above_ns[HP_OUTLIER_RESOURCES], struct hp_err *err)
{
	uint64_t above_all_ns = wish->above_ns ? wish->above_ns : ABOVE_DEFAULT_NS;
	bool is_any = false;

	for (unsigned int i = 0; i < HP_OUTLIER_RESOURCES; i++)
		is_any |= wish->is_wanted[i];
	for (unsigned int i = 0; i < HP_OUTLIER_RESOURCES; i++) {
		bool is_wanted = is_any ? wish->is_wanted[i] : i == HP_OUTLIER_CPU;

		if (!is_wanted && wish->above_of_ns[i])
			return hp_err_usage(err, "partctl: trace: --above: %s is not traced: add --resource %s",
					    hp_outlier_resource(i), hp_outlier_resource(i));
		above_ns[i] = !is_wanted ? 0 : wish->above_of_ns[i] ? wish->above_of_ns[i] : above_all_ns;
	}
	return 0;
}
