// SPDX-License-Identifier: GPL-2.0
/* cgroup_subtree.c: which controllers a cgroup's children get. */
#include "apply/backends/cgroup_parts.h"

#include <errno.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_log.h"
#include "base/hp_text.h"

/* The controllers that hostpart may take away again; all others are somebody else's business. */
static const char *const ours[] = { "cpuset", "memory", "pids" };

static bool has_word(const char *text, const char *word, size_t len)
{
	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		size_t size = strcspn(text, " ");

		if (size == len && !strncmp(text, word, len))
			return true;
		text += size;
	}
	return false;
}

bool hp_cgroup_has_words(const char *text, const char *words)
{
	for (words += strspn(words, " "); *words; words += strspn(words, " ")) {
		size_t len = strcspn(words, " ");

		if (!has_word(text, words, len))
			return false;
		words += len;
	}
	return true;
}

/* One controller at a time, so that the message names the one the kernel refused. */
static int enable(struct hp_ctx *ctx, const char *path, const char *words, const char *live, struct hp_err *err)
{
	int ret = 0;

	for (words += strspn(words, " "); *words && !ret; words += strspn(words, " ")) {
		size_t len = strcspn(words, " ");
		hp_autofree char *change = hp_format("+%.*s", (int)len, words);

		if (!change)
			return hp_err_set(err, ENOMEM, "out of memory");
		if (!has_word(live, words, len))
			ret = hp_root_write(ctx->root, path, change, err);
		words += len;
	}
	return ret;
}

static int disable(struct hp_ctx *ctx, const char *path, const char *controller, struct hp_err *err)
{
	hp_autofree char *change = hp_format("-%s", controller);
	int ret;

	if (!change)
		return hp_err_set(err, ENOMEM, "out of memory");
	ret = hp_root_write(ctx->root, path, change, err);
	if (ret != -EBUSY)
		return ret;
	/* Somebody's cgroup has come to use it meanwhile: taking it away is not ours to do. */
	hp_log(LOG_NOTICE, "%s keeps %s: other cgroups use it now", path, controller);
	if (err)
		hp_err_clear(err);
	return 0;
}

/* The controllers named are enabled; of ours, those not named are disabled; others stay as they are. */
int hp_cgroup_write_subtree(struct hp_ctx *ctx, const char *object, const char *value, struct hp_err *err)
{
	hp_autofree char *path = hp_cgroup_file(object, "cgroup.subtree_control");
	hp_autofree char *live = NULL;
	int ret = path ? hp_cgroup_read(ctx, object, "cgroup.subtree_control", &live, err) : -ENOMEM;

	if (ret)
		return ret;
	if (!live)
		return hp_err_set(err, ENOENT, "there is no cgroup %s", object);
	ret = enable(ctx, path, value, live, err);
	for (size_t i = 0; i < hp_array_size(ours) && !ret; i++)
		if (has_word(live, ours[i], strlen(ours[i])) && !has_word(value, ours[i], strlen(ours[i])))
			ret = disable(ctx, path, ours[i], err);
	return ret;
}
