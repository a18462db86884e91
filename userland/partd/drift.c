// SPDX-License-Identifier: GPL-2.0
/* drift.c: when something no longer holds: mend it, and report it once with its actor. */
#include "agent.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include "apply/hp_cgroup.h"
#include "apply/hp_engine.h"
#include "base/hp_auto.h"
#include "base/hp_clock.h"
#include "base/hp_log.h"
#include "base/hp_text.h"

/* A burst of writes makes one check; short enough that a partition is valid again well within a second. */
enum { SETTLE_US = 10 * 1000, SECOND_LOOK_US = 500 * 1000, SWEEP_US = 60 * 1000 * 1000 };

/*
 * A drift that could not be mended, so that it is not reported again while it
 * stays the same. The module may be mending the same thing at that moment, so
 * the first failure is only looked at again, and the second one is told.
 */
struct reported {
	struct reported *next;
	char *key, *found;
	bool is_told;
};

static char *key_of(const struct hp_setting *setting)
{
	return hp_format("%s %s %s", setting->backend, setting->object, setting->attr);
}

static void forget(struct agent *agent, const char *key)
{
	for (struct reported **slot = &agent->reported; *slot; slot = &(*slot)->next) {
		struct reported *entry = *slot;

		if (strcmp(entry->key, key) != 0)
			continue;
		*slot = entry->next;
		free(entry->key);
		free(entry->found);
		free(entry);
		return;
	}
}

static struct reported *find_reported(struct agent *agent, const char *key, const char *found)
{
	for (struct reported *entry = agent->reported; entry; entry = entry->next)
		if (strcmp(entry->key, key) == 0 && strcmp(entry->found, found) == 0)
			return entry;
	return NULL;
}

static void remember(struct agent *agent, const char *key, const char *found)
{
	struct reported *entry = calloc(1, sizeof(*entry));

	forget(agent, key);
	if (!entry)
		return;
	entry->key = strdup(key);
	entry->found = strdup(found);
	if (!entry->key || !entry->found) {
		free(entry->key);
		free(entry->found);
		free(entry);
		return;
	}
	entry->next = agent->reported;
	agent->reported = entry;
}

/* Whether a failure to mend is to be told now. */
static bool is_news(struct agent *agent, const struct hp_setting *setting, const char *key, const char *found)
{
	struct reported *entry = find_reported(agent, key, found);
	bool was_told = entry && entry->is_told;

	if (entry) {
		entry->is_told = true;
		return !was_told;
	}
	remember(agent, key, found);
	agent->second_look |= watch_backend_bit(setting->backend);
	return false;
}

/* A port's value also holds what restores it bit by bit, which tells a reader nothing. */
static char *show(const struct hp_setting *setting, const char *found)
{
	struct json_object *object = strcmp(setting->backend, "port") == 0 ? json_tokener_parse(found) : NULL;
	char *text;

	if (!json_object_is_type(object, json_type_object)) {
		json_object_put(object);
		return strdup(found);
	}
	json_object_object_del(object, "raw");
	text = strdup(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
	return text;
}

static void on_drift(void *arg, const struct hp_applied *item, const char *live, int healed, const char *error)
{
	struct agent *agent = arg;
	const struct hp_setting *setting = &item->setting;
	const char *found = live ? live : "absent";
	hp_autofree char *shown = show(setting, found);
	hp_autofree char *key = key_of(setting);
	hp_autofree char *what = NULL;
	hp_autofree char *done = NULL;
	const char *offender = strcmp(setting->attr, "cpuset.cpus.partition") == 0 ? agent->offender : NULL;
	char domain[HP_NAME_MAX + 1];
	struct hp_event event = { .type = "drift", .was = setting->want, .found = shown };

	if (!key || !shown || (healed < 0 && !is_news(agent, setting, key, found)))
		return;
	if (healed >= 0)
		forget(agent, key);
	if (asprintf(&what, "%s %s%s%s", setting->backend, setting->object, *setting->attr ? " " : "", setting->attr) < 0 ||
	    asprintf(&done, "%s%s%s%s", healed < 0 ? "could not be mended: " : "put back", healed < 0 ? error : "",
		     offender ? "; " : "", offender ? offender : "") < 0)
		return;
	agent_domain_of(agent, setting, domain, sizeof(domain));
	event.domain = *domain ? domain : NULL;
	event.what = what;
	event.done = done;
	event.actor = actors_find(agent, setting);
	agent_tell(agent, &event);
}

/*
 * A partition becomes invalid when another cgroup takes some of its CPUs: who
 * that is has to be asked before the mending makes it let go.
 */
static void find_offender(struct agent *agent, const char *backend)
{
	free(hp_take(agent->offender));
	for (size_t i = 0; strcmp(backend, "cgroup") == 0 && i < agent->state->count; i++) {
		const struct hp_setting *setting = &agent->state->items[i].setting;
		hp_autofree char *sibling = NULL;
		hp_autofree char *cpus = NULL;

		if (strcmp(setting->attr, "cpuset.cpus.partition") != 0 ||
		    hp_cgroup_find_overlap(&agent->ctx, setting->object, &sibling, &cpus, NULL) != 1)
			continue;
		agent->offender = hp_format("cgroup %s had cpuset.cpus %s", sibling, cpus);
		return;
	}
}

static int heal(struct agent *agent, agent_mask mask)
{
	hp_autoerr err = HP_ERR_INIT;
	int ret;

	if (!agent->state)
		return 0;
	agent->last_check_s = (double)hp_clock_ns(CLOCK_REALTIME) / 1e9;
	actors_drain(agent);
	for (size_t i = 0; i < agent->state->count; i++) {
		const char *backend = agent->state->items[i].setting.backend;
		agent_mask bit = watch_backend_bit(backend);

		if (!(mask & bit))
			continue;
		mask &= ~bit;
		find_offender(agent, backend);
		ret = hp_txn_heal(&agent->ctx, agent->state, backend, on_drift, agent, &err);
		if (ret == -ESTALE)
			return agent_adopt(agent, NULL);
		if (ret < 0)
			hp_log(LOG_ERR, "checking %s: %s", backend, err.text);
	}
	return 0;
}

/* A driver that bound or a port that came up may have asked for interrupts that nobody has placed yet. */
static void settle(struct agent *agent)
{
	hp_autoerr err = HP_ERR_INIT;
	size_t changed = 0;

	if (!agent->state)
		return;
	if (hp_engine_settle(&agent->ctx, NULL, &changed, &err) < 0) {
		hp_log(LOG_ERR, "placing what is new on the machine: %s", err.text);
	} else if (changed) {
		hp_log(LOG_NOTICE, "placed what is new on the machine: %zu changes", changed);
		agent_adopt(agent, NULL);
		agent_refresh_hosts(agent);
	}
}

static int arm(sd_event_source *source, uint64_t delay_us)
{
	sd_event_source_set_time_relative(source, delay_us);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_check(sd_event_source *source, uint64_t usec, void *arg)
{
	struct agent *agent = arg;
	agent_mask mask = agent->dirty;

	(void)usec;
	agent->dirty = 0;
	agent->second_look = 0;
	heal(agent, mask);
	if (mask & watch_backend_bit("port"))
		settle(agent);
	if (agent->second_look && !agent->dirty) {
		agent->dirty = agent->second_look;
		arm(source, SECOND_LOOK_US);
	}
	return 0;
}

/* For what has no event of its own (device ACL links, the module's table): once a minute. */
static int on_sweep(sd_event_source *source, uint64_t usec, void *arg)
{
	(void)usec;
	drift_suspect(arg, AGENT_ALL);
	arm(source, SWEEP_US);
	return 0;
}

void drift_suspect(struct agent *agent, agent_mask backends)
{
	/* A second look that waits does not keep what is new waiting. */
	if (agent->dirty == 0 || agent->second_look)
		arm(agent->check, SETTLE_US);
	agent->dirty |= backends;
}

size_t drift_unmended(const struct agent *agent)
{
	size_t count = 0;

	for (const struct reported *entry = agent->reported; entry; entry = entry->next)
		count += entry->is_told;
	return count;
}

int drift_start(struct agent *agent, struct hp_err *err)
{
	int ret;

	ret = sd_event_add_time_relative(agent->loop, &agent->check, CLOCK_MONOTONIC, 0, 0, on_check, agent);
	if (ret >= 0)
		ret = sd_event_source_set_enabled(agent->check, SD_EVENT_OFF);
	if (ret >= 0)
		ret = sd_event_add_time_relative(agent->loop, &agent->sweep, CLOCK_MONOTONIC, SWEEP_US, SWEEP_US / 4,
						 on_sweep, agent);
	return ret < 0 ? hp_err_errno(err, -ret, "setting the check timers") : 0;
}

void drift_stop(struct agent *agent)
{
	agent->check = sd_event_source_unref(agent->check);
	agent->sweep = sd_event_source_unref(agent->sweep);
	free(hp_take(agent->offender));
	while (agent->reported) {
		struct reported *next = agent->reported->next;

		free(agent->reported->key);
		free(agent->reported->found);
		free(agent->reported);
		agent->reported = next;
	}
}
