// SPDX-License-Identifier: GPL-2.0
/* os_stop.c: ends or reboots a domain's operating system, with force where it does not follow. */
#include "domain/hp_os.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_cgroup2.h"
#include "base/hp_text.h"
#include "domain/ending.h"
#include "domain/hp_domain.h"

/* What systemd as PID 1 takes as orders; sent again, for one that still starts up has no ears yet. */
#define SIGNAL_POWEROFF (SIGRTMIN + 4)
#define SIGNAL_REBOOT SIGINT
#define REPEAT_MS 10000
#define LOOK_MS 100
#define KILL_MS 20000

static bool power_off(const char *run_dir, const char *name, const struct hp_os *os, unsigned int seconds)
{
	for (int64_t left_ms = (int64_t)seconds * 1000; left_ms > 0; left_ms -= REPEAT_MS) {
		hp_autoos now = HP_OS_INIT;

		/* Looked up again each time: it may have rebooted, or got its PID 1 only now. */
		if (hp_os_open(run_dir, name, &now, NULL) < 0)
			break;
		if (now.leader > 0)
			kill(now.leader, SIGNAL_POWEROFF);
		if (hp_process_ends_within(os->pidfd, (int)(left_ms < REPEAT_MS ? left_ms : REPEAT_MS)))
			return true;
	}
	return hp_process_ends_within(os->pidfd, 0);
}

static int kill_leaf(const char *cgroup, const char *leaf, struct hp_err *err)
{
	hp_autofree char *name = hp_format("%s/%s", cgroup, leaf);

	if (!name)
		return hp_err_set(err, ENOMEM, "out of memory");
	if (!hp_cgroup_is_populated(name))
		return 0;
	if (hp_leaf_kill(name, err))
		return hp_err_wrap(err, "killing what runs in %s", name);
	return hp_cgroup_await_empty(name, KILL_MS, err);
}

/* The operating system first: its keeper sees it end and tidies up by itself, if it still can. */
static int kill_all(const char *cgroup, const struct hp_os *os, struct hp_err *err)
{
	int ret = kill_leaf(cgroup, HP_OS_LEAF, err);

	if (!ret && os)
		hp_process_ends_within(os->pidfd, KILL_MS / 4);
	return ret ? ret : kill_leaf(cgroup, HP_OS_KEEPER_LEAF, err);
}

static void tidy(const char *run_dir, const char *name, const char *cgroup)
{
	hp_autofree char *record = hp_os_path(run_dir, name, ".json");

	hp_leaf_sweep(cgroup, HP_OS_LEAF);
	hp_leaf_sweep(cgroup, HP_OS_KEEPER_LEAF);
	if (record)
		unlink(record);
}

int hp_os_end(const char *run_dir, const char *name, const char *cgroup, unsigned int seconds, struct hp_err *err)
{
	hp_autoos os = HP_OS_INIT;
	bool runs = hp_os_open(run_dir, name, &os, NULL) == 0;
	int ret = 0;

	if (!runs || !power_off(run_dir, name, &os, seconds)) {
		ret = kill_all(cgroup, runs ? &os : NULL, err);
		if (runs)
			hp_os_unregister(name);
	}
	if (!ret)
		tidy(run_dir, name, cgroup);
	return ret ? hp_err_wrap(err, "stopping the operating system of %s", name) : 0;
}

/* Mount points of the keeper, and the lock that a killed nspawn leaves beside one: rmdir() refuses anything more. */
static void remove_dirs(const char *dir)
{
	hp_autodir DIR *open_dir = opendir(dir);
	struct dirent *entry;

	while (open_dir && (entry = readdir(open_dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlinkat(dirfd(open_dir), entry->d_name, entry->d_type == DT_DIR ? AT_REMOVEDIR : 0);
	rmdir(dir);
}

void hp_os_forget(const char *run_dir, const char *name)
{
	static const char *const files[] = { ".json", ".lock", ".held", ".functions" };
	hp_autofree char *own = hp_os_path(run_dir, name, "");
	hp_autofree char *all = hp_os_path(run_dir, "", "");

	for (size_t i = 0; i < hp_array_size(files); i++) {
		hp_autofree char *path = hp_os_path(run_dir, name, files[i]);

		if (path)
			unlink(path);
	}
	if (own)
		remove_dirs(own);
	if (all)
		rmdir(all);
}

/* It stays down until somebody boots it, whoever puts a policy in force meanwhile. */
static void hold(const char *run_dir, const char *name)
{
	hp_autofree char *path = hp_os_path(run_dir, name, ".held");
	hp_autofd int fd = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;

	(void)fd;
}

int hp_os_stop(const char *run_dir, const char *name, unsigned int seconds, bool *was_killed, struct hp_err *err)
{
	hp_autodomain domain = HP_DOMAIN_INIT;
	hp_autoos os = HP_OS_INIT;
	int ret = hp_domain_open(run_dir, name, &domain, NULL, err);

	if (!ret)
		ret = hp_os_open(run_dir, name, &os, err);
	if (ret)
		return ret;
	hold(run_dir, name);
	if (was_killed)
		*was_killed = false;
	if (power_off(run_dir, name, &os, seconds)) {
		tidy(run_dir, name, domain.cgroup);
		return 0;
	}
	if (was_killed)
		*was_killed = true;
	return hp_os_end(run_dir, name, domain.cgroup, 0, err);
}

/* Whether it is another boot than `boots`, and has started up. */
static bool is_up_again(const char *run_dir, const char *name, unsigned int boots, bool *is_gone)
{
	hp_autoos os = HP_OS_INIT;

	*is_gone = hp_os_open(run_dir, name, &os, NULL) < 0;
	return !*is_gone && os.boots > boots && os.phase == HP_OS_RUNNING;
}

int hp_os_reboot(const char *run_dir, const char *name, unsigned int seconds, struct hp_err *err)
{
	hp_autodomain domain = HP_DOMAIN_INIT;
	hp_autoos os = HP_OS_INIT;
	bool is_gone = false;
	int ret = hp_domain_open(run_dir, name, &domain, NULL, err);

	if (!ret)
		ret = hp_os_open(run_dir, name, &os, err);
	if (ret)
		return ret;
	for (int64_t waited = 0; waited < (int64_t)seconds * 1000; waited += LOOK_MS) {
		hp_autoos now = HP_OS_INIT;

		if (waited % REPEAT_MS == 0 && hp_os_open(run_dir, name, &now, NULL) == 0 && now.boots == os.boots &&
		    now.leader > 0)
			kill(now.leader, SIGNAL_REBOOT);
		if (is_up_again(run_dir, name, os.boots, &is_gone))
			return 0;
		if (is_gone)
			return hp_err_set(err, ECHILD, "the operating system of %s ended instead of rebooting", name);
		poll(NULL, 0, LOOK_MS);
	}
	hp_err_set(err, ETIMEDOUT, "the operating system of %s was not up again within %u s", name, seconds);
	hp_err_hint(err, "see its console: partctl console %s; force it: partctl stop %s --now", name, name);
	return -ETIMEDOUT;
}
