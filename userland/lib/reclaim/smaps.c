// SPDX-License-Identifier: GPL-2.0
/* smaps.c: reads and clears the referenced marks of a process's pages, mapping by mapping. */
#include "hp_smaps.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/hp_auto.h"

/* A mapping's first line: "START-END PERMS OFFSET DEVICE INODE NAME", as in maps. */
static bool is_mapping(const char *line, uint64_t *start, uint64_t *end, uint64_t *inode)
{
	return sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*s %*s %" SCNu64, start, end, inode) == 3;
}

static struct hp_window *add(struct hp_window **windows, size_t *count)
{
	struct hp_window *more;

	if (*count % 64 == 0) {
		more = reallocarray(*windows, *count + 64, sizeof(*more));
		if (!more)
			return NULL;
		*windows = more;
	}
	return &(*windows)[(*count)++];
}

/* -ENOMEM, or how many. */
static ssize_t parse(FILE *file, struct hp_window **windows)
{
	hp_autofree char *line = NULL;
	struct hp_window *window = NULL;
	size_t size = 0, count = 0;
	uint64_t start, end, inode, kib;

	while (getline(&line, &size, file) > 0) {
		if (is_mapping(line, &start, &end, &inode)) {
			window = NULL;
			/* Above half of the addresses is the kernel's ([vsyscall]). */
			if (inode || start >> 63)
				continue;
			window = add(windows, &count);
			if (!window)
				return -ENOMEM;
			*window = (struct hp_window){ start, end, false };
		} else if (window && sscanf(line, "Referenced: %" SCNu64, &kib) == 1) {
			window->is_used = kib > 0;
		}
	}
	return (ssize_t)count;
}

ssize_t hp_smaps_look(struct hp_root *root, pid_t pid, struct hp_window **windows)
{
	char path[64];
	hp_autofd int fd = -1;
	hp_autofile FILE *file = NULL;
	ssize_t count;
	int ret;

	*windows = NULL;
	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	fd = hp_root_openat(root, path, O_RDONLY | O_CLOEXEC, NULL);
	file = fd < 0 ? NULL : fdopen(fd, "re");
	if (!file)
		return fd < 0 ? fd : -ENOMEM;
	fd = -1;
	count = parse(file, windows);
	/* 2: anonymous pages only, so that the kernel's knowledge of files stays. */
	snprintf(path, sizeof(path), "/proc/%d/clear_refs", pid);
	ret = count < 0 ? (int)count : hp_root_write(root, path, "2", NULL);
	if (ret < 0) {
		free(hp_take(*windows));
		return ret;
	}
	return count;
}
