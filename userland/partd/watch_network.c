// SPDX-License-Identifier: GPL-2.0
/* watch_network.c: notices ports and legs that change, in every namespace, and an altered firewall table. */
#include "watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include "base/hp_auto.h"
#include "base/hp_log.h"
#include "net/hp_netns.h"
#include "net/hp_netwatch.h"

/* One subscription. */
struct ear {
	struct agent *agent;
	struct hp_netwatch *watch;
};

static void end_ear(void *handle)
{
	struct ear *ear = handle;

	hp_netwatch_close(ear->watch);
	free(ear);
}

static void take_event(struct agent *agent, const struct hp_net_event *event)
{
	struct hp_actor actor = { .known = event->pid > 0, .pid = event->pid };

	switch (event->kind) {
	case HP_NET_LINK_CHANGED:
	case HP_NET_LINK_GONE:
		drift_suspect(agent, watch_backend_bit("port") | watch_backend_bit("star"));
		return;
	case HP_NET_LOST:
		drift_suspect(agent, AGENT_ALL);
		return;
	default:
		break;
	}
	if (actor.known) {
		hp_actor_describe(&actor);
		snprintf(actor.comm, sizeof(actor.comm), "%.15s", event->comm);
		/* Our own repairs come back to us too. */
		if (actor.pid != getpid())
			actors_note(agent, "nft", event->table, &actor);
	}
	drift_suspect(agent, watch_backend_bit("nft"));
}

static int on_ear(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct ear *ear = arg;
	struct hp_net_event event;
	hp_autoerr err = HP_ERR_INIT;
	int ret;

	(void)fd;
	(void)revents;
	while ((ret = hp_netwatch_read(ear->watch, &event, &err)) > 0)
		take_event(ear->agent, &event);
	if (ret < 0) {
		hp_log(LOG_WARNING, "network events end here: %s", err.text);
		sd_event_source_set_enabled(source, SD_EVENT_OFF);
		drift_suspect(ear->agent, AGENT_ALL);
	}
	return 0;
}

static void listen_to(struct agent *agent, struct hp_netwatch *watch, const struct hp_err *err)
{
	struct ear *ear = watch ? calloc(1, sizeof(*ear)) : NULL;

	if (!ear) {
		hp_log(LOG_WARNING, "network events cannot be heard: %s", watch ? "out of memory" : err->text);
		hp_netwatch_close(watch);
		return;
	}
	ear->agent = agent;
	ear->watch = watch;
	watch_add(agent, hp_netwatch_fd(watch), EPOLLIN, on_ear, ear, false, end_ear, ear);
}

static void listen_in(struct agent *agent, const char *domain)
{
	hp_autoerr err = HP_ERR_INIT;
	hp_autofd int fd = hp_netns_open_pinned(agent->ctx.run_dir, domain, &err);

	if (fd >= 0)
		listen_to(agent, hp_netwatch_links(fd, &err), &err);
}

void watch_network(struct agent *agent)
{
	hp_autoerr err = HP_ERR_INIT;

	listen_to(agent, hp_netwatch_links(HP_NETNS_OWN, &err), &err);
	for (size_t i = 0; i < agent->state->count; i++) {
		const struct hp_setting *setting = &agent->state->items[i].setting;

		if (strcmp(setting->backend, "netns") == 0)
			listen_in(agent, setting->object);
		else if (strcmp(setting->backend, "nft") == 0)
			listen_to(agent, hp_netwatch_table(HP_NETNS_OWN, setting->object, &err), &err);
	}
}
