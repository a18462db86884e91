// SPDX-License-Identifier: GPL-2.0
/* top_format.c: numbers in few columns. */
#include "top_format.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/hp_auto.h"
#include "usage/hp_usage.h"

static const char *unknown(top_text text)
{
	return strcpy(text, "-");
}

/* Three digits and a unit; what would round to a fourth digit goes to the next unit. */
static const char *scale(top_text text, double value, double step, const char *const *units)
{
	size_t unit = 0;
	int decimals;

	while (units[unit + 1] && value >= 999.5) {
		value /= step;
		unit++;
	}
	decimals = unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
	snprintf(text, sizeof(top_text), "%.*f%s", decimals, value, units[unit]);
	return text;
}

const char *top_format_byte_rate(top_text text, double bytes)
{
	static const char *const units[] = { "", "K", "M", "G", "T", "P", "E", NULL };

	return isnan(bytes) ? unknown(text) : scale(text, bytes, 1024, units);
}

const char *top_format_bytes(top_text text, uint64_t bytes)
{
	if (bytes == HP_USAGE_UNLIMITED)
		return strcpy(text, "max");
	return top_format_byte_rate(text, bytes == HP_USAGE_UNKNOWN ? NAN : (double)bytes);
}

const char *top_format_percent(top_text text, double share)
{
	if (isnan(share))
		return unknown(text);
	snprintf(text, sizeof(top_text), "%.*f", share > 0 && share < 0.0995 ? 1 : 0, 100 * share);
	return text;
}

const char *top_format_time(top_text text, double ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s", NULL };

	return isnan(ns) ? unknown(text) : scale(text, ns, 1000, units);
}

const char *top_format_number(top_text text, double number)
{
	if (isnan(number))
		return unknown(text);
	snprintf(text, sizeof(top_text), "%.*f", number < 99.995 ? 2 : number < 999.95 ? 1 : 0, number);
	return text;
}

const char *top_format_count(top_text text, uint64_t count)
{
	if (count == HP_USAGE_UNKNOWN)
		return unknown(text);
	snprintf(text, sizeof(top_text), "%" PRIu64, count);
	return text;
}
