// SPDX-License-Identifier: GPL-2.0
/* size.c: amounts as people write them: byte sizes with binary units, percentages. */
#include "base/hp_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hp_auto.h"

#define FRACTION_DIGITS_MAX 9

static const char *const units[] = { "", "KiB", "MiB", "GiB", "TiB" };

/* A decimal number as text has it: whole part plus `digits` / 10^n. */
struct decimal {
	uint64_t whole;
	uint64_t digits, scale;
	bool has_point;
};

/* Reads digits until something else; false without a digit, *overflow when 64 bits are too few. */
static bool read_digits(const char **pos, unsigned int max, uint64_t *value, uint64_t *scale,
			bool *overflow)
{
	unsigned int count = 0;

	for (*value = 0, *scale = 1; **pos >= '0' && **pos <= '9'; (*pos)++, count++) {
		unsigned int digit = **pos - '0';

		if (count >= max || *value > (UINT64_MAX - digit) / 10) {
			*overflow = true;
			continue;
		}
		*value = *value * 10 + digit;
		*scale *= 10;
	}
	return count > 0;
}

/*
 * Leaves *pos behind the number. -EINVAL: not one; -ERANGE: more than 64 bits or
 * FRACTION_DIGITS_MAX decimals.
 */
static int read_decimal(const char **pos, struct decimal *out)
{
	bool overflow = false;
	uint64_t unused;

	*out = (struct decimal){ .scale = 1 };
	if (!read_digits(pos, UINT32_MAX, &out->whole, &unused, &overflow))
		return -EINVAL;
	if (**pos == '.') {
		out->has_point = true;
		(*pos)++;
		if (!read_digits(pos, FRACTION_DIGITS_MAX, &out->digits, &out->scale, &overflow))
			return -EINVAL;
	}
	return overflow ? -ERANGE : 0;
}

static int find_unit(const char *suffix)
{
	if (!*suffix)
		return 0;
	for (size_t i = 1; i < hp_array_size(units); i++) {
		if (!strcmp(suffix, units[i]) || (suffix[0] == units[i][0] && !suffix[1]))
			return i;
	}
	return -1;
}

int hp_size_parse(const char *text, uint64_t *bytes)
{
	struct decimal number;
	unsigned int shift;
	int ret, unit;

	ret = read_decimal(&text, &number);
	unit = find_unit(text);
	if (ret == -EINVAL || unit < 0 || (number.has_point && unit == 0))
		return -EINVAL;
	shift = 10 * unit;
	if (ret || number.whole > UINT64_MAX >> shift)
		return -ERANGE;
	/* Parts of a byte are dropped; nine decimals of a TiB need more than 64 bits on the way. */
	*bytes = (number.whole << shift) +
		 (uint64_t)(((unsigned __int128)number.digits << shift) / number.scale);
	return 0;
}

char *hp_size_format(uint64_t bytes)
{
	for (size_t i = hp_array_size(units) - 1; i > 0; i--) {
		uint64_t half = UINT64_C(1) << (10 * i - 1);

		/*
		 * One decimal is exact only for halves: no other tenth of a power of two is a whole
		 * number.
		 */
		if (bytes < 2 * half || bytes % half)
			continue;
		return hp_format("%" PRIu64 "%s%s", bytes / (2 * half), bytes % (2 * half) ? ".5" : "", units[i]);
	}
	return hp_format("%" PRIu64, bytes);
}

char *hp_size_human(uint64_t bytes)
{
	double value = bytes;
	size_t unit = 0;
	int decimals;

	/* 1023.5 would print as 1024, which is 1.00 of the next unit. */
	for (; value >= 1023.5 && unit + 1 < hp_array_size(units); unit++)
		value /= 1024;
	if (!unit)
		return hp_format("%" PRIu64 "B", bytes);
	decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
	return hp_format("%.*f%s", decimals, value, units[unit]);
}

int hp_percent_parse(const char *text, unsigned int *milli)
{
	struct decimal number;
	uint64_t value;
	int ret;

	ret = read_decimal(&text, &number);
	if (ret == -EINVAL || strcmp(text, "%"))
		return -EINVAL;
	if (ret || number.scale > 1000 || number.whole > 100)
		return -ERANGE;
	value = number.whole * 1000 + number.digits * (1000 / number.scale);
	if (!value || value > 100000)
		return -ERANGE;
	*milli = value;
	return 0;
}
