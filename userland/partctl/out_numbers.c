// SPDX-License-Identifier: GPL-2.0
/* out_numbers.c: numbers as people read them. */
#include "partctl.h"

#include <inttypes.h>

double out_part(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

const char *out_time(char text[16], uint64_t ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	double value = (double)ns;
	size_t unit = 0;

	while (unit + 1 < hp_array_size(units) && value >= 999.5) {
		value /= 1000;
		unit++;
	}
	snprintf(text, 16, "%.*f %s", unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2, value, units[unit]);
	return text;
}

const char *out_count(char text[24], uint64_t count)
{
	snprintf(text, 24, "%" PRIu64, count);
	return text;
}

const char *out_percent(char text[16], double share)
{
	snprintf(text, 16, "%.2f %%", 100 * share);
	return text;
}
