// SPDX-License-Identifier: GPL-2.0
/* root.c: reads and writes a machine's files below one root directory. */
#include "base/hp_root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

#define READ_MAX_BYTES (1024u * 1024u)
#define READ_STEP_BYTES 4096u

struct hp_root {
	int fd;
	bool is_live;
	char *path;
};

static bool is_same_as_live(int fd)
{
	struct stat live, here;

	return !stat("/", &live) && !fstat(fd, &here) &&
	       live.st_dev == here.st_dev && live.st_ino == here.st_ino;
}

struct hp_root *hp_root_open(const char *dir, struct hp_err *err)
{
	struct hp_root *root = calloc(1, sizeof(*root));

	if (!root) {
		hp_err_set(err, ENOMEM, "out of memory");
		return NULL;
	}
	root->fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root->fd < 0) {
		hp_err_errno(err, errno, "root directory %s", dir);
		free(root);
		return NULL;
	}
	root->is_live = is_same_as_live(root->fd);
	root->path = realpath(dir, NULL);
	if (!root->path) {
		hp_err_errno(err, errno, "root directory %s", dir);
		hp_root_close(root);
		return NULL;
	}
	return root;
}

void hp_root_close(struct hp_root *root)
{
	if (!root)
		return;
	close(root->fd);
	free(root->path);
	free(root);
}

void hp_root_closep(struct hp_root **root)
{
	hp_root_close(*root);
}

bool hp_root_is_live(const struct hp_root *root)
{
	return root->is_live;
}

const char *hp_root_path(const struct hp_root *root)
{
	return root->path;
}

/*
 * The live root needs no confinement. A recorded tree's links are absolute or
 * climb with "..": only openat2() keeps them inside, so there is no fallback
 * that would quietly read the live machine instead.
 */
static int open_below(const struct hp_root *root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned int)flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT,
	};
	int fd;

	if (root->is_live)
		return open(path, flags | O_CLOEXEC);
	do {
		fd = (int)syscall(SYS_openat2, root->fd, path, &how, sizeof(how));
	} while (fd < 0 && errno == EAGAIN);	/* a rename raced with the walk */
	return fd;
}

int hp_root_openat(struct hp_root *root, const char *path, int flags, struct hp_err *err)
{
	int fd;

	if (!root->is_live && (flags & (O_ACCMODE | O_CREAT | O_TRUNC)) != O_RDONLY)
		return hp_err_set(err, EROFS, "%s: the recorded machine in %s cannot be changed",
				  path, root->path);
	fd = open_below(root, path, flags);
	if (fd < 0)
		return hp_err_errno(err, errno, "open %s%s", root->is_live ? "" : root->path, path);
	return fd;
}

/* Reads to the end of the file; sysfs sizes are a lie, so it grows as it goes. */
static int slurp(int fd, char **text)
{
	hp_autofree char *buf = NULL;
	size_t size = 0, len = 0;

	for (;;) {
		ssize_t got;

		if (len + 1 >= size) {
			size_t bigger = size ? size * 2 : READ_STEP_BYTES;
			char *grown = realloc(buf, bigger);

			if (!grown)
				return -ENOMEM;
			buf = grown;
			size = bigger;
		}
		got = read(fd, buf + len, size - len - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		len += (size_t)got;
		if (len > READ_MAX_BYTES)
			return -EFBIG;
	}
	if (len && buf[len - 1] == '\n')
		len--;
	buf[len] = '\0';
	*text = hp_take(buf);
	return 0;
}

int hp_root_read(struct hp_root *root, const char *path, char **text, struct hp_err *err)
{
	hp_autofd int fd = open_below(root, path, O_RDONLY);
	int ret;

	*text = NULL;
	ret = fd < 0 ? -errno : slurp(fd, text);
	if (ret)
		return hp_err_errno(err, -ret, "read %s%s", root->is_live ? "" : root->path, path);
	return 0;
}

char *hp_root_readf(struct hp_root *root, const char *fmt, ...)
{
	hp_autofree char *path = NULL;
	char *text;
	va_list ap;

	va_start(ap, fmt);
	path = hp_vformat(fmt, ap);
	va_end(ap);
	return !path || hp_root_read(root, path, &text, NULL) ? NULL : text;
}

int hp_root_write(struct hp_root *root, const char *path, const char *text, struct hp_err *err)
{
	hp_autofd int fd = hp_root_openat(root, path, O_WRONLY, err);
	size_t len = strlen(text);
	ssize_t done;

	if (fd < 0)
		return fd;
	do {
		done = write(fd, text, len);
	} while (done < 0 && errno == EINTR);
	if (done < 0)
		return hp_err_errno(err, errno, "write \"%s\" to %s", text, path);
	/* A kernel file takes a value whole; half of one is another value. */
	if ((size_t)done != len)
		return hp_err_set(err, EIO, "write \"%s\" to %s: only %zd of %zu bytes were taken",
				  text, path, done, len);
	return 0;
}

bool hp_root_exists(struct hp_root *root, const char *path)
{
	hp_autofd int fd = open_below(root, path, O_PATH);

	return fd >= 0;
}

static int compare_names(const void *a, const void *b)
{
	return hp_natural_cmp(*(char *const *)a, *(char *const *)b);
}

static bool is_dot(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

/* Appends to a list that always ends in NULL. */
static int append_name(char ***names, size_t *count, size_t *room, const char *name)
{
	if (*count + 2 > *room) {
		size_t bigger = *room ? *room * 2 : 32;
		char **grown = realloc(*names, bigger * sizeof(**names));

		if (!grown)
			return -ENOMEM;
		*names = grown;
		*room = bigger;
	}
	if (name) {
		(*names)[*count] = strdup(name);
		if (!(*names)[*count])
			return -ENOMEM;
		(*count)++;
	}
	(*names)[*count] = NULL;
	return 0;
}

static int collect_names(DIR *dir, char ***names, size_t *count)
{
	size_t room = 0;
	int ret = append_name(names, count, &room, NULL);

	while (!ret) {
		struct dirent *entry;

		errno = 0;
		entry = readdir(dir);
		if (!entry)
			return -errno;
		if (!is_dot(entry->d_name))
			ret = append_name(names, count, &room, entry->d_name);
	}
	return ret;
}

int hp_root_list(struct hp_root *root, const char *path, char ***names, struct hp_err *err)
{
	hp_autofd int fd = open_below(root, path, O_RDONLY | O_DIRECTORY);
	hp_autodir DIR *dir = NULL;
	size_t count = 0;
	int ret;

	*names = NULL;
	if (fd < 0)
		return hp_err_errno(err, errno, "list %s%s", root->is_live ? "" : root->path, path);
	dir = fdopendir(fd);
	if (!dir)
		return hp_err_errno(err, errno, "list %s", path);
	fd = -1;	/* the DIR owns it now */
	ret = collect_names(dir, names, &count);
	if (ret) {
		hp_root_list_free(*names);
		*names = NULL;
		return hp_err_errno(err, -ret, "list %s", path);
	}
	qsort(*names, count, sizeof(**names), compare_names);
	return 0;
}

void hp_root_list_free(char **names)
{
	if (!names)
		return;
	for (char **name = names; *name; name++)
		free(*name);
	free(names);
}

char *hp_root_readlink(struct hp_root *root, const char *path)
{
	hp_autofd int fd = open_below(root, path, O_PATH | O_NOFOLLOW);
	char target[PATH_MAX];
	ssize_t len;

	if (fd < 0)
		return NULL;
	len = readlinkat(fd, "", target, sizeof(target));
	return len < 0 || len == sizeof(target) ? NULL : strndup(target, (size_t)len);
}
