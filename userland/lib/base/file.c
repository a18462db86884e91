// SPDX-License-Identifier: GPL-2.0
/* file.c: reads a file that a person named, and replaces one. */
#include "base/hp_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

/* Fills up to `size` bytes; fewer at the end of the file. -errno on failure. */
static ssize_t read_full(int fd, char *buffer, size_t size)
{
	size_t used = 0;

	while (used < size) {
		ssize_t got = read(fd, buffer + used, size - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		used += got;
	}
	return used;
}

int hp_file_read(const char *file, size_t max_bytes, char **text, size_t *length,
		 struct hp_err *err)
{
	const bool is_stdin = !strcmp(file, "-");
	hp_autofd int own_fd = is_stdin ? -1 : open(file, O_RDONLY | O_CLOEXEC);
	hp_autofree char *buffer = NULL;
	ssize_t used;

	if (!is_stdin && own_fd < 0)
		return hp_err_errno(err, errno, "cannot open %s", file);
	buffer = malloc(max_bytes + 1);
	if (!buffer)
		return hp_err_set(err, ENOMEM, "out of memory while reading %s", file);
	used = read_full(is_stdin ? STDIN_FILENO : own_fd, buffer, max_bytes + 1);
	if (used < 0)
		return hp_err_errno(err, -used, "cannot read %s", file);
	if ((size_t)used > max_bytes)
		return hp_err_set(err, EFBIG, "%s is larger than %zu bytes", file, max_bytes);
	buffer[used] = 0;
	*length = used;
	*text = hp_take(buffer);
	return 0;
}

int hp_file_write_all(int fd, const void *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t written = write(fd, (const char *)data + done, size - done);

		if (written < 0 && errno != EINTR)
			return -errno;
		done += written > 0 ? (size_t)written : 0;
	}
	return 0;
}

/* Whatever the umask is, the mode is right before the name is. */
static int make_beside(const char *beside, const void *data, size_t size, mode_t mode)
{
	hp_autofd int fd = -1;
	int ret;

	if (unlink(beside) && errno != ENOENT)
		return -errno;
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	ret = hp_file_write_all(fd, data, size);
	return ret || (!fchmod(fd, mode) && !fsync(fd)) ? ret : -errno;
}

int hp_file_replace(const char *path, const void *data, size_t size, mode_t mode, struct hp_err *err)
{
	hp_autofree char *beside = hp_format("%s.new", path);
	int ret = beside ? make_beside(beside, data, size, mode) : -ENOMEM;

	if (!ret && rename(beside, path))
		ret = -errno;
	if (ret && beside && ret != -EEXIST)
		unlink(beside);
	return ret ? hp_err_errno(err, -ret, "cannot write %s", path) : 0;
}
