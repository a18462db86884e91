/* SPDX-License-Identifier: GPL-2.0 */
/* hp_mount.h: mounts and unmounts the kernel's own file systems. */
#ifndef HP_MOUNT_H
#define HP_MOUNT_H

/* A file system without a device, such as resctrl, with nothing in it to be executed; -errno. */
int hp_mount_type(const char *type, const char *dir);
/* Success when nothing is mounted there. Where somebody looks at it, it goes when they have done. -errno. */
int hp_unmount(const char *dir);

#endif
