// SPDX-License-Identifier: GPL-2.0
/* resctrl.c: backend for the kernel's division of caches and memory bandwidth (Documentation/arch/x86/resctrl.rst). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "apply/hp_backend.h"
#include "base/hp_auto.h"
#include "base/hp_log.h"
#include "base/hp_mount.h"
#include "base/hp_outside.h"
#include "base/hp_schemata.h"
#include "base/hp_text.h"

static const char exclusive[] = "exclusive";

/* Object "/" is the mount and its default group, any other a group below it. */
static char *path_of(const char *object, const char *attr)
{
	bool is_root = !strcmp(object, "/");

	return hp_format(HP_RESCTRL "%s%s%s%s", is_root ? "" : "/", is_root ? "" : object, *attr ? "/" : "", attr);
}

static int out_of_memory(struct hp_err *err)
{
	return hp_err_set(err, ENOMEM, "out of memory");
}

static bool is_there(struct hp_ctx *ctx, const char *object)
{
	hp_autofree char *path = path_of(object, !strcmp(object, "/") ? "info" : "");

	return path && hp_root_exists(ctx->root, path);
}

/* "exclusive L3:0=f;1=f" or "shareable": what is guarded is part of the value, so that it is let go of in time. */
static char *describe_mode(struct hp_ctx *ctx, const char *object, const char *mode)
{
	hp_autofree char *path = path_of(object, "schemata"), *text = NULL, *tidy = NULL;
	char *bandwidth;

	if (strcmp(mode, exclusive))
		return strdup(mode);
	if (!path || hp_root_read(ctx->root, path, &text, NULL))
		return NULL;
	tidy = hp_schemata_tidy(text);
	bandwidth = tidy ? strstr(tidy, "\nMB:") : NULL;
	if (bandwidth)
		*bandwidth = '\0';
	return tidy ? hp_format("%s %s", exclusive, tidy) : NULL;
}

static int read_file(struct hp_ctx *ctx, const char *object, const char *attr, char **value, struct hp_err *err)
{
	hp_autofree char *path = path_of(object, attr), *text = NULL;
	int ret = path ? hp_root_read(ctx->root, path, &text, err) : out_of_memory(err);

	if (ret == -ENOENT) {
		if (err)
			hp_err_clear(err);
		return 0;
	}
	if (ret)
		return ret;
	if (!strcmp(attr, "schemata"))
		*value = hp_schemata_tidy(text);
	else if (!strcmp(attr, "mode"))
		*value = describe_mode(ctx, object, text);
	else
		*value = hp_take(text);
	return *value ? 0 : out_of_memory(err);
}

static int read_setting(struct hp_ctx *ctx, const char *object, const char *attr, char **value, struct hp_err *err)
{
	*value = NULL;
	if (!is_there(ctx, object))
		return 0;
	if (*attr)
		return read_file(ctx, object, attr, value, err);
	*value = strdup("present");
	return *value ? 0 : out_of_memory(err);
}

/*
 * The kernel refuses without changing anything, and says why in one line. What it cannot do here is a gap of the
 * domain; the rest of the policy does not wait for it.
 */
static int refused(struct hp_ctx *ctx, int errnum, const char *object, const char *attr, struct hp_err *err)
{
	hp_autofree char *status = hp_root_readf(ctx->root, HP_RESCTRL "/info/last_cmd_status");
	const char *why = status && *status && strcmp(status, "ok") ? status : strerror(errnum);

	return hp_err_set(err, EOPNOTSUPP, "the kernel refuses %s%s resctrl group %s: %s", *attr ? attr : "to make", *attr ? " of" : "",
			  object, why);
}

/* A confined partd mounts nothing, and what it unmounts stays on the machine. */
static int mount_outside(const struct hp_ctx *ctx, struct hp_err *err)
{
	static const char *const args[] = { "mount", "resctrl", HP_RESCTRL, NULL };

	return hp_outside_run(ctx->libexec_dir, ctx->run_dir, args, err) ?
	       hp_err_set(err, EOPNOTSUPP, "resctrl cannot be mounted: %s", err && err->text ? err->text : "no memory") : 0;
}

static int unmount_outside(const struct hp_ctx *ctx, struct hp_err *err)
{
	static const char *const args[] = { "unmount", HP_RESCTRL, NULL };

	return hp_outside_run(ctx->libexec_dir, ctx->run_dir, args, err);
}

static int make_mount(const struct hp_ctx *ctx, struct hp_err *err)
{
	int ret;

	if (hp_outside_is_needed())
		return mount_outside(ctx, err);
	ret = hp_mount_type("resctrl", HP_RESCTRL);
	if (!ret)
		return 0;
	/* There is one at most: EBUSY says that it is mounted elsewhere. */
	return hp_err_set(err, EOPNOTSUPP, "resctrl cannot be mounted on " HP_RESCTRL ": %s",
			  ret == -EBUSY ? "it is mounted in another place" : strerror(-ret));
}

/* Groups that other programs have made since would be gone with the mount. */
static bool has_strangers(struct hp_ctx *ctx)
{
	char **names = NULL;
	bool any = false;

	if (hp_root_list(ctx->root, HP_RESCTRL, &names, NULL))
		return false;
	for (char **name = names; name && *name && !any; name++) {
		hp_autofree char *tasks = hp_format(HP_RESCTRL "/%s/tasks", *name);

		any = tasks && hp_root_exists(ctx->root, tasks);
	}
	hp_root_list_free(names);
	return any;
}

static int drop_mount(struct hp_ctx *ctx, struct hp_err *err)
{
	int ret;

	if (has_strangers(ctx)) {
		hp_log(LOG_NOTICE, HP_RESCTRL " stays mounted: other programs have groups there");
		return 0;
	}
	if (hp_outside_is_needed())
		return unmount_outside(ctx, err);
	ret = hp_unmount(HP_RESCTRL);
	return ret ? hp_err_errno(err, -ret, "unmount " HP_RESCTRL) : 0;
}

static int write_existence(struct hp_ctx *ctx, const char *object, bool is_wanted, struct hp_err *err)
{
	hp_autofree char *path = path_of(object, "");
	bool is_root = !strcmp(object, "/");

	if (is_there(ctx, object) == is_wanted)
		return 0;
	if (!hp_root_is_live(ctx->root))
		return hp_err_set(err, EROFS, "the recorded machine cannot be changed");
	if (is_root)
		return is_wanted ? make_mount(ctx, err) : drop_mount(ctx, err);
	if (!path)
		return out_of_memory(err);
	if (is_wanted)
		return mkdir(path, 0755) ? refused(ctx, errno, object, "", err) : 0;
	return rmdir(path) && errno != ENOENT ? hp_err_errno(err, errno, "remove resctrl group %s", object) : 0;
}

/* Every file of resctrl wants its newline. */
static int write_file(struct hp_ctx *ctx, const char *object, const char *attr, const char *value, struct hp_err *err)
{
	bool is_mode = !strcmp(attr, "mode");
	hp_autofree char *path = path_of(object, attr);
	hp_autofree char *text = hp_format("%.*s\n", (int)(is_mode ? strcspn(value, " ") : strlen(value)), value);
	int ret = path && text ? hp_root_write(ctx->root, path, text, err) : out_of_memory(err);

	if (ret == -EROFS || ret == -ENOMEM || !ret)
		return ret;
	return refused(ctx, -ret, object, attr, err);
}

/* Masks, limits and CPUs go with their group; only a mode can be taken from one that stays. */
static int write_setting(struct hp_ctx *ctx, const char *object, const char *attr, const char *value,
			 struct hp_err *err)
{
	if (!*attr)
		return write_existence(ctx, object, value != NULL, err);
	if (!is_there(ctx, object))
		return value ? hp_err_set(err, EOPNOTSUPP, "there is no resctrl group %s", object) : 0;
	if (!value && strcmp(attr, "mode"))
		return 0;
	return write_file(ctx, object, attr, value ? value : "shareable", err);
}

static bool satisfies(const char *attr, const char *live, const char *want)
{
	if (!strcmp(attr, "schemata"))
		return hp_schemata_holds(live, want);
	return !strcmp(live, want);
}

/*
 * Masks that change may meet on their way, which the kernel refuses to a group in exclusive mode: one whose
 * guarded masks change is shareable until all are settled.
 */
static int meet(const char *live, const char *want, char **value, struct hp_err *err)
{
	bool is_guard = !strncmp(want, exclusive, strlen(exclusive));

	*value = strdup(is_guard && strcmp(live, want) ? "shareable" : live);
	return *value ? 0 : out_of_memory(err);
}

const struct hp_backend hp_backend_resctrl = {
	.name = "resctrl",
	.probe = NULL,			/* the mount tells for itself */
	.read = read_setting,
	.write = write_setting,
	.satisfies = satisfies,
	.meet = meet,
	.outlasts = NULL,
	.reads_root_only = true,
};
