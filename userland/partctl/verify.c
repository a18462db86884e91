// SPDX-License-Identifier: GPL-2.0
/* verify.c: partctl verify: every promise, asked of the live kernel. */
#include "agent.h"

#include <errno.h>
#include <string.h>
#include "apply/hp_engine.h"
#include "base/hp_text.h"
#include "verify/hp_verify.h"

static const char *const verdict_words[] = { "kept", "broken", "gap" };

static const char *domain_name(const struct hp_policy *policy, int domain)
{
	return domain < 0 ? "machine" : policy->domains[domain].name;
}

static void print_json(const struct run *run, const struct hp_policy *policy, const struct hp_promises *promises)
{
	struct json_object *object = json_object_new_object(), *list = json_object_new_array();

	for (size_t i = 0; i < promises->count; i++) {
		const struct hp_promise *promise = &promises->items[i];
		struct json_object *item = json_object_new_object();

		out_add_text(item, "domain", domain_name(policy, promise->domain));
		out_add_text(item, "topic", promise->topic);
		out_add_text(item, "verdict", verdict_words[promise->verdict]);
		out_add_text(item, "text", promise->text);
		json_object_array_add(list, item);
	}
	json_object_object_add(object, "promises", list);
	out_add_number(object, "kept", promises->kept);
	out_add_number(object, "broken", promises->broken);
	out_add_number(object, "gaps", promises->gaps);
	out_object(run, object);
}

static void print_line(const struct run *run, const struct hp_policy *policy, const struct hp_promise *promise)
{
	static const enum out_colour colours[] = { OUT_GREEN, OUT_RED, OUT_YELLOW };

	printf("%s%-6s%s  %-8s %-10s  %s\n", out_colour(run, colours[promise->verdict]), verdict_words[promise->verdict],
	       out_colour(run, OUT_PLAIN), domain_name(policy, promise->domain), promise->topic, promise->text);
}

static void print_table(const struct run *run, const struct hp_policy *policy, const struct hp_promises *promises)
{
	for (size_t i = 0; i < promises->count; i++)
		if (!run->is_quiet || promises->items[i].verdict == HP_BROKEN)
			print_line(run, policy, &promises->items[i]);
	if (!run->is_quiet)
		printf("%s%zu kept, %zu broken, %zu gaps%s\n", promises->broken ? out_colour(run, OUT_RED) : "",
		       promises->kept, promises->broken, promises->gaps, promises->broken ? out_colour(run, OUT_PLAIN) : "");
}

/* The domain's index, or -1 with an error that names the nearest. */
static int find_domain(const struct hp_policy *policy, const char *name, struct hp_err *err)
{
	int index = hp_policy_find(policy, name);

	if (index < 0)
		hp_err_usage(err, "partctl: verify: no domain '%s'%s", name,
			     hp_did_you_mean(hp_policy_nearest(policy, name)).text);
	return index;
}

/* What was promised: the policy in force, placed as it is now. What holds: asked of the kernel. */
static int check(struct run *run, const char *domain, struct hp_err *err)
{
	hp_autopromises promises = HP_PROMISES_INIT;
	hp_autoresult plan = HP_ENGINE_RESULT_INIT;
	hp_autostate *state = NULL;
	int ret, only = -1;

	ret = hp_engine_state(&run->ctx, &state, err);
	if (ret < 0)
		return cli_fail(run, err);
	if (!state) {
		hp_err_set(err, ENOENT, "nothing is applied: there is no promise to check");
		return cli_fail(run, err);
	}
	if (hp_engine_plan(&run->ctx, state->policy_file, state->policy_text, &plan, err) < 0)
		return cli_fail(run, err);
	if (domain) {
		only = find_domain(plan.policy, domain, err);
		if (only < 0)
			return cli_fail(run, err);
	}
	if (hp_verify_run(&run->ctx, plan.policy, plan.inventory, plan.assignment, only, &promises, err) < 0)
		return cli_fail(run, err);
	if (run->format == OUT_TABLE)
		print_table(run, plan.policy, &promises);
	else
		print_json(run, plan.policy, &promises);
	return promises.broken ? HP_EXIT_FAIL : HP_EXIT_OK;
}

static int run_verify(struct run *run, int argc, char **argv)
{
	hp_autoerr err = HP_ERR_INIT;
	int status, first = cli_parse(run, argc, argv, NULL, 0, 1, &status);

	return first < 0 ? status : check(run, first < argc ? argv[first] : NULL, &err);
}

const struct verb verb_verify = {
	.name = "verify",
	.summary = "check every promise against the live kernel",
	.usage = "[DOMAIN]",
	.help = "Asks the kernel, and tries from inside the domains, whether each promise of the policy in force\n"
		"holds: one line per promise, 'kept', 'broken', or 'gap' where this kernel or machine cannot keep it.\n"
		"Exit status 1 if any is broken. With -q only the broken ones are printed.\n\n"
		"Example:\n  partctl verify alpha",
	.run = run_verify,
	.needs_root = true,
};
