// SPDX-License-Identifier: GPL-2.0
/* numbers.c: reads the numbers of options, and nothing that only looks like one. */
#include "numbers.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Digits only: strtoull() takes signs and blanks too. */
static int read_count(const char *text, size_t length, uint64_t *value)
{
	if (!length)
		return -EINVAL;
	*value = 0;
	for (size_t i = 0; i < length; i++) {
		if (!isdigit((unsigned char)text[i]))
			return -EINVAL;
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (unsigned int)(text[i] - '0'), value))
			return -ERANGE;
	}
	return 0;
}

static int refuse(const char *text, size_t length, uint64_t min, uint64_t max, struct hp_err *err)
{
	return hp_err_usage(err, "'%.*s' is not a whole number from %llu to %llu", (int)length, text,
			    (unsigned long long)min, (unsigned long long)max);
}

int number_parse(const char *text, void *into, struct hp_err *err)
{
	struct number *number = into;
	uint64_t value;

	if (read_count(text, strlen(text), &value) < 0 || value < number->min || value > number->max)
		return refuse(text, strlen(text), number->min, number->max, err);
	number->value = value;
	number->is_given = true;
	return 0;
}

static int list_add(struct number_list *list, uint64_t value, struct hp_err *err)
{
	uint64_t *values;

	for (size_t i = 0; i < list->count; i++)
		if (list->values[i] == value)
			return hp_err_usage(err, "%llu is given twice", (unsigned long long)value);
	values = reallocarray(list->values, list->count + 1, sizeof(*values));
	if (!values)
		return hp_err_set(err, ENOMEM, "out of memory");
	list->values = values;
	values[list->count++] = value;
	return 0;
}

int number_list_parse(const char *text, void *into, struct hp_err *err)
{
	struct number_list *list = into;

	list->count = 0;
	for (;;) {
		size_t length = strcspn(text, ",");
		uint64_t value;
		int ret;

		if (read_count(text, length, &value) < 0 || value < 1 || value > INT64_MAX)
			return refuse(text, length, 1, INT64_MAX, err);
		ret = list_add(list, value, err);
		if (ret < 0 || !text[length])
			return ret;
		text += length + 1;
	}
}

int number_fraction_parse(const char *text, void *into, struct hp_err *err)
{
	struct number *number = into;
	const char *point = strchr(text, '.');
	size_t places = point ? strlen(point + 1) : 0, whole = point ? (size_t)(point - text) : strlen(text);
	uint64_t ones = 0, part = 0;

	if (whole && read_count(text, whole, &ones) < 0)
		ones = 1;
	if (ones || !places || places > 6 || read_count(point + 1, places, &part) < 0 || !part)
		return hp_err_usage(err, "'%s' is not a fraction between 0 and 1 with at most six places, such as 0.8", text);
	for (; places < 6; places++)
		part *= 10;
	number->value = part;
	number->is_given = true;
	return 0;
}
