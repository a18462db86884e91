// SPDX-License-Identifier: GPL-2.0
/* watch_files.c: notices writes to the control files that apply wrote, and cgroups that vanish. */
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include "base/hp_auto.h"
#include "base/hp_irq.h"
#include "base/hp_cgroup2.h"
#include "base/hp_log.h"
#include "base/hp_schemata.h"
#include "base/hp_text.h"

/* A watch descriptor's bit, so that an event says which backend to look at. */
struct files {
	struct agent *agent;
	agent_mask *bits;	/* by watch descriptor */
	size_t size;
	int fd;
};

static void end_files(void *handle)
{
	struct files *files = handle;

	free(files->bits);
	free(files);
}

static void add_path(struct files *files, const char *path, uint32_t mask, agent_mask bit)
{
	int wd = inotify_add_watch(files->fd, path, mask | IN_MASK_ADD);

	if (wd < 0)
		return;
	if ((size_t)wd >= files->size) {
		size_t size = (size_t)wd + 256;
		agent_mask *bits = reallocarray(files->bits, size, sizeof(*bits));

		if (!bits)
			return;
		memset(bits + files->size, 0, (size - files->size) * sizeof(*bits));
		files->bits = bits;
		files->size = size;
	}
	files->bits[wd] |= bit;
}

static int on_inotify(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	char buffer[8192] __attribute__((aligned(8)));
	struct files *files = arg;
	agent_mask mask = 0;
	ssize_t got;

	(void)source;
	(void)revents;
	while ((got = read(fd, buffer, sizeof(buffer))) > 0) {
		for (char *at = buffer; at < buffer + got;) {
			const struct inotify_event *event = (const void *)at;

			if (event->mask & IN_Q_OVERFLOW)
				mask = AGENT_ALL;
			else if (event->wd >= 0 && (size_t)event->wd < files->size)
				mask |= files->bits[event->wd];
			at += sizeof(*event) + event->len;
		}
	}
	if (mask)
		drift_suspect(files->agent, mask);
	return 0;
}

static void add_setting(struct files *files, const struct hp_setting *setting)
{
	agent_mask bit = watch_backend_bit(setting->backend);
	hp_autofree char *path = NULL;
	unsigned int number;
	char irq[64];

	if (strcmp(setting->backend, "cgroup") == 0) {
		path = hp_cgroup_path(*setting->object == '/' ? setting->object + 1 : setting->object,
				      strncmp(setting->attr, "mount.", 6) == 0 ? "cgroup.procs" : *setting->attr ? setting->attr : NULL);
		if (path)
			add_path(files, path, *setting->attr ? IN_MODIFY : IN_DELETE_SELF | IN_CREATE | IN_DELETE, bit);
	} else if (strcmp(setting->backend, "sysfile") == 0) {
		add_path(files, setting->object, IN_MODIFY, bit);
	} else if (strcmp(setting->backend, "resctrl") == 0) {
		bool is_root = strcmp(setting->object, "/") == 0;

		path = hp_format(HP_RESCTRL "%s%s/%s", is_root ? "" : "/", is_root ? "" : setting->object, setting->attr);
		if (path)
			add_path(files, path, *setting->attr ? IN_MODIFY : IN_DELETE_SELF | IN_CREATE | IN_DELETE, bit);
	} else if (strcmp(setting->backend, "irq") == 0) {
		static const char *const names[] = { "smp_affinity", "smp_affinity_list" };

		if (hp_irq_number(files->agent->ctx.root, setting->object, &number, NULL))
			return;
		for (size_t i = 0; i < hp_array_size(names); i++) {
			snprintf(irq, sizeof(irq), "/proc/irq/%u/%s", number, names[i]);
			add_path(files, irq, IN_MODIFY, bit);
		}
	}
}

void watch_files(struct agent *agent)
{
	struct files *files = calloc(1, sizeof(*files));

	if (!files)
		return;
	files->agent = agent;
	files->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (files->fd < 0) {
		hp_log(LOG_WARNING, "cannot watch files: %m");
		free(files);
		return;
	}
	for (size_t i = 0; i < agent->state->count; i++)
		add_setting(files, &agent->state->items[i].setting);
	watch_add(agent, files->fd, EPOLLIN, on_inotify, files, true, end_files, files);
}

/* kernfs tells a waiter once after each read: read, then wait for EPOLLPRI. */
static int on_partition(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	char text[256];

	(void)source;
	(void)revents;
	if (pread(fd, text, sizeof(text), 0) >= 0)
		drift_suspect(arg, watch_backend_bit("cgroup"));
	return 0;
}

void watch_partitions(struct agent *agent)
{
	for (size_t i = 0; i < agent->state->count; i++) {
		const struct hp_setting *setting = &agent->state->items[i].setting;
		hp_autofree char *path = NULL;
		char text[256];
		int fd;

		if (strcmp(setting->backend, "cgroup") != 0 || strcmp(setting->attr, "cpuset.cpus.partition") != 0)
			continue;
		path = hp_cgroup_path(setting->object, setting->attr);
		fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
		if (fd < 0)
			continue;
		if (pread(fd, text, sizeof(text), 0) >= 0)
			watch_add(agent, fd, EPOLLPRI | EPOLLET, on_partition, agent, true, NULL, NULL);
		else
			close(fd);
	}
}
