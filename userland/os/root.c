// SPDX-License-Identifier: GPL-2.0
/* root.c: mounts the root file system of a domain's operating system. */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/securebits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

/* Parts of an installation that may be file systems of their own; "/" is always one. */
static const struct part {
	const char *dir, *tag;
} parts[] = { { "/", "root" }, { "/usr", "usr" }, { "/var", "var" }, { "/opt", "opt" }, { "/srv", "srv" } };

static int make_dir(const char *path, mode_t mode, struct hp_err *err)
{
	if (mkdir(path, mode) < 0 && errno != EEXIST)
		return hp_err_errno(err, errno, "mkdir %s", path);
	return 0;
}

__attribute__((format(printf, 3, 4)))
static int make_dirf(mode_t mode, struct hp_err *err, const char *fmt, ...)
{
	hp_autofree char *path = NULL;
	va_list args;

	va_start(args, fmt);
	path = hp_vformat(fmt, args);
	va_end(args);
	return path ? make_dir(path, mode, err) : hp_err_set(err, ENOMEM, "out of memory");
}

static int attach_clone(const char *from, const char *to, uint32_t shift, bool is_read_only, struct hp_err *err)
{
	hp_autofd int tree = idmap_clone(from, shift, is_read_only, err);

	return tree < 0 ? tree : idmap_attach(tree, to, err);
}

/*
 * Overlayfs acts on its layers as whoever mounted it. Layers with mapped ids
 * have no name for the machine's root, so it is mounted as the domain's, with
 * the capabilities kept.
 */
static int mount_overlay_as(const char *target, const char *options, uint32_t shift, struct hp_err *err)
{
	int bits = prctl(PR_GET_SECUREBITS), ret = 0;

	if (bits < 0 || prctl(PR_SET_SECUREBITS, (unsigned long)bits | SECBIT_NO_SETUID_FIXUP) < 0)
		return hp_err_errno(err, errno, "securebits");
	setfsgid(shift);
	setfsuid(shift);
	if (mount("overlay", target, "overlay", 0, options) < 0) {
		ret = hp_err_errno(err, errno, "mounting an overlay on %s (%s)", target, options);
		hp_err_hint(err, "the layer's file system must take extended attributes and be no overlay itself");
	}
	setfsuid(0);
	setfsgid(0);
	prctl(PR_SET_SECUREBITS, (unsigned long)bits);
	return ret;
}

/* disk: the directory on disk that holds the layer; DIR/lower-TAG and DIR/disk-TAG see it with the domain's ids. */
static int overlay_part(const struct keeper *keeper, const struct part *part, const char *disk, struct hp_err *err)
{
	uint32_t shift = keeper->os.uid_shift;
	hp_autofree char *lower = NULL, *layer = NULL, *target = NULL, *options = NULL;
	int ret;

	if (asprintf(&lower, "%s/lower-%s", keeper->dir, part->tag) < 0 ||
	    asprintf(&layer, "%s/disk-%s", keeper->dir, part->tag) < 0 ||
	    asprintf(&target, "%s%s", keeper->root_dir, part->dir) < 0 ||
	    asprintf(&options, "lowerdir=%s,upperdir=%s/upper,workdir=%s/work", lower, layer, layer) < 0)
		return hp_err_set(err, ENOMEM, "out of memory");
	ret = make_dir(lower, 0755, err);
	if (!ret)
		ret = make_dir(layer, 0755, err);
	if (!ret)
		ret = attach_clone(part->dir, lower, shift, true, err);
	if (!ret)
		ret = attach_clone(disk, layer, shift, false, err);
	return ret ? ret : mount_overlay_as(target, options, shift, err);
}

static bool is_mount_of_its_own(const char *dir)
{
	struct statx info;

	return statx(AT_FDCWD, dir, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &info) == 0 && S_ISDIR(info.stx_mode) &&
	       (info.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

static int mount_overlay(const struct keeper *keeper, struct hp_err *err)
{
	int ret = make_dir(keeper->lib_dir, 0755, err);

	if (!ret)
		ret = make_dirf(0711, err, "%s/domains", keeper->lib_dir);
	if (!ret)
		ret = make_dirf(0700, err, "%s/domains/%s", keeper->lib_dir, keeper->name);
	for (size_t i = 0; i < hp_array_size(parts) && !ret; i++) {
		hp_autofree char *disk = NULL;
		hp_autofree char *upper = NULL;

		if (i > 0 && !is_mount_of_its_own(parts[i].dir))
			continue;
		if (asprintf(&disk, "%s/domains/%s/%s", keeper->lib_dir, keeper->name, parts[i].tag) < 0 ||
		    asprintf(&upper, "%s/upper", disk) < 0)
			return hp_err_set(err, ENOMEM, "out of memory");
		ret = make_dir(disk, 0755, err);
		if (!ret)
			ret = make_dir(upper, 0755, err);
		if (!ret)
			ret = make_dirf(0755, err, "%s/work", disk);
		if (!ret && i == 0)
			ret = seed_layer(disk, keeper->hostname, !keeper->os.uid_shift, err);
		if (!ret)
			ret = overlay_part(keeper, &parts[i], disk, err);
	}
	return ret;
}

/* mount(8) finds out which file system it is. This process is in the domain, so only the domain's devices open. */
static int mount_device(const char *device, const char *target, struct hp_err *err)
{
	hp_autofd int fd = open(device, O_RDONLY | O_CLOEXEC);
	int status;
	pid_t pid;

	if (fd < 0) {
		int ret = hp_err_errno(err, errno, "root %s", device);

		if (ret == -EPERM)
			hp_err_hint(err, "it does not belong to the domain; 'partctl devices' shows what does");
		return ret;
	}
	pid = fork();
	if (pid == 0) {
		execl("/usr/bin/mount", "mount", device, target, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return hp_err_errno(err, errno, "mount %s", device);
	if (status)
		return hp_err_set(err, EIO, "root %s: it cannot be mounted (mount said %d); is there a file system on it?",
				  device, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return 0;
}

static int mount_other(const struct keeper *keeper, struct hp_err *err)
{
	const char *from = keeper->os.root;
	hp_autofree char *disk = NULL;
	int ret;

	if (strncmp(from, "/dev/", 5) != 0)
		return attach_clone(from, keeper->root_dir, keeper->os.uid_shift, false, err);
	disk = hp_format("%s/disk", keeper->dir);
	if (!disk)
		return hp_err_set(err, ENOMEM, "out of memory");
	ret = make_dir(disk, 0755, err);
	if (!ret)
		ret = mount_device(from, disk, err);
	return ret ? ret : attach_clone(disk, keeper->root_dir, keeper->os.uid_shift, false, err);
}

int root_mount(const struct keeper *keeper, struct hp_err *err)
{
	hp_autofree char *release = NULL;
	int ret = make_dir(keeper->dir, 0700, err);

	if (!ret)
		ret = make_dir(keeper->root_dir, 0755, err);
	if (!ret)
		ret = strcmp(keeper->os.root, "overlay") == 0 ? mount_overlay(keeper, err) : mount_other(keeper, err);
	if (ret)
		return ret;
	release = hp_format("%s/usr/lib/os-release", keeper->root_dir);
	if (!release)
		return hp_err_set(err, ENOMEM, "out of memory");
	if (access(release, F_OK) < 0)
		return hp_err_set(err, ENOENT, "root %s: there is no operating system in it (usr/lib/os-release)",
				  keeper->os.root);
	return 0;
}
