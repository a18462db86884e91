// SPDX-License-Identifier: GPL-2.0
/* irq.c: backend for the CPUs that an interrupt may go to (the requested list, not the effective one). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "apply/hp_backend.h"
#include "base/hp_auto.h"
#include "base/hp_irq.h"
#include "base/hp_text.h"

/*
 * An interrupt that has vanished (its driver let it go) reads so: it disturbs
 * nobody, so every wish is satisfied, and there is nothing to put back.
 */
static const char gone[] = "gone";

static int build_path(struct hp_ctx *ctx, char *path, size_t size, const char *object, const char *attr,
		      struct hp_err *err)
{
	unsigned int number = 0;
	int ret;

	if (strcmp(attr, "affinity"))
		return hp_err_set(err, EINVAL, "an interrupt has an \"affinity\", not \"%s\"", attr);
	ret = hp_irq_number(ctx->root, object, &number, err);
	snprintf(path, size, "/proc/irq/%u/smp_affinity_list", number);
	return ret;
}

static int read_setting(struct hp_ctx *ctx, const char *object, const char *attr, char **value, struct hp_err *err)
{
	char path[64];
	int ret = build_path(ctx, path, sizeof(path), object, attr, err);

	*value = NULL;
	if (!ret)
		ret = hp_root_read(ctx->root, path, value, err);
	/* EIO: it was freed between open and read. */
	if (ret != -ENOENT && ret != -EIO)
		return ret;
	if (err)
		hp_err_clear(err);
	*value = strdup(gone);
	return *value ? 0 : hp_err_set(err, ENOMEM, "out of memory");
}

static int write_setting(struct hp_ctx *ctx, const char *object, const char *attr, const char *value,
			 struct hp_err *err)
{
	char path[64];
	int ret = build_path(ctx, path, sizeof(path), object, attr, err);

	if (!ret && value && strcmp(value, gone))
		ret = hp_root_write(ctx->root, path, value, err);
	if (ret == -ENOENT) {
		if (err)
			hp_err_clear(err);
		return 0;
	}
	/* 6.1 says EIO, 6.12 EPERM. */
	if (ret == -EIO || ret == -EPERM)
		return hp_err_set(err, EOPNOTSUPP, "interrupt %s is managed: the kernel places it", object);
	return ret;
}

static bool satisfies(const char *attr, const char *live, const char *want)
{
	hp_autobitmap is = hwloc_bitmap_alloc(), should = hwloc_bitmap_alloc();

	(void)attr;
	if (!strcmp(live, gone) || !strcmp(live, want))
		return true;
	return is && should && !hp_cpulist_parse(live, is) && !hp_cpulist_parse(want, should) &&
	       hwloc_bitmap_isequal(is, should);
}

const struct hp_backend hp_backend_irq = {
	.name = "irq",
	.probe = NULL,			/* every kernel has it */
	.read = read_setting,
	.write = write_setting,
	.satisfies = satisfies,
	.reads_root_only = true,
};
