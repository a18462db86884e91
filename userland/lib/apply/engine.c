// SPDX-License-Identifier: GPL-2.0
/* engine.c: policy text in, changed machine out. */
#include "apply/hp_engine.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "apply/state.h"
#include "base/hp_auto.h"

void hp_engine_ctx_init(struct hp_ctx *ctx)
{
	const char *libexec = getenv("HOSTPART_LIBEXEC");

	*ctx = (struct hp_ctx) {
		.run_dir = "/run/hostpart",
		.lib_dir = "/var/lib/hostpart",
		.libexec_dir = libexec && *libexec ? libexec : HP_LIBEXECDIR,
		.bpffs_dir = "/sys/fs/bpf/hostpart",
		.caller = getpid(),
	};
}

void hp_engine_result_clear(struct hp_engine_result *result)
{
	hp_steps_clear(&result->steps);
	hp_settings_clear(&result->settings);
	hp_assignment_free(result->assignment);
	hp_inventory_free(result->inventory);
	hp_policy_free(result->policy);
	*result = (struct hp_engine_result)HP_ENGINE_RESULT_INIT;
}

/* Where the domains are now, so that they stay there if they can. *current NULL = nowhere. */
static int find_current(const struct hp_policy *policy, const struct hp_state *state,
			struct hp_assignment **current, struct hp_err *err)
{
	struct hp_settings applied;
	int ret;

	*current = NULL;
	if (!state)
		return 0;
	if (hp_state_settings(state, &applied))
		return hp_err_set(err, ENOMEM, "out of memory");
	ret = hp_assignment_from_settings(policy, &applied, current, err);
	free(applied.items);	/* the texts are the state's */
	return ret;
}

/* Policy to settings: everything before the steps. */
static int plan_settings(struct hp_ctx *ctx, const struct hp_state *state, const char *policy_file,
			 const char *text, struct hp_engine_result *out, struct hp_err *err)
{
	hp_autoassignment *current = NULL;
	int ret = hp_policy_parse(policy_file, text, &out->policy, err);

	if (!ret)
		ret = hp_inventory_read(ctx->root, ctx->caller, &out->inventory, err);
	if (!ret)
		ret = find_current(out->policy, state, &current, err);
	if (!ret)
		ret = hp_assign(out->policy, out->inventory, current, &out->assignment, err);
	if (!ret)
		ret = hp_plan_settings(out->policy, out->inventory, out->assignment, &out->settings, err);
	return ret;
}

static int load_state(struct hp_ctx *ctx, struct hp_state **state, struct hp_err *err)
{
	*state = NULL;
	return hp_root_is_live(ctx->root) ? hp_state_load(ctx, state, err) : 0;
}

int hp_engine_plan(struct hp_ctx *ctx, const char *policy_file, const char *text,
		   struct hp_engine_result *out, struct hp_err *err)
{
	hp_autostate *state = NULL;
	int ret = load_state(ctx, &state, err);

	if (!ret)
		ret = plan_settings(ctx, state, policy_file, text, out, err);
	if (!ret)
		ret = hp_steps_compute(ctx, state, &out->settings, &out->steps, err);
	return ret;
}

static int check_live(struct hp_ctx *ctx, struct hp_err *err)
{
	if (hp_root_is_live(ctx->root))
		return 0;
	return hp_err_set(err, EROFS, "the recorded machine in %s cannot be changed", hp_root_path(ctx->root));
}

/* What a change brings to light may bring more to light, but not for ever. */
enum { SETTLE_ROUNDS_MAX = 3 };

/*
 * Plans the policy in force against the machine as it is now, and applies what
 * is new. A port's driver asks for its interrupts only when the port is taken
 * up, after the plan was made.
 */
static int settle_once(struct hp_ctx *ctx, const struct hp_txn_watch *watch, size_t *changed, struct hp_err *err)
{
	hp_autoresult result = HP_ENGINE_RESULT_INIT;
	hp_autostate *state = NULL;
	struct hp_txn_request request = { .want = &result.settings, .is_settling = true, .watch = watch };
	int ret = hp_state_load(ctx, &state, err);

	*changed = 0;
	if (ret || !state)
		return ret;
	request.policy_file = state->policy_file;
	request.policy_text = state->policy_text;
	ret = plan_settings(ctx, state, state->policy_file, state->policy_text, &result, err);
	return ret ? ret : hp_txn_run(ctx, &request, changed, err);
}

int hp_engine_settle(struct hp_ctx *ctx, const struct hp_txn_watch *watch, size_t *changed, struct hp_err *err)
{
	int ret = check_live(ctx, err);

	*changed = 0;
	for (int round = 0; !ret && round < SETTLE_ROUNDS_MAX; round++) {
		size_t more = 0;

		ret = settle_once(ctx, watch, &more, err);
		if (!more)
			break;
		*changed += more;
	}
	return ret;
}

int hp_engine_apply(struct hp_ctx *ctx, const char *policy_file, const char *text,
		    const struct hp_engine_options *options, size_t *changed, struct hp_err *err)
{
	hp_autoresult result = HP_ENGINE_RESULT_INIT;
	hp_autostate *state = NULL;
	struct hp_txn_request request = {
		.policy_file = policy_file,
		.policy_text = text,
		.want = &result.settings,
		.confirm_seconds = options ? options->confirm_seconds : 0,
		.watch = options ? options->watch : NULL,
	};
	int recovered, ret = check_live(ctx, err);

	*changed = 0;
	/* Before the machine is read: half a change is not what to plan from. */
	if (!ret)
		ret = hp_txn_recover(ctx, &recovered, err);
	if (!ret)
		ret = hp_state_load(ctx, &state, err);
	if (!ret)
		ret = plan_settings(ctx, state, policy_file, text, &result, err);
	if (!ret)
		ret = hp_txn_run(ctx, &request, changed, err);
	if (!ret && *changed) {
		size_t more = 0;

		ret = hp_engine_settle(ctx, request.watch, &more, err);
		*changed += more;
	}
	return ret;
}

int hp_engine_teardown(struct hp_ctx *ctx, const struct hp_txn_watch *watch, size_t *changed, struct hp_err *err)
{
	struct hp_settings nothing = HP_SETTINGS_INIT;
	struct hp_txn_request request = { .want = &nothing, .watch = watch };
	int ret = check_live(ctx, err);

	*changed = 0;
	return ret ? ret : hp_txn_run(ctx, &request, changed, err);
}

int hp_engine_confirm(struct hp_ctx *ctx, struct hp_err *err)
{
	return hp_txn_confirm(ctx, err);
}

int hp_engine_rollback(struct hp_ctx *ctx, size_t *changed, struct hp_err *err)
{
	return hp_txn_rollback(ctx, changed, err);
}

int hp_engine_recover(struct hp_ctx *ctx, int *recovered, struct hp_err *err)
{
	return hp_txn_recover(ctx, recovered, err);
}

int hp_engine_state(struct hp_ctx *ctx, struct hp_state **state, struct hp_err *err)
{
	return load_state(ctx, state, err);
}

int hp_engine_expire(struct hp_ctx *ctx, bool *expired, struct hp_err *err)
{
	*expired = false;
	return hp_root_is_live(ctx->root) ? hp_txn_expire(ctx, expired, err) : 0;
}
