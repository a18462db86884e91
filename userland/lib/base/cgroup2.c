// SPDX-License-Identifier: GPL-2.0
/* cgroup2.c: finds cgroup v2 and translates between cgroup names and kernel ids. */
#include "base/hp_cgroup2.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

#define HANDLE_TYPE_KERNFS 0xfe	/* FILEID_KERNFS: the handle is the 64-bit node id */

/* One mountinfo line: "ID PARENT MAJ:MIN ROOT MOUNTPOINT OPTIONS ... - TYPE SOURCE SUPER". */
static bool is_cgroup2_line(char *line, char *point)
{
	char root[PATH_MAX], type[32];
	char *tail = strstr(line, " - ");

	return tail && sscanf(tail, " - %31s", type) == 1 && strcmp(type, "cgroup2") == 0 &&
	       sscanf(line, "%*s %*s %*s %4095s %4095s", root, point) == 2 && strcmp(root, "/") == 0;
}

const char *hp_cgroup_root(struct hp_err *err)
{
	static char found[PATH_MAX];
	hp_autofile FILE *file = NULL;
	hp_autofree char *line = NULL;
	size_t size = 0;

	if (found[0])
		return found;
	file = fopen("/proc/self/mountinfo", "re");
	if (!file) {
		hp_err_errno(err, errno, "/proc/self/mountinfo");
		return NULL;
	}
	while (getline(&line, &size, file) > 0)
		if (is_cgroup2_line(line, found))
			return found;
	found[0] = '\0';
	hp_err_set(err, EOPNOTSUPP, "no cgroup v2 hierarchy is mounted");
	hp_err_hint(err, "boot with systemd.unified_cgroup_hierarchy=1, or: mount -t cgroup2 cgroup2 /sys/fs/cgroup");
	return NULL;
}

static const char *skip_slashes(const char *name)
{
	return name + strspn(name, "/");
}

char *hp_cgroup_path(const char *name, const char *file)
{
	const char *root = hp_cgroup_root(NULL);
	char *path;

	name = skip_slashes(name);
	if (!root || asprintf(&path, "%s%s%s%s%s", root, *name ? "/" : "", name, file ? "/" : "", file ? file : "") < 0)
		return NULL;
	return path;
}

int hp_cgroup_open(const char *name, struct hp_err *err)
{
	hp_autofree char *path = NULL;
	int fd;

	if (!hp_cgroup_root(err))
		return err ? -err->errnum : -EOPNOTSUPP;
	path = hp_cgroup_path(name, NULL);
	if (!path)
		return hp_err_set(err, ENOMEM, "out of memory");
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? hp_err_errno(err, errno, "cgroup %s", path) : fd;
}

bool hp_cgroup_is_populated(const char *name)
{
	hp_autofree char *path = hp_cgroup_path(name, "cgroup.events");
	hp_autofile FILE *file = path ? fopen(path, "re") : NULL;
	char line[64];

	while (file && fgets(line, sizeof(line), file))
		if (strcmp(line, "populated 1\n") == 0)
			return true;
	return false;
}

union kernfs_handle {
	struct file_handle handle;
	char space[sizeof(struct file_handle) + sizeof(uint64_t)];
};

int hp_cgroup_id(const char *name, uint64_t *id, struct hp_err *err)
{
	union kernfs_handle h = { .handle.handle_bytes = sizeof(*id) };
	hp_autofd int fd = hp_cgroup_open(name, err);
	int mount_id;

	if (fd < 0)
		return fd;
	if (name_to_handle_at(fd, "", &h.handle, &mount_id, AT_EMPTY_PATH) < 0)
		return hp_err_errno(err, errno, "id of cgroup %s", name);
	memcpy(id, h.handle.f_handle, sizeof(*id));
	return 0;
}

char *hp_cgroup_name(uint64_t id)
{
	union kernfs_handle h = { .handle = { .handle_bytes = sizeof(id), .handle_type = HANDLE_TYPE_KERNFS } };
	hp_autofd int root = hp_cgroup_open("", NULL);
	hp_autofd int fd = -1;
	char link[64], path[PATH_MAX];
	size_t prefix;
	struct stat st;
	ssize_t len;

	if (root < 0)
		return NULL;
	memcpy(h.handle.f_handle, &id, sizeof(id));
	fd = open_by_handle_at(root, &h.handle, O_PATH | O_CLOEXEC);
	/* A removed cgroup that somebody still holds opens, but has no links left. */
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_nlink == 0)
		return NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	if (len < 0)
		return NULL;
	path[len] = '\0';
	prefix = strlen(hp_cgroup_root(NULL));
	if (strncmp(path, hp_cgroup_root(NULL), prefix) != 0)
		return NULL;
	return strdup(skip_slashes(path + prefix));
}

/* 0 when this very cgroup has no cpuset. */
static unsigned int own_cpus(const char *name)
{
	hp_autofree char *path = hp_cgroup_path(name, "cpuset.cpus.effective");
	hp_autofile FILE *file = path ? fopen(path, "re") : NULL;
	hp_autofree char *text = NULL;
	hwloc_bitmap_t cpus = hwloc_bitmap_alloc();
	size_t size = 0;
	int count = 0;

	if (cpus && file && getline(&text, &size, file) > 0) {
		text[strcspn(text, "\n")] = '\0';
		if (hp_cpulist_parse(text, cpus) == 0)
			count = hwloc_bitmap_weight(cpus);
	}
	hwloc_bitmap_free(cpus);
	return count > 0 ? (unsigned int)count : 0;
}

unsigned int hp_cgroup_cpus(const char *name)
{
	hp_autofree char *at = strdup(skip_slashes(name));
	unsigned int count = 0;
	long online;

	while (at && (count = own_cpus(at)) == 0 && *at) {
		char *slash = strrchr(at, '/');

		*(slash ? slash : at) = '\0';
	}
	online = sysconf(_SC_NPROCESSORS_ONLN);
	return count ? count : online > 0 ? (unsigned int)online : 1;
}

unsigned int hp_cgroup_level(const char *name)
{
	unsigned int level = 0;

	for (name = skip_slashes(name); *name; name = skip_slashes(name + strcspn(name, "/")))
		level++;
	return level;
}
