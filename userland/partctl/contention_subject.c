// SPDX-License-Identifier: GPL-2.0
/* contention_subject.c: whom the verbs that count are about: the policy's domains, or cgroups that were named. */
#include "contention_subject.h"

#include <errno.h>
#include <string.h>
#include "apply/hp_engine.h"
#include "base/hp_cgroup2.h"
#include "base/hp_text.h"

void contention_subject_clear(struct contention_subject *subject)
{
	for (size_t i = 0; i < subject->count; i++) {
		free(subject->names[i]);
		free(subject->cgroups[i]);
	}
	free(subject->names);
	free(subject->cgroups);
	free(subject->ids);
	free(subject->irqs);
	*subject = (struct contention_subject){ 0 };
}

static int add_domain(struct contention_subject *subject, const char *name, const char *cgroup, struct hp_err *err)
{
	size_t n = subject->count + 1;
	char **names = reallocarray(subject->names, n, sizeof(*names));
	char **cgroups = names ? reallocarray(subject->cgroups, n, sizeof(*cgroups)) : NULL;
	uint64_t *ids = cgroups ? reallocarray(subject->ids, n, sizeof(*ids)) : NULL;

	subject->names = names ? names : subject->names;
	subject->cgroups = cgroups ? cgroups : subject->cgroups;
	subject->ids = ids ? ids : subject->ids;
	if (!ids)
		return hp_err_errno(err, ENOMEM, "listing the domains");
	names[n - 1] = strdup(name);
	cgroups[n - 1] = strdup(cgroup);
	ids[n - 1] = 0;
	subject->count = n;
	return names[n - 1] && cgroups[n - 1] ? 0 : hp_err_errno(err, ENOMEM, "listing the domains");
}

/* "cgroup:/sys/fs/cgroup/a.slice", "cgroup:/a.slice" or "cgroup:a.slice" -> "a.slice". */
int contention_subject_parse_by(const char *value, void *into, struct hp_err *err)
{
	static const char prefix[] = "cgroup:";
	const char *root = hp_cgroup_root(NULL), *name = value + sizeof(prefix) - 1;
	hp_autofree char *trimmed = NULL, *shown = NULL;
	size_t length;

	if (strncmp(value, prefix, sizeof(prefix) - 1) != 0)
		return hp_err_usage(err, "'%s' is not cgroup:PATH, such as cgroup:/sys/fs/cgroup/system.slice", value);
	length = root ? strlen(root) : 0;
	if (root && strncmp(name, root, length) == 0 && (name[length] == '/' || !name[length]))
		name += length;
	name += strspn(name, "/");
	trimmed = strdup(name);
	for (length = strlen(name); trimmed && length && trimmed[length - 1] == '/';)
		trimmed[--length] = '\0';
	if (trimmed && !*trimmed)
		return hp_err_usage(err, "'%s' is the root cgroup, in which everything is", value);
	if (!trimmed || asprintf(&shown, "/%s", trimmed) < 0)
		return hp_err_errno(err, ENOMEM, "'%s'", value);
	return add_domain(into, shown, trimmed, err);
}

static int add_irqs(struct contention_subject *subject, const struct hp_engine_result *plan, struct hp_err *err)
{
	const struct hp_inventory *inv = plan->inventory;
	hp_autofree int *owners = calloc(inv->pci_count + 1, sizeof(*owners));

	subject->irqs = calloc(inv->irqs_count + 1, sizeof(*subject->irqs));
	if (!subject->irqs || !owners)
		return hp_err_errno(err, ENOMEM, "listing the interrupts");
	hp_assignment_owners(plan->assignment, owners, inv->pci_count);
	for (size_t i = 0; i < inv->irqs_count; i++) {
		int owner = inv->irqs[i].pci >= 0 ? owners[inv->irqs[i].pci] : -1;

		if (owner >= 0)
			subject->irqs[subject->irqs_count++] =
				(struct hp_contention_irq){ inv->irqs[i].number, (unsigned int)owner };
	}
	return 0;
}

/* The domains in force, and the interrupts of their devices. */
int contention_subject_take_policy(struct run *run, struct contention_subject *subject, struct hp_err *err)
{
	hp_autoresult plan = HP_ENGINE_RESULT_INIT;
	hp_autostate *state = NULL;
	int ret = hp_engine_state(&run->ctx, &state, err);

	if (ret < 0)
		return ret;
	if (!state) {
		hp_err_set(err, ENOENT, "nothing is applied: there are no domains to tell apart");
		hp_err_hint(err, "apply a policy, or name cgroups: partctl %s --by cgroup:/sys/fs/cgroup/system.slice",
			    run->verb->name);
		return -ENOENT;
	}
	ret = hp_engine_plan(&run->ctx, state->policy_file, state->policy_text, &plan, err);
	for (size_t i = 0; ret == 0 && i < plan.policy->domains_count; i++) {
		hp_autofree char *cgroup =
			hp_format("%s/%s", hp_inventory_top(plan.inventory), plan.policy->domains[i].name);

		if (!cgroup)
			return hp_err_errno(err, ENOMEM, "listing the domains");
		ret = add_domain(subject, plan.policy->domains[i].name, cgroup, err);
	}
	return ret < 0 ? ret : add_irqs(subject, &plan, err);
}

int contention_subject_find(struct run *run, struct contention_subject *subject, struct hp_err *err)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < subject->count; i++)
		ret = hp_cgroup_id(subject->cgroups[i], &subject->ids[i], err);
	for (size_t i = 0; ret == 0 && i < subject->count; i++)
		for (size_t j = 0; j < i; j++)
			if (subject->ids[i] == subject->ids[j])
				return hp_err_usage(err, "partctl: %s: --by: %s is named twice", run->verb->name,
						    subject->names[i]);
	return ret;
}

const char *contention_row_name(const struct contention_subject *subject, size_t row)
{
	return row < HP_ROW_DOMAIN ? hp_row_words[row] : subject->names[row - HP_ROW_DOMAIN];
}

const char *contention_blamed_name(const struct contention_subject *subject, size_t victim, size_t aggressor)
{
	return victim == aggressor ? "(its own)" : contention_row_name(subject, aggressor);
}

bool contention_is_other_domain(size_t victim, size_t aggressor)
{
	return aggressor >= HP_ROW_DOMAIN && hp_blame_is_foreign(victim, aggressor);
}

size_t contention_victim_at(const struct contention_subject *subject, size_t i)
{
	return i < subject->count ? HP_ROW_DOMAIN + i : (HP_ROW_BASE + i - subject->count) % HP_ROW_DOMAIN;
}
