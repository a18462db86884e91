// SPDX-License-Identifier: GPL-2.0
/* metrics_collect.c: one look at everything that the metrics tell. */
#include "metrics.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include "apply/hp_spoof.h"
#include "base/hp_auto.h"
#include "base/hp_clock.h"
#include "kernel/hp_kernel.h"

/* Field 22 of /proc/self/stat, in ticks since boot, behind a name that may hold anything. */
static double start_time(struct hp_root *root)
{
	static double start_s;
	hp_autofree char *text = start_s > 0 ? NULL : hp_root_readf(root, "/proc/self/stat");
	const char *at = text ? strrchr(text, ')') : NULL;
	double boot_s = (double)hp_clock_ns(CLOCK_REALTIME) / 1e9 - (double)hp_clock_ns(CLOCK_BOOTTIME) / 1e9;

	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at)
		start_s = boot_s + (double)strtoull(at, NULL, 10) / (double)sysconf(_SC_CLK_TCK);
	return start_s;
}

static void look_at_self(struct agent *agent, struct hp_metrics *metrics)
{
	hp_autofree char *statm = hp_root_readf(agent->ctx.root, "/proc/self/statm");
	unsigned long resident = 0;

	metrics->version = HP_VERSION;
	metrics->agent_cpu_ns = hp_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	if (statm && sscanf(statm, "%*u %lu", &resident) == 1)
		metrics->agent_resident_bytes = (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
	metrics->agent_start_s = start_time(agent->ctx.root);
}

static void look_at_module(struct hp_metrics *metrics)
{
	struct hp_kernel_info info;
	hp_autokernel *kernel = NULL;

	if (hp_kernel_open(&kernel, NULL) < 0 || hp_kernel_info(kernel, &info, NULL) < 0)
		return;
	metrics->has_module = true;
	metrics->is_sealed = info.guards & HP_KERNEL_GUARD_SEALED;
	metrics->module_generation = info.generation;
	metrics->module_unsent = info.event_unsent;
}

static void look_at_state(const struct agent *agent, struct hp_metrics *metrics)
{
	const struct hp_state *state = agent->state;

	metrics->unmended = drift_unmended(agent);
	metrics->last_check_s = agent->last_check_s;
	metrics->drift = &agent->metrics->drift;
	metrics->events = &agent->metrics->events;
	if (!state)
		return;
	metrics->is_applied = true;
	metrics->applied_at_s = (double)state->applied_at;
	metrics->settings = state->count;
	for (size_t i = 0; i < state->count; i++)
		metrics->gaps += state->items[i].gap != NULL;
	metrics->settings -= metrics->gaps;
	metrics->is_confirm_pending = state->confirm_by_ns != 0;
	if (metrics->is_confirm_pending) {
		metrics->confirm_left_s = ((double)state->confirm_by_ns - (double)hp_clock_ns(CLOCK_BOOTTIME)) / 1e9;
		metrics->confirm_left_s = metrics->confirm_left_s > 0 ? metrics->confirm_left_s : 0;
	}
}

static int look_at_domains(struct agent *agent, struct hp_metrics *metrics, struct hp_usage_sample *sample)
{
	const struct metrics_domains *domains = &agent->metrics->domains;
	hp_autofree struct hp_usage_subject *subjects = calloc(domains->count + 1, sizeof(*subjects));
	int ret;

	if (!subjects)
		return -ENOMEM;
	for (size_t i = 0; i < domains->count; i++)
		subjects[i] = (struct hp_usage_subject){ domains->cgroups[i], true };
	ret = hp_usage_read(agent->ctx.root, subjects, domains->count, sample, NULL);
	if (ret)
		return ret;
	metrics->domains = (const char *const *)domains->names;
	metrics->usage = sample->subjects;
	metrics->domains_count = domains->count;
	return 0;
}

/* What is borrowed from here has to last until it is written. */
struct looked {
	struct hp_usage_sample sample;
	struct hp_blame blame;
	struct hp_wait_matrix waits[HP_WAIT_KINDS];
	const char *missing[HP_WAIT_KINDS];
	const char *rows[HP_ROWS_MAX];
	bool is_hooked[HP_HOOKS];
	struct hp_metrics_reclaim *reclaim;	/* owned */
	struct hp_metrics_port *ports;		/* owned */
	char (*domains)[HP_NAME_MAX + 1];	/* owned; of the ports */
	struct hp_metrics_contention contention;
};

static void clear_looked(struct looked *looked)
{
	hp_usage_sample_clear(&looked->sample);
	hp_blame_clear(&looked->blame);
	free(looked->reclaim);
	free(looked->ports);
	free(looked->domains);
	for (int kind = 0; kind < HP_WAIT_KINDS; kind++)
		hp_wait_matrix_clear(&looked->waits[kind]);
}

/* What cannot be read (a check that somebody took away) is left out until it is mended. */
static int look_at_ports(struct agent *agent, struct hp_metrics *metrics, struct looked *looked)
{
	const struct hp_state *state = agent->state;
	size_t count = state ? state->count : 0;

	for (size_t i = 0; i < count; i++) {
		const struct hp_setting *setting = &state->items[i].setting;
		const char *slash = strchr(setting->object, '/');
		struct hp_spoof_counts counts;
		hp_autoerr err = HP_ERR_INIT;

		if (strcmp(setting->backend, "spoof") != 0 || !slash || state->items[i].gap)
			continue;
		if (!looked->ports) {
			looked->ports = calloc(count, sizeof(*looked->ports));
			looked->domains = calloc(count, sizeof(*looked->domains));
		}
		if (!looked->ports || !looked->domains)
			return -ENOMEM;
		if (hp_spoof_read_counts(&agent->ctx, setting, &counts, &err) < 0)
			continue;
		snprintf(looked->domains[metrics->ports_count], sizeof(*looked->domains), "%.*s",
			 (int)(slash - setting->object), setting->object);
		looked->ports[metrics->ports_count] = (struct hp_metrics_port){
			looked->domains[metrics->ports_count], slash + 1, counts.mac, counts.vlan, counts.address,
		};
		metrics->ports_count++;
	}
	metrics->ports = looked->ports;
	return 0;
}

static void look_at_waits(struct hp_waits *waits, struct looked *looked)
{
	if (!waits || hp_waits_read(waits, looked->waits, NULL) < 0)
		return;
	for (int kind = 0; kind < HP_WAIT_KINDS; kind++)
		looked->missing[kind] = hp_waits_missing(waits, (enum hp_wait_kind)kind);
	looked->contention.waits = looked->waits;
	looked->contention.missing = looked->missing;
	looked->contention.waits_memory_bytes = hp_waits_memory(waits);
}

static void look_at_contention(struct agent *agent, struct hp_metrics *metrics, struct looked *looked)
{
	static const char *const hooks[] = {
		[HP_HOOK_SWITCH] = "switch", [HP_HOOK_MOVE] = "move", [HP_HOOK_IRQ] = "irq", [HP_HOOK_SOFTIRQ] = "softirq",
		[HP_HOOKS] = NULL,
	};
	struct hp_contention *contention = agent->metrics->counting.contention;

	/* A cpuset can change without our being told. */
	if (contention)
		hp_contention_follow(contention);
	if (!contention || hp_contention_read(contention, &looked->blame, NULL) < 0)
		return;
	for (size_t i = 0; i < looked->blame.count; i++)
		looked->rows[i] = i < HP_ROW_DOMAIN ? hp_metrics_row_words[i] : agent->metrics->domains.names[i - HP_ROW_DOMAIN];
	for (int i = 0; i < HP_HOOKS; i++)
		looked->is_hooked[i] = !hp_contention_missing(contention, (enum hp_contention_hook)i);
	looked->contention = (struct hp_metrics_contention){
		.blame = &looked->blame, .rows = looked->rows, .hooks = hooks, .is_hooked = looked->is_hooked,
		.memory_bytes = hp_contention_memory(contention),
	};
	look_at_waits(agent->metrics->counting.waits, looked);
	metrics->contention = &looked->contention;
}

int metrics_collect(void *arg, struct hp_metrics_text *text)
{
	struct agent *agent = arg;
	struct hp_metrics metrics = { .has_module = false };
	struct looked looked __attribute__((cleanup(clear_looked))) = { .sample = HP_USAGE_SAMPLE_INIT, .blame = HP_BLAME_INIT };
	uint64_t began_ns = hp_clock_ns(CLOCK_MONOTONIC);
	int ret = look_at_domains(agent, &metrics, &looked.sample);

	if (ret == 0)
		ret = reclaim_look(agent, &looked.reclaim, &metrics.reclaim_count);
	if (ret == 0)
		ret = look_at_ports(agent, &metrics, &looked);
	if (ret)
		return ret;
	metrics.reclaim = looked.reclaim;
	look_at_self(agent, &metrics);
	look_at_module(&metrics);
	look_at_state(agent, &metrics);
	look_at_contention(agent, &metrics, &looked);
	metrics.collect_ns = hp_clock_ns(CLOCK_MONOTONIC) - began_ns;
	return hp_metrics_write(text, &metrics);
}
