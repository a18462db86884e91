// SPDX-License-Identifier: GPL-2.0
/* status.c: partctl status: the domains in force, how they are, and what is not guaranteed. */
#include "agent.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include "apply/hp_engine.h"
#include "apply/hp_spoof.h"
#include "base/hp_cgroup2.h"
#include "base/hp_clock.h"
#include "base/hp_text.h"
#include "ctl/hp_ctl.h"
#include "domain/hp_os.h"
#include "kernel/hp_kernel.h"
#include "plan_print.h"

struct status {
	struct run *run;
	const struct hp_state *state;
	const struct hp_engine_result *plan;	/* the policy in force, planned again: its steps are the drift */
	long agent_pid;				/* 0 = partd does not run */
	long confirm_s;				/* seconds left, 0 = confirmed */
	bool is_sealed;
};

static long seconds_left(const struct hp_state *state)
{
	if (!state || !state->confirm_by_ns)
		return 0;
	return (long)((state->confirm_by_ns - hp_clock_boottime_ns()) / HP_NS_PER_S) + 1;
}

static char *cgroup_value(const struct status *status, const char *domain, const char *attr)
{
	const char *top = hp_inventory_top(status->plan->inventory);

	return hp_root_readf(status->run->ctx.root, "/sys/fs/cgroup/%s/%s/%s", top, domain, attr);
}

static size_t count_drift(const struct status *status, int domain)
{
	size_t count = 0;

	for (size_t i = 0; i < status->plan->steps.count; i++)
		count += status->plan->steps.items[i].domain == domain;
	return count;
}

/* "running", or what is wrong with it. */
static char *describe_state(const struct status *status, int domain)
{
	size_t drift = count_drift(status, domain);
	hp_autofree char *populated = cgroup_value(status, status->plan->policy->domains[domain].name, "cgroup.events");

	if (!populated || !strstr(populated, "populated 1"))
		return strdup("not running");
	if (drift == 0)
		return strdup("running");
	return hp_format("drifted (%zu)", drift);
}

/* Of the operating system; NULL when none is booted. */
static const char *describe_os(const struct status *status, const char *domain)
{
	hp_autoos os = HP_OS_INIT;

	return hp_os_open(status->run->ctx.run_dir, domain, &os, NULL) == 0 ? hp_os_phase_words[os.phase] : NULL;
}

static char *human_of(const char *text)
{
	return text && *text >= '0' && *text <= '9' ? hp_size_human(strtoull(text, NULL, 10)) : NULL;
}

static void add_domain(const struct status *status, struct out_table *table, int index)
{
	const struct hp_assigned_domain *assigned = &status->plan->assignment->domains[index];
	const char *name = status->plan->policy->domains[index].name;
	hp_autofree char *state = describe_state(status, index);
	hp_autofree char *cpus = cgroup_value(status, name, "cpuset.cpus.effective");
	hp_autofree char *current = cgroup_value(status, name, "memory.current");
	hp_autofree char *used = human_of(current);
	hp_autofree char *limit = hp_size_human(assigned->memory_bytes);
	hp_autofree char *tasks = cgroup_value(status, name, "pids.current");
	hp_autofree char *devices = NULL;

	if (asprintf(&devices, "%zu", assigned->pci_count) < 0)
		return;
	out_table_row(table, name, state, cpus, used, limit, tasks, devices, assigned->link_address,
		      describe_os(status, name));
	out_table_colour(table, 1, state && strcmp(state, "running") == 0 ? OUT_GREEN : OUT_RED);
}

/* The agent lists the addresses in a file beside its socket, one in a line. */
static struct json_object *metrics_json(struct run *run, long agent_pid)
{
	struct json_object *list = json_object_new_array();
	hp_autofree char *text = agent_pid ? hp_root_readf(run->ctx.root, "%s/metrics.served", run->ctx.run_dir) : NULL;
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")))
		if (*line)
			json_object_array_add(list, json_object_new_string(line));
	return list;
}

static void print_metrics(struct run *run, long agent_pid)
{
	struct json_object *list = metrics_json(run, agent_pid);

	for (size_t i = 0; i < json_object_array_length(list); i++)
		printf("%s%s", i ? ", " : "metrics  ", json_object_get_string(json_object_array_get_idx(list, i)));
	if (json_object_array_length(list))
		putchar('\n');
	json_object_put(list);
}

static void print_machine(const struct status *status)
{
	struct run *run = status->run;
	const struct hp_inventory *inv = status->plan->inventory;

	if (status->agent_pid)
		printf("agent    partd runs (process %ld): drift is mended\n", status->agent_pid);
	else
		printf("agent    %spartd does not run%s: the domains hold, but drift is not mended\n",
		       out_colour(run, OUT_YELLOW), out_colour(run, OUT_PLAIN));
	print_metrics(run, status->agent_pid);
	if (inv && inv->has_module)
		printf("module   hostpart.ko is loaded%s\n",
		       status->is_sealed ? "; the domains are sealed until the next reboot" : "");
	else
		printf("module   %shostpart.ko is not loaded%s\n", out_colour(run, OUT_YELLOW), out_colour(run, OUT_PLAIN));
	if (status->confirm_s)
		printf("confirm  %swithin %ld s, or the change undoes itself%s\n", out_colour(run, OUT_YELLOW),
		       status->confirm_s, out_colour(run, OUT_PLAIN));
}

static bool has_gaps(const struct status *status)
{
	bool has = status->plan->assignment->gaps_count > 0;

	for (size_t i = 0; i < status->state->count; i++)
		has |= status->state->items[i].gap != NULL;
	return has;
}

static void print_planned_gaps(const struct status *status)
{
	const struct hp_assignment *assignment = status->plan->assignment;

	for (size_t i = 0; i < assignment->gaps_count; i++) {
		const struct hp_gap *gap = &assignment->gaps[i];

		printf("  %-8s %s: %s\n", gap->domain < 0 ? "machine" : status->plan->policy->domains[gap->domain].name,
		       gap->what, gap->why);
	}
}

static void print_applied_gaps(const struct status *status)
{
	for (size_t i = 0; i < status->state->count; i++) {
		const struct hp_applied *item = &status->state->items[i];

		if (item->gap)
			printf("  %-8s %s %s %s: %s\n", "machine", item->setting.backend, item->setting.object,
			       item->setting.attr, item->gap);
	}
}

/* Calls fn for each port whose senders are checked, with what was dropped there; NULL = it cannot be read now. */
static void each_port(const struct status *status, void *arg,
		      void (*fn)(void *arg, const struct hp_setting *setting, const struct hp_spoof_counts *counts))
{
	for (size_t i = 0; i < status->state->count; i++) {
		const struct hp_applied *item = &status->state->items[i];
		hp_autoerr err = HP_ERR_INIT;
		struct hp_spoof_counts counts;
		int ret;

		if (strcmp(item->setting.backend, "spoof") != 0 || item->gap)
			continue;
		ret = hp_spoof_read_counts(&status->run->ctx, &item->setting, &counts, &err);
		fn(arg, &item->setting, ret < 0 ? NULL : &counts);
	}
}

/* The word behind "mac=" in the value of a sender check. */
static char *mac_of(const struct hp_setting *setting)
{
	const char *mac = strstr(setting->want, " mac=");

	return mac ? hp_text_before(mac + 5, " ") : NULL;
}

static void add_port(void *table, const struct hp_setting *setting, const struct hp_spoof_counts *counts)
{
	hp_autofree char *domain = hp_text_before(setting->object, "/");
	hp_autofree char *mac = mac_of(setting);
	char numbers[3][24] = { "?", "?", "?" };
	const char *slash = strchr(setting->object, '/');

	if (counts) {
		out_count(numbers[0], counts->mac);
		out_count(numbers[1], counts->vlan);
		out_count(numbers[2], counts->address);
	}
	out_table_row(table, domain, slash ? slash + 1 : NULL, mac, numbers[0], numbers[1], numbers[2]);
	if (counts && counts->mac + counts->vlan + counts->address)
		for (int column = 3; column < 6; column++)
			out_table_colour(table, column, OUT_YELLOW);
}

static void print_ports(const struct status *status)
{
	static const char *const headers[] = { "DOMAIN", "PORT", "MAC", ">FOREIGN MAC", ">VLAN", ">ADDRESS", NULL };
	struct out_table *table;
	bool has_any = false;

	for (size_t i = 0; i < status->state->count; i++)
		has_any |= strcmp(status->state->items[i].setting.backend, "spoof") == 0;
	if (!has_any)
		return;
	table = out_table_new(status->run, headers);
	each_port(status, table, add_port);
	printf("\nFrames dropped because of a sender that is not the domain:\n");
	out_table_print(table, stdout);
}

static void print_table(const struct status *status)
{
	static const char *const headers[] = { "DOMAIN", "STATE", "CPUS", ">MEMORY", ">LIMIT", ">TASKS", ">DEVICES",
					       "ADDRESS", "SYSTEM", NULL };
	struct out_table *table = out_table_new(status->run, headers);
	char when[64];
	struct tm tm;

	localtime_r(&status->state->applied_at, &tm);
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	printf("policy   %s, applied %s\n", status->state->policy_file, when);
	print_machine(status);
	putchar('\n');
	for (size_t i = 0; i < status->plan->policy->domains_count; i++)
		add_domain(status, table, (int)i);
	out_table_print(table, stdout);
	if (count_drift(status, -1))
		printf("%sthe machine itself drifted in %zu places: 'partctl diff' shows them%s\n",
		       out_colour(status->run, OUT_RED), count_drift(status, -1), out_colour(status->run, OUT_PLAIN));
	print_ports(status);
	if (has_gaps(status)) {
		printf("\nNot guaranteed here:\n");
		print_planned_gaps(status);
		print_applied_gaps(status);
	}
}

static struct json_object *domain_json(const struct status *status, int index)
{
	const struct hp_assigned_domain *assigned = &status->plan->assignment->domains[index];
	struct json_object *object = json_object_new_object();
	hp_autofree char *state = describe_state(status, index);
	hp_autofree char *cpus = cgroup_value(status, assigned->name, "cpuset.cpus.effective");
	hp_autofree char *current = cgroup_value(status, assigned->name, "memory.current");
	hp_autofree char *tasks = cgroup_value(status, assigned->name, "pids.current");

	out_add_text(object, "name", assigned->name);
	out_add_text(object, "state", state);
	out_add_text(object, "cpus", cpus);
	out_add_number(object, "memory_bytes", current ? strtoll(current, NULL, 10) : 0);
	out_add_number(object, "memory_limit_bytes", assigned->memory_bytes);
	out_add_number(object, "tasks", tasks ? strtoll(tasks, NULL, 10) : 0);
	out_add_number(object, "devices", assigned->pci_count);
	out_add_number(object, "drifted", count_drift(status, index));
	out_add_text(object, "address", assigned->link_address);
	out_add_text(object, "system", describe_os(status, assigned->name));
	return object;
}

/* An optional setting that the kernel refused when it was applied. */
static struct json_object *applied_gap_json(const struct hp_applied *item)
{
	struct json_object *gap = json_object_new_object();
	hp_autofree char *what = hp_format("%s %s %s", item->setting.backend, item->setting.object, item->setting.attr);

	out_add_text(gap, "domain", "machine");
	out_add_text(gap, "what", what);
	out_add_text(gap, "why", item->gap);
	return gap;
}

static struct json_object *gaps_json(const struct status *status)
{
	struct json_object *list = plan_gaps_json(status->plan);

	for (size_t i = 0; i < status->state->count; i++)
		if (status->state->items[i].gap)
			json_object_array_add(list, applied_gap_json(&status->state->items[i]));
	return list;
}

static void add_port_json(void *list, const struct hp_setting *setting, const struct hp_spoof_counts *counts)
{
	struct json_object *port = json_object_new_object();
	hp_autofree char *domain = hp_text_before(setting->object, "/");
	hp_autofree char *mac = mac_of(setting);
	const char *slash = strchr(setting->object, '/');

	out_add_text(port, "domain", domain);
	out_add_text(port, "port", slash ? slash + 1 : NULL);
	out_add_text(port, "mac", mac);
	json_object_object_add(port, "foreign_mac", counts ? json_object_new_int64((int64_t)counts->mac) : NULL);
	json_object_object_add(port, "foreign_vlan", counts ? json_object_new_int64((int64_t)counts->vlan) : NULL);
	json_object_object_add(port, "foreign_address", counts ? json_object_new_int64((int64_t)counts->address) : NULL);
	json_object_array_add(list, port);
}

static struct json_object *status_json(const struct status *status)
{
	struct json_object *object = json_object_new_object(), *domains = json_object_new_array();
	struct json_object *ports = json_object_new_array();

	out_add_text(object, "policy_file", status->state->policy_file);
	out_add_text(object, "refused", NULL);
	out_add_number(object, "applied_at", status->state->applied_at);
	out_add_number(object, "confirm_within_seconds", status->confirm_s);
	out_add_number(object, "agent_pid", status->agent_pid);
	json_object_object_add(object, "metrics", metrics_json(status->run, status->agent_pid));
	out_add_flag(object, "module", status->plan->inventory->has_module);
	out_add_flag(object, "sealed", status->is_sealed);
	out_add_number(object, "drifted", status->plan->steps.count);
	for (size_t i = 0; i < status->plan->policy->domains_count; i++)
		json_object_array_add(domains, domain_json(status, (int)i));
	json_object_object_add(object, "domains", domains);
	each_port(status, ports, add_port_json);
	json_object_object_add(object, "ports", ports);
	json_object_object_add(object, "not_guaranteed", gaps_json(status));
	return object;
}

/*
 * "FILE\nREASON" when the agent that runs could not apply its policy, else
 * NULL. Caller frees.
 */
static char *refused_policy(struct run *run, long agent_pid)
{
	hp_autofree char *text = agent_pid ? hp_root_readf(run->ctx.root, "%s/" HP_REFUSED_FILE, run->ctx.run_dir) : NULL;
	char *rest = NULL;

	if (!text || strtol(text, &rest, 10) != agent_pid || *rest != '\n')
		return NULL;
	return strdup(rest + 1);
}

static int show_nothing(struct run *run, long agent_pid)
{
	bool has_module = hp_root_exists(run->ctx.root, "/sys/kernel/hostpart");
	hp_autofree char *refused = refused_policy(run, agent_pid);
	char *reason = refused;
	const char *file = reason ? strsep(&reason, "\n") : NULL;

	if (run->format != OUT_TABLE) {
		struct json_object *object = json_object_new_object();

		out_add_text(object, "policy_file", file);
		out_add_text(object, "refused", reason);
		out_add_text(object, "applied_at", NULL);
		out_add_number(object, "confirm_within_seconds", 0);
		out_add_number(object, "agent_pid", agent_pid);
		json_object_object_add(object, "metrics", metrics_json(run, agent_pid));
		out_add_flag(object, "module", has_module);
		out_add_flag(object, "sealed", hp_kernel_is_sealed());
		out_add_number(object, "drifted", 0);
		json_object_object_add(object, "domains", json_object_new_array());
		json_object_object_add(object, "ports", json_object_new_array());
		json_object_object_add(object, "not_guaranteed", json_object_new_array());
		out_object(run, object);
		return refused ? HP_EXIT_FAIL : HP_EXIT_OK;
	}
	if (refused)
		printf("policy   %s%s is not in force%s: %s\n", out_colour(run, OUT_RED), file, out_colour(run, OUT_PLAIN),
		       reason);
	printf("no domains: this is one ordinary machine\n");
	printf("agent    partd %s\n", agent_pid ? "runs" : "does not run");
	print_metrics(run, agent_pid);
	printf("module   hostpart.ko is %s\n", has_module ? "loaded" : "not loaded");
	return refused ? HP_EXIT_FAIL : HP_EXIT_OK;
}

static int run_status(struct run *run, int argc, char **argv)
{
	hp_autoresult plan = HP_ENGINE_RESULT_INIT;
	hp_autostate *state = NULL;
	hp_autoerr err = HP_ERR_INIT;
	struct status status = { .run = run, .plan = &plan };
	int code, first = cli_parse(run, argc, argv, NULL, 0, 0, &code);
	pid_t agent;

	if (first < 0)
		return code;
	agent = hp_ctl_agent(&run->ctx, NULL);
	status.agent_pid = agent > 0 ? agent : 0;
	if (hp_engine_state(&run->ctx, &state, &err) < 0)
		return cli_fail(run, &err);
	if (!state)
		return show_nothing(run, status.agent_pid);
	status.state = state;
	status.confirm_s = seconds_left(state);
	status.is_sealed = hp_kernel_is_sealed();
	if (hp_engine_plan(&run->ctx, state->policy_file, state->policy_text, &plan, &err) < 0)
		return cli_fail(run, &err);
	if (run->format == OUT_TABLE)
		print_table(&status);
	else
		out_object(run, status_json(&status));
	return plan.steps.count ? HP_EXIT_FAIL : HP_EXIT_OK;
}

const struct verb verb_status = {
	.name = "status",
	.summary = "the domains in force, and what is not guaranteed",
	.usage = "",
	.help = "Shows each domain's state and use, the agent, the module, what waits for confirmation, and every\n"
		"guarantee that this machine or kernel cannot give. Exit status 1 when something drifted, or the policy\n"
		"could not be applied at boot.\n\n"
		"Example:\n  partctl status -o json",
	.run = run_status,
	.needs_root = true,
};
