/* SPDX-License-Identifier: GPL-2.0 */
/* hp_engine.h: policy text in, changed machine out: the one way that the agent and the command line go. */
#ifndef HP_ENGINE_H
#define HP_ENGINE_H

#include "apply/hp_txn.h"

/* The paths of the live machine, for this process ($HOSTPART_LIBEXEC is heeded); the root is the caller's to set. */
void hp_engine_ctx_init(struct hp_ctx *ctx);

/*
 * A file in RUN, there when partd could not apply its policy at start: its own
 * process id, the policy's name, and why, each on a line of its own (the reason may take several).
 */
#define HP_REFUSED_FILE "policy.refused"

/* Everything that planning finds out; starts as HP_ENGINE_RESULT_INIT, owns its parts. */
struct hp_engine_result {
	struct hp_policy *policy;
	struct hp_inventory *inventory;
	struct hp_assignment *assignment;
	struct hp_settings settings;
	struct hp_steps steps;
};

#define HP_ENGINE_RESULT_INIT { NULL, NULL, NULL, HP_SETTINGS_INIT, HP_STEPS_INIT }
void hp_engine_result_clear(struct hp_engine_result *result);
#define hp_autoresult __attribute__((cleanup(hp_engine_result_clear))) struct hp_engine_result

/*
 * Parses, reads the machine, assigns (keeping the placement in force where it
 * still fits) and computes the steps from now. Changes nothing. With a
 * recorded root there is no state in force, and what its files cannot tell
 * counts as absent. On failure *out holds what was found out so far.
 */
int hp_engine_plan(struct hp_ctx *ctx, const char *policy_file, const char *text,
		   struct hp_engine_result *out, struct hp_err *err);

struct hp_engine_options {
	unsigned int confirm_seconds;		/* 0 = final at once */
	const struct hp_txn_watch *watch;	/* or NULL */
};

/* options may be NULL. *changed: steps made, 0 = nothing to do. */
int hp_engine_apply(struct hp_ctx *ctx, const char *policy_file, const char *text,
		    const struct hp_engine_options *options, size_t *changed, struct hp_err *err);
/*
 * Completes the change in force for what has appeared since (apply does so
 * itself; the agent when drivers bind or ports come up). Nothing applied:
 * nothing to do.
 */
int hp_engine_settle(struct hp_ctx *ctx, const struct hp_txn_watch *watch, size_t *changed, struct hp_err *err);
int hp_engine_teardown(struct hp_ctx *ctx, const struct hp_txn_watch *watch, size_t *changed,
		       struct hp_err *err);
int hp_engine_confirm(struct hp_ctx *ctx, struct hp_err *err);
int hp_engine_rollback(struct hp_ctx *ctx, size_t *changed, struct hp_err *err);
int hp_engine_recover(struct hp_ctx *ctx, int *recovered, struct hp_err *err);
/* The state in force; *state NULL = nothing applied. */
int hp_engine_state(struct hp_ctx *ctx, struct hp_state **state, struct hp_err *err);

/*
 * To be called first by every command: rolls back when a confirmation's
 * deadline passed and nobody was there to do it.
 */
int hp_engine_expire(struct hp_ctx *ctx, bool *expired, struct hp_err *err);

/*
 * For --local: a detached process ("hostpart-watch" in /proc) that survives
 * the terminal, ends when the state is confirmed or replaced, and calls
 * hp_engine_expire() at the deadline. -ENOENT when nothing waits for
 * confirmation.
 */
int hp_engine_spawn_watcher(struct hp_ctx *ctx, struct hp_err *err);

#endif
