// SPDX-License-Identifier: GPL-2.0
/*
 * main.c: outside does for a confined partd what must not be confined.
 *
 * usage: outside start NAME HOSTNAME CGROUP RUN_DIR LIB_DIR LIBEXEC_DIR
 *        outside pin DIR NAME
 *        outside unpin DIR NAME
 *        outside remount DIR FLAGS DATA     FLAGS: as of mount(2)
 *        outside mount TYPE DIR
 *        outside unmount DIR
 *
 * systemd starts it when partd asks (hp_outside.h): a domain and all that
 * ever runs in it would inherit partd's restrictions, and partd's mounts are seen
 * by partd alone. Errors go to descriptor 2, which partd reads.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include "base/hp_auto.h"
#include "base/hp_err.h"
#include "base/hp_mount.h"
#include "domain/hp_domain.h"
#include "net/hp_netns.h"

static int start(char **args, struct hp_err *err)
{
	const struct hp_domain_start domain = {
		.name = args[0], .hostname = args[1], .cgroup = args[2],
		.run_dir = args[3], .lib_dir = args[4], .libexec_dir = args[5],
	};

	return hp_domain_start(&domain, err);
}

static int pin(char **args, struct hp_err *err)
{
	return hp_netns_pin(args[0], args[1], err);
}

static int unpin(char **args, struct hp_err *err)
{
	return hp_netns_unpin(args[0], args[1], err);
}

static int remount(char **args, struct hp_err *err)
{
	if (mount(NULL, args[0], NULL, MS_REMOUNT | strtoul(args[1], NULL, 0), args[2]))
		return hp_err_errno(err, errno, "remount %s with \"%s\"", args[0], args[2]);
	return 0;
}

static int mount_type(char **args, struct hp_err *err)
{
	int ret = hp_mount_type(args[0], args[1]);

	return ret ? hp_err_errno(err, -ret, "mount %s on %s", args[0], args[1]) : 0;
}

static int unmount(char **args, struct hp_err *err)
{
	int ret = hp_unmount(args[0]);

	return ret ? hp_err_errno(err, -ret, "unmount %s", args[0]) : 0;
}

static const struct task {
	const char *name;
	int args;
	int (*run)(char **args, struct hp_err *err);
} tasks[] = {
	{ "start", 6, start },
	{ "pin", 2, pin },
	{ "unpin", 2, unpin },
	{ "remount", 3, remount },
	{ "mount", 2, mount_type },
	{ "unmount", 1, unmount },
};

int main(int argc, char **argv)
{
	hp_autoerr err = HP_ERR_INIT;

	for (size_t i = 0; argc > 1 && i < hp_array_size(tasks); i++) {
		if (strcmp(argv[1], tasks[i].name) != 0 || argc != tasks[i].args + 2)
			continue;
		if (tasks[i].run(argv + 2, &err) == 0)
			return HP_EXIT_OK;
		fprintf(stderr, "%s", err.text ? err.text : "out of memory");
		return HP_EXIT_FAIL;
	}
	fprintf(stderr, "outside is started by hostpart, not by hand\n");
	return HP_EXIT_USAGE;
}
