/* SPDX-License-Identifier: GPL-2.0 */
/* steps.h: wanted settings beside what the machine has, for the transaction engine only. */
#ifndef HP_APPLY_STEPS_H
#define HP_APPLY_STEPS_H

#include "apply/hp_txn.h"

struct hp_view {
	const struct hp_setting *setting;	/* borrowed from the wanted list */
	const struct hp_backend *backend;
	const struct hp_applied *applied;	/* in the state in force, or NULL */
	bool is_usable;				/* false: optional, and the backend cannot work here */
	char *found;				/* what is there, NULL = absent */
	char *expected;				/* what will be there once the steps planned so far are made */
};

struct hp_views {
	struct hp_view *items;
	size_t count;
};

#define HP_VIEWS_INIT { NULL, 0 }
void hp_views_clear(struct hp_views *views);
#define hp_autoviews __attribute__((cleanup(hp_views_clear))) struct hp_views

/* Reads the machine for every wanted setting. `want` and `state` must outlive the views. */
int hp_views_read(struct hp_ctx *ctx, const struct hp_state *state, const struct hp_settings *want,
		  struct hp_views *out, struct hp_err *err);
/* The steps; sets ->expected of the views. */
int hp_steps_plan(struct hp_ctx *ctx, const struct hp_state *state,
		  struct hp_views *views, struct hp_steps *out, struct hp_err *err);
/* The moves of CPU sets that exist, part of the above. */
int hp_steps_plan_cpus(struct hp_views *views, struct hp_steps *out, struct hp_err *err);

/* "cgroup hostpart/alpha cpuset.cpus", for messages; caller frees. */
char *hp_setting_label(const char *backend, const char *object, const char *attr);
/* Replaces a text; -ENOMEM. */
int hp_text_replace(char **slot, const char *text);

#endif
