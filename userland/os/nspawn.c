// SPDX-License-Identifier: GPL-2.0
/* nspawn.c: the command line of systemd-nspawn, and how it is started. */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "domain/hp_domain.h"

#define ARGUMENTS_MAX 24

struct command {
	char *words[ARGUMENTS_MAX + 1];
	size_t count;
	bool is_out_of_memory;
};

__attribute__((format(printf, 2, 3)))
static void add(struct command *command, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = command->count < ARGUMENTS_MAX ? vasprintf(&command->words[command->count], fmt, args) : -1;
	va_end(args);
	if (len < 0)
		command->is_out_of_memory = true;
	else
		command->count++;
}

static void free_command(struct command *command)
{
	for (size_t i = 0; i < command->count; i++)
		free(command->words[i]);
}

/*
 * No option for the network: this process is in the domain's namespace, and
 * nspawn stays where it is started (its --network-namespace-path= fails beside
 * --private-users=, in Debian 12 and 13: setns() comes after the user namespace).
 * --keep-unit keeps it in our cgroup instead of a scope of machine.slice.
 */
static void build(const struct keeper *keeper, struct command *command)
{
	add(command, "systemd-nspawn");
	add(command, "--quiet");
	add(command, "--boot");
	add(command, "--keep-unit");
	add(command, "--register=%s", keeper->is_registered ? "yes" : "no");
	add(command, "--machine=%s", keeper->name);
	add(command, "--hostname=%s", keeper->hostname);
	add(command, "--directory=%s", keeper->root_dir);
	add(command, "--console=interactive");
	add(command, "--notify-ready=yes");
	add(command, "--settings=no");
	add(command, "--link-journal=no");
	add(command, "--resolv-conf=off");
	add(command, "--timezone=off");
	/* For the network of services that get one of their own; the domain's is not theirs to change. */
	add(command, "--capability=CAP_NET_ADMIN");
	if (keeper->os.uid_shift) {
		add(command, "--private-users=%u:%u", keeper->os.uid_shift, HP_OS_UID_RANGE);
		add(command, "--private-users-ownership=off");
	}
}

__attribute__((noreturn))
static void execute(char *const words[], char *const env[], int terminal)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setsid();
	if (ioctl(terminal, TIOCSCTTY, 0) < 0 || dup2(terminal, 0) < 0 || dup2(terminal, 1) < 0 || dup2(terminal, 2) < 0)
		_exit(1);
	close_range(3, ~0U, 0);
	execve(HP_OS_NSPAWN, words, env);
	dprintf(2, "%s: %s\n", HP_OS_NSPAWN, strerror(errno));
	_exit(127);
}

int nspawn_start(struct keeper *keeper, int terminal, struct hp_err *err)
{
	struct command command __attribute__((cleanup(free_command))) = { .count = 0 };
	hp_autofree char *notify = NULL;
	pid_t pid;
	int ret;

	build(keeper, &command);
	if (command.is_out_of_memory || asprintf(&notify, "NOTIFY_SOCKET=%s/notify", keeper->dir) < 0) {
		notify = NULL;
		return hp_err_set(err, ENOMEM, "out of memory");
	}
	/* The last boot's cgroup hands controllers down, so nobody may enter it: it is made anew. */
	hp_leaf_sweep(keeper->cgroup, HP_OS_LEAF);
	ret = hp_leaf_make(keeper->cgroup, HP_OS_LEAF, err);
	if (ret)
		return ret;
	pid = hp_leaf_fork(keeper->cgroup, HP_OS_LEAF, err);
	if (pid < 0)
		return pid;
	if (pid == 0)
		execute(command.words, (char *[]){ (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", (char *)"TERM=vt220",
						   (char *)"SYSTEMD_LOG_TARGET=console", notify, NULL }, terminal);
	keeper->nspawn = pid;
	return 0;
}
