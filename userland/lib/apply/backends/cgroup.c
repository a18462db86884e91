// SPDX-License-Identifier: GPL-2.0
/* cgroup.c: backend for cgroup v2: existence, cpuset, memory and pids values, partitions, controllers. */
#include "apply/backends/cgroup_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

/*
 * Objects are names below the root ("hostpart/alpha"), "/" the root itself.
 * Reading goes through lib/base (so recorded machines work), creating,
 * removing and plain values through libcgroup (cgroup_lib.c). Directly in
 * cgroupfs, because libcgroup cannot: the kernel's verdict on a partition,
 * `+controller`/`-controller`, cgroup.kill, waiting for a cgroup to empty,
 * and clearing a value with an empty line.
 */

char *hp_cgroup_file(const char *object, const char *file)
{
	object += strspn(object, "/");
	return hp_format(HP_CGROUP_MOUNT "%s%s%s%s", *object ? "/" : "", object, file ? "/" : "", file ? file : "");
}

int hp_cgroup_read(struct hp_ctx *ctx, const char *object, const char *file, char **value, struct hp_err *err)
{
	hp_autofree char *path = hp_cgroup_file(object, file);
	int ret;

	*value = NULL;
	if (!path)
		return hp_err_set(err, ENOMEM, "out of memory");
	ret = hp_root_read(ctx->root, path, value, err);
	/* ENODEV: the cgroup was removed after the file was opened. */
	if (ret != -ENOENT && ret != -ENODEV)
		return ret;
	if (err)
		hp_err_clear(err);
	return 0;
}

static bool exists(struct hp_ctx *ctx, const char *object)
{
	/* Not the directory itself: a recorded tree may hold an empty one. */
	hp_autofree char *path = hp_cgroup_file(object, "cgroup.procs");

	return path && hp_root_exists(ctx->root, path);
}

static bool is_name(const char *object)
{
	return *object && *object != '/' && !strstr(object, "..") && !strstr(object, "//");
}

static int read_setting(struct hp_ctx *ctx, const char *object, const char *attr, char **value, struct hp_err *err)
{
	*value = NULL;
	if (!strcmp(attr, "mount.nsdelegate"))
		return hp_cgroup_read_nsdelegate(ctx, value, err);
	if (*attr)
		return hp_cgroup_read(ctx, object, attr, value, err);
	if (!exists(ctx, object))
		return 0;
	*value = strdup("present");
	return *value ? 0 : hp_err_set(err, ENOMEM, "out of memory");
}

static int write_existence(struct hp_ctx *ctx, const char *object, const char *value, struct hp_err *err)
{
	hp_autofree char *above = strndup(object, strrchr(object, '/') ? (size_t)(strrchr(object, '/') - object) : 0);
	hp_autofree char *enabled = NULL;
	int ret;

	if (!value)
		return hp_cgroup_remove(ctx, object, err);
	if (exists(ctx, object))
		return 0;
	/* libcgroup would enable it all the way up by itself, and nobody would ever undo that. */
	ret = above ? hp_cgroup_read(ctx, above, "cgroup.subtree_control", &enabled, err) : -ENOMEM;
	if (ret)
		return ret;
	if (!enabled || !hp_cgroup_has_words(enabled, "cpuset"))
		return hp_err_set(err, ENOENT, "the cpuset controller is not enabled in /%s/cgroup.subtree_control",
				  above);
	return hp_cglib_create(object, err);
}

static int write_value(struct hp_ctx *ctx, const char *object, const char *attr, const char *value,
		       struct hp_err *err)
{
	hp_autofree char *path = hp_cgroup_file(object, attr);

	if (!path)
		return hp_err_set(err, ENOMEM, "out of memory");
	if (!exists(ctx, object))
		return hp_err_set(err, ENOENT, "there is no cgroup %s", object);
	if (!hp_root_exists(ctx->root, path))
		return hp_err_set(err, EOPNOTSUPP, "this kernel has no %s for %s", attr, object);
	/* libcgroup skips empty lines; the kernel takes one as "no value of its own". */
	return *value ? hp_cglib_set(object, attr, value, err) : hp_root_write(ctx->root, path, "\n", err);
}

static int write_setting(struct hp_ctx *ctx, const char *object, const char *attr, const char *value,
			 struct hp_err *err)
{
	bool is_root = !strcmp(object, "/");

	if (is_root ? !*attr : !is_name(object))
		return hp_err_set(err, EINVAL, "\"%s\" is not a cgroup that can be made or removed", object);
	if (!strcmp(attr, "mount.nsdelegate"))
		return value ? hp_cgroup_write_nsdelegate(ctx, value, err) : 0;
	if (!*attr)
		return write_existence(ctx, object, value, err);
	/* An attribute comes and goes with its cgroup. */
	if (!value)
		return 0;
	if (!strcmp(attr, "cgroup.subtree_control"))
		return hp_cgroup_write_subtree(ctx, object, value, err);
	if (!strcmp(attr, "cpuset.cpus.partition"))
		return hp_cgroup_write_partition(ctx, object, value, err);
	return write_value(ctx, object, attr, value, err);
}

static bool is_same_set(const char *live, const char *want)
{
	hp_autobitmap is = hwloc_bitmap_alloc(), should = hwloc_bitmap_alloc();

	return is && should && !hp_cpulist_parse(live, is) && !hp_cpulist_parse(want, should) &&
	       hwloc_bitmap_isequal(is, should);
}

/* The kernel rounds down to pages. */
static bool is_same_bytes(const char *live, const char *want)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), is, should;

	if (hp_size_parse(live, &is) || hp_size_parse(want, &should))
		return false;
	return is == should - should % page;
}

static bool satisfies(const char *attr, const char *live, const char *want)
{
	if (!strcmp(live, want))
		return true;
	if (!strcmp(attr, "cpuset.cpus") || !strcmp(attr, "cpuset.mems"))
		return is_same_set(live, want);
	if (!strncmp(attr, "memory.", strlen("memory.")))
		return is_same_bytes(live, want);
	if (!strcmp(attr, "cgroup.subtree_control"))
		return hp_cgroup_has_words(live, want);
	/* A partition that reads "root invalid (...)" is none. */
	return false;
}

const struct hp_backend hp_backend_cgroup = {
	.name = "cgroup",
	.probe = hp_cgroup_probe,
	.read = read_setting,
	.write = write_setting,
	.satisfies = satisfies,
	.reads_root_only = true,
};
