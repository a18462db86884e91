// SPDX-License-Identifier: GPL-2.0
/* os_machined.c: what is said to systemd-machined, the machine's list of machines. */
#include "domain/hp_os.h"

#include <systemd/sd-bus.h>
#include <unistd.h>

bool hp_os_has_machined(void)
{
	return access("/run/systemd/system", F_OK) == 0 && access("/run/dbus/system_bus_socket", F_OK) == 0 &&
	       (access("/usr/lib/systemd/systemd-machined", X_OK) == 0 ||
		access("/lib/systemd/systemd-machined", X_OK) == 0);
}

void hp_os_unregister(const char *name)
{
	__attribute__((cleanup(sd_bus_flush_close_unrefp))) sd_bus *bus = NULL;

	if (hp_os_has_machined() && sd_bus_open_system(&bus) >= 0)
		sd_bus_call_method(bus, "org.freedesktop.machine1", "/org/freedesktop/machine1",
				   "org.freedesktop.machine1.Manager", "UnregisterMachine", NULL, NULL, "s", name);
}
