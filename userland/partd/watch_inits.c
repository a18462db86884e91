// SPDX-License-Identifier: GPL-2.0
/* watch_inits.c: notices when a domain's init ends. */
#include "watch.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include "base/hp_auto.h"
#include "domain/hp_domain.h"

static int on_end(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	(void)fd;
	(void)revents;
	sd_event_source_set_enabled(source, SD_EVENT_OFF);
	drift_suspect(arg, watch_backend_bit("domain"));
	return 0;
}

void watch_inits(struct agent *agent)
{
	for (size_t i = 0; i < agent->state->count; i++) {
		const struct hp_setting *setting = &agent->state->items[i].setting;
		hp_autodomain domain = HP_DOMAIN_INIT;
		bool is_dead = false;
		int fd;

		if (strcmp(setting->backend, "domain") != 0 ||
		    hp_domain_open(agent->ctx.run_dir, setting->object, &domain, &is_dead, NULL) < 0 || domain.pid <= 0)
			continue;
		fd = (int)syscall(SYS_pidfd_open, domain.pid, 0);
		if (fd >= 0)
			watch_add(agent, fd, EPOLLIN, on_end, agent, true, NULL, NULL);
	}
}
