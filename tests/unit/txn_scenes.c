// SPDX-License-Identifier: GPL-2.0
/* txn_scenes.c: wanted settings that look like the planner's. */
#include "txn_scenes.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "fake_machine.h"

const struct scene scene_two = {
	"2-7", { { "alpha", "2-3", "p0" }, { "beta", "4-7", "p1" } }, "03", "leg alpha leg beta",
};
const struct scene scene_three = {
	"1-7", { { "alpha", "2", NULL }, { "gamma", "1,3", "p0" }, { "beta", "4-7", "p1" } }, "01", "leg gamma leg beta",
};
const struct scene scene_swapped = {
	"2-7", { { "alpha", "4-6", "p1" }, { "beta", "2-3", "p0" } }, "83", NULL,
};

static void add(struct hp_settings *out, const char *backend, const char *object, const char *attr, const char *want)
{
	if (!hp_settings_add(out, backend, object, attr, want))
		abort();
}

static void add_domain(const struct scene_domain *domain, struct hp_settings *out)
{
	hp_autofree char *cgroup = NULL, *where = NULL;

	if (asprintf(&cgroup, "hostpart/%s", domain->name) < 0 || asprintf(&where, "in %s", domain->name) < 0)
		abort();
	add(out, "cgroup", cgroup, "", "present");
	add(out, "cgroup", cgroup, "cpuset.cpus", domain->cpus);
	add(out, "cgroup", cgroup, "cpuset.cpus.partition", "root");
	add(out, "cgroup", cgroup, "memory.max", "1073741824");
	add(out, "netns", domain->name, "", "present");
	if (domain->port)
		add(out, "port", domain->port, "", where);
}

void scene_settings(const struct scene *scene, struct hp_settings *out)
{
	add(out, "cgroup", "/", "cgroup.subtree_control", "cpuset memory pids");
	add(out, "cgroup", "hostpart", "", "present");
	add(out, "cgroup", "hostpart", "cpuset.cpus", scene->top_cpus);
	add(out, "cgroup", "hostpart", "cpuset.cpus.partition", "root");
	for (const struct scene_domain *domain = scene->domains; domain->name; domain++)
		add_domain(domain, out);
	if (scene->nft)
		add(out, "nft", "hostpart", "", scene->nft);
	add(out, "sysfile", "/cpumask", "", scene->mask);
	add(out, "irq", "24", "affinity", scene->top_cpus);
	add(out, "irq", "13", "affinity", scene->top_cpus);
	out->items[out->count - 1].is_optional = true;
	add(out, "registry", "table", "", scene->top_cpus);
	out->items[out->count - 1].is_optional = true;
}

void scene_boot(void)
{
	fake_machine_reset();
	fake_machine_put("cgroup", "/", "cgroup.subtree_control", "cpu io");
	fake_machine_put("cgroup", "user", "", "present");
	fake_machine_put("sysfile", "/cpumask", "", "ff");
	fake_machine_put("irq", "24", "affinity", "0-7");
	fake_machine_put("irq", "13", "affinity", "5");
	fake_machine_put("port", "p0", "", "home");
	fake_machine_put("port", "p1", "", "home");
}

static int run(const struct hp_txn_request *request, size_t *changed)
{
	hp_autoerr err = HP_ERR_INIT;
	size_t count;
	int ret = hp_txn_run(fake_ctx, request, &count, &err);

	if (changed)
		*changed = count;
	if (ret && getenv("TXN_SHOW_ERRORS"))
		fprintf(stderr, "%s\n", err.text);
	return ret;
}

int scene_apply(const struct scene *scene, unsigned int confirm_seconds, size_t *changed)
{
	hp_autosettings want = HP_SETTINGS_INIT;
	struct hp_txn_request request = {
		.policy_file = "scene.yaml", .policy_text = scene->top_cpus, .want = &want,
		.confirm_seconds = confirm_seconds,
	};

	scene_settings(scene, &want);
	return run(&request, changed);
}

int scene_teardown(size_t *changed)
{
	struct hp_settings nothing = HP_SETTINGS_INIT;
	struct hp_txn_request request = { .want = &nothing };

	return run(&request, changed);
}

bool scene_has_journal(void)
{
	hp_autofree char *path = NULL;

	return asprintf(&path, "%s/journal", fake_ctx->run_dir) > 0 && !access(path, F_OK);
}
