// SPDX-License-Identifier: GPL-2.0
/* recall.c: reads the assignment in force back from the settings that realised it. */
#include "plan/plan_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

/* The policy domain that a cgroup path "TOP/NAME" means, -1 for TOP itself and strangers. */
static int find_domain(const struct hp_policy *policy, const char *object)
{
	const char *slash = strchr(object, '/');

	if (!slash || strchr(slash + 1, '/'))
		return -1;
	return hp_policy_find(policy, slash + 1);
}

static int recall_cgroup(const struct hp_setting *item, const struct hp_policy *policy,
			 struct hp_assignment *out, struct hp_err *err)
{
	bool is_cpus = !strcmp(item->attr, "cpuset.cpus");
	int domain = find_domain(policy, item->object), rc;
	hwloc_bitmap_t set;

	if (domain < 0 || !item->want || !(is_cpus || !strcmp(item->attr, "cpuset.mems")))
		return 0;
	set = is_cpus ? out->domains[domain].cpus : out->domains[domain].nodes;
	rc = hp_cpulist_parse(item->want, set);
	if (rc)
		return hp_err_set(err, -rc, "applied state: %s of %s is \"%s\", not a list",
				  item->attr, item->object, item->want);
	return 0;
}

/* "inside=10.203.0.2 hub=10.203.0.1 subnet=10.203.0.0/24" */
static int recall_leg(const struct hp_setting *item, const struct hp_policy *policy,
		      struct hp_assignment *out, struct hp_err *err)
{
	int domain = hp_policy_find(policy, item->object);
	char inside[16], hub[16];

	if (!item->want)
		return 0;
	if (sscanf(item->want, "inside=%15s hub=%15s", inside, hub) != 2)
		return hp_err_set(err, EINVAL, "applied state: star leg of %s is \"%s\"",
				  item->object, item->want);
	if (!out->base_link_address) {
		out->base_link_address = strdup(hub);
		if (!out->base_link_address)
			return hp_err_errno(err, ENOMEM, "reading the applied state");
	}
	if (domain < 0 || out->domains[domain].link_address)
		return 0;
	out->domains[domain].link_address = strdup(inside);
	return out->domains[domain].link_address ?
		0 :
		hp_err_errno(err, ENOMEM, "reading the applied state");
}

int hp_assignment_from_settings(const struct hp_policy *policy, const struct hp_settings *applied,
				struct hp_assignment **out, struct hp_err *err)
{
	hp_autoassignment *made = plan_assignment_new(policy);

	if (!made)
		return hp_err_errno(err, ENOMEM, "reading the applied state");
	for (size_t i = 0; i < applied->count; i++) {
		const struct hp_setting *item = &applied->items[i];
		int rc = 0;

		if (!strcmp(item->backend, "cgroup"))
			rc = recall_cgroup(item, policy, made, err);
		else if (!strcmp(item->backend, "star"))
			rc = recall_leg(item, policy, made, err);
		if (rc)
			return rc;
	}
	*out = hp_take(made);
	return 0;
}
