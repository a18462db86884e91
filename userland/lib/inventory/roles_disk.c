// SPDX-License-Identifier: GPL-2.0
/* roles_disk.c: which functions hold the file systems and swap areas in use. */
#include "inventory/inv_reader.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "inventory/mounts.h"

#define STACK_MAX 16	/* disks on disks: deeper than any sane one, so a loop ends */

struct disk_scan {
	struct inv_reader *reader;
	struct inv_mounts mounts;
};

static void mark_block(struct disk_scan *scan, const char *name, unsigned int role, int depth);
static void mark_file(struct disk_scan *scan, const char *path, unsigned int role, int depth);

/* "0000:..../nvme0n1/nvme0n1p2" -> "nvme0n1": the disk of a partition; NULL when dir is no partition. */
static char *disk_of_partition(struct hp_root *root, const char *name, const char *target)
{
	hp_autofree char *partition = hp_root_readf(root, "/sys/class/block/%s/partition", name);
	const char *end = strrchr(target, '/'), *start = end;

	if (!partition || !end)
		return NULL;
	while (start > target && start[-1] != '/')
		start--;
	return strndup(start, (size_t)(end - start));
}

/* What a device-mapper, md or bcache disk is made of. */
static void mark_slaves(struct disk_scan *scan, const char *name, unsigned int role, int depth)
{
	hp_autofree char *dir = hp_format("/sys/class/block/%s/slaves", name);
	char **slaves;

	if (!dir)
		return;
	if (hp_root_list(scan->reader->root, dir, &slaves, NULL))
		return;
	for (char **slave = slaves; *slave; slave++)
		mark_block(scan, *slave, role, depth + 1);
	hp_root_list_free(slaves);
}

/* Whatever uses the loop disk uses the disk that holds its file. */
static void mark_loop(struct disk_scan *scan, const char *name, unsigned int role, int depth)
{
	hp_autofree char *file =
		hp_root_readf(scan->reader->root, "/sys/class/block/%s/loop/backing_file", name);

	if (file && *file == '/')
		mark_file(scan, file, role, depth + 1);
}

static void mark_block(struct disk_scan *scan, const char *name, unsigned int role, int depth)
{
	struct inv_reader *reader = scan->reader;
	hp_autofree char *path = NULL;
	hp_autofree char *target = NULL;
	hp_autofree char *disk = NULL;
	struct inv_owners owners;

	if (depth > STACK_MAX || asprintf(&path, "/sys/class/block/%s", name) < 0) {
		path = NULL;
		return;
	}
	target = hp_root_readlink(reader->root, path);
	if (!target)
		return;
	inv_owners_of_block(reader, target, &owners);
	for (size_t i = 0; i < owners.count; i++)
		reader->inv->pci[owners.pci[i]].roles |= role;
	disk = disk_of_partition(reader->root, name, target);
	mark_slaves(scan, disk ? disk : name, role, depth);
	mark_loop(scan, disk ? disk : name, role, depth);
}

static void mark_number(struct disk_scan *scan, int major, int minor, unsigned int role, int depth)
{
	hp_autofree char *path = hp_format("/sys/dev/block/%d:%d", major, minor);
	hp_autofree char *target = NULL;

	if (!path)
		return;
	target = hp_root_readlink(scan->reader->root, path);
	if (target)
		mark_block(scan, strrchr(target, '/') ? strrchr(target, '/') + 1 : target, role,
			   depth);
}

/* "/dev/mapper/vg-root": device-mapper names live in sysfs, so a recorded tree needs no /dev. */
static void mark_mapper(struct disk_scan *scan, const char *mapper_name, unsigned int role,
			int depth)
{
	char **names;

	if (hp_root_list(scan->reader->root, "/sys/class/block", &names, NULL))
		return;
	for (char **name = names; *name; name++) {
		hp_autofree char *dm = NULL;

		if (strncmp(*name, "dm-", 3))
			continue;
		dm = hp_root_readf(scan->reader->root, "/sys/class/block/%s/dm/name", *name);
		if (dm && !strcmp(dm, mapper_name))
			mark_block(scan, *name, role, depth);
	}
	hp_root_list_free(names);
}

/* A path below /dev, as the mount table or /proc/swaps has it. */
static void mark_dev_path(struct disk_scan *scan, const char *path, unsigned int role, int depth)
{
	hp_autofree char *name = strdup(path + strlen("/dev/"));
	struct stat st;

	if (!strncmp(path, "/dev/mapper/", strlen("/dev/mapper/")))
		mark_mapper(scan, path + strlen("/dev/mapper/"), role, depth);
	for (char *c = name; c && *c; c++)
		*c = *c == '/' ? '!' : *c;	/* as sysfs spells "cciss/c0d0" */
	if (name)
		mark_block(scan, name, role, depth);
	/* Only the live machine has the links that udev makes. */
	if (hp_root_is_live(scan->reader->root) && !stat(path, &st) && S_ISBLK(st.st_mode))
		mark_number(scan, (int)major(st.st_rdev), (int)minor(st.st_rdev), role, depth);
}

static bool has_entry(char **names, const char *name)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

/* A btrfs may span disks, and the mount table names only one of them. */
static void mark_btrfs(struct disk_scan *scan, const char *source, unsigned int role, int depth)
{
	const char *wanted = strrchr(source, '/') + 1;
	char **systems;

	if (hp_root_list(scan->reader->root, "/sys/fs/btrfs", &systems, NULL))
		return;
	for (char **system_id = systems; *system_id; system_id++) {
		hp_autofree char *dir = hp_format("/sys/fs/btrfs/%s/devices", *system_id);
		char **disks;

		if (!dir || hp_root_list(scan->reader->root, dir, &disks, NULL))
			continue;
		for (char **disk = disks; has_entry(disks, wanted) && *disk; disk++)
			mark_block(scan, *disk, role, depth);
		hp_root_list_free(disks);
	}
	hp_root_list_free(systems);
}

/* An overlay's layers, a network file system, a zpool: what these stand on cannot be read here; nothing is said. */
static void mark_mount(struct disk_scan *scan, const struct inv_mount *mount, unsigned int role,
		       int depth)
{
	if (mount->major)
		mark_number(scan, mount->major, mount->minor, role, depth);
	else if (!strncmp(mount->source, "/dev/", strlen("/dev/")))
		mark_dev_path(scan, mount->source, role, depth);
	if (!strcmp(mount->fstype, "btrfs") && strchr(mount->source, '/'))
		mark_btrfs(scan, mount->source, role, depth);
}

static void mark_file(struct disk_scan *scan, const char *path, unsigned int role, int depth)
{
	const struct inv_mount *mount = inv_mounts_find(&scan->mounts, path);

	if (mount && depth <= STACK_MAX)
		mark_mount(scan, mount, role, depth);
}

/* What the machine cannot run or boot without. */
static bool is_system_point(const char *point)
{
	static const char *const points[] = {
		"/", "/usr", "/boot", "/boot/efi", "/boot/firmware", "/efi",
	};

	for (size_t i = 0; i < hp_array_size(points); i++)
		if (!strcmp(point, points[i]))
			return true;
	return false;
}

/* "Filename Type Size Used Priority" below one heading line; blanks in the name are octal. */
static void mark_swaps(struct disk_scan *scan)
{
	hp_autofree char *swaps = hp_root_readf(scan->reader->root, "/proc/swaps");
	char *rest = swaps;

	for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
		size_t len = strcspn(line, " \t");
		bool is_partition = !strncmp(line + len + strspn(line + len, " \t"), "partition",
					     strlen("partition"));

		line[len] = '\0';
		if (*line != '/')
			continue;
		if (is_partition && !strncmp(line, "/dev/", strlen("/dev/")))
			mark_dev_path(scan, line, HP_ROLE_SWAP, 0);
		else
			mark_file(scan, line, HP_ROLE_SWAP, 0);
	}
}

int inv_read_disk_roles(struct inv_reader *reader)
{
	struct disk_scan scan = { .reader = reader };

	if (inv_mounts_read(reader->root, &scan.mounts))
		return -ENOMEM;
	for (size_t i = 0; i < scan.mounts.count; i++) {
		const struct inv_mount *mount = &scan.mounts.items[i];

		mark_mount(&scan, mount,
			   is_system_point(mount->point) ? HP_ROLE_ROOT_DISK : HP_ROLE_MOUNTED, 0);
	}
	mark_swaps(&scan);
	inv_mounts_free(&scan.mounts);
	return 0;
}
