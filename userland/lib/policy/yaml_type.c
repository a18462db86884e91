// SPDX-License-Identifier: GPL-2.0
/* yaml_type.c: what an unquoted scalar means to a YAML 1.2 reader (core schema, section 10.3.2). */
#include "policy/yaml.h"

#include <string.h>

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++) {
		if (!strcmp(text, *words))
			return true;
	}
	return false;
}

static bool is_all(const char *text, const char *digits)
{
	return *text && !text[strspn(text, digits)];
}

static bool is_int(const char *text)
{
	if (!strncmp(text, "0o", 2))
		return is_all(text + 2, "01234567");
	if (!strncmp(text, "0x", 2))
		return is_all(text + 2, "0123456789abcdefABCDEF");
	if (*text == '-' || *text == '+')
		text++;
	return is_all(text, "0123456789");
}

static bool is_float(const char *text)
{
	static const char *const special[] = {
		".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN", NULL
	};
	size_t digits;

	if (*text == '-' || *text == '+')
		text++;
	if (is_one_of(text, special))
		return true;
	digits = strspn(text, "0123456789");
	text += digits;
	if (*text == '.') {
		text++;
		digits += strspn(text, "0123456789");
		text += strspn(text, "0123456789");
	}
	if (!digits)
		return false;
	if (*text == 'e' || *text == 'E') {
		text++;
		if (*text == '-' || *text == '+')
			text++;
		return is_all(text, "0123456789");
	}
	return !*text;
}

enum hp_yaml_type hp_yaml_resolve(const char *plain)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const bools[] = {
		"true", "True", "TRUE", "false", "False", "FALSE", NULL
	};

	if (is_one_of(plain, nulls))
		return HP_YAML_NULL;
	if (is_one_of(plain, bools))
		return HP_YAML_BOOL;
	if (is_int(plain))
		return HP_YAML_INT;
	return is_float(plain) ? HP_YAML_FLOAT : HP_YAML_TEXT;
}
