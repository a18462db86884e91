// SPDX-License-Identifier: GPL-2.0
/* systemd.c: backend for the delegated unit of the domains and the CPUs of everybody else's units. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "apply/backends/systemd_holder.h"
#include "apply/hp_backend.h"
#include "base/hp_auto.h"
#include "base/hp_text.h"

/*
 * Objects are units. The domains' own unit (a service) exists or not, attr
 * "", and has the properties AllowedCPUs, AllowedMemoryNodes and MemoryMin,
 * which come and go with it. Every other unit (slices, init.scope) has AllowedCPUs,
 * set at run time, that is by a drop-in file which systemd writes below
 * /run. As a value:
 *   "0-3"                    such a drop-in is there
 *   "0-3 from unit files"    there is none, but the unit's files say so
 *   absent                   neither
 * Writing one of the last two puts the value back and removes the drop-in,
 * with the directories that are empty then.
 */
static const char from_files[] = " from unit files";

static bool is_service(const char *unit)
{
	size_t len = strlen(unit);

	return len > 8 && !strcmp(unit + len - 8, ".service");
}

static int probe(struct hp_ctx *ctx, struct hp_err *err)
{
	if (!hp_root_is_live(ctx->root))
		return hp_err_set(err, EOPNOTSUPP, "a recorded machine has no systemd to ask");
	if (!hp_root_exists(ctx->root, "/run/systemd/system"))
		return hp_err_set(err, EOPNOTSUPP, "this machine was not booted with systemd");
	return 0;
}

/* Where "set-property --runtime" writes: transient units (init.scope is one) have a place of their own. */
static const char *const dropin_dirs[] = { "/run/systemd/system.control", "/run/systemd/transient" };

static bool has_dropin(struct hp_ctx *ctx, const char *unit, const char *property)
{
	for (size_t i = 0; i < hp_array_size(dropin_dirs); i++) {
		hp_autofree char *path = NULL;

		if (asprintf(&path, "%s/%s.d/50-%s.conf", dropin_dirs[i], unit, property) > 0 &&
		    hp_root_exists(ctx->root, path))
			return true;
	}
	return false;
}

static int remove_dropin(const char *unit, const char *property, struct hp_err *err)
{
	for (size_t i = 0; i < hp_array_size(dropin_dirs); i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s/%s.d/50-%s.conf", dropin_dirs[i], unit, property);
		if (unlink(path) && errno != ENOENT)
			return hp_err_errno(err, errno, "remove %s", path);
		/* Empty ones only; systemd makes them when it needs them. */
		*strrchr(path, '/') = '\0';
		if (!rmdir(path))
			rmdir(dropin_dirs[i]);
	}
	return 0;
}

/* Where systemd tells the kernel of a property. */
static const char *kernel_file(const char *property)
{
	return !strcmp(property, "AllowedCPUs") ? "cpuset.cpus" :
	       !strcmp(property, "AllowedMemoryNodes") ? "cpuset.mems" : "memory.min";
}

/* What the kernel was told counts more than what systemd remembers. NULL when the cgroup has no such file. */
static char *read_kernel(struct hp_ctx *ctx, const char *unit, const char *property)
{
	return hp_root_readf(ctx->root, "/sys/fs/cgroup/%s/%s", unit, kernel_file(property));
}

static int write_kernel(const char *unit, const char *property, const char *value, struct hp_err *err)
{
	hp_autofd int fd = -1;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/fs/cgroup/%s/%s", unit, kernel_file(property));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		return hp_err_errno(err, errno, "write %s to %s", value, path);
	return 0;
}

static int read_set(struct hp_ctx *ctx, sd_bus *bus, const char *unit, const char *property, char **text,
		    struct hp_err *err)
{
	hp_autobitmap set = hwloc_bitmap_alloc(), told = hwloc_bitmap_alloc();
	hp_autofree char *kernel = NULL;
	int ret = set && told ? hp_bus_get_set(bus, unit, property, set, err) : -ENOMEM;

	if (ret)
		return ret;
	kernel = read_kernel(ctx, unit, property);
	if (kernel && (!*kernel || !hp_cpulist_parse(kernel, told)) && !hwloc_bitmap_isequal(set, told))
		*text = hp_take(kernel);
	else
		*text = hp_cpulist_format(set);
	return *text ? 0 : hp_err_set(err, ENOMEM, "out of memory");
}

static int read_bytes(sd_bus *bus, const char *unit, const char *property, char **text, struct hp_err *err)
{
	uint64_t number;
	int ret = hp_bus_get_u64(bus, unit, property, &number, err);

	if (ret)
		return ret;
	if (asprintf(text, "%llu", (unsigned long long)number) < 0)
		return hp_err_set(err, ENOMEM, "out of memory");
	return 0;
}

static bool is_bytes(const char *property)
{
	return !strcmp(property, "MemoryMin");
}

static int read_service(struct hp_ctx *ctx, sd_bus *bus, const char *unit, const char *attr, char **value,
			struct hp_err *err)
{
	enum hp_holder holder;
	int ret = hp_holder_check(bus, unit, &holder, err);

	if (ret || holder == HP_HOLDER_NONE)
		return ret;
	if (!*attr) {
		*value = strdup("present");
		return *value ? 0 : hp_err_set(err, ENOMEM, "out of memory");
	}
	if (holder == HP_HOLDER_DEAD) {
		*value = read_kernel(ctx, unit, attr);
		return *value ? 0 : hp_err_set(err, EIO, "%s of cgroup %s cannot be read", kernel_file(attr), unit);
	}
	return is_bytes(attr) ? read_bytes(bus, unit, attr, value, err) : read_set(ctx, bus, unit, attr, value, err);
}

/* A unit that somebody else owns. */
static int read_confined(struct hp_ctx *ctx, sd_bus *bus, const char *unit, const char *attr, char **value,
			 struct hp_err *err)
{
	hp_autofree char *text = NULL;
	int ret = read_set(ctx, bus, unit, attr, &text, err);

	if (ret)
		return ret;
	if (has_dropin(ctx, unit, attr))
		*value = hp_take(text);
	else if (*text && asprintf(value, "%s%s", text, from_files) < 0)
		return hp_err_set(err, ENOMEM, "out of memory");
	return 0;
}

static int check_name(const char *unit, const char *attr, struct hp_err *err)
{
	static const char *const attrs[] = { "AllowedCPUs", "AllowedMemoryNodes", "MemoryMin" };

	if (is_service(unit) && !*attr)
		return 0;
	for (size_t i = 0; i < (is_service(unit) ? hp_array_size(attrs) : 1); i++)
		if (!strcmp(attr, attrs[i]))
			return 0;
	return hp_err_set(err, EINVAL, "systemd has no setting \"%s\" of %s", attr, unit);
}

static int read_setting(struct hp_ctx *ctx, const char *object, const char *attr, char **value, struct hp_err *err)
{
	hp_autobus *bus = NULL;
	int ret = check_name(object, attr, err);

	*value = NULL;
	if (!ret)
		ret = hp_bus_open(&bus, err);
	if (ret)
		return ret;
	return is_service(object) ? read_service(ctx, bus, object, attr, value, err) :
				    read_confined(ctx, bus, object, attr, value, err);
}

/* text: a list or, for MemoryMin, a number; "" clears. */
static int put_property(sd_bus *bus, const char *unit, const char *property, const char *text, struct hp_err *err)
{
	hp_autobitmap set = hwloc_bitmap_alloc();
	uint64_t bytes;

	if (!set)
		return hp_err_set(err, ENOMEM, "out of memory");
	if (is_bytes(property) ? hp_size_parse(text, &bytes) : *text && hp_cpulist_parse(text, set))
		return hp_err_set(err, EINVAL, "%s of %s cannot be \"%s\"", property, unit, text);
	return is_bytes(property) ? hp_bus_put_u64(bus, unit, property, bytes, err) :
				    hp_bus_put_set(bus, unit, property, set, err);
}

/* systemd still lists the drop-ins that are gone and would ask everyone for a daemon-reload. */
static int forget_dropins(sd_bus *bus, struct hp_err *err)
{
	hp_automessage *call = NULL;
	bool is_stale;
	int ret = hp_bus_get_flag(bus, "system.slice", "NeedDaemonReload", &is_stale, err);

	if (ret || !is_stale)
		return ret;
	ret = hp_bus_new_call(bus, "Reload", &call, err);
	return ret ? ret : hp_bus_send(bus, call, NULL, err);
}

static int write_service(sd_bus *bus, const char *unit, const char *attr, const char *value, struct hp_err *err)
{
	enum hp_holder holder;
	int ret;

	if (*attr && !value)
		return 0;
	if (*attr) {
		ret = hp_holder_check(bus, unit, &holder, err);
		if (ret)
			return ret;
		return holder == HP_HOLDER_DEAD ? write_kernel(unit, attr, value, err) :
						  put_property(bus, unit, attr, value, err);
	}
	if (value)
		return hp_holder_start(bus, unit, err);
	/* The first thing to be made, so the last to be undone: the drop-ins are gone by now. */
	ret = hp_holder_stop(bus, unit, err);
	return ret ? ret : forget_dropins(bus, err);
}

/*
 * The kernel (6.1 and 6.12) refuses to clear the set of a cgroup that has
 * tasks, and systemd keeps that to itself: the unit would stay confined. All
 * CPUs are the same to whoever runs there. (When no
 * unit has a set any more, systemd takes the controller away, and this with it.)
 */
static int widen(struct hp_ctx *ctx, sd_bus *bus, const char *unit, const char *property, struct hp_err *err)
{
	hp_autofree char *kernel = read_kernel(ctx, unit, property);
	hp_autofree char *all = NULL;
	int ret;

	if (!kernel || !*kernel || strcmp(property, "AllowedCPUs"))
		return 0;
	all = hp_root_readf(ctx->root, "/sys/devices/system/cpu/online");
	ret = all && *all ? put_property(bus, unit, property, all, err) : 0;
	return ret ? ret : put_property(bus, unit, property, "", err);
}

/*
 * Setting a property of a slice makes its cgroup, even when the slice is not
 * running (machine.slice without machines): nobody is in there, and systemd
 * makes it again when it needs it.
 */
static int remove_idle(struct hp_ctx *ctx, sd_bus *bus, const char *unit, struct hp_err *err)
{
	hp_autofree char *state = NULL;
	char path[PATH_MAX];
	int ret = hp_bus_get_text(bus, unit, "ActiveState", &state, err);

	if (ret || strcmp(state, "inactive"))
		return ret;
	snprintf(path, sizeof(path), "/sys/fs/cgroup/%s", unit);
	if (hp_root_exists(ctx->root, path) && rmdir(path) && errno != EBUSY)
		return hp_err_errno(err, errno, "remove %s", path);
	return 0;
}

static int write_confined(struct hp_ctx *ctx, sd_bus *bus, const char *unit, const char *attr, const char *value,
			  struct hp_err *err)
{
	const char *tail = value ? strstr(value, from_files) : NULL;
	hp_autofree char *list = strndup(value ? value : "", tail ? (size_t)(tail - value) : strlen(value ? value : ""));
	hp_autofree char *live = NULL;
	int ret;

	if (!list)
		return hp_err_set(err, ENOMEM, "out of memory");
	if (value && !tail)
		return put_property(bus, unit, attr, list, err);
	ret = read_confined(ctx, bus, unit, attr, &live, err);
	if (ret || (live ? value && !strcmp(live, value) : !value))
		return ret;
	ret = put_property(bus, unit, attr, list, err);
	if (!ret && !*list)
		ret = widen(ctx, bus, unit, attr, err);
	if (!ret)
		ret = remove_dropin(unit, attr, err);
	return ret ? ret : remove_idle(ctx, bus, unit, err);
}

static int write_setting(struct hp_ctx *ctx, const char *object, const char *attr, const char *value,
			 struct hp_err *err)
{
	hp_autobus *bus = NULL;
	int ret = check_name(object, attr, err);

	if (!ret)
		ret = hp_bus_open(&bus, err);
	if (ret)
		return ret;
	return is_service(object) ? write_service(bus, object, attr, value, err) :
				    write_confined(ctx, bus, object, attr, value, err);
}

/* With its process alive a unit outlasts its last domain; without, systemd removes its cgroup at that moment. */
static int outlasts(struct hp_ctx *ctx, const char *object, const char *attr, struct hp_err *err)
{
	hp_autobus *bus = NULL;
	enum hp_holder holder;
	int ret;

	(void)ctx;
	if (!is_service(object) || *attr)
		return 0;
	ret = hp_bus_open(&bus, err);
	if (!ret)
		ret = hp_holder_check(bus, object, &holder, err);
	if (ret || holder != HP_HOLDER_DEAD)
		return ret;
	hp_err_set(err, EBUSY, "somebody ended the process of %s; its cgroup would go with the last domain in it", object);
	hp_err_hint(err, "tear down first: partctl teardown; then apply starts the unit again");
	return -EBUSY;
}

static bool satisfies(const char *attr, const char *live, const char *want)
{
	hp_autobitmap is = hwloc_bitmap_alloc(), should = hwloc_bitmap_alloc();

	if (!strcmp(live, want))
		return true;
	if (!*attr || is_bytes(attr))
		return false;
	return is && should && !hp_cpulist_parse(live, is) && !hp_cpulist_parse(want, should) &&
	       hwloc_bitmap_isequal(is, should);
}

const struct hp_backend hp_backend_systemd = {
	.name = "systemd",
	.probe = probe,
	.read = read_setting,
	.write = write_setting,
	.satisfies = satisfies,
	.outlasts = outlasts,
	.reads_root_only = false,	/* PID 1 answers, not a file */
};
