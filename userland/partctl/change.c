// SPDX-License-Identifier: GPL-2.0
/* change.c: the verbs that change the machine: apply, confirm, rollback, teardown. */
#include "agent.h"

#include <errno.h>
#include <string.h>
#include "apply/hp_engine.h"
#include "kernel/hp_kernel.h"
#include "plan_print.h"

static int report(struct run *run, const struct change_request *request, size_t changed, const char *done)
{
	if (run->format != OUT_TABLE) {
		struct json_object *object = json_object_new_object();

		out_add_number(object, "changed", changed);
		if (request->confirm_seconds && changed)
			out_add_number(object, "confirm_seconds", request->confirm_seconds);
		out_object(run, object);
		return HP_EXIT_OK;
	}
	if (run->is_quiet)
		return HP_EXIT_OK;
	if (changed == 0)
		printf("nothing to do\n");
	else
		printf("%s: %zu change%s\n", done, changed, changed == 1 ? "" : "s");
	if (request->confirm_seconds && changed)
		printf("%sundone in %u s unless 'partctl confirm' follows%s\n", out_colour(run, OUT_YELLOW),
		       request->confirm_seconds, out_colour(run, OUT_PLAIN));
	return HP_EXIT_OK;
}

static int make(struct run *run, const struct change_request *request, const char *done)
{
	hp_autoerr err = HP_ERR_INIT;
	size_t changed = 0;

	if (change_make(run, request, &changed, &err) < 0)
		return cli_fail(run, &err);
	return report(run, request, changed, done);
}

/* What would be done, without doing it. */
static int show(struct run *run, const char *file, const char *text)
{
	hp_autoresult result = HP_ENGINE_RESULT_INIT;
	hp_autoerr err = HP_ERR_INIT;

	if (hp_engine_plan(&run->ctx, file, text, &result, &err) < 0)
		return cli_fail(run, &err);
	return plan_show_steps(run, &result);
}

static int run_apply(struct run *run, int argc, char **argv)
{
	struct change_request request = { .what = CHANGE_APPLY };
	bool is_dry = false;
	const struct option_spec options[] = {
		{ "confirm", 'c', "SECONDS", "undo it unless 'partctl confirm' follows in this time (60, 60s, 5m)",
		  .parse = cli_parse_seconds, .into = &request.confirm_seconds },
		{ "dry-run", 'n', NULL, "print what would change, change nothing", .flag = &is_dry },
		{ 0 },
	};
	hp_autofree char *text = NULL;
	hp_autofree char *name = NULL;
	hp_autoerr err = HP_ERR_INIT;
	int status, first = cli_parse(run, argc, argv, options, 0, 1, &status);

	if (first < 0)
		return status;
	if (policy_read(first < argc ? argv[first] : NULL, &text, &err) < 0)
		return cli_fail(run, &err);
	name = policy_name(first < argc ? argv[first] : NULL);
	if (is_dry)
		return show(run, name, text);
	request.policy_file = name;
	request.policy_text = text;
	return make(run, &request, "applied");
}

static int run_simple(struct run *run, int argc, char **argv, enum change what, const char *done)
{
	const struct change_request request = { .what = what };
	int status, first = cli_parse(run, argc, argv, NULL, 0, 0, &status);

	return first < 0 ? status : make(run, &request, done);
}

static int run_confirm(struct run *run, int argc, char **argv)
{
	const struct change_request request = { .what = CHANGE_CONFIRM };
	hp_autoerr err = HP_ERR_INIT;
	size_t changed = 0;
	int status, first = cli_parse(run, argc, argv, NULL, 0, 0, &status);

	if (first < 0)
		return status;
	if (change_make(run, &request, &changed, &err) < 0)
		return cli_fail(run, &err);
	if (run->format != OUT_TABLE)
		return report(run, &request, 0, NULL);
	if (!run->is_quiet)
		printf("confirmed: the change stays\n");
	return HP_EXIT_OK;
}

static int run_rollback(struct run *run, int argc, char **argv)
{
	return run_simple(run, argc, argv, CHANGE_ROLLBACK, "rolled back");
}

/* What the module still holds although nothing is applied: left by a lost state, or put there by another program. */
static int release_module(struct run *run)
{
	hp_autokernel *kernel = NULL;
	hp_autoerr err = HP_ERR_INIT;
	uint32_t domains = 0, claims = 0;
	int ret = hp_kernel_open(&kernel, &err);

	if (ret == -ENOENT)
		return HP_EXIT_OK;
	if (ret < 0 || hp_kernel_release_force(kernel, &domains, &claims, &err) < 0)
		return cli_fail(run, &err);
	if (domains && !run->is_quiet && run->format == OUT_TABLE)
		printf("the module let go of %u domains with %u claims\n", domains, claims);
	return HP_EXIT_OK;
}

static int run_teardown(struct run *run, int argc, char **argv)
{
	const struct change_request request = { .what = CHANGE_TEARDOWN };
	bool is_forced = false;
	const struct option_spec options[] = {
		{ "force", 0, NULL, "then have the module drop whatever its registry still holds", .flag = &is_forced },
		{ 0 },
	};
	hp_autoerr err = HP_ERR_INIT;
	int status, first = cli_parse(run, argc, argv, options, 0, 0, &status);

	if (first < 0)
		return status;
	/* A sealed registry would refuse its step when others are undone already. */
	if (hp_kernel_is_sealed()) {
		hp_err_set(&err, EROFS, "the domains are sealed until the next reboot");
		return cli_fail(run, &err);
	}
	status = make(run, &request, "torn down");
	return status == HP_EXIT_OK && is_forced ? release_module(run) : status;
}

const struct verb verb_apply = {
	.name = "apply",
	.summary = "make the machine as a policy says",
	.usage = "[FILE] [--confirm SECONDS] [--dry-run]",
	.help = "Cuts the machine as FILE (default " POLICY_FILE_DEFAULT "; - is standard input) says, in one\n"
		"transaction: when a step fails, all earlier ones are undone. Doing it twice changes nothing.\n"
		"Through partd when it runs.\n\n"
		"Example:\n  partctl apply policy.yaml --confirm 60s && partctl confirm",
	.run = run_apply,
	.needs_root = true,
};

const struct verb verb_confirm = {
	.name = "confirm",
	.summary = "keep a change that waits for confirmation",
	.usage = "",
	.help = "Keeps what 'partctl apply --confirm' did. Without it the change undoes itself.\n\n"
		"Example:\n  partctl confirm",
	.run = run_confirm,
	.needs_root = true,
};

const struct verb verb_rollback = {
	.name = "rollback",
	.summary = "go back to what was before the last apply",
	.usage = "",
	.help = "Undoes the last apply: back to the policy before it, or to no domains at all.\n\n"
		"Example:\n  partctl rollback",
	.run = run_rollback,
	.needs_root = true,
};

const struct verb verb_teardown = {
	.name = "teardown",
	.summary = "end all domains and leave the machine as found",
	.usage = "[--force]",
	.help = "Ends every domain, its processes included, and puts back every value that hostpart changed.\n\n"
		"Example:\n  partctl teardown",
	.run = run_teardown,
	.needs_root = true,
};
