// SPDX-License-Identifier: GPL-2.0
/* cgroup_partition.c: makes cpuset partitions and heals those that the kernel has declared invalid. */
#include "apply/backends/cgroup_parts.h"

#include <errno.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_cgroup2.h"
#include "base/hp_log.h"
#include "base/hp_text.h"

/* Straight to cgroupfs: the write succeeds even when the kernel says no; its verdict is what the file reads then. */
#define FILE_NAME "cpuset.cpus.partition"
#define OFFENDERS_MAX 64
#define CHILDREN_MAX 128	/* domains, with room to spare */

struct partition {
	struct hp_ctx *ctx;
	const char *object;
	char *path;
	char word[16];		/* "member", "root" or "isolated" */
	char *live;
};

static void clear_partition(struct partition *p)
{
	free(p->path);
	free(p->live);
}

static int look(struct partition *p, struct hp_err *err)
{
	free(hp_take(p->live));
	return hp_cgroup_read(p->ctx, p->object, FILE_NAME, &p->live, err);
}

static bool holds(const struct partition *p)
{
	return p->live && !strcmp(p->live, p->word);
}

static bool is_invalid(const struct partition *p)
{
	return p->live && strstr(p->live, "invalid");
}

static int try_word(struct partition *p, const char *word, struct hp_err *err)
{
	int ret = hp_root_write(p->ctx->root, p->path, word, err);

	return ret ? ret : look(p, err);
}

/* Whoever shares our CPUs has to let go first, or the kernel refuses the partition again. */
static int drive_out(struct partition *p, struct hp_err *err)
{
	for (int i = 0; i < OFFENDERS_MAX; i++) {
		hp_autofree char *sibling = NULL, *value = NULL;
		int ret = hp_cgroup_find_overlap(p->ctx, p->object, &sibling, &value, err);

		if (ret <= 0)
			return ret;
		ret = hp_cgroup_shrink(p->ctx, p->object, sibling, err);
		if (ret)
			return ret;
	}
	return hp_err_set(err, EBUSY, "cgroups that overlap %s appear faster than they can be healed", p->object);
}

/* "root" or "isolated" where the cgroup is (or would be) a partition, NULL where it is none; static string. */
static const char *type_of(struct hp_ctx *ctx, const char *object)
{
	hp_autofree char *live = NULL;

	if (hp_cgroup_read(ctx, object, FILE_NAME, &live, NULL) || !live)
		return NULL;
	return !strncmp(live, "root", 4) ? "root" : !strncmp(live, "isolated", 8) ? "isolated" : NULL;
}

static void write_type(struct hp_ctx *ctx, const char *object, const char *type)
{
	hp_autofree char *path = hp_cgroup_file(object, FILE_NAME);
	hp_autoerr err = HP_ERR_INIT;

	if (path && hp_root_write(ctx->root, path, type, &err))
		hp_log(LOG_WARNING, "%s", err.text);
}

/* Names in the cgroup's directory, files among them; NULL when it cannot be read. */
static char **children_of(const struct partition *p)
{
	hp_autofree char *dir = hp_cgroup_path(p->object, NULL);
	char **names = NULL;

	if (!dir || hp_root_list(p->ctx->root, dir, &names, NULL))
		return NULL;
	return names;
}

static int make_valid(struct partition *p, struct hp_err *err)
{
	/* 6.12 takes the type anew. */
	int ret = try_word(p, p->word, err);

	if (ret || holds(p))
		return ret;
	/* 6.1 sees no change in that and has to be led over "member". */
	ret = try_word(p, "member", err);
	return ret ? ret : try_word(p, p->word, err);
}

/*
 * The children of a partition that became invalid still read "root" and hold
 * their CPUs in the kernel's books.  Making the parent valid over their heads
 * counts those CPUs twice: 6.12 warns in rebuild_sched_domains_locked() and
 * takes the wrong CPUs away at the next removal.  So they step down first and
 * up again after; meanwhile their tasks share the parent's CPUs.
 */
static int heal(struct partition *p, struct hp_err *err)
{
	char **names = children_of(p);
	const char *types[CHILDREN_MAX] = { NULL };
	char *paths[CHILDREN_MAX] = { NULL };
	size_t count = 0;
	int ret = drive_out(p, err);

	for (char **name = names; !ret && name && *name && count < CHILDREN_MAX; name++) {
		char *child = hp_format("%s/%s", p->object, *name);

		if (!child)
			break;
		types[count] = type_of(p->ctx, child);
		if (!types[count]) {
			free(child);
			continue;
		}
		write_type(p->ctx, child, "member");
		paths[count++] = child;
	}
	if (!ret)
		ret = make_valid(p, err);
	for (size_t i = 0; i < count; i++) {
		write_type(p->ctx, paths[i], types[i]);
		free(paths[i]);
	}
	hp_root_list_free(names);
	return ret;
}

static int refuse(const struct partition *p, struct hp_err *err)
{
	hp_autofree char *sibling = NULL, *value = NULL;
	int ret = hp_err_set(err, EBUSY, "the kernel refuses the partition: %s reads \"%s\"", p->path,
			     p->live ? p->live : "(absent)");

	if (hp_cgroup_find_overlap(p->ctx, p->object, &sibling, &value, NULL) == 1)
		hp_err_hint(err, "cgroup %s shares CPUs with it (cpuset.cpus %s)", sibling, value);
	return ret;
}

int hp_cgroup_write_partition(struct hp_ctx *ctx, const char *object, const char *value, struct hp_err *err)
{
	__attribute__((cleanup(clear_partition))) struct partition p = {
		.ctx = ctx, .object = object, .path = hp_cgroup_file(object, FILE_NAME),
	};
	int ret;

	/* What was read as "root invalid (why)" is put back as "root". */
	snprintf(p.word, sizeof(p.word), "%.*s", (int)strcspn(value, " "), value);
	if (!p.path)
		return hp_err_set(err, ENOMEM, "out of memory");
	ret = look(&p, err);
	if (!ret && !p.live)
		return hp_err_set(err, ENOENT, "there is no %s", p.path);
	if (ret || holds(&p))
		return ret;
	ret = is_invalid(&p) && strcmp(p.word, "member") ? heal(&p, err) : try_word(&p, p.word, err);
	if (ret || holds(&p))
		return ret;
	return refuse(&p, err);
}
