// SPDX-License-Identifier: GPL-2.0
/* watch_network.c: notices ports and legs that change, in every namespace, and an altered firewall table. */
#include "watch.h"

#include <errno.h>
#include <netinet/in.h>	/* before the kernel's headers, which then leave its types alone */
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include "apply/hp_spoof.h"
#include "base/hp_auto.h"
#include "base/hp_log.h"
#include "base/hp_text.h"
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

/* A table belongs to the setting that it realises. */
static void note_actor(struct agent *agent, const char *table, const struct hp_actor *actor)
{
	for (size_t i = 0; agent->state && i < agent->state->count; i++) {
		const struct hp_setting *setting = &agent->state->items[i].setting;
		char name[HP_SPOOF_TABLE_SIZE];

		snprintf(name, sizeof(name), "%.63s", setting->object);
		if (strcmp(setting->backend, "spoof") == 0)
			hp_spoof_table(setting, name);
		else if (strcmp(setting->backend, "nft") != 0 && strcmp(setting->backend, "nat") != 0)
			continue;
		if (strcmp(name, table) == 0)
			actors_note(agent, setting->backend, setting->object, actor);
	}
}

static void take_event(struct agent *agent, const struct hp_net_event *event)
{
	struct hp_actor actor = { .known = event->pid > 0, .pid = event->pid };

	switch (event->kind) {
	case HP_NET_LINK_CHANGED:
	case HP_NET_LINK_GONE:
		drift_suspect(agent, watch_backend_bit("port") | watch_backend_bit("star") |
			      watch_backend_bit("uplink") | watch_backend_bit("spoof"));
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
			note_actor(agent, event->table, &actor);
	}
	drift_suspect(agent, watch_backend_bit("nft") | watch_backend_bit("spoof") | watch_backend_bit("nat"));
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

/* A sender check is in the base or in the domain's own namespace. */
static void listen_to_check(struct agent *agent, const struct hp_setting *setting)
{
	hp_autoerr err = HP_ERR_INIT;
	hp_autofree char *domain = hp_text_before(setting->object, "/");
	bool is_base = hp_spoof_is_in_base(setting);
	hp_autofd int fd = domain && !is_base ? hp_netns_open_pinned(agent->ctx.run_dir, domain, &err) : -1;
	char table[HP_SPOOF_TABLE_SIZE];

	hp_spoof_table(setting, table);
	if (is_base || fd >= 0)
		listen_to(agent, hp_netwatch_table(is_base ? HP_NETNS_OWN : fd, NFPROTO_NETDEV, table, &err), &err);
}

void watch_network(struct agent *agent)
{
	hp_autoerr err = HP_ERR_INIT;

	listen_to(agent, hp_netwatch_links(HP_NETNS_OWN, &err), &err);
	for (size_t i = 0; i < agent->state->count; i++) {
		const struct hp_setting *setting = &agent->state->items[i].setting;

		if (strcmp(setting->backend, "netns") == 0)
			listen_in(agent, setting->object);
		else if (strcmp(setting->backend, "spoof") == 0)
			listen_to_check(agent, setting);
		else if (strcmp(setting->backend, "nft") == 0)
			listen_to(agent, hp_netwatch_table(HP_NETNS_OWN, NFPROTO_INET, setting->object, &err), &err);
		else if (strcmp(setting->backend, "nat") == 0)
			listen_to(agent, hp_netwatch_table(HP_NETNS_OWN, NFPROTO_IPV4, setting->object, &err), &err);
	}
}
