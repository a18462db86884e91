// SPDX-License-Identifier: GPL-2.0
/* systemd.c: calls to systemd, PID 1. */
#include "base/hp_systemd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_clock.h"

#define PRIVATE_SOCKET "unix:path=/run/systemd/private"
#define DESTINATION "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER "org.freedesktop.systemd1.Manager"
#define UNIT "org.freedesktop.systemd1.Unit"
/* A daemon-reload takes seconds on a slow machine. */
#define TIMEOUT_US (120 * 1000000ull)

static int open_private(sd_bus **bus)
{
	hp_autobus *connection = NULL;
	int ret = sd_bus_new(&connection);

	if (ret >= 0)
		ret = sd_bus_set_address(connection, PRIVATE_SOCKET);
	if (ret >= 0)
		ret = sd_bus_start(connection);
	if (ret < 0)
		return ret;
	*bus = hp_take(connection);
	return 0;
}

int hp_bus_open(sd_bus **bus, struct hp_err *err)
{
	int ret = open_private(bus);

	if (ret < 0)
		ret = sd_bus_open_system(bus);
	if (ret < 0)
		return hp_err_errno(err, -ret, "connect to systemd");
	sd_bus_set_method_call_timeout(*bus, TIMEOUT_US);
	return 0;
}

static int bad_message(int ret, struct hp_err *err)
{
	return hp_err_errno(err, -ret, "message to or from systemd");
}

int hp_bus_new_call(sd_bus *bus, const char *method, sd_bus_message **call, struct hp_err *err)
{
	int ret = sd_bus_message_new_method_call(bus, call, DESTINATION, MANAGER_PATH, MANAGER, method);

	return ret < 0 ? bad_message(ret, err) : 0;
}

int hp_bus_send(sd_bus *bus, sd_bus_message *call, sd_bus_message **reply, struct hp_err *err)
{
	hp_autobuserror error = SD_BUS_ERROR_NULL;
	int ret = sd_bus_call(bus, call, 0, &error, reply), errnum;

	if (ret >= 0)
		return 0;
	errnum = -ret;
	if (sd_bus_error_has_name(&error, "org.freedesktop.systemd1.UnitExists"))
		errnum = EEXIST;
	else if (sd_bus_error_has_name(&error, "org.freedesktop.systemd1.NoSuchUnit"))
		errnum = ENOENT;
	return hp_err_set(err, errnum, "systemd refuses %s: %s", sd_bus_message_get_member(call),
			  error.message ? error.message : strerror(-ret));
}

struct job {
	const char *path;
	char *result;		/* "done", "failed", "timeout", ... */
};

static int note_removed(sd_bus_message *message, void *arg, sd_bus_error *error)
{
	const char *path, *unit, *result;
	struct job *job = arg;
	uint32_t id;

	(void)error;
	if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) < 0)
		return 0;
	if (job->path && !strcmp(path, job->path) && !job->result)
		job->result = strdup(result);
	return 0;
}

static int wait_job(sd_bus *bus, struct job *job, struct hp_err *err)
{
	int64_t deadline = hp_clock_boottime_ns() + (int64_t)TIMEOUT_US * 1000;

	while (!job->result) {
		int ret = sd_bus_process(bus, NULL);

		if (!ret)
			ret = sd_bus_wait(bus, 1000000);
		if (ret < 0 && ret != -EINTR)
			return hp_err_errno(err, -ret, "wait for systemd");
		if (hp_clock_boottime_ns() > deadline)
			return hp_err_set(err, ETIMEDOUT, "systemd did not finish its job in %llu s",
					  TIMEOUT_US / 1000000);
	}
	if (!strcmp(job->result, "done"))
		return 0;
	return hp_err_set(err, EIO, "systemd's job ended as \"%s\"", job->result);
}

int hp_bus_run_job(sd_bus *bus, sd_bus_message *call, struct hp_err *err)
{
	__attribute__((cleanup(sd_bus_slot_unrefp))) sd_bus_slot *slot = NULL;
	hp_automessage *reply = NULL;
	struct job job = { NULL, NULL };
	/* Listening starts before the call, so that a quick job is not missed. */
	int ret = sd_bus_match_signal(bus, &slot, NULL, MANAGER_PATH, MANAGER, "JobRemoved", note_removed, &job);

	if (ret < 0)
		return bad_message(ret, err);
	ret = hp_bus_send(bus, call, &reply, err);
	if (ret)
		return ret;
	ret = sd_bus_message_read(reply, "o", &job.path);
	ret = ret < 0 ? bad_message(ret, err) : wait_job(bus, &job, err);
	free(job.result);
	return ret;
}

int hp_bus_stop(sd_bus *bus, const char *unit, struct hp_err *err)
{
	hp_automessage *call = NULL;
	int ret = hp_bus_new_call(bus, "StopUnit", &call, err);

	if (ret)
		return ret;
	ret = sd_bus_message_append(call, "ss", unit, "replace");
	ret = ret < 0 ? bad_message(ret, err) : hp_bus_run_job(bus, call, err);
	if (ret == -ENOENT) {
		if (err)
			hp_err_clear(err);
		return 0;
	}
	return ret ? hp_err_wrap(err, "stop %s", unit) : 0;
}

/* "org.freedesktop.systemd1.Slice" for "system.slice". */
static int build_interface(char *name, size_t size, const char *unit)
{
	const char *dot = strrchr(unit, '.');

	if (!dot || !dot[1])
		return -EINVAL;
	return snprintf(name, size, DESTINATION ".%c%s", dot[1] - 'a' + 'A', dot + 2) < (int)size ? 0 : -EINVAL;
}

/* Object path of the unit, loading it if need be. */
static int find_unit(sd_bus *bus, const char *unit, char **path, struct hp_err *err)
{
	hp_automessage *call = NULL, *reply = NULL;
	const char *found;
	int ret = hp_bus_new_call(bus, "LoadUnit", &call, err);

	if (ret)
		return ret;
	ret = sd_bus_message_append(call, "s", unit);
	if (ret < 0)
		return bad_message(ret, err);
	ret = hp_bus_send(bus, call, &reply, err);
	if (ret)
		return ret;
	ret = sd_bus_message_read(reply, "o", &found);
	if (ret < 0)
		return bad_message(ret, err);
	*path = strdup(found);
	return *path ? 0 : hp_err_set(err, ENOMEM, "out of memory");
}

/* The value stands in the reply, open for reading as `type`. */
static int get_property(sd_bus *bus, const char *unit, const char *interface, const char *property,
			const char *type, sd_bus_message **reply, struct hp_err *err)
{
	hp_autobuserror error = SD_BUS_ERROR_NULL;
	hp_autofree char *path = NULL;
	int ret = find_unit(bus, unit, &path, err);

	if (ret)
		return ret;
	ret = sd_bus_get_property(bus, DESTINATION, path, interface, property, &error, reply, type);
	if (ret < 0)
		return hp_err_set(err, -ret, "%s of %s: %s", property, unit,
				  error.message ? error.message : strerror(-ret));
	return 0;
}

/* Of the unit's own kind ("Slice", "Service", ...), where the resource limits are. */
static int get_own(sd_bus *bus, const char *unit, const char *property, const char *type,
		   sd_bus_message **reply, struct hp_err *err)
{
	char interface[96];

	if (build_interface(interface, sizeof(interface), unit))
		return hp_err_set(err, EINVAL, "\"%s\" is not the name of a unit", unit);
	return get_property(bus, unit, interface, property, type, reply, err);
}

int hp_bus_get_text(sd_bus *bus, const char *unit, const char *property, char **text, struct hp_err *err)
{
	hp_automessage *reply = NULL;
	const char *value;
	int ret = get_property(bus, unit, UNIT, property, "s", &reply, err);

	if (ret)
		return ret;
	ret = sd_bus_message_read(reply, "s", &value);
	if (ret < 0)
		return bad_message(ret, err);
	*text = strdup(value);
	return *text ? 0 : hp_err_set(err, ENOMEM, "out of memory");
}

int hp_bus_get_flag(sd_bus *bus, const char *unit, const char *property, bool *flag, struct hp_err *err)
{
	hp_automessage *reply = NULL;
	int value, ret = get_property(bus, unit, UNIT, property, "b", &reply, err);

	if (ret)
		return ret;
	ret = sd_bus_message_read(reply, "b", &value);
	*flag = ret >= 0 && value;
	return ret < 0 ? bad_message(ret, err) : 0;
}

int hp_bus_get_u32(sd_bus *bus, const char *unit, const char *property, uint32_t *number, struct hp_err *err)
{
	hp_automessage *reply = NULL;
	int ret = get_own(bus, unit, property, "u", &reply, err);

	if (ret)
		return ret;
	ret = sd_bus_message_read(reply, "u", number);
	return ret < 0 ? bad_message(ret, err) : 0;
}

int hp_bus_get_u64(sd_bus *bus, const char *unit, const char *property, uint64_t *number, struct hp_err *err)
{
	hp_automessage *reply = NULL;
	int ret = get_own(bus, unit, property, "t", &reply, err);

	if (ret)
		return ret;
	ret = sd_bus_message_read(reply, "t", number);
	return ret < 0 ? bad_message(ret, err) : 0;
}

int hp_bus_get_set(sd_bus *bus, const char *unit, const char *property, hwloc_bitmap_t set, struct hp_err *err)
{
	hp_automessage *reply = NULL;
	const uint8_t *bytes;
	size_t size;
	int ret = get_own(bus, unit, property, "ay", &reply, err);

	if (ret)
		return ret;
	ret = sd_bus_message_read_array(reply, 'y', (const void **)&bytes, &size);
	if (ret < 0)
		return bad_message(ret, err);
	hwloc_bitmap_zero(set);
	for (size_t bit = 0; bit < 8 * size; bit++)
		if (bytes[bit / 8] & (1u << (bit % 8)))
			hwloc_bitmap_set(set, (unsigned int)bit);
	return 0;
}

static int append_set(sd_bus_message *call, hwloc_const_bitmap_t set)
{
	size_t size = hwloc_bitmap_iszero(set) ? 0 : (size_t)hwloc_bitmap_last(set) / 8 + 1;
	hp_autofree uint8_t *bytes = calloc(size + 1, 1);
	unsigned int bit;

	if (!bytes)
		return -ENOMEM;
	hwloc_bitmap_foreach_begin(bit, set)
		bytes[bit / 8] |= (uint8_t)(1u << (bit % 8));
	hwloc_bitmap_foreach_end();
	return sd_bus_message_append_array(call, 'y', bytes, size);
}

/* Opens "name, runtime, [(property, <type>" of SetUnitProperties. */
static int open_put(sd_bus_message *call, const char *unit, const char *property, const char *type)
{
	int ret = sd_bus_message_append(call, "sb", unit, 1);

	if (ret >= 0)
		ret = sd_bus_message_open_container(call, 'a', "(sv)");
	if (ret >= 0)
		ret = sd_bus_message_open_container(call, 'r', "sv");
	if (ret >= 0)
		ret = sd_bus_message_append(call, "s", property);
	return ret < 0 ? ret : sd_bus_message_open_container(call, 'v', type);
}

static int close_put(sd_bus_message *call)
{
	int ret = 0;

	for (int level = 0; level < 3 && ret >= 0; level++)
		ret = sd_bus_message_close_container(call);
	return ret;
}

/* set NULL = put the number. */
static int put(sd_bus *bus, const char *unit, const char *property, hwloc_const_bitmap_t set, uint64_t number,
	       struct hp_err *err)
{
	hp_automessage *call = NULL;
	int ret = hp_bus_new_call(bus, "SetUnitProperties", &call, err);

	if (ret)
		return ret;
	ret = open_put(call, unit, property, set ? "ay" : "t");
	if (ret >= 0)
		ret = set ? append_set(call, set) : sd_bus_message_append(call, "t", number);
	if (ret >= 0)
		ret = close_put(call);
	if (ret < 0)
		return bad_message(ret, err);
	ret = hp_bus_send(bus, call, NULL, err);
	return ret ? hp_err_wrap(err, "%s of %s", property, unit) : 0;
}

int hp_bus_put_set(sd_bus *bus, const char *unit, const char *property, hwloc_const_bitmap_t set,
		   struct hp_err *err)
{
	return put(bus, unit, property, set, 0, err);
}

int hp_bus_put_u64(sd_bus *bus, const char *unit, const char *property, uint64_t number, struct hp_err *err)
{
	return put(bus, unit, property, NULL, number, err);
}
