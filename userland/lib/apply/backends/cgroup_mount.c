// SPDX-License-Identifier: GPL-2.0
/* cgroup_mount.c: whether cgroup v2 can be used, and its nsdelegate mount option. */
#include "apply/backends/cgroup_parts.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include "base/hp_auto.h"
#include "base/hp_outside.h"
#include "base/hp_text.h"

/* The mount of HP_CGROUP_MOUNT: per-mount options, and options of the file system itself. */
struct mount_line {
	char options[256], super[256];
};

/* "ID PARENT MAJ:MIN ROOT MOUNTPOINT OPTIONS [TAGS] - TYPE SOURCE SUPER"; the last one wins. */
static int find_mount(struct hp_ctx *ctx, struct mount_line *found, struct hp_err *err)
{
	hp_autofree char *text = NULL;
	bool is_found = false;
	int ret = hp_root_read(ctx->root, "/proc/self/mountinfo", &text, err);

	if (ret)
		return ret;
	for (char *save, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char point[PATH_MAX], type[32];
		struct mount_line here;
		char *tail = strstr(line, " - ");

		if (!tail || sscanf(line, "%*s %*s %*s %*s %4095s %255s", point, here.options) != 2 ||
		    strcmp(point, HP_CGROUP_MOUNT))
			continue;
		is_found = sscanf(tail, " - %31s %*s %255s", type, here.super) == 2 && !strcmp(type, "cgroup2");
		*found = here;
	}
	return is_found ? 0 : -ENOENT;
}

int hp_cgroup_probe(struct hp_ctx *ctx, struct hp_err *err)
{
	hp_autofree char *controllers = NULL;
	struct mount_line line;
	int ret = find_mount(ctx, &line, err);

	if (ret == -ENOENT) {
		hp_err_set(err, EOPNOTSUPP, "no cgroup v2 hierarchy is mounted at " HP_CGROUP_MOUNT);
		hp_err_hint(err, "boot with systemd.unified_cgroup_hierarchy=1, or: mount -t cgroup2 cgroup2 "
			    HP_CGROUP_MOUNT);
		return -EOPNOTSUPP;
	}
	if (!ret)
		ret = hp_cgroup_read(ctx, "/", "cgroup.controllers", &controllers, err);
	if (ret)
		return ret;
	if (!controllers || !hp_cgroup_has_words(controllers, "cpuset memory pids"))
		return hp_err_set(err, EOPNOTSUPP, HP_CGROUP_MOUNT " offers the controllers \"%s\", but cpuset, "
				  "memory and pids are needed (is one bound to cgroup v1?)",
				  controllers ? controllers : "");
	return 0;
}

static bool has_option(const char *options, const char *option)
{
	size_t len = strlen(option);

	for (; *options; options += strcspn(options, ","), options += *options == ',')
		if (!strncmp(options, option, len) && (options[len] == ',' || !options[len]))
			return true;
	return false;
}

int hp_cgroup_read_nsdelegate(struct hp_ctx *ctx, char **value, struct hp_err *err)
{
	struct mount_line line;
	int ret = find_mount(ctx, &line, err);

	if (ret == -ENOENT)
		return 0;
	if (ret)
		return ret;
	*value = strdup(has_option(line.super, "nsdelegate") ? "1" : "0");
	return *value ? 0 : hp_err_set(err, ENOMEM, "out of memory");
}

/* A remount sets both kinds of options anew, so the ones in force are repeated. */
static unsigned long mount_flags(const char *options)
{
	static const struct {
		const char *option;
		unsigned long flag;
	} known[] = {
		{ "ro", MS_RDONLY }, { "nosuid", MS_NOSUID }, { "nodev", MS_NODEV }, { "noexec", MS_NOEXEC },
		{ "noatime", MS_NOATIME }, { "nodiratime", MS_NODIRATIME }, { "relatime", MS_RELATIME },
	};
	unsigned long flags = 0;

	for (size_t i = 0; i < hp_array_size(known); i++)
		if (has_option(options, known[i].option))
			flags |= known[i].flag;
	return flags;
}

static void add_option(char *list, size_t size, const char *option, size_t len)
{
	size_t used = strlen(list);

	snprintf(list + used, size - used, "%s%.*s", used ? "," : "", (int)len, option);
}

/* A confined partd mounts nothing. */
static int remount(const struct hp_ctx *ctx, unsigned long flags, const char *data, struct hp_err *err)
{
	hp_autofree char *number = hp_format("%#lx", flags);
	const char *const args[] = { "remount", HP_CGROUP_MOUNT, number, data, NULL };

	if (!number)
		return hp_err_set(err, ENOMEM, "out of memory");
	if (hp_outside_is_needed())
		return hp_outside_run(ctx->libexec_dir, ctx->run_dir, args, err);
	if (mount(NULL, HP_CGROUP_MOUNT, NULL, MS_REMOUNT | flags, data))
		return hp_err_errno(err, errno, "remount " HP_CGROUP_MOUNT " with \"%s\"", data);
	return 0;
}

int hp_cgroup_write_nsdelegate(struct hp_ctx *ctx, const char *value, struct hp_err *err)
{
	char data[512] = "";
	struct mount_line line;
	bool is_wanted = !strcmp(value, "1");
	int ret = find_mount(ctx, &line, err);

	if (ret)
		return ret == -ENOENT ? hp_cgroup_probe(ctx, err) : ret;
	if (has_option(line.super, "nsdelegate") == is_wanted)
		return 0;
	for (const char *at = line.super; *at; at += strcspn(at, ","), at += *at == ',') {
		size_t len = strcspn(at, ",");

		/* The generic ones are flags, not data. */
		if (strncmp(at, "rw", len) && strncmp(at, "ro", len) && strncmp(at, "nsdelegate", len))
			add_option(data, sizeof(data), at, len);
	}
	if (is_wanted)
		add_option(data, sizeof(data), "nsdelegate", strlen("nsdelegate"));
	return remount(ctx, mount_flags(line.options), data, err);
}
