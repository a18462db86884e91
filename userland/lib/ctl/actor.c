// SPDX-License-Identifier: GPL-2.0
/* actor.c: what /proc tells about a process that did something. */
#include "ctl/hp_events.h"

#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_root.h"

void hp_actor_describe(struct hp_actor *actor)
{
	hp_autoroot *root = hp_root_open("/", NULL);
	hp_autofree char *comm = root ? hp_root_readf(root, "/proc/%d/comm", actor->pid) : NULL;
	hp_autofree char *cgroup = root ? hp_root_readf(root, "/proc/%d/cgroup", actor->pid) : NULL;
	const char *line;

	if (comm)
		snprintf(actor->comm, sizeof(actor->comm), "%s", comm);
	line = cgroup ? strstr(cgroup, "0::") : NULL;
	if (line)
		snprintf(actor->cgroup, sizeof(actor->cgroup), "%.*s", (int)strcspn(line + 3, "\n"), line + 3);
}
