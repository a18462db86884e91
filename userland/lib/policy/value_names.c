// SPDX-License-Identifier: GPL-2.0
/* value_names.c: rules for names: domains, hosts, network ports, disk serials. */
#include "policy/values.h"

#include <string.h>

#include "policy/hp_policy.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool has_only(const char *text, size_t length, const char *characters)
{
	return strspn(text, characters) >= length;
}

const char *hp_value_domain_name(const char *text)
{
	/* The names under which waits are counted that no domain caused. */
	static const char *const reserved[] = { "base", "kernel", "irq", "softirq", NULL };
	size_t length = strlen(text);

	for (size_t i = 0; reserved[i]; i++) {
		if (!strcmp(text, reserved[i]))
			return "the name is reserved";
	}
	if (!length || length > HP_NAME_MAX)
		return length ? "it is longer than 32 characters" : "it is empty";
	if (!strchr(LOWER, text[0]))
		return "it does not start with a lower-case letter";
	if (!has_only(text, length, LOWER DIGITS "-"))
		return "it has other characters than lower-case letters, digits and hyphens";
	return text[length - 1] == '-' ? "it ends with a hyphen" : NULL;
}

static const char *check_label(const char *label, size_t length)
{
	if (!length)
		return "it has an empty part between dots";
	if (length > 63)
		return "a part between dots is longer than 63 characters";
	if (!has_only(label, length, LOWER UPPER DIGITS "-"))
		return "it has other characters than letters, digits, hyphens and dots";
	if (label[0] == '-' || label[length - 1] == '-')
		return "a part starts or ends with a hyphen";
	return NULL;
}

const char *hp_value_hostname(const char *text)
{
	const char *why;

	if (!*text)
		return "it is empty";
	if (strlen(text) > 64)
		return "it is longer than 64 characters";
	for (;;) {
		size_t length = strcspn(text, ".");

		why = check_label(text, length);
		if (why || !text[length])
			return why;
		text += length + 1;
	}
}

const char *hp_value_port_name(const char *text)
{
	size_t length = strlen(text);

	if (!length || length > 15)
		return length ? "it is longer than 15 characters" : "it is empty";
	if (!has_only(text, length, LOWER UPPER DIGITS "._-"))
		return "it has other characters than letters, digits, dots, hyphens, underscores";
	if (!strcmp(text, ".") || !strcmp(text, ".."))
		return "the kernel does not allow it";
	if (!strcmp(text, "lo"))
		return "every host has a loopback of that name";
	if (!strcmp(text, "hp0"))
		return "the link between the domains has that name";
	return NULL;
}

const char *hp_value_serial(const char *text)
{
	size_t length = strlen(text);

	if (!length || length > 64)
		return length ? "it is longer than 64 characters" : "it is empty";
	for (size_t i = 0; i < length; i++) {
		if (text[i] < ' ' || text[i] > '~')
			return "it has characters that no serial number has";
	}
	return text[0] == ' ' || text[length - 1] == ' ' ? "it starts or ends with a space" : NULL;
}
