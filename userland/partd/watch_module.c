// SPDX-License-Identifier: GPL-2.0
/* watch_module.c: takes the module's events into the log: what it refused and what it put back. */
#include "watch.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/epoll.h>
#include "base/hp_cgroup2.h"
#include "base/hp_auto.h"
#include "base/hp_clock.h"
#include "base/hp_log.h"
#include "base/hp_text.h"
#include "kernel/hp_kernel.h"
#include "module_phrase.h"

#define LATE_S 10	/* of a kept event that is told as an old one */

static void end_events(void *handle)
{
	hp_kernel_events_close(handle);
}

static struct hp_actor actor_of(struct agent *agent, const struct hp_kernel_event *event)
{
	struct hp_actor actor = { .known = event->actor_is_known };
	struct hp_setting online = { .backend = "sysfile", .attr = (char[]){ "" } };
	char path[64];

	if (event->actor_is_known) {
		hp_autofree char *cgroup = hp_cgroup_name(event->cgroup_id);

		actor.pid = (pid_t)event->pid;
		snprintf(actor.comm, sizeof(actor.comm), "%.15s", event->comm);
		snprintf(actor.cgroup, sizeof(actor.cgroup), "%s%s", cgroup ? "/" : "", cgroup ? cgroup : "");
		return actor;
	}
	if (event->type != HP_KERNEL_EVENT_CPU_OFFLINE_VETO)
		return actor;
	/* The hotplug thread asks on behalf of somebody, who was seen writing to the CPU's file. */
	snprintf(path, sizeof(path), "/cpu%lld/online", (long long)event->cpu);
	online.object = path;
	return actors_find(agent, &online);
}

/*
 * The module keeps its latest events in a ring, so one that came while nobody
 * listened is told later. The mark of the latest one told is a file beside the
 * log: neither a restart nor new watches lose an event or tell it twice.
 */
static char *mark_path(const struct agent *agent)
{
	return hp_format("%s/events.module", agent->ctx.run_dir);
}

static void load_mark(struct agent *agent)
{
	hp_autofree char *path = mark_path(agent);
	hp_autofile FILE *file = path ? fopen(path, "re") : NULL;

	if (!file || fscanf(file, "%" SCNu64 " %" SCNu64, &agent->told.time_ns, &agent->told.seq) != 2)
		agent->told = (struct agent_mark){ 0 };
}

static void save_mark(struct agent *agent, const struct hp_kernel_event *event)
{
	hp_autofree char *path = mark_path(agent);
	hp_autofile FILE *file = path ? fopen(path, "we") : NULL;

	agent->told = (struct agent_mark){ event->time_ns, event->seq };
	if (!file || fprintf(file, "%" PRIu64 " %" PRIu64 "\n", event->time_ns, event->seq) < 0)
		hp_log(LOG_WARNING, "%s cannot be written: after a restart some events may be told again",
		       path ? path : "events.module");
}

/* A reloaded module counts from 1 again, but time goes on. */
static bool is_told(const struct agent *agent, const struct hp_kernel_event *event)
{
	if (event->time_ns != agent->told.time_ns)
		return event->time_ns < agent->told.time_ns;
	return event->seq <= agent->told.seq;
}

static void say_late(const struct hp_kernel_event *event, struct hp_event *told, char *text, size_t size)
{
	int64_t late_s = hp_clock_boottime_ns() / HP_NS_PER_S - (int64_t)event->time_ns / HP_NS_PER_S;

	if (late_s < LATE_S)
		return;
	snprintf(text, size, "%s%s%" PRId64 " s before partd heard of it", told->done ? told->done : "",
		 told->done ? "; " : "", late_s);
	told->done = text;
}

/* False when the event is not for the log. */
static bool tell(struct agent *agent, const struct hp_kernel_event *event, bool is_kept)
{
	struct module_phrase phrase;
	struct hp_event told;
	char done[sizeof(phrase.done) + 128];

	if (!module_phrase(event, &phrase, &told))
		return false;
	if (is_told(agent, event))
		return true;
	actors_drain(agent);
	told.actor = actor_of(agent, event);
	if (is_kept)
		say_late(event, &told, done, sizeof(done));
	agent_tell(agent, &told);
	save_mark(agent, event);
	return true;
}

static int tell_kept(const struct hp_kernel_event *event, void *arg)
{
	tell(arg, event, true);
	return 0;
}

/* What came before this program listened, or faster than it read. */
static void catch_up(struct agent *agent)
{
	hp_autokernel *kernel = NULL;
	hp_autoerr err = HP_ERR_INIT;

	if (hp_kernel_open(&kernel, &err) < 0 || hp_kernel_events_dump(kernel, tell_kept, agent, &err) < 0)
		hp_log(LOG_WARNING, "the module's earlier events cannot be read: %s", err.text);
}

static int on_module(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct agent *agent = arg;
	struct hp_kernel_event event;
	hp_autoerr err = HP_ERR_INIT;
	int ret;

	(void)fd;
	(void)revents;
	while ((ret = hp_kernel_events_read(agent->module, &event, &err)) > 0) {
		if (!tell(agent, &event, false))
			drift_suspect(agent, watch_backend_bit("registry"));
	}
	if (ret == -ENOBUFS) {
		catch_up(agent);
	} else if (ret < 0) {
		hp_log(LOG_WARNING, "the module's events end: %s", err.text);
		sd_event_source_set_enabled(source, SD_EVENT_OFF);
	}
	return 0;
}

void watch_module(struct agent *agent)
{
	hp_autoerr err = HP_ERR_INIT;
	int ret = hp_kernel_events_open(&agent->module, &err);

	if (ret == -ENOENT)
		return;		/* no module: partctl status says what that means */
	if (ret < 0) {
		hp_log(LOG_WARNING, "the module's events cannot be heard: %s", err.text);
		return;
	}
	if (!agent->told.time_ns)
		load_mark(agent);
	catch_up(agent);
	watch_add(agent, hp_kernel_events_fd(agent->module), EPOLLIN, on_module, agent, false, end_events, agent->module);
}
