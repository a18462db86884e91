// SPDX-License-Identifier: GPL-2.0
/* watch.c: keeps the set of event sources that belongs to the state in force. */
#include "watch.h"

#include <errno.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_log.h"

static const char *const backend_names[] = {
	"cgroup", "sysfile", "irq", "port", "star", "nft", "netns", "domain", "devacl", "systemd", "registry",
	"resctrl", "uplink", "spoof", "nat",
};

agent_mask watch_backend_bit(const char *backend)
{
	for (size_t i = 0; i < hp_array_size(backend_names); i++)
		if (strcmp(backend_names[i], backend) == 0)
			return 1u << i;
	return 1u << hp_array_size(backend_names);
}

int watch_add(struct agent *agent, int fd, uint32_t events, sd_event_io_handler_t handler, void *arg, bool owns_fd,
	      void (*end)(void *handle), void *handle)
{
	struct watches *watches = agent->watches;
	int ret = -ENOSPC;

	if (watches->count < WATCH_SOURCES_MAX)
		ret = sd_event_add_io(agent->loop, &watches->sources[watches->count], fd, events, handler, arg);
	if (ret < 0) {
		hp_log(LOG_WARNING, "an event source is missing (%s): drift there is found by the sweep only", strerror(-ret));
		if (owns_fd)
			close(fd);
		if (end)
			end(handle);
		return ret;
	}
	watches->fds[watches->count] = owns_fd ? fd : -1;
	watches->ends[watches->count] = end;
	watches->handles[watches->count] = handle;
	watches->count++;
	return 0;
}

void watches_free(struct agent *agent)
{
	struct watches *watches = agent->watches;

	if (!watches)
		return;
	for (size_t i = 0; i < watches->count; i++) {
		sd_event_source_disable_unref(watches->sources[i]);
		if (watches->fds[i] >= 0)
			close(watches->fds[i]);
		if (watches->ends[i])
			watches->ends[i](watches->handles[i]);
	}
	free(watches);
	agent->watches = NULL;
}

int watches_rebuild(struct agent *agent, struct hp_err *err)
{
	watches_free(agent);
	agent->watches = calloc(1, sizeof(*agent->watches));
	if (!agent->watches)
		return hp_err_errno(err, ENOMEM, "watching for drift");
	watch_module(agent);
	if (!agent->state)
		return 0;
	watch_files(agent);
	watch_partitions(agent);
	watch_inits(agent);
	watch_network(agent);
	return 0;
}
