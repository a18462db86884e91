/* SPDX-License-Identifier: GPL-2.0 */
/* hp_systemd.h: calls to systemd, PID 1. */
#ifndef HP_SYSTEMD_H
#define HP_SYSTEMD_H

#include <hwloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include "base/hp_err.h"

static inline void hp_bus_closep(sd_bus **bus)
{
	sd_bus_flush_close_unref(*bus);
}
#define hp_autobus __attribute__((cleanup(hp_bus_closep))) sd_bus
#define hp_automessage __attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message
#define hp_autobuserror __attribute__((cleanup(sd_bus_error_free))) sd_bus_error

/* Connects to PID 1 itself, so that no message bus has to run; needs root. */
int hp_bus_open(sd_bus **bus, struct hp_err *err);
/* A method call on the manager, ready for its arguments. */
int hp_bus_new_call(sd_bus *bus, const char *method, sd_bus_message **call, struct hp_err *err);
/* Sends a call; err says what PID 1 answered. -EEXIST: such a unit is loaded. -ENOENT: there is none. */
int hp_bus_send(sd_bus *bus, sd_bus_message *call, sd_bus_message **reply, struct hp_err *err);
/* Sends a call that starts a job and waits until the job is done. */
int hp_bus_run_job(sd_bus *bus, sd_bus_message *call, struct hp_err *err);
/* StopUnit and wait; a unit that is not there is stopped. */
int hp_bus_stop(sd_bus *bus, const char *unit, struct hp_err *err);

/* Properties of a unit (loaded for it). The interface follows from the unit's suffix, NULL = Unit itself. */
int hp_bus_get_text(sd_bus *bus, const char *unit, const char *property, char **text, struct hp_err *err);
int hp_bus_get_flag(sd_bus *bus, const char *unit, const char *property, bool *flag, struct hp_err *err);
int hp_bus_get_u32(sd_bus *bus, const char *unit, const char *property, uint32_t *number, struct hp_err *err);
int hp_bus_get_u64(sd_bus *bus, const char *unit, const char *property, uint64_t *number, struct hp_err *err);
/* systemd's sets of CPUs and nodes are bytes, lowest number first. */
int hp_bus_get_set(sd_bus *bus, const char *unit, const char *property, hwloc_bitmap_t set, struct hp_err *err);

/* SetUnitProperties(runtime) of one set or number. */
int hp_bus_put_set(sd_bus *bus, const char *unit, const char *property, hwloc_const_bitmap_t set,
		   struct hp_err *err);
int hp_bus_put_u64(sd_bus *bus, const char *unit, const char *property, uint64_t number, struct hp_err *err);

#endif
