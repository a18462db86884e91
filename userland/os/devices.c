// SPDX-License-Identifier: GPL-2.0
/* devices.c: finds which device nodes, links and entries of sysfs belong to the domain's functions. */
#include "keeper.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

/* lsblk, lspci and their like read these; inside they list what the domain has. */
const char *const view_dirs[] = {
	"/sys/bus/pci/devices", "/sys/block", "/sys/class/block", "/sys/class/nvme", "/sys/class/drm",
	"/sys/class/input", "/sys/class/sound", "/sys/dev/block", NULL,
};

/* Where udev keeps the other names of a device, below /dev; it has them for the whole machine. */
static const char *const link_dirs[] = {
	"disk/by-id", "disk/by-path", "disk/by-uuid", "disk/by-label", "disk/by-partuuid", "disk/by-partlabel",
	"disk/by-diskseq", "dri/by-path", "input/by-id", "input/by-path", "snd/by-id", "snd/by-path", "serial/by-id",
	"serial/by-path",
};

static void *append(void **items, size_t *count, size_t size)
{
	void *grown = reallocarray(*items, *count + 1, size);

	if (!grown)
		return NULL;
	*items = grown;
	return (char *)grown + size * (*count)++;
}

/* "../../devices/pci0000:00/0000:00:05.0/nvme/nvme0" has the part "0000:00:05.0". */
static bool is_below(const char *path, const char *functions)
{
	for (const char *bdf = functions; *bdf; bdf += strcspn(bdf, "\n"), bdf += *bdf == '\n') {
		size_t length = strcspn(bdf, "\n");

		for (const char *part = path; length && (part = strchr(part, '/')); ) {
			part++;
			if (strncmp(part, bdf, length) == 0 && (part[length] == '/' || part[length] == '\0'))
				return true;
		}
	}
	return false;
}

/* "DEVNAME=nvme0n1" of a uevent file; caller frees. */
static char *devname_of(struct hp_root *machine, const char *kind, const char *number)
{
	hp_autofree char *text = hp_root_readf(machine, "/sys/dev/%s/%s/uevent", kind, number);
	char *line = text ? strstr(text, "DEVNAME=") : NULL;

	return line ? strndup(line + 8, strcspn(line + 8, "\n")) : NULL;
}

/* The name goes below /dev inside: nothing that the kernel would not call a device. */
static bool is_plain(const char *name)
{
	return *name && *name != '/' && !strstr(name, "..") && strlen(name) < 200;
}

static int add_node(const struct keeper *keeper, struct devices *devices, const char *kind, const char *number)
{
	hp_autofree char *name = devname_of(keeper->machine, kind, number);
	hp_autofree char *path = NULL;
	unsigned int major_number, minor_number;
	struct stat info;
	struct node *node;

	if (!name || !is_plain(name) || sscanf(number, "%u:%u", &major_number, &minor_number) != 2)
		return 0;
	path = hp_format("/dev/%s", name);
	if (!path)
		return -ENOMEM;
	node = append((void **)&devices->nodes, &devices->nodes_count, sizeof(*node));
	if (!node)
		return -ENOMEM;
	*node = (struct node){ .name = hp_take(name), .is_block = *kind == 'b', .major = major_number,
			       .minor = minor_number, .mode = 0600 };
	/* Owner and mode as udev gave them on the machine, where it has. */
	if (stat(path, &info) == 0 && info.st_rdev == makedev(major_number, minor_number) &&
	    S_ISBLK(info.st_mode) == node->is_block) {
		node->mode = info.st_mode & 0777;
		node->uid = info.st_uid;
		node->gid = info.st_gid;
	}
	return 0;
}

static int add_nodes(const struct keeper *keeper, struct devices *devices, const char *kind, const char *functions)
{
	hp_autofree char *dir = hp_format("/sys/dev/%s", kind);
	char **numbers = NULL;
	int ret = 0;

	if (!dir)
		return -ENOMEM;
	if (hp_root_list(keeper->machine, dir, &numbers, NULL) < 0)
		return 0;
	for (size_t i = 0; numbers[i] && !ret; i++) {
		hp_autofree char *link = NULL, *target = NULL;

		if (asprintf(&link, "%s/%s", dir, numbers[i]) < 0) {
			link = NULL;
			ret = -ENOMEM;
			break;
		}
		target = hp_root_readlink(keeper->machine, link);
		if (target && is_below(target, functions))
			ret = add_node(keeper, devices, kind, numbers[i]);
	}
	hp_root_list_free(numbers);
	return ret;
}

static int add_link(struct devices *devices, size_t view, char *name, char *target)
{
	struct link *link = append((void **)&devices->links, &devices->links_count, sizeof(*link));

	if (!link) {
		free(name);
		free(target);
		return -ENOMEM;
	}
	*link = (struct link){ name, target, view };
	return 0;
}

/* Entries of a directory of sysfs: links into /sys/devices. */
static int add_view(const struct keeper *keeper, struct devices *devices, size_t view, const char *functions)
{
	char **names = NULL;
	int ret = 0;

	if (hp_root_list(keeper->machine, view_dirs[view], &names, NULL) < 0)
		return 0;
	for (size_t i = 0; names[i] && !ret; i++) {
		hp_autofree char *path = NULL;
		char *target, *name;

		if (asprintf(&path, "%s/%s", view_dirs[view], names[i]) < 0) {
			path = NULL;
			ret = -ENOMEM;
			break;
		}
		target = hp_root_readlink(keeper->machine, path);
		if (!target || !is_below(target, functions)) {
			free(target);
			continue;
		}
		name = strdup(names[i]);
		ret = name ? add_link(devices, view, name, target) : -ENOMEM;
	}
	hp_root_list_free(names);
	return ret;
}

static bool has_node(const struct devices *devices, const char *dir, const char *target)
{
	char path[PATH_MAX], resolved[PATH_MAX];

	if (snprintf(path, sizeof(path), "/dev/%s/%s", dir, target) >= (int)sizeof(path) || !realpath(path, resolved))
		return false;
	for (size_t i = 0; i < devices->nodes_count; i++)
		if (strncmp(resolved, "/dev/", 5) == 0 && strcmp(resolved + 5, devices->nodes[i].name) == 0)
			return true;
	return false;
}

static int add_dev_links(const struct keeper *keeper, struct devices *devices, const char *dir)
{
	hp_autofree char *path = hp_format("/dev/%s", dir);
	char **names = NULL;
	int ret = 0;

	if (!path)
		return -ENOMEM;
	if (hp_root_list(keeper->machine, path, &names, NULL) < 0)
		return 0;
	for (size_t i = 0; names[i] && !ret; i++) {
		hp_autofree char *link = NULL;
		char *name = NULL, *target;

		if (asprintf(&link, "%s/%s", path, names[i]) < 0) {
			link = NULL;
			ret = -ENOMEM;
			break;
		}
		target = hp_root_readlink(keeper->machine, link);
		if (!target || *target == '/' || !has_node(devices, dir, target) ||
		    asprintf(&name, "%s/%s", dir, names[i]) < 0)
			free(target);
		else
			ret = add_link(devices, VIEW_DEV, name, target);
	}
	hp_root_list_free(names);
	return ret;
}

int devices_find(const struct keeper *keeper, struct devices *devices, struct hp_err *err)
{
	hp_autofree char *path = hp_os_path(keeper->run_dir, keeper->name, ".functions");
	hp_autofree char *functions = path ? hp_root_readf(keeper->machine, "%s", path) : NULL;
	int ret;

	if (!functions)
		return 0;
	ret = add_nodes(keeper, devices, "block", functions);
	if (!ret)
		ret = add_nodes(keeper, devices, "char", functions);
	for (size_t i = 0; view_dirs[i] && !ret; i++)
		ret = add_view(keeper, devices, i, functions);
	for (size_t i = 0; i < hp_array_size(link_dirs) && !ret; i++)
		ret = add_dev_links(keeper, devices, link_dirs[i]);
	return ret ? hp_err_set(err, -ret, "out of memory") : 0;
}

void devices_clear(struct devices *devices)
{
	for (size_t i = 0; i < devices->nodes_count; i++)
		free(devices->nodes[i].name);
	for (size_t i = 0; i < devices->links_count; i++) {
		free(devices->links[i].name);
		free(devices->links[i].target);
	}
	free(devices->nodes);
	free(devices->links);
	*devices = (struct devices){ 0 };
}
