/* SPDX-License-Identifier: GPL-2.0 */
/* numbers.h: numbers in options: counts, lists of them, fractions. */
#ifndef NUMBERS_H
#define NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/hp_err.h"

/* A count in decimal digits only, from min to max. */
struct number {
	uint64_t value;		/* the default, until it is given */
	uint64_t min, max;
	bool is_given;
};
/* As `parse` of an option, with a struct number as `into`. */
int number_parse(const char *text, void *into, struct hp_err *err);

/* "100,200": counts from 1 to INT64_MAX, no one twice. */
struct number_list {
	uint64_t *values;	/* caller frees */
	size_t count;
};
int number_list_parse(const char *text, void *into, struct hp_err *err);

/* "0.8": between 0 and 1, in millionths; `into` is a struct number. More places than six are refused. */
int number_fraction_parse(const char *text, void *into, struct hp_err *err);

#endif
