// SPDX-License-Identifier: GPL-2.0
/* mounts.c: turns a copy of the machine's mounts into those of a host of its own. */
#include "domain_init.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/hp_auto.h"

#define DETACH_ROUNDS 256
#define QUIET (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/*
 * File systems that show the machine rather than files. Every mount of them is
 * detached, wherever it is, so that nothing of the machine remains below a
 * fresh mount; a copy of a pinned namespace would also keep it alive.
 */
static const char *const machine_wide[] = {
	"proc", "sysfs", "cgroup", "cgroup2", "nsfs", "bpf", "debugfs", "tracefs", "securityfs", "configfs",
	"pstore", "efivarfs", "resctrl", "fusectl", "binfmt_misc", "devpts", "mqueue", "rpc_pipefs", "selinuxfs",
};

static const char *const read_only[] = {
	"/proc/sys", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/acpi", "/proc/scsi", "/proc/driver", "/proc/asound",
	"/proc/tty", "/proc/sysrq-trigger", "/proc/mtrr", "/proc/latency_stats", "/proc/pressure",
};

/* Memory and addresses of the machine. */
static const char *const masked[] = {
	"/proc/kcore", "/proc/vmcore", "/proc/kpagecount", "/proc/kpageflags", "/proc/kpagecgroup",
	"/proc/timer_list", "/proc/kallsyms", "/proc/slabinfo", "/proc/vmallocinfo", "/proc/pagetypeinfo",
};

/* Fresh instances, in this order; an optional one is skipped where its directory is missing. */
static const struct fresh {
	const char *type, *dir, *options;
	unsigned long flags;
	bool is_optional;
} fresh[] = {
	{ "proc", "/proc", NULL, QUIET, false },
	{ "sysfs", "/sys", NULL, QUIET | MS_RDONLY, false },
	{ "cgroup2", "/sys/fs/cgroup", NULL, QUIET, false },
	{ "devpts", "/dev/pts", "newinstance,ptmxmode=0666,mode=0620,gid=5", MS_NOSUID | MS_NOEXEC, false },
	{ "tmpfs", "/dev/shm", "mode=1777", MS_NOSUID | MS_NODEV, true },
	{ "mqueue", "/dev/mqueue", NULL, QUIET, true },
	/* Sockets of the machine's services are in /run: through them root here would be root there. */
	{ "tmpfs", "/run", "mode=0755", MS_NOSUID | MS_NODEV, false },
};

static bool is_machine_wide(const char *type)
{
	for (size_t i = 0; i < hp_array_size(machine_wide); i++)
		if (strcmp(type, machine_wide[i]) == 0)
			return true;
	return false;
}

/* mountinfo writes blanks and backslashes in paths as \ooo. */
static void unescape(char *path)
{
	char *out = path;
	unsigned int code;

	for (; *path; path++) {
		if (*path == '\\' && sscanf(path + 1, "%3o", &code) == 1) {
			*out++ = (char)code;
			path += 3;
		} else {
			*out++ = *path;
		}
	}
	*out = '\0';
}

/* Mount points of machine-wide kinds in mount order; NULL-terminated, strings and list are the caller's. */
static char **list_machine_wide(void)
{
	hp_autofile FILE *file = fopen("/proc/thread-self/mountinfo", "re");
	char **points = calloc(1, sizeof(*points)), **grown;
	hp_autofree char *line = NULL;
	char type[64], path[PATH_MAX];
	size_t size = 0, count = 0;

	while (file && points && getline(&line, &size, file) > 0) {
		char *tail = strstr(line, " - ");

		if (!tail || sscanf(tail, " - %63s", type) != 1 || !is_machine_wide(type) ||
		    sscanf(line, "%*s %*s %*s %*s %4095s", path) != 1)
			continue;
		unescape(path);
		grown = reallocarray(points, count + 2, sizeof(*points));
		if (!grown)
			break;
		points = grown;
		points[count] = strdup(path);
		points[++count] = NULL;
	}
	return points;
}

/* Everything mounted on that very directory; a mount hidden by another one is out of reach already. */
static int detach(const char *point, struct hp_err *err)
{
	for (int i = 0; i < DETACH_ROUNDS; i++)
		if (umount2(point, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
			return errno == EINVAL || errno == ENOENT ? 0 : hp_err_errno(err, errno, "detaching %s", point);
	return hp_err_set(err, ELOOP, "detaching %s: too many mounts there", point);
}

static int detach_machine_wide(struct hp_err *err)
{
	char **points = list_machine_wide();
	size_t count = 0;
	int ret = 0;

	if (!points)
		return hp_err_set(err, ENOMEM, "out of memory");
	while (points[count])
		count++;
	/* The innermost first. */
	while (count-- > 0) {
		if (!ret)
			ret = detach(points[count], err);
		free(points[count]);
	}
	free(points);
	return ret;
}

static int mount_fresh(const struct fresh *f, struct hp_err *err)
{
	int ret = detach(f->dir, err);

	if (ret || (f->is_optional && access(f->dir, F_OK) < 0))
		return ret;
	if (mount(f->type, f->dir, f->type, f->flags, f->options) < 0)
		return hp_err_errno(err, errno, "mounting a new %s on %s", f->type, f->dir);
	return 0;
}

/* Binds a path onto itself with other flags; a path that this kernel lacks is fine. */
static int bind_again(const char *path, unsigned long flags, struct hp_err *err)
{
	if (access(path, F_OK) < 0)
		return 0;
	if (mount(path, path, NULL, MS_BIND, NULL) < 0 ||
	    mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | QUIET | flags, NULL) < 0)
		return hp_err_errno(err, errno, "binding %s", path);
	return 0;
}

/*
 * Files of /proc belong to user 0, and root here is user 0: no capability is
 * asked. Settings of the network namespace are the domain's own.
 */
static int protect_proc(struct hp_err *err)
{
	int ret = 0;

	for (size_t i = 0; i < hp_array_size(read_only) && !ret; i++)
		ret = bind_again(read_only[i], MS_RDONLY, err);
	if (!ret)
		ret = bind_again("/proc/sys/net", 0, err);
	for (size_t i = 0; i < hp_array_size(masked) && !ret; i++)
		if (access(masked[i], F_OK) == 0 && mount("/dev/null", masked[i], NULL, MS_BIND, NULL) < 0)
			ret = hp_err_errno(err, errno, "masking %s", masked[i]);
	return ret;
}

/* What remains of hostpart's own directories is covered by an empty one. */
static int hide(const char *dir, struct hp_err *err)
{
	if (access(dir, F_OK) < 0)
		return 0;
	if (mount("tmpfs", dir, "tmpfs", QUIET | MS_RDONLY, "mode=0700,size=4k") < 0)
		return hp_err_errno(err, errno, "hiding %s", dir);
	return 0;
}

static int populate_run(struct hp_err *err)
{
	if (mkdir("/run/lock", 01777) < 0 || chmod("/run/lock", 01777) < 0 || mkdir("/run/user", 0755) < 0)
		return hp_err_errno(err, errno, "/run/lock, /run/user");
	return 0;
}

int mounts_arrange(const struct init_request *request, struct hp_err *err)
{
	int ret;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return hp_err_errno(err, errno, "making mounts private");
	ret = detach_machine_wide(err);
	for (size_t i = 0; i < hp_array_size(fresh) && !ret; i++)
		ret = mount_fresh(&fresh[i], err);
	if (!ret)
		ret = populate_run(err);
	if (!ret)
		ret = protect_proc(err);
	if (!ret)
		ret = hide(request->run_dir, err);
	if (!ret)
		ret = hide(request->lib_dir, err);
	if (!ret && chdir("/") < 0)
		ret = hp_err_errno(err, errno, "/");
	return ret;
}
