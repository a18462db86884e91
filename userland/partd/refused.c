// SPDX-License-Identifier: GPL-2.0
/* refused.c: what remains when the policy could not be applied at start: an ordinary machine that says why. */
#include "agent.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "apply/hp_engine.h"
#include "base/hp_auto.h"
#include "base/hp_file.h"
#include "base/hp_log.h"
#include "base/hp_text.h"
#include "kernel/hp_kernel.h"

static char *record_path(const struct agent *agent)
{
	return hp_format("%s/" HP_REFUSED_FILE, agent->ctx.run_dir);
}

void refused_clear(struct agent *agent)
{
	hp_autofree char *path = record_path(agent);

	if (path)
		unlink(path);
}

/* For partctl status: it is believed as long as the partd that wrote it runs. */
static void record(struct agent *agent, const char *reason)
{
	hp_autofree char *path = record_path(agent);
	FILE *file = path ? fopen(path, "we") : NULL;

	if (!file) {
		hp_log(LOG_ERR, "%s cannot be written: %m", path ? path : HP_REFUSED_FILE);
		return;
	}
	fprintf(file, "%d\n%s\n%s\n", getpid(), agent->policy_file, reason);
	if (fclose(file))
		hp_log(LOG_ERR, "%s cannot be written: %m", path);
}

/*
 * The claims of a compiled policy are in force since before the first driver.
 * Without the domains that they are for, their devices would wait for ever. A
 * policy that somebody sealed stays.
 */
static void release_claims(struct agent *agent)
{
	struct hp_kernel_info info;
	hp_autokernel *kernel = NULL;
	hp_autoerr err = HP_ERR_INIT;
	uint32_t domains, claims;

	if (hp_kernel_open(&kernel, &err) < 0 || hp_kernel_info(kernel, &info, &err) < 0 || !info.domain_count)
		return;
	if (info.guards & HP_KERNEL_GUARD_SEALED) {
		hp_log(LOG_ERR, "the claims of the boot policy are sealed: they hold until the next reboot");
		return;
	}
	if (hp_kernel_release_force(kernel, &domains, &claims, &err) < 0) {
		hp_log(LOG_ERR, "releasing the claims of the boot policy: %s", err.text);
		return;
	}
	agent_tell(agent, &(struct hp_event){ .type = "reverted", .what = "the claims of the boot policy",
					      .done = "their devices are the machine's again" });
}

void refused_policy(struct agent *agent, const char *reason)
{
	hp_log(LOG_ERR, "the policy is not in force: %s", reason);
	record(agent, reason);
	release_claims(agent);
}
