// SPDX-License-Identifier: GPL-2.0
/* seal.c: partctl seal: freezes the module's registry until the next reboot. */
#include "partctl.h"

#include <errno.h>
#include "apply/hp_engine.h"
#include "kernel/hp_kernel.h"

/* An apply that waits for its confirmation may undo itself: it cannot be sealed. */
static int check_confirmed(struct run *run, struct hp_err *err)
{
	hp_autostate *state = NULL;
	int result = hp_engine_state(&run->ctx, &state, err);

	if (result < 0)
		return result;
	if (state && state->confirm_by_ns) {
		hp_err_set(err, EBUSY, "the last apply waits for its confirmation");
		hp_err_hint(err, "'partctl confirm' keeps it, 'partctl rollback' undoes it");
		return -EBUSY;
	}
	return 0;
}

static int seal(struct run *run, struct hp_kernel_info *info, bool *was_sealed, struct hp_err *err)
{
	hp_autokernel *kernel = NULL;
	int result = check_confirmed(run, err);

	if (!result)
		result = hp_kernel_open(&kernel, err);
	if (!result)
		result = hp_kernel_info(kernel, info, err);
	if (result)
		return result;
	*was_sealed = info->guards & HP_KERNEL_GUARD_SEALED;
	if (!info->domain_count)
		return hp_err_set(err, ENOENT, "there are no domains in the module's registry: nothing to seal");
	return hp_kernel_seal(kernel, info->generation, NULL, err);
}

static int report(struct run *run, const struct hp_kernel_info *info, bool was_sealed)
{
	if (run->format != OUT_TABLE) {
		struct json_object *object = json_object_new_object();

		out_add_flag(object, "sealed", true);
		out_add_flag(object, "was_sealed", was_sealed);
		out_add_number(object, "generation", info->generation);
		out_add_number(object, "domains", info->domain_count);
		out_add_number(object, "claims", info->claim_count);
		out_object(run, object);
	} else if (!run->is_quiet) {
		printf("%s: %u domain%s with %u claims, until the next reboot\n",
		       was_sealed ? "was sealed already" : "sealed", info->domain_count,
		       info->domain_count == 1 ? "" : "s", info->claim_count);
	}
	return HP_EXIT_OK;
}

static int run_seal(struct run *run, int argc, char **argv)
{
	struct hp_kernel_info info;
	bool is_sure = false, was_sealed = false;
	const struct option_spec options[] = {
		{ "yes", 'y', NULL, "do it: only a reboot takes it back", .flag = &is_sure },
		{ 0 },
	};
	hp_autoerr err = HP_ERR_INIT;
	int status, first = cli_parse(run, argc, argv, options, 0, 0, &status);

	if (first < 0)
		return status;
	if (!is_sure) {
		hp_err_usage(&err, "only a reboot takes a seal back: until then no domain can be changed beyond what its "
			     "policy calls elastic, none can be torn down, and the module cannot be unloaded");
		hp_err_hint(&err, "'partctl seal --yes' does it");
		return cli_fail(run, &err);
	}
	if (seal(run, &info, &was_sealed, &err) < 0)
		return cli_fail(run, &err);
	return report(run, &info, was_sealed);
}

const struct verb verb_seal = {
	.name = "seal",
	.summary = "freeze the claims until the next reboot",
	.usage = "--yes",
	.help = "Freezes the kernel module's registry. Until the next reboot it changes only within what the policy\n"
		"calls elastic; teardown, other changes and unloading the module are refused, and each attempt\n"
		"is an event. Nobody can take it back, root included.\n\n"
		"Example:\n  partctl seal --yes",
	.run = run_seal,
	.needs_root = true,
};
