// SPDX-License-Identifier: GPL-2.0
/* systemd_holder.c: the transient unit whose delegated cgroup holds the domains. */
#include "apply/backends/systemd_holder.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_cgroup2.h"

/*
 * systemd removes the cgroup of a unit that has no process (a oneshot with
 * RemainAfterExit= too: tried with 252), and a partition that gives all its
 * CPUs to others may not hold a process itself. So the unit has a process
 * that sleeps, and that process is moved out, into a scope in system.slice: the
 * service is "running", its cgroup stays, and nobody is in it.
 */
#define SCOPE "hostpart-holder.scope"
#define SLEEP "/bin/sleep"
#define CGROUPS "/sys/fs/cgroup"
#define TRANSIENT_DIR "/run/systemd/transient"

/* A unit of that name that is stopping or about to be forgotten; it takes PID 1 a moment. */
#define GONE_TRIES 100
#define GONE_MS 100

static int append_service(sd_bus_message *call, const char *unit)
{
	return sd_bus_message_append(call, "ssa(sv)a(sa(sv))", unit, "fail",
		10,
		"Description", "s", "hostpart domains",
		"Slice", "s", "-.slice",
		"Type", "s", "exec",
		"ExecStart", "a(sasb)", 1, SLEEP, 2, SLEEP, "infinity", 0,
		"DelegateControllers", "as", 3, "cpuset", "memory", "pids",
		/* The domains' own limits count, not a default for services. */
		"TasksMax", "t", UINT64_MAX,
		/* When the sleeper dies or the unit stops, the domains' processes are not systemd's to kill. */
		"KillMode", "s", "process",
		/* A domain that runs out of memory must not stop the others. */
		"OOMPolicy", "s", "continue",
		"OOMScoreAdjust", "i", -1000,
		"IgnoreOnIsolate", "b", 1,
		0);
}

static int append_scope(sd_bus_message *call, uint32_t pid)
{
	return sd_bus_message_append(call, "ssa(sv)a(sa(sv))", SCOPE, "fail",
		3,
		"Description", "s", "keeps the hostpart domains' unit alive",
		"Slice", "s", "system.slice",
		"PIDs", "au", 1, pid,
		0);
}

/* pid 0 = the service, else the scope around that process. */
static int start_transient(sd_bus *bus, const char *unit, uint32_t pid, struct hp_err *err)
{
	hp_automessage *call = NULL;
	int ret = hp_bus_new_call(bus, "StartTransientUnit", &call, err);

	if (ret)
		return ret;
	ret = pid ? append_scope(call, pid) : append_service(call, unit);
	if (ret < 0)
		return hp_err_errno(err, -ret, "describe %s to systemd", unit);
	return hp_bus_run_job(bus, call, err);
}

static int reset_failed(sd_bus *bus, const char *unit, struct hp_err *err)
{
	hp_automessage *call = NULL;
	int ret = hp_bus_new_call(bus, "ResetFailedUnit", &call, err);

	if (ret)
		return ret;
	ret = sd_bus_message_append(call, "s", unit);
	if (ret < 0)
		return hp_err_errno(err, -ret, "message to systemd");
	return hp_bus_send(bus, call, NULL, err);
}

static int start_when_gone(sd_bus *bus, const char *unit, uint32_t pid, struct hp_err *err)
{
	int ret = -EEXIST;

	for (int i = 0; i < GONE_TRIES && ret == -EEXIST; i++) {
		if (i) {
			reset_failed(bus, unit, NULL);
			poll(NULL, 0, GONE_MS);
		}
		ret = start_transient(bus, unit, pid, err);
	}
	return ret ? hp_err_wrap(err, "start %s", unit) : 0;
}

/* Whether the process is in the unit's own cgroup: systemd forked it there, and it has not left yet. */
static int is_inside(uint32_t pid, const char *unit, bool *inside, struct hp_err *err)
{
	hp_autofile FILE *file = NULL;
	char path[64], line[512];

	*inside = false;
	snprintf(path, sizeof(path), "/proc/%u/cgroup", pid);
	file = fopen(path, "re");
	if (!file)
		return hp_err_errno(err, errno, "cgroup of the process that holds %s", unit);
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "0::/", 4) && !strcmp(line + 4, unit))
			*inside = true;
	}
	return 0;
}

int hp_holder_check(sd_bus *bus, const char *unit, enum hp_holder *holder, struct hp_err *err)
{
	hp_autofree char *state = NULL;
	uint32_t pid = 0;
	bool inside;
	int ret = hp_bus_get_text(bus, unit, "ActiveState", &state, err);

	*holder = HP_HOLDER_NONE;
	if (ret)
		return ret;
	if (!strcmp(state, "failed") || !strcmp(state, "inactive")) {
		*holder = hp_cgroup_is_populated(unit) ? HP_HOLDER_DEAD : HP_HOLDER_NONE;
		return 0;
	}
	if (strcmp(state, "active"))
		return 0;
	ret = hp_bus_get_u32(bus, unit, "MainPID", &pid, err);
	if (!ret && pid)
		ret = is_inside(pid, unit, &inside, err);
	if (!ret && pid && !inside)
		*holder = HP_HOLDER_RUNS;
	return ret;
}

static int is_active(sd_bus *bus, const char *unit, bool *active, struct hp_err *err)
{
	hp_autofree char *state = NULL;
	int ret = hp_bus_get_text(bus, unit, "ActiveState", &state, err);

	*active = !ret && !strcmp(state, "active");
	return ret;
}

int hp_holder_start(sd_bus *bus, const char *unit, struct hp_err *err)
{
	bool active, inside = false;
	enum hp_holder holder;
	uint32_t pid = 0;
	int ret = hp_holder_check(bus, unit, &holder, err);

	if (ret || holder != HP_HOLDER_NONE)
		return ret;
	ret = is_active(bus, unit, &active, err);
	if (!ret && !active)
		ret = start_when_gone(bus, unit, 0, err);
	if (!ret)
		ret = hp_bus_get_u32(bus, unit, "MainPID", &pid, err);
	if (!ret && !pid)
		ret = hp_err_set(err, ESRCH, "%s has no main process", unit);
	if (!ret)
		ret = is_inside(pid, unit, &inside, err);
	if (!ret && inside)
		ret = start_when_gone(bus, SCOPE, pid, err);
	return ret;
}

/* systemd forgets a stopped transient unit a moment later, and its file with it; never the directory that it made. */
static void wait_forgotten(const char *unit)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), TRANSIENT_DIR "/%s", unit);
	for (int i = 0; i < GONE_TRIES && !access(path, F_OK); i++)
		poll(NULL, 0, GONE_MS);
	rmdir(TRANSIENT_DIR);
}

int hp_holder_stop(sd_bus *bus, const char *unit, struct hp_err *err)
{
	char path[PATH_MAX];
	int ret = hp_bus_stop(bus, unit, err);

	if (!ret)
		ret = hp_bus_stop(bus, SCOPE, err);
	if (ret)
		return ret;
	/* One that had failed stays known until somebody says that he has seen it. */
	reset_failed(bus, unit, NULL);
	wait_forgotten(SCOPE);
	wait_forgotten(unit);
	/* systemd may leave the cgroup of a unit that was over before the last domain in it ended. */
	snprintf(path, sizeof(path), CGROUPS "/%s", unit);
	if (rmdir(path) && errno != ENOENT && errno != EBUSY)
		return hp_err_errno(err, errno, "remove %s", path);
	return 0;
}
