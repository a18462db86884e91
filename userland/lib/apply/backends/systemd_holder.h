/* SPDX-License-Identifier: GPL-2.0 */
/* systemd_holder.h: the transient unit whose delegated cgroup holds the domains. */
#ifndef HP_BACKEND_SYSTEMD_HOLDER_H
#define HP_BACKEND_SYSTEMD_HOLDER_H

#include "base/hp_systemd.h"

int hp_holder_start(sd_bus *bus, const char *unit, struct hp_err *err);
int hp_holder_stop(sd_bus *bus, const char *unit, struct hp_err *err);
enum hp_holder {
	HP_HOLDER_NONE,		/* nothing keeps the cgroup */
	HP_HOLDER_RUNS,		/* the unit runs, and its process has left the unit's cgroup */
	/*
	 * The unit is over (somebody killed its process, or stopped it), but the
	 * domains live on in its cgroup. That is as good: systemd leaves a cgroup
	 * with processes alone. Nor could the unit be started again, for no
	 * process may be in a cgroup that hands controllers down. Its properties
	 * are the kernel's files from then on.
	 */
	HP_HOLDER_DEAD,
};
int hp_holder_check(sd_bus *bus, const char *unit, enum hp_holder *holder, struct hp_err *err);

#endif
