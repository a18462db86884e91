// SPDX-License-Identifier: GPL-2.0
/* boot.c: partctl boot, stop and reboot: a domain's operating system goes up and down. */
#include "partctl.h"

#include <errno.h>
#include <poll.h>
#include <systemd/sd-daemon.h>
#include "apply/hp_hosts.h"
#include "domain/hp_os.h"

#define UP_SECONDS 300		/* until it has started up; an emulated machine is slow */

static int report(struct run *run, const char *domain, const char *done, bool was_killed)
{
	hp_autoos os = HP_OS_INIT;
	bool runs = hp_os_open(run->ctx.run_dir, domain, &os, NULL) == 0;

	if (run->format != OUT_TABLE) {
		struct json_object *object = json_object_new_object();

		out_add_text(object, "domain", domain);
		out_add_text(object, "state", runs ? hp_os_phase_words[os.phase] : "stopped");
		out_add_number(object, "leader", (uint64_t)os.leader);
		out_add_number(object, "boots", os.boots);
		out_add_number(object, "uid_shift", os.uid_shift);
		out_add_flag(object, "killed", was_killed);
		out_object(run, object);
	} else if (!run->is_quiet) {
		printf("%s: %s\n", domain, done);
	}
	return HP_EXIT_OK;
}

/* For a unit of systemd, which is active for as long as this waits. */
static int follow(const struct run *run, const char *domain, struct hp_err *err)
{
	hp_autoos os = HP_OS_INIT;
	struct pollfd ended = { .fd = -1, .events = POLLIN };

	if (hp_os_open(run->ctx.run_dir, domain, &os, err) < 0)
		return -err->errnum;
	sd_notify(0, "READY=1");
	ended.fd = os.pidfd;
	while (poll(&ended, 1, -1) < 0)
		if (errno != EINTR)
			return hp_err_errno(err, errno, "waiting for the end of %s", domain);
	return 0;
}

static int boot_and_follow(struct run *run, const char *domain, unsigned int seconds, struct hp_err *err)
{
	int ret = hp_hosts_boot(&run->ctx, domain, seconds, err);

	/* Booted by hand, or by somebody else just now: as good. */
	if (ret == -EEXIST)
		hp_err_clear(err);
	else if (ret < 0)
		return ret;
	return follow(run, domain, err);
}

static int run_boot(struct run *run, int argc, char **argv)
{
	unsigned int seconds = UP_SECONDS;
	bool is_impatient = false, is_following = false;
	const struct option_spec options[] = {
		{ "no-wait", 'n', NULL, "return as soon as its PID 1 runs", .flag = &is_impatient },
		{ "follow", 'f', NULL, "stay until it has ended; one that is booted already is fine", .flag = &is_following },
		{ "timeout", 0, "SECONDS", "how long to wait until it has started up (300)", .parse = cli_parse_seconds,
		  .into = &seconds },
		{ 0 },
	};
	hp_autoerr err = HP_ERR_INIT;
	int status, first = cli_parse(run, argc, argv, options, 1, 1, &status);

	if (first < 0)
		return status;
	if (is_impatient)
		seconds = 0;
	if (is_following ? boot_and_follow(run, argv[first], seconds, &err) :
			   hp_hosts_boot(&run->ctx, argv[first], seconds, &err))
		return cli_fail(run, &err);
	return is_following ? report(run, argv[first], "has ended", false) :
	       report(run, argv[first], is_impatient ? "starts" : "has started up", false);
}

static int run_stop(struct run *run, int argc, char **argv)
{
	unsigned int seconds = HP_OS_STOP_SECONDS;
	bool is_forced = false, was_killed = false;
	const struct option_spec options[] = {
		{ "timeout", 0, "SECONDS", "kill it when it is not down by then (90)", .parse = cli_parse_seconds,
		  .into = &seconds },
		{ "now", 0, NULL, "kill it at once", .flag = &is_forced },
		{ 0 },
	};
	hp_autoerr err = HP_ERR_INIT;
	int status, first = cli_parse(run, argc, argv, options, 1, 1, &status);

	if (first < 0)
		return status;
	if (hp_os_stop(run->ctx.run_dir, argv[first], is_forced ? 0 : seconds, &was_killed, &err) < 0)
		return cli_fail(run, &err);
	return report(run, argv[first], !was_killed ? "stopped" : is_forced ? "killed" :
		      "did not stop in time and was killed", was_killed);
}

static int run_reboot(struct run *run, int argc, char **argv)
{
	unsigned int seconds = UP_SECONDS;
	const struct option_spec options[] = {
		{ "timeout", 0, "SECONDS", "how long to wait until it is up again (300)", .parse = cli_parse_seconds,
		  .into = &seconds },
		{ 0 },
	};
	hp_autoerr err = HP_ERR_INIT;
	int status, first = cli_parse(run, argc, argv, options, 1, 1, &status);

	if (first < 0)
		return status;
	if (hp_os_reboot(run->ctx.run_dir, argv[first], seconds, &err) < 0)
		return cli_fail(run, &err);
	return report(run, argv[first], "has rebooted", false);
}

const struct verb verb_boot = {
	.name = "boot",
	.summary = "start the operating system of a domain",
	.usage = "DOMAIN [--no-wait] [--follow] [--timeout SECONDS]",
	.help = "Boots an operating system, with systemd as PID 1, on the domain's processors, memory, devices and\n"
		"network, and returns when it has started up. Its root is what the policy says under root: by\n"
		"default this machine's own installation, read-only, under a layer of the domain's own that\n"
		"persists in /var/lib/hostpart/domains. It has a user namespace unless the policy says\n"
		"privileged: true. machinectl shows it. Needs systemd-nspawn (package systemd-container).\n\n"
		"Example:\n  partctl boot alpha && partctl login alpha",
	.run = run_boot,
	.needs_root = true,
};

const struct verb verb_stop = {
	.name = "stop",
	.summary = "stop the operating system of a domain",
	.usage = "DOMAIN [--timeout SECONDS] [--now]",
	.help = "Asks the operating system to power off; what has not ended after the timeout is killed. The\n"
		"domain itself stays, with its processors, memory and devices. What was stopped is not started\n"
		"by autostart: until it is booted by hand or the machine restarts.\n\n"
		"Example:\n  partctl stop alpha --timeout 30s",
	.run = run_stop,
	.needs_root = true,
};

const struct verb verb_reboot = {
	.name = "reboot",
	.summary = "restart the operating system of a domain",
	.usage = "DOMAIN [--timeout SECONDS]",
	.help = "Asks the operating system to reboot and returns when it has started up again.\n\n"
		"Example:\n  partctl reboot alpha",
	.run = run_reboot,
	.needs_root = true,
};
