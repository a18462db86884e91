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

static int build_path(char *path, const char *dir, const char *name, const char *suffix)
{
	int len = snprintf(path, PATH_MAX, "%s/%s%s", dir, name, suffix);

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

int hp_runfile_write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t put = write(fd, text, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		text += put;
		len -= (size_t)put;
	}
	return 0;
}

int hp_runfile_read(const char *dir, const char *name, char **text, struct hp_err *err)
{
	hp_autofile FILE *file = NULL;
	char path[PATH_MAX];
	size_t size = 0;

	*text = NULL;
	if (build_path(path, dir, name, ""))
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
	char path[PATH_MAX], temp[PATH_MAX];
	hp_autofd int fd = -1;
	int ret;

	if (build_path(path, dir, name, "") || build_path(temp, dir, name, ".tmp"))
		return hp_err_errno(err, ENAMETOOLONG, "%s/%s", dir, name);
	fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return hp_err_errno(err, errno, "create %s", temp);
	ret = hp_runfile_write_all(fd, text, strlen(text));
	if (!ret && fsync(fd))
		ret = -errno;
	if (!ret && rename(temp, path))
		ret = -errno;
	if (ret) {
		unlink(temp);
		return hp_err_errno(err, -ret, "write %s", path);
	}
	return hp_runfile_sync_dir(dir, err);
}

int hp_runfile_remove(const char *dir, const char *name, struct hp_err *err)
{
	char path[PATH_MAX];

	if (build_path(path, dir, name, ""))
		return hp_err_errno(err, ENAMETOOLONG, "%s/%s", dir, name);
	if (unlink(path) && errno != ENOENT)
		return hp_err_errno(err, errno, "remove %s", path);
	return 0;
}
