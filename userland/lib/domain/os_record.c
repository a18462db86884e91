// SPDX-License-Identifier: GPL-2.0
/* os_record.c: the files that say which operating system runs in a domain. */
#include "domain/hp_os.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_file.h"
#include "base/hp_json.h"
#include "base/hp_text.h"

const char *const hp_os_phase_words[] = { "starting", "running", "stopping", NULL };

char *hp_os_path(const char *run_dir, const char *name, const char *suffix)
{
	return hp_format("%s/os/%s%s", run_dir, name, suffix);
}

int hp_os_record(const char *run_dir, const char *name, const struct hp_os *os, struct hp_err *err)
{
	hp_autofree char *path = hp_os_path(run_dir, name, ".json");
	hp_autojson *record = json_object_new_object();
	const char *text;

	if (!path || !record)
		return hp_err_set(err, ENOMEM, "out of memory");
	json_object_object_add(record, "keeper", json_object_new_int(os->keeper));
	json_object_object_add(record, "leader", json_object_new_int(os->leader));
	json_object_object_add(record, "phase", json_object_new_string(hp_os_phase_words[os->phase]));
	json_object_object_add(record, "boots", json_object_new_int64(os->boots));
	json_object_object_add(record, "uid_shift", json_object_new_int64(os->uid_shift));
	json_object_object_add(record, "root", json_object_new_string(os->root));
	json_object_object_add(record, "since", json_object_new_int64(os->since));
	text = json_object_to_json_string(record);
	return hp_file_replace(path, text, strlen(text), 0600, err);
}

/* The keeper holds the lock; a lock that can be had means that it is dead. */
static bool is_kept(const char *run_dir, const char *name)
{
	hp_autofree char *path = hp_os_path(run_dir, name, ".lock");
	hp_autofd int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

static int open_recorded(const char *run_dir, const char *name, struct hp_os *os)
{
	hp_autofree char *path = hp_os_path(run_dir, name, ".json");
	hp_autojson *record = path ? json_object_from_file(path) : NULL;
	const char *root, *phase;

	if (!record)
		return -ENOENT;
	os->keeper = (pid_t)hp_json_int(record, "keeper");
	os->pidfd = (int)syscall(SYS_pidfd_open, os->keeper, 0);
	/* Asked after the pidfd is held: a keeper that lives now is the one that the pidfd means. */
	if (os->pidfd < 0 || !is_kept(run_dir, name))
		return -ENOENT;
	os->leader = (pid_t)hp_json_int(record, "leader");
	os->boots = (unsigned int)hp_json_int(record, "boots");
	os->uid_shift = (uint32_t)hp_json_int(record, "uid_shift");
	os->since = (time_t)hp_json_int(record, "since");
	root = hp_json_text(record, "root");
	os->root = strdup(root ? root : "");
	phase = hp_json_text(record, "phase");
	for (int i = 0; phase && hp_os_phase_words[i]; i++)
		if (strcmp(phase, hp_os_phase_words[i]) == 0)
			os->phase = (enum hp_os_phase)i;
	return os->root ? 0 : -ENOMEM;
}

int hp_os_open(const char *run_dir, const char *name, struct hp_os *os, struct hp_err *err)
{
	int ret = open_recorded(run_dir, name, os);

	if (ret == 0)
		return 0;
	hp_os_close(os);
	if (ret == -ENOMEM)
		return hp_err_set(err, ENOMEM, "out of memory");
	hp_err_set(err, ENOENT, "no operating system is booted in domain '%s'", name);
	hp_err_hint(err, "start it with: partctl boot %s", name);
	return -ENOENT;
}

void hp_os_close(struct hp_os *os)
{
	hp_close_fd(&os->pidfd);
	free(os->root);
	*os = (struct hp_os)HP_OS_INIT;
}

bool hp_os_is_held(const char *run_dir, const char *name)
{
	hp_autofree char *path = hp_os_path(run_dir, name, ".held");

	return path && access(path, F_OK) == 0;
}

int hp_os_put_functions(const char *run_dir, const char *name, const char *list, struct hp_err *err)
{
	hp_autofree char *dir = hp_format("%s/os", run_dir);
	hp_autofree char *path = hp_os_path(run_dir, name, ".functions");
	hp_autoos os = HP_OS_INIT;
	int ret;

	if (!dir || !path)
		return hp_err_set(err, ENOMEM, "out of memory");
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return hp_err_errno(err, errno, "mkdir %s", dir);
	ret = hp_file_replace(path, list, strlen(list), 0600, err);
	if (ret)
		return ret;
	if (hp_os_open(run_dir, name, &os, NULL) == 0)
		kill(os.keeper, SIGHUP);
	return 0;
}
