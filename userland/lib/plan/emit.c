// SPDX-License-Identifier: GPL-2.0
/* emit.c: writes an assignment down as the ordered settings that realise it. */
#include "plan/emit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

int emit_text(struct emit *emit, struct emit_for whose, const char *backend, const char *object,
	      const char *attr, const char *want)
{
	struct hp_setting *item = hp_settings_add(emit->out, backend, object, attr, want);

	if (!item)
		return -ENOMEM;
	item->domain = whose.domain;
	item->loc = whose.loc;
	return 0;
}

int emit_number(struct emit *emit, struct emit_for whose, const char *backend, const char *object,
		const char *attr, uint64_t want)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, want);
	return emit_text(emit, whose, backend, object, attr, text);
}

int emit_stream(struct emit *emit, struct emit_for whose, const char *backend, const char *object,
		FILE *stream, char **text)
{
	int rc = fclose(stream) ? -ENOMEM : 0;

	if (!rc && **text)
		rc = emit_text(emit, whose, backend, object, "", *text);
	free(*text);
	*text = NULL;
	return rc;
}

char *emit_cgroup_path(const struct emit *emit, size_t domain)
{
	char *path;

	return asprintf(&path, "%s/%s", emit->top, emit->policy->domains[domain].name) < 0 ? NULL :
											     path;
}

static int emit_netns(struct emit *emit)
{
	for (size_t i = 0; i < emit->policy->domains_count; i++) {
		const struct hp_domain_spec *spec = &emit->policy->domains[i];

		if (emit_text(emit, (struct emit_for){ (int)i, spec->loc }, "netns", spec->name, "",
			      "present"))
			return -ENOMEM;
	}
	return 0;
}

/*
 * The domain's init takes its cgroup namespace before controllers go further down:
 * no process may then sit above.
 */
static int emit_inits(struct emit *emit)
{
	for (size_t i = 0; i < emit->policy->domains_count; i++) {
		const struct hp_domain_spec *spec = &emit->policy->domains[i];
		hp_autofree char *want = hp_format("hostname=%s cgroup=%s/%s",
						   spec->hostname ? spec->hostname : spec->name, emit->top, spec->name);

		if (!want)
			return -ENOMEM;
		if (emit_text(emit, (struct emit_for){ (int)i, spec->loc }, "domain", spec->name,
			      "", want))
			return -ENOMEM;
	}
	return 0;
}

static int emit_subtrees(struct emit *emit)
{
	for (size_t i = 0; i < emit->policy->domains_count; i++) {
		hp_autofree char *path = emit_cgroup_path(emit, i);
		struct emit_for whose = { (int)i, emit->policy->domains[i].loc };

		if (!path || emit_text(emit, whose, "cgroup", path, "cgroup.subtree_control",
				       "memory pids"))
			return -ENOMEM;
	}
	return 0;
}

/* The catalogue of hp_setting.h, row by row. */
static int (*const rows[])(struct emit *emit) = {
	emit_cgroups, emit_netns, emit_device_acls, emit_inits, emit_subtrees,
	emit_ports,   emit_uplinks, emit_star,	    emit_base_acl, emit_irqs,	emit_frequencies,
	emit_caches,  emit_registry,
};

static int format_lists(struct emit *emit)
{
	emit->base_cpus = hp_cpulist_format(emit->assignment->base_cpus);
	if (!emit->base_cpus)
		return -ENOMEM;
	for (size_t i = 0; i < emit->policy->domains_count; i++) {
		emit->cpus[i] = hp_cpulist_format(emit->assignment->domains[i].cpus);
		if (!emit->cpus[i])
			return -ENOMEM;
	}
	return 0;
}

int hp_plan_settings(const struct hp_policy *policy, const struct hp_inventory *inv,
		     const struct hp_assignment *assignment, struct hp_settings *out,
		     struct hp_err *err)
{
	struct emit emit = {
		.policy = policy, .inv = inv, .assignment = assignment, .out = out,
		.top = hp_inventory_top(inv),
		.cpus = calloc(policy->domains_count + 1, sizeof(char *)),
	};
	int rc = emit.cpus ? format_lists(&emit) : -ENOMEM;

	for (size_t i = 0; !rc && i < hp_array_size(rows); i++)
		rc = rows[i](&emit);
	for (size_t i = 0; emit.cpus && i < policy->domains_count; i++)
		free(emit.cpus[i]);
	free(emit.cpus);
	free(emit.base_cpus);
	if (!rc)
		return 0;
	hp_settings_clear(out);
	return hp_err_errno(err, -rc, "planning %s", policy->file);
}
