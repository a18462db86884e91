// SPDX-License-Identifier: GPL-2.0
/* steps_cpus.c: the steps that move the CPU sets of cgroups that exist. */
#include "apply/steps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "apply/cpu_order.h"
#include "base/hp_auto.h"
#include "base/hp_text.h"

/*
 * A cgroup's CPU set and the views that write it: under systemd two settings
 * (the unit's AllowedCPUs= and the cgroup's cpuset.cpus) mean the same set.
 */
struct set {
	const char *path;
	struct hp_view *writers[2];
	size_t writers_count;
};

struct sets {
	struct set *items;
	struct hp_cpu_node *nodes;	/* node i is set i */
	size_t count;
	struct hp_cpu_moves moves;
};

static void clear_sets(struct sets *sets)
{
	for (size_t i = 0; i < sets->count; i++) {
		hwloc_bitmap_free(sets->nodes[i].now);
		hwloc_bitmap_free(sets->nodes[i].goal);
	}
	free(sets->items);
	free(sets->nodes);
	hp_cpu_moves_clear(&sets->moves);
}

static bool is_cgroup_set(const struct hp_setting *setting)
{
	return !strcmp(setting->backend, "cgroup") && !strcmp(setting->attr, "cpuset.cpus");
}

static bool is_cpu_set(const struct hp_setting *setting)
{
	return is_cgroup_set(setting) ||
	       (!strcmp(setting->backend, "systemd") && !strcmp(setting->attr, "AllowedCPUs"));
}

static struct set *find_set(struct sets *sets, const char *path)
{
	for (size_t i = 0; i < sets->count; i++)
		if (!strcmp(sets->items[i].path, path))
			return &sets->items[i];
	return NULL;
}

/* A set that is not there yet, or reads empty ("no set of its own"), moves no one: the plain order serves. */
static int add_view(struct sets *sets, struct hp_view *view)
{
	struct set *set = find_set(sets, view->setting->object);
	struct hp_cpu_node *node;

	if (set && set->writers_count < hp_array_size(set->writers)) {
		set->writers[set->writers_count++] = view;
		sets->nodes[set - sets->items].is_exclusive |= is_cgroup_set(view->setting);
		return 0;
	}
	node = &sets->nodes[sets->count];
	*node = (struct hp_cpu_node) {
		.parent = -1,
		.is_exclusive = is_cgroup_set(view->setting),
		.now = hwloc_bitmap_alloc(),
		.goal = hwloc_bitmap_alloc(),
	};
	set = &sets->items[sets->count++];
	*set = (struct set) { view->setting->object, { view }, 1 };
	if (!node->now || !node->goal)
		return -ENOMEM;
	if (!view->expected || hp_cpulist_parse(view->expected, node->now) ||
	    hp_cpulist_parse(view->setting->want, node->goal)) {
		hwloc_bitmap_free(node->now);
		hwloc_bitmap_free(node->goal);
		sets->count--;
	}
	return 0;
}

static void link_parents(struct sets *sets)
{
	for (size_t i = 0; i < sets->count; i++) {
		const char *slash = strrchr(sets->items[i].path, '/');
		hp_autofree char *parent = slash ? strndup(sets->items[i].path, (size_t)(slash - sets->items[i].path))
						 : NULL;
		struct set *above = parent ? find_set(sets, parent) : NULL;

		if (above)
			sets->nodes[i].parent = (int)(above - sets->items);
	}
}

static int collect(struct hp_views *views, struct sets *sets)
{
	sets->items = calloc(views->count + 1, sizeof(*sets->items));
	sets->nodes = calloc(views->count + 1, sizeof(*sets->nodes));
	if (!sets->items || !sets->nodes)
		return -ENOMEM;
	for (size_t i = 0; i < views->count; i++) {
		int ret;

		if (!is_cpu_set(views->items[i].setting) || !views->items[i].is_usable)
			continue;
		ret = add_view(sets, &views->items[i]);
		if (ret)
			return ret;
	}
	link_parents(sets);
	return 0;
}

static enum hp_step_kind kind_of(const char *from, hwloc_const_bitmap_t to, const char *want)
{
	hp_autobitmap before = hwloc_bitmap_alloc(), goal = hwloc_bitmap_alloc();

	if (!before || !goal || !from || hp_cpulist_parse(from, before) || hp_cpulist_parse(want, goal))
		return HP_STEP_SET;
	return hwloc_bitmap_isincluded(to, before) || !hwloc_bitmap_isequal(to, goal) ? HP_STEP_SHRINK : HP_STEP_SET;
}

static int emit(const struct hp_cpu_move *move, const struct set *set, struct hp_steps *out)
{
	hp_autofree char *to = hp_cpulist_format(move->to);

	for (size_t i = 0; to && i < set->writers_count; i++) {
		struct hp_view *view = set->writers[i];

		if (!hp_steps_add(out, kind_of(view->expected, move->to, view->setting->want), view->setting,
				  view->expected, to) ||
		    hp_text_replace(&view->expected, to))
			return -ENOMEM;
	}
	return to ? 0 : -ENOMEM;
}

static int refuse(const struct sets *sets, struct hp_err *err)
{
	const char *first = NULL;
	int ret;

	for (size_t i = 0; i < sets->count && !first; i++)
		if (!hwloc_bitmap_isequal(sets->nodes[i].now, sets->nodes[i].goal))
			first = sets->items[i].path;
	ret = hp_err_set(err, EDEADLK, "%s and others exchange all their CPUs, and no CPU is free to do it step by step",
			 first ? first : "?");
	hp_err_hint(err, "apply a policy first in which one of them has a CPU less, or tear down");
	return ret;
}

int hp_steps_plan_cpus(struct hp_views *views, struct hp_steps *out, struct hp_err *err)
{
	__attribute__((cleanup(clear_sets))) struct sets sets = { 0 };
	int ret = collect(views, &sets);

	if (!ret)
		ret = hp_cpu_order(sets.nodes, sets.count, &sets.moves);
	for (size_t i = 0; !ret && i < sets.moves.count; i++)
		ret = emit(&sets.moves.items[i], &sets.items[sets.moves.items[i].node], out);
	if (ret == -EDEADLK)
		return refuse(&sets, err);
	return ret ? hp_err_set(err, ENOMEM, "out of memory") : 0;
}
