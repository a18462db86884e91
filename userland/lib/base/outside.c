// SPDX-License-Identifier: GPL-2.0
/* outside.c: has systemd do what a confined process may not, and what it starts must not inherit. */
#include "base/hp_outside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_systemd.h"
#include "base/hp_text.h"

#define TEXT_MAX 4096
/* More than any of them takes on an emulated machine, and less than hp_bus_run_job() waits. */
#define RUN_SECONDS 100

bool hp_outside_is_needed(void)
{
	/* Every unit with a filter of system calls or namespaces has it, and nothing that a shell starts. */
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && access("/run/systemd/system", F_OK) == 0;
}

static int append_command(sd_bus_message *call, const char *program, const char *const *args)
{
	int ret = sd_bus_message_open_container(call, 'r', "sv");

	if (ret >= 0)
		ret = sd_bus_message_append(call, "s", "ExecStart");
	if (ret >= 0)
		ret = sd_bus_message_open_container(call, 'v', "a(sasb)");
	if (ret >= 0)
		ret = sd_bus_message_open_container(call, 'a', "(sasb)");
	if (ret >= 0)
		ret = sd_bus_message_open_container(call, 'r', "sasb");
	if (ret >= 0)
		ret = sd_bus_message_append(call, "s", program);
	if (ret >= 0)
		ret = sd_bus_message_open_container(call, 'a', "s");
	if (ret >= 0)
		ret = sd_bus_message_append(call, "s", program);
	for (; ret >= 0 && *args; args++)
		ret = sd_bus_message_append(call, "s", *args);
	if (ret >= 0)
		ret = sd_bus_message_close_container(call);
	if (ret >= 0)
		ret = sd_bus_message_append(call, "b", 0);
	for (int level = 0; level < 4 && ret >= 0; level++)
		ret = sd_bus_message_close_container(call);
	return ret;
}

/* Forgotten as soon as it is over; a start ends when the program does. */
static int describe(sd_bus_message *call, const char *unit, const char *program, const char *const *args,
		    const char *error_file)
{
	int ret = sd_bus_message_append(call, "ss", unit, "fail");

	if (ret >= 0)
		ret = sd_bus_message_open_container(call, 'a', "(sv)");
	if (ret >= 0)
		ret = sd_bus_message_append(call, "(sv)(sv)(sv)(sv)(sv)",
			"Description", "s", "hostpart: what partd itself may not do",
			"Type", "s", "oneshot",
			"CollectMode", "s", "inactive-or-failed",
			"TimeoutStartUSec", "t", (uint64_t)RUN_SECONDS * 1000000,
			"StandardErrorFileToTruncate", "s", error_file);
	if (ret >= 0)
		ret = append_command(call, program, args);
	if (ret >= 0)
		ret = sd_bus_message_close_container(call);
	return ret < 0 ? ret : sd_bus_message_append(call, "a(sa(sv))", 0);
}

static int run(const char *unit, const char *program, const char *const *args, const char *error_file,
	       struct hp_err *err)
{
	hp_automessage *call = NULL;
	hp_autobus *bus = NULL;
	int ret = hp_bus_open(&bus, err);

	if (!ret)
		ret = hp_bus_new_call(bus, "StartTransientUnit", &call, err);
	if (ret)
		return ret;
	ret = describe(call, unit, program, args, error_file);
	return ret < 0 ? hp_err_errno(err, -ret, "describe %s to systemd", unit) : hp_bus_run_job(bus, call, err);
}

/* What the program had to say replaces systemd's "failed". */
static void take_text(const char *path, struct hp_err *err)
{
	hp_autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[TEXT_MAX];
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (!err || length <= 0)
		return;
	text[length] = '\0';
	hp_err_clear(err);
	hp_err_set(err, EIO, "%s", text);
}

int hp_outside_run(const char *libexec_dir, const char *run_dir, const char *const *args, struct hp_err *err)
{
	static unsigned int count;
	unsigned int number = __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED);
	hp_autofree char *program = hp_format("%s/outside", libexec_dir);
	hp_autofree char *unit = hp_format("hostpart-outside-%d-%u.service", getpid(), number);
	hp_autofree char *error_file = hp_format("%s/outside-%d-%u.error", run_dir, getpid(), number);
	int ret;

	if (!program || !unit || !error_file)
		return hp_err_set(err, ENOMEM, "out of memory");
	ret = run(unit, program, args, error_file, err);
	if (ret)
		take_text(error_file, err);
	unlink(error_file);
	return ret;
}

int hp_outside_start_unit(const char *unit, struct hp_err *err)
{
	hp_automessage *call = NULL;
	hp_autobus *bus = NULL;
	int ret = hp_bus_open(&bus, err);

	if (!ret)
		ret = hp_bus_new_call(bus, "StartUnit", &call, err);
	if (ret)
		return ret;
	ret = sd_bus_message_append(call, "ss", unit, "replace");
	return ret < 0 ? hp_err_errno(err, -ret, "describe %s to systemd", unit) : hp_bus_send(bus, call, NULL, err);
}
