// SPDX-License-Identifier: GPL-2.0
/* watch_module.c: takes the module's events into the log: what it refused. */
#include "watch.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include "base/hp_cgroup2.h"
#include "base/hp_auto.h"
#include "base/hp_log.h"
#include "kernel/hp_kernel.h"

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
	/* The hotplug thread asks on behalf of somebody, who was seen writing to the CPU's file. */
	snprintf(path, sizeof(path), "/cpu%lld/online", (long long)event->cpu);
	online.object = path;
	return actors_find(agent, &online);
}

static void tell_veto(struct agent *agent, const struct hp_kernel_event *event)
{
	char what[64];
	struct hp_event told = { .type = "refused", .domain = event->domain, .what = what,
				 .done = "the module refused it" };

	snprintf(what, sizeof(what), "taking CPU %lld offline", (long long)event->cpu);
	actors_drain(agent);
	told.actor = actor_of(agent, event);
	agent_tell(agent, &told);
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
		if (event.type == HP_KERNEL_EVENT_CPU_OFFLINE_VETO)
			tell_veto(agent, &event);
		else
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
