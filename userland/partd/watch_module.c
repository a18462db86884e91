// SPDX-License-Identifier: GPL-2.0
/* watch_module.c: takes the module's events into the log: what it refused and what it put back. */
#include "watch.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include "base/hp_cgroup2.h"
#include "base/hp_auto.h"
#include "base/hp_log.h"
#include "kernel/hp_kernel.h"
#include "module_phrase.h"

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

/* False when the event is not for the log. */
static bool tell(struct agent *agent, const struct hp_kernel_event *event)
{
	struct module_phrase phrase;
	struct hp_event told;

	if (!module_phrase(event, &phrase, &told))
		return false;
	actors_drain(agent);
	told.actor = actor_of(agent, event);
	agent_tell(agent, &told);
	return true;
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
		if (!tell(agent, &event))
			drift_suspect(agent, watch_backend_bit("registry"));
	}
	if (ret < 0 && ret != -ENOBUFS) {
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
	watch_add(agent, hp_kernel_events_fd(agent->module), EPOLLIN, on_module, agent, false, end_events, agent->module);
}
