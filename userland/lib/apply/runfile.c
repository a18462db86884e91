// SPDX-License-Identifier: GPL-2.0
/* runfile.c: the files in RUN: private, durable, replaced whole. */
#include "apply/runfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/hp_auto.h"
#include "base/hp_file.h"

static int build_path(char *path, const char *dir, const char *name)
{
	int len = snprintf(path, PATH_MAX, "%s/%s", dir, name);

	return len < 0 || len >= PATH_MAX ? -ENAMETOOLONG : 0;
}

int hp_runfile_make_dir(const char *dir, struct hp_err *err)
{
	hp_autofree char *path = strdup(dir);

	if (!path)
		return hp_err_set(err, ENOMEM, "out of memory");
	for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = '\0';
		/* mkdir() obeys the umask; a private RUN would hide the network namespaces from `ip`. */
		if (!mkdir(path, 0755))
			chmod(path, 0755);
		else if (errno != EEXIST)
			return hp_err_errno(err, errno, "create %s", path);
		if (!slash)
			return 0;
		*slash = '/';
	}
}

int hp_runfile_read(const char *dir, const char *name, char **text, struct hp_err *err)
{
	hp_autofile FILE *file = NULL;
	char path[PATH_MAX];
	size_t size = 0;

	*text = NULL;
	if (build_path(path, dir, name))
		return hp_err_errno(err, ENAMETOOLONG, "%s/%s", dir, name);
	file = fopen(path, "re");
	if (!file)
		return hp_err_errno(err, errno, "open %s", path);
	errno = 0;
	if (getdelim(text, &size, '\0', file) < 0) {
		int saved = errno;

		free(hp_take(*text));
		if (saved)
			return hp_err_errno(err, saved, "read %s", path);
		*text = strdup("");	/* an empty file */
		return *text ? 0 : hp_err_set(err, ENOMEM, "out of memory");
	}
	return 0;
}

int hp_runfile_sync_dir(const char *dir, struct hp_err *err)
{
	hp_autofd int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd))
		return hp_err_errno(err, errno, "sync %s", dir);
	return 0;
}

int hp_runfile_replace(const char *dir, const char *name, const char *text, struct hp_err *err)
{
	char path[PATH_MAX];
	int ret;

	if (build_path(path, dir, name))
		return hp_err_errno(err, ENAMETOOLONG, "%s/%s", dir, name);
	ret = hp_file_replace(path, text, strlen(text), 0600, err);
	return ret ? ret : hp_runfile_sync_dir(dir, err);
}

int hp_runfile_remove(const char *dir, const char *name, struct hp_err *err)
{
	char path[PATH_MAX];

	if (build_path(path, dir, name))
		return hp_err_errno(err, ENAMETOOLONG, "%s/%s", dir, name);
	if (unlink(path) && errno != ENOENT)
		return hp_err_errno(err, errno, "remove %s", path);
	return 0;
}
