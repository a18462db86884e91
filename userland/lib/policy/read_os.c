// SPDX-License-Identifier: GPL-2.0
/* read_os.c: reads from where a domain's operating system is started, and as what. */
#include "policy/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/hp_auto.h"
#include "policy/values.h"

#define PATH_MAX_LENGTH 1024

/* An absolute path without empty, "." or ".." parts, so that two spellings of one directory are one text. */
static const char *judge_path(const char *path)
{
	if (strlen(path) > PATH_MAX_LENGTH)
		return "it is longer than 1024 characters";
	for (const char *part = path; *part; part += 1 + strcspn(part + 1, "/")) {
		size_t length = strcspn(part + 1, "/");

		if (!length)
			return part == path && !path[1] ? "that is the machine's own; \"overlay\" starts from it" :
							  "it has an empty part";
		if ((length == 1 && part[1] == '.') || (length == 2 && part[1] == '.' && part[2] == '.'))
			return "it has a part that is . or ..";
	}
	for (; *path; path++)
		if ((unsigned char)*path < ' ' || *path == 0x7f)
			return "it has a control character";
	return NULL;
}

void hp_read_root(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node, void *field)
{
	char **root = field;
	const char *text, *why = NULL;

	if (!hp_read_text(in, key, node, &text))
		return;
	if (*text == '/')
		why = judge_path(text);
	else if (strcmp(text, HP_ROOT_OVERLAY) != 0)
		why = "it is no absolute path";
	if (why)
		hp_reject(in, key, node, why, *text != '/' && *text == 'o' ? HP_ROOT_OVERLAY : NULL);
	else
		*root = hp_reader_copy(in, text);
}
