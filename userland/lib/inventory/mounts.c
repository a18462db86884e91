// SPDX-License-Identifier: GPL-2.0
/* mounts.c: reads the machine's mount table. */
#include "inventory/mounts.h"

#include <errno.h>
#include <stdio.h>
#include "base/hp_auto.h"
#include "inventory/inv_reader.h"

/* The kernel writes blanks and backslashes as three octal digits. */
static void unescape(char *text)
{
	char *out = text;

	for (const char *in = text; *in; in++) {
		unsigned int code;

		if (*in == '\\' && sscanf(in + 1, "%3o", &code) == 1 &&
		    strspn(in + 1, "01234567") >= 3) {
			*out++ = (char)code;
			in += 3;
		} else {
			*out++ = *in;
		}
	}
	*out = '\0';
}

/* "36 35 98:0 /root /point options [tags] - fstype source options"; returns false for another shape. */
static bool parse_line(char *line, struct inv_mount *mount)
{
	char *tail = strstr(line, " - ");
	char *fields[5], *rest = line;

	if (!tail)
		return false;
	*tail = '\0';
	tail += strlen(" - ");
	for (size_t i = 0; i < hp_array_size(fields); i++) {
		fields[i] = strsep(&rest, " ");
		if (!fields[i])
			return false;
	}
	if (sscanf(fields[2], "%d:%d", &mount->major, &mount->minor) != 2)
		return false;
	mount->point = fields[4];
	mount->fstype = strsep(&tail, " ");
	mount->source = tail ? strsep(&tail, " ") : NULL;
	if (!mount->source)
		return false;
	unescape(mount->point);
	unescape(mount->source);
	return true;
}

static int add_mount(struct inv_mounts *mounts, const struct inv_mount *parsed)
{
	struct inv_mount *mount = inv_append(mounts->items, mounts->count);

	if (!mount)
		return -ENOMEM;
	mount->major = parsed->major;
	mount->minor = parsed->minor;
	mount->point = strdup(parsed->point);
	mount->fstype = strdup(parsed->fstype);
	mount->source = strdup(parsed->source);
	return mount->point && mount->fstype && mount->source ? 0 : -ENOMEM;
}

int inv_mounts_read(struct hp_root *root, struct inv_mounts *mounts)
{
	hp_autofree char *text = hp_root_readf(root, "/proc/1/mountinfo");
	char *rest = text;

	*mounts = (struct inv_mounts){ 0 };
	for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
		struct inv_mount parsed;

		if (parse_line(line, &parsed) && add_mount(mounts, &parsed)) {
			inv_mounts_free(mounts);
			return -ENOMEM;
		}
	}
	return 0;
}

void inv_mounts_free(struct inv_mounts *mounts)
{
	for (size_t i = 0; i < mounts->count; i++) {
		free(mounts->items[i].point);
		free(mounts->items[i].fstype);
		free(mounts->items[i].source);
	}
	free(mounts->items);
	*mounts = (struct inv_mounts){ 0 };
}

static bool is_above(const char *point, const char *path)
{
	size_t len = strlen(point);

	if (!strcmp(point, "/"))
		return true;
	return !strncmp(point, path, len) && (!path[len] || path[len] == '/');
}

const struct inv_mount *inv_mounts_find(const struct inv_mounts *mounts, const char *path)
{
	const struct inv_mount *best = NULL;

	for (size_t i = 0; i < mounts->count; i++) {
		const struct inv_mount *mount = &mounts->items[i];

		if (is_above(mount->point, path) &&
		    (!best || strlen(mount->point) >= strlen(best->point)))
			best = mount;
	}
	return best;
}
