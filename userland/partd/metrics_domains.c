// SPDX-License-Identifier: GPL-2.0
/* metrics_domains.c: the domains in force, read from the state. */
#include "metrics.h"

#include <errno.h>
#include <string.h>
#include "base/hp_cgroup2.h"

void metrics_domains_clear(struct metrics_domains *domains)
{
	for (size_t i = 0; i < domains->count; i++) {
		free(domains->names[i]);
		free(domains->cgroups[i]);
	}
	free(domains->names);
	free(domains->cgroups);
	free(domains->ids);
	*domains = (struct metrics_domains){ 0 };
}

/* A domain's own cgroup is "TOP/alpha", and its existence is a setting. */
static const char *domain_of(const struct hp_setting *setting)
{
	const char *slash = strchr(setting->object, '/');

	return setting->domain >= 0 && strcmp(setting->backend, "cgroup") == 0 && !*setting->attr && slash &&
	       !strchr(slash + 1, '/') ? slash + 1 : NULL;
}

static int make_room(struct metrics_domains *domains, size_t count)
{
	domains->names = calloc(count + 1, sizeof(*domains->names));
	domains->cgroups = calloc(count + 1, sizeof(*domains->cgroups));
	domains->ids = calloc(count + 1, sizeof(*domains->ids));
	if (!domains->names || !domains->cgroups || !domains->ids)
		return -ENOMEM;
	domains->count = count;
	return 0;
}

static int add(struct metrics_domains *domains, const struct hp_setting *setting, struct hp_err *err)
{
	size_t i = (size_t)setting->domain;

	free(domains->names[i]);
	free(domains->cgroups[i]);
	domains->names[i] = strdup(domain_of(setting));
	domains->cgroups[i] = strdup(setting->object);
	if (!domains->names[i] || !domains->cgroups[i])
		return hp_err_set(err, ENOMEM, "out of memory");
	return hp_cgroup_id(setting->object, &domains->ids[i], err);
}

int metrics_domains_read(const struct hp_state *state, struct metrics_domains *domains, struct hp_err *err)
{
	size_t count = 0;
	int ret;

	for (size_t i = 0; state && i < state->count; i++)
		if (domain_of(&state->items[i].setting) && (size_t)state->items[i].setting.domain >= count)
			count = (size_t)state->items[i].setting.domain + 1;
	ret = make_room(domains, count) ? hp_err_set(err, ENOMEM, "out of memory") : 0;
	for (size_t i = 0; ret == 0 && count && i < state->count; i++)
		if (domain_of(&state->items[i].setting))
			ret = add(domains, &state->items[i].setting, err);
	for (size_t i = 0; ret == 0 && i < count; i++)
		if (!domains->names[i])
			ret = hp_err_set(err, ENOENT, "domain %zu of the policy in force has no cgroup", i);
	if (ret)
		metrics_domains_clear(domains);
	return ret;
}
