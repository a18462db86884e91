// SPDX-License-Identifier: GPL-2.0
/* verify.c: runs all checks and collects their lines. */
#include "verify/verify.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include "base/hp_auto.h"

void hp_promises_clear(struct hp_promises *promises)
{
	for (size_t i = 0; i < promises->count; i++)
		free(promises->items[i].text);
	free(promises->items);
	*promises = (struct hp_promises)HP_PROMISES_INIT;
}

void verify_say(struct verify *verify, int domain, const char *topic, enum hp_verdict verdict, const char *fmt, ...)
{
	struct hp_promises *out = verify->out;
	struct hp_promise *promise;
	va_list ap;

	if (out->count == out->capacity) {
		size_t capacity = out->capacity ? out->capacity * 2 : 32;
		struct hp_promise *items = reallocarray(out->items, capacity, sizeof(*items));

		if (!items)
			abort();	/* a promise that goes missing would look kept */
		out->items = items;
		out->capacity = capacity;
	}
	promise = &out->items[out->count++];
	*promise = (struct hp_promise){ .domain = domain, .topic = topic, .verdict = verdict };
	va_start(ap, fmt);
	if (vasprintf(&promise->text, fmt, ap) < 0)
		abort();
	va_end(ap);
	out->kept += verdict == HP_KEPT;
	out->broken += verdict == HP_BROKEN;
	out->gaps += verdict == HP_GAP;
}

char *verify_cgroup_read(const struct verify *verify, int domain, const char *attr)
{
	if (domain < 0)
		return hp_root_readf(verify->ctx->root, "/sys/fs/cgroup%s/%s", verify->top, attr);
	return hp_root_readf(verify->ctx->root, "/sys/fs/cgroup%s/%s/%s", verify->top, verify_name(verify, domain), attr);
}

/* The domain's init is the process of its leaf cgroup "init" that is number 1 of its own PID namespace. */
static pid_t find_init(const struct verify *verify, int domain)
{
	hp_autofree char *procs = verify_cgroup_read(verify, domain, "init/cgroup.procs");
	char *save = NULL;

	for (char *word = procs ? strtok_r(procs, "\n", &save) : NULL; word; word = strtok_r(NULL, "\n", &save)) {
		hp_autofree char *status = hp_root_readf(verify->ctx->root, "/proc/%s/status", word);
		const char *line = status ? strstr(status, "\nNSpid:") : NULL;
		int outer, inner;

		if (line && sscanf(line, "\nNSpid: %d %d", &outer, &inner) == 2 && inner == 1)
			return outer;
	}
	return 0;
}

static void run_checks(struct verify *verify)
{
	verify_cpus(verify);
	verify_tasks(verify);
	verify_memory(verify);
	verify_devices(verify);
	verify_network(verify);
	verify_interrupts(verify);
	verify_caches(verify);
	verify_frequencies(verify);
	verify_hosts(verify);
	verify_module(verify);
}

int hp_verify_run(struct hp_ctx *ctx, const struct hp_policy *policy, const struct hp_inventory *inv,
		  const struct hp_assignment *assignment, int only, struct hp_promises *out, struct hp_err *err)
{
	hp_autofree pid_t *inits = calloc(policy->domains_count + 1, sizeof(*inits));
	struct verify verify = { ctx, policy, inv, assignment, only, "/hostpart", inits, out };

	if (!inits)
		return hp_err_errno(err, ENOMEM, "verifying");
	if (hp_root_exists(ctx->root, "/sys/fs/cgroup/hostpart.service"))
		verify.top = "/hostpart.service";
	for (size_t i = 0; i < policy->domains_count; i++)
		inits[i] = find_init(&verify, (int)i);
	run_checks(&verify);
	return 0;
}
