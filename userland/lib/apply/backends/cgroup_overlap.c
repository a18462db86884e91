// SPDX-License-Identifier: GPL-2.0
/* cgroup_overlap.c: finds siblings whose CPUs overlap a partition and takes those CPUs from them. */
#include "apply/backends/cgroup_parts.h"

#include <errno.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_log.h"
#include "base/hp_text.h"

/* The cgroup's own set; empty when it has none (then it takes what its parent has left, which is no overlap). */
static int read_cpus(struct hp_ctx *ctx, const char *object, hwloc_bitmap_t cpus, char **text, struct hp_err *err)
{
	int ret = hp_cgroup_read(ctx, object, "cpuset.cpus", text, err);

	hwloc_bitmap_zero(cpus);
	if (ret || !*text || !**text)
		return ret;
	if (hp_cpulist_parse(*text, cpus))
		return hp_err_set(err, EPROTO, "%s/cpuset.cpus reads \"%s\"", object, *text);
	return 0;
}

/* 1 = it overlaps, and *value is its set. */
static int check_sibling(struct hp_ctx *ctx, const char *sibling, hwloc_const_bitmap_t ours, char **value,
			 struct hp_err *err)
{
	hp_autobitmap theirs = hwloc_bitmap_alloc();
	hp_autofree char *text = NULL;
	int ret = theirs ? read_cpus(ctx, sibling, theirs, &text, err) : -ENOMEM;

	if (ret)
		return ret;
	if (!hwloc_bitmap_intersects(ours, theirs))
		return 0;
	*value = hp_take(text);
	return 1;
}

static char *join(const char *parent, const char *name)
{
	return hp_format("%s%s%s", parent, *parent ? "/" : "", name);
}

int hp_cgroup_find_overlap(struct hp_ctx *ctx, const char *top, char **path, char **value, struct hp_err *err)
{
	const char *slash = strrchr(top, '/');
	hp_autofree char *parent = strndup(top, slash ? (size_t)(slash - top) : 0);
	hp_autofree char *dir = parent ? hp_cgroup_file(parent, NULL) : NULL;
	hp_autobitmap ours = hwloc_bitmap_alloc();
	hp_autofree char *text = NULL;
	char **names = NULL;
	int ret;

	*path = *value = NULL;
	if (!dir || !ours)
		return hp_err_set(err, ENOMEM, "out of memory");
	ret = read_cpus(ctx, top, ours, &text, err);
	if (!ret)
		ret = hp_root_list(ctx->root, dir, &names, err);
	for (size_t i = 0; !ret && names && names[i]; i++) {
		hp_autofree char *sibling = join(parent, names[i]);

		if (!sibling || !strcmp(sibling, top))
			continue;
		ret = check_sibling(ctx, sibling, ours, value, err);
		/* The parent's own files are in the list too. */
		if (ret == -ENOTDIR) {
			if (err)
				hp_err_clear(err);
			ret = 0;
		}
		if (ret == 1)
			*path = hp_take(sibling);
	}
	if (names)
		hp_root_list_free(names);
	return ret;
}

/*
 * Nothing left of its own: an empty line makes the sibling take what its
 * parent has. 6.1 refuses that (ENOSPC) to a cgroup with tasks: then it gets
 * what the parent has beside us.
 */
static int clear_cpus(struct hp_ctx *ctx, const char *sibling, const char *path, hwloc_const_bitmap_t ours,
		      struct hp_err *err)
{
	const char *slash = strrchr(sibling, '/');
	hp_autofree char *parent = strndup(sibling, slash ? (size_t)(slash - sibling) : 0);
	hp_autofree char *text = NULL, *rest = NULL;
	hp_autobitmap cpus = hwloc_bitmap_alloc();
	int ret = hp_root_write(ctx->root, path, "\n", err);

	if (ret != -ENOSPC)
		return ret;
	if (!parent || !cpus)
		return hp_err_set(err, ENOMEM, "out of memory");
	ret = hp_cgroup_read(ctx, parent, "cpuset.cpus.effective", &text, err);
	if (ret)
		return ret;
	if (!text || hp_cpulist_parse(text, cpus) || hwloc_bitmap_isincluded(cpus, ours))
		return hp_err_set(err, EBUSY, "/%s has no CPU left for the tasks in %s", parent, sibling);
	hwloc_bitmap_andnot(cpus, cpus, ours);
	rest = hp_cpulist_format(cpus);
	return rest ? hp_root_write(ctx->root, path, rest, err) : hp_err_set(err, ENOMEM, "out of memory");
}

int hp_cgroup_shrink(struct hp_ctx *ctx, const char *top, const char *sibling, struct hp_err *err)
{
	hp_autobitmap ours = hwloc_bitmap_alloc(), theirs = hwloc_bitmap_alloc();
	hp_autofree char *our_text = NULL, *their_text = NULL, *less = NULL, *path = NULL;
	int ret;

	if (!ours || !theirs)
		return hp_err_set(err, ENOMEM, "out of memory");
	ret = read_cpus(ctx, top, ours, &our_text, err);
	if (!ret)
		ret = read_cpus(ctx, sibling, theirs, &their_text, err);
	if (ret)
		return ret;
	hwloc_bitmap_andnot(theirs, theirs, ours);
	less = hp_cpulist_format(theirs);
	path = hp_cgroup_file(sibling, "cpuset.cpus");
	if (!less || !path)
		return hp_err_set(err, ENOMEM, "out of memory");
	ret = *less ? hp_root_write(ctx->root, path, less, err) : clear_cpus(ctx, sibling, path, ours, err);
	if (ret)
		return hp_err_wrap(err, "cgroup %s overlaps %s and cannot be shrunk", sibling, top);
	hp_log(LOG_WARNING, "cgroup %s had cpuset.cpus %s, which overlaps %s (%s): those were taken from it", sibling,
	       their_text ? their_text : "", top, our_text ? our_text : "");
	return 0;
}
