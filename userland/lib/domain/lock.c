// SPDX-License-Identifier: GPL-2.0
/* lock.c: one start or stop of a domain at a time, also across a caller's death. */
#include "domain/domain_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

#define LOCK_TRIES 800
#define LOCK_PAUSE_US 50000

int hp_domain_lock(const char *run_dir, struct hp_err *err)
{
	hp_autofree char *path = hp_format("%s/domains", run_dir);
	hp_autofd int fd = -1;

	if (!path)
		return hp_err_set(err, ENOMEM, "out of memory");
	if ((mkdir(run_dir, 0755) < 0 || mkdir(path, 0755) < 0) && errno != EEXIST)
		return hp_err_errno(err, errno, "mkdir %s", path);
	mkdir(path, 0755);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return hp_err_errno(err, errno, "%s", path);
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return hp_take_fd(fd);
		if (errno != EWOULDBLOCK && errno != EINTR)
			break;
		usleep(LOCK_PAUSE_US);
	}
	return hp_err_errno(err, errno == EWOULDBLOCK ? EBUSY : errno, "%s is locked by a domain that is starting or stopping", path);
}
