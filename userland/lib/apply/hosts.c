// SPDX-License-Identifier: GPL-2.0
/* hosts.c: boots operating systems as the policy in force says. */
#include "apply/hp_hosts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "apply/hp_engine.h"
#include "base/hp_auto.h"
#include "base/hp_outside.h"
#include "base/hp_text.h"
#include "domain/hp_os.h"
#include "policy/hp_policy.h"

/* What is in force, planned when it is first asked for: reading the machine is dear. */
struct in_force {
	struct hp_engine_result plan;
	bool is_planned;
};

static void clear_in_force(struct in_force *now)
{
	hp_engine_result_clear(&now->plan);
	now->is_planned = false;
}
#define autoinforce __attribute__((cleanup(clear_in_force))) struct in_force

/* -ENOENT when nothing is in force. */
static int plan_in_force(struct hp_ctx *ctx, struct in_force *now, struct hp_err *err)
{
	hp_autostate *state = NULL;
	int ret = now->is_planned ? 0 : hp_engine_state(ctx, &state, err);

	if (ret || now->is_planned)
		return ret;
	if (!state) {
		hp_err_set(err, ENOENT, "there are no domains");
		hp_err_hint(err, "make them with: partctl apply POLICY");
		return -ENOENT;
	}
	ret = hp_engine_plan(ctx, state->policy_file, state->policy_text, &now->plan, err);
	if (ret)
		clear_in_force(now);
	now->is_planned = !ret;
	return ret;
}

static int no_such_domain(const struct hp_policy *policy, const char *name, struct hp_err *err)
{
	const char *near = hp_policy_nearest(policy, name);

	hp_err_set(err, ENOENT, "there is no domain '%s'", name);
	if (near)
		hp_err_hint(err, "did you mean '%s'?", near);
	return -ENOENT;
}

static int put_functions(const struct hp_ctx *ctx, const struct hp_engine_result *plan, size_t index, struct hp_err *err)
{
	const struct hp_assigned_domain *domain = &plan->assignment->domains[index];
	hp_autofree char *list = NULL;
	size_t size;
	FILE *out = open_memstream(&list, &size);

	if (!out)
		return hp_err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < domain->pci_count; i++)
		fprintf(out, "%s\n", plan->inventory->pci[domain->pci[i]].bdf);
	if (fclose(out))
		return hp_err_set(err, ENOMEM, "out of memory");
	return hp_os_put_functions(ctx->run_dir, domain->name, list, err);
}

static int boot(const struct hp_ctx *ctx, const struct hp_engine_result *plan, size_t index, unsigned int seconds,
		struct hp_err *err)
{
	const struct hp_domain_spec *spec = &plan->policy->domains[index];
	const struct hp_os_boot request = {
		.name = spec->name,
		.hostname = spec->hostname,
		.root = spec->root ? spec->root : HP_ROOT_OVERLAY,
		.is_privileged = spec->is_privileged,
		.run_dir = ctx->run_dir,
		.lib_dir = ctx->lib_dir,
		.libexec_dir = ctx->libexec_dir,
	};
	int ret = put_functions(ctx, plan, index, err);

	return ret ? ret : hp_os_boot(&request, seconds, err);
}

int hp_hosts_boot(struct hp_ctx *ctx, const char *domain, unsigned int seconds, struct hp_err *err)
{
	autoinforce now = { HP_ENGINE_RESULT_INIT, false };
	int index, ret = plan_in_force(ctx, &now, err);

	if (ret)
		return ret;
	index = hp_policy_find(now.plan.policy, domain);
	return index < 0 ? no_such_domain(now.plan.policy, domain, err) :
			   boot(ctx, &now.plan, (size_t)index, seconds, err);
}

static bool has_autostart(const struct hp_policy *policy)
{
	for (size_t i = 0; i < policy->domains_count; i++)
		if (policy->domains[i].autostart)
			return true;
	return false;
}

static bool is_wanted(const struct hp_ctx *ctx, const struct hp_domain_spec *spec)
{
	hp_autoos os = HP_OS_INIT;

	return spec->autostart && !hp_os_is_held(ctx->run_dir, spec->name) &&
	       hp_os_open(ctx->run_dir, spec->name, &os, NULL) < 0;
}

/* Its unit boots it with "partctl boot"; an operating system would inherit what a confined partd may not do. */
static int boot_by_unit(const struct hp_domain_spec *spec, struct hp_err *err)
{
	hp_autofree char *unit = hp_format("hostpart-domain@%s.service", spec->name);

	return unit ? hp_outside_start_unit(unit, err) : hp_err_set(err, ENOMEM, "out of memory");
}

static int autostart_one(struct hp_ctx *ctx, const struct hp_engine_result *plan, size_t index, struct hp_err *err)
{
	return hp_outside_is_needed() ? boot_by_unit(&plan->policy->domains[index], err) : boot(ctx, plan, index, 0, err);
}

static int autostart_each(struct hp_ctx *ctx, const struct hp_engine_result *plan, unsigned int *booted, struct hp_err *err)
{
	int first = 0;

	for (size_t i = 0; i < plan->policy->domains_count; i++) {
		if (!is_wanted(ctx, &plan->policy->domains[i]))
			continue;
		if (autostart_one(ctx, plan, i, first ? NULL : err) == 0)
			++*booted;
		else if (!first)
			first = -err->errnum;
	}
	return first;
}

static int autostart(struct hp_ctx *ctx, struct in_force *now, unsigned int *booted, struct hp_err *err)
{
	hp_autopolicy *policy = NULL;
	hp_autostate *state = NULL;
	int ret = hp_engine_state(ctx, &state, err);

	if (ret || !state)
		return ret;
	/* Most policies do not ask for it. */
	ret = hp_policy_parse(state->policy_file, state->policy_text, &policy, err);
	if (ret || !has_autostart(policy))
		return ret;
	ret = plan_in_force(ctx, now, err);
	return ret ? ret : autostart_each(ctx, &now->plan, booted, err);
}

static int refresh(struct hp_ctx *ctx, struct in_force *now, struct hp_err *err)
{
	hp_autofree char *dir = hp_format("%s/os", ctx->run_dir);
	int ret;

	if (!dir)
		return hp_err_set(err, ENOMEM, "out of memory");
	/* Nothing has ever been booted. */
	if (!hp_root_exists(ctx->root, dir))
		return 0;
	ret = plan_in_force(ctx, now, err);
	for (size_t i = 0; !ret && i < now->plan.policy->domains_count; i++) {
		hp_autoos os = HP_OS_INIT;

		if (hp_os_open(ctx->run_dir, now->plan.policy->domains[i].name, &os, NULL) == 0)
			ret = put_functions(ctx, &now->plan, i, err);
	}
	if (ret == -ENOENT) {
		hp_err_clear(err);
		ret = 0;
	}
	return ret;
}

int hp_hosts_refresh(struct hp_ctx *ctx, struct hp_err *err)
{
	autoinforce now = { HP_ENGINE_RESULT_INIT, false };

	return refresh(ctx, &now, err);
}

int hp_hosts_start(struct hp_ctx *ctx, struct hp_err *not_told, unsigned int *booted, struct hp_err *err)
{
	autoinforce now = { HP_ENGINE_RESULT_INIT, false };

	*booted = 0;
	refresh(ctx, &now, not_told);
	return autostart(ctx, &now, booted, err);
}
