// SPDX-License-Identifier: GPL-2.0
/* schemata.c: reads the text of resctrl's schemata files. */
#include "base/hp_schemata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const resources[] = { "L3", "L3DATA", "L3CODE", "MB", NULL };

static int base_of(const char *resource)
{
	return *resource == 'L' ? 16 : 10;
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* What is behind "RESOURCE:" in its line; NULL when there is no such line. */
static const char *find_values(const char *text, const char *resource)
{
	size_t length = strlen(resource);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line = skip_blanks(line + (*line == '\n'));
		if (!strncmp(line, resource, length) && line[length] == ':')
			return line + length + 1;
	}
	return NULL;
}

bool hp_schemata_nth(const char *text, const char *resource, size_t n, unsigned int *cache, unsigned long *value)
{
	const char *at = find_values(text, resource);

	for (; at && n; n--) {
		at += strcspn(at, ";\n");
		at = *at == ';' ? at + 1 : NULL;
	}
	if (!at)
		return false;
	at = skip_blanks(at);
	if (*at < '0' || *at > '9')
		return false;
	*cache = (unsigned int)strtoul(at, (char **)&at, 10);
	at = skip_blanks(at);
	if (*at != '=')
		return false;
	*value = strtoul(at + 1, NULL, base_of(resource));
	return true;
}

bool hp_schemata_get(const char *text, const char *resource, unsigned int cache, unsigned long *value)
{
	unsigned int found;

	for (size_t n = 0; hp_schemata_nth(text, resource, n, &found, value); n++)
		if (found == cache)
			return true;
	return false;
}

bool hp_schemata_holds(const char *live, const char *want)
{
	unsigned long is, should;
	unsigned int cache;

	for (size_t i = 0; resources[i]; i++)
		for (size_t n = 0; hp_schemata_nth(want, resources[i], n, &cache, &should); n++)
			if (!hp_schemata_get(live, resources[i], cache, &is) || is != should)
				return false;
	return true;
}

char *hp_schemata_tidy(const char *text)
{
	char *tidy = NULL;
	bool is_first = true;
	unsigned long value;
	unsigned int cache;
	size_t size;
	FILE *out = open_memstream(&tidy, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; resources[i]; i++) {
		for (size_t n = 0; hp_schemata_nth(text, resources[i], n, &cache, &value); n++) {
			if (!n)
				fprintf(out, "%s%s:", is_first ? "" : "\n", resources[i]);
			fprintf(out, base_of(resources[i]) == 16 ? "%s%u=%lx" : "%s%u=%lu", n ? ";" : "", cache, value);
			is_first = false;
		}
	}
	if (fclose(out)) {
		free(tidy);
		return NULL;
	}
	return tidy;
}
