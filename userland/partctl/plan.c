// SPDX-License-Identifier: GPL-2.0
/* plan.c: partctl plan and diff: what a policy would do here, and what is different now. */
#include "agent.h"

#include <errno.h>
#include <unistd.h>
#include "apply/hp_engine.h"
#include "plan_print.h"

/* Plans FILE against the machine; returns HP_EXIT_OK or the status of the failure, already reported. */
static int make_plan(struct run *run, const char *file, struct hp_engine_result *result)
{
	hp_autofree char *text = NULL;
	hp_autofree char *name = NULL;
	hp_autoerr err = HP_ERR_INIT;

	if (hp_root_is_live(run->ctx.root) && geteuid() != 0) {
		hp_err_set(&err, EPERM, "only root can read all that a change of this machine starts from; "
			   "try sudo, or --root DIR for a recorded machine");
		return cli_fail(run, &err);
	}
	if (policy_read(file, &text, &err) < 0)
		return cli_fail(run, &err);
	name = policy_name(file);
	if (hp_engine_plan(&run->ctx, name, text, result, &err) < 0)
		return cli_fail(run, &err);
	return HP_EXIT_OK;
}

static int run_plan(struct run *run, int argc, char **argv)
{
	hp_autoresult result = HP_ENGINE_RESULT_INIT;
	int status, first = cli_parse(run, argc, argv, NULL, 0, 1, &status);

	if (first < 0)
		return status;
	status = make_plan(run, first < argc ? argv[first] : NULL, &result);
	if (status != HP_EXIT_OK)
		return status;
	if (run->format != OUT_TABLE) {
		out_object(run, plan_json(&result));
		return HP_EXIT_OK;
	}
	plan_print_assignment(run, &result);
	putchar('\n');
	plan_print_steps(run, &result);
	return HP_EXIT_OK;
}

static int run_diff(struct run *run, int argc, char **argv)
{
	hp_autoresult result = HP_ENGINE_RESULT_INIT;
	bool is_telling = false;
	const struct option_spec options[] = {
		{ "exit-code", 0, NULL, "exit with 1 when there is a difference", .flag = &is_telling },
		{ 0 },
	};
	int status, first = cli_parse(run, argc, argv, options, 0, 1, &status);

	if (first < 0)
		return status;
	status = make_plan(run, first < argc ? argv[first] : NULL, &result);
	if (status != HP_EXIT_OK)
		return status;
	status = plan_show_steps(run, &result);
	return status == HP_EXIT_OK && is_telling && result.steps.count ? HP_EXIT_FAIL : status;
}

const struct verb verb_plan = {
	.name = "plan",
	.summary = "who would get what, and the steps to it",
	.usage = "[FILE]",
	.help = "Shows what each domain would get from FILE (default " POLICY_FILE_DEFAULT ") on this machine, what\n"
		"cannot be guaranteed here, and every step with what it changes from and to. Changes nothing.\n\n"
		"Example:\n  partctl plan policy.yaml",
	.run = run_plan,
};

const struct verb verb_diff = {
	.name = "diff",
	.summary = "only what is different from now",
	.usage = "[FILE] [--exit-code]",
	.help = "Shows what applying FILE (default " POLICY_FILE_DEFAULT ") would change now; nothing when it already holds.\n\n"
		"Example:\n  partctl diff policy.yaml",
	.run = run_diff,
};
