// SPDX-License-Identifier: GPL-2.0
/* mount.c: mounts and unmounts the kernel's own file systems. */
#include "base/hp_mount.h"

#include <errno.h>
#include <sys/mount.h>

int hp_mount_type(const char *type, const char *dir)
{
	return mount(type, dir, type, MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RELATIME, NULL) ? -errno : 0;
}

int hp_unmount(const char *dir)
{
	if (!umount2(dir, 0) || errno == EINVAL || (errno == EBUSY && !umount2(dir, MNT_DETACH)))
		return 0;
	return -errno;
}
