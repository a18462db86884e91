// SPDX-License-Identifier: GPL-2.0
/* record.c: the file that says which process is a domain's init. */
#include "domain/hp_domain.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_file.h"
#include "base/hp_json.h"
#include "base/hp_text.h"

#define STAT_START_FIELD 22	/* of /proc/PID/stat, counted from 1 */

char *hp_domain_record_path(const char *run_dir, const char *name)
{
	return hp_format("%s/domains/%s.json", run_dir, name);
}

static char *read_proc(pid_t pid, const char *file)
{
	hp_autofree char *path = hp_format("/proc/%d/%s", pid, file);
	hp_autofd int fd = -1;
	char text[4096];
	ssize_t len;

	if (!path)
		return NULL;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	return len < 0 ? NULL : strndup(text, (size_t)len);
}

/* Clock ticks after boot at which the process began; 0 when there is no such process. */
static uint64_t start_ticks(pid_t pid)
{
	hp_autofree char *stat = read_proc(pid, "stat");
	/* The name in field 2 may hold spaces and parentheses; field 3 follows its last ")". */
	char *field = stat ? strrchr(stat, ')') : NULL;

	for (int i = 2; field && i < STAT_START_FIELD; i++)
		field = strchr(field + 1, ' ');
	return field ? strtoull(field + 1, NULL, 10) : 0;
}

int hp_domain_record(const char *run_dir, const char *name, pid_t pid, const char *cgroup, struct hp_err *err)
{
	hp_autofree char *path = hp_domain_record_path(run_dir, name);
	hp_autojson *record = json_object_new_object();
	const char *text;

	if (!path || !record)
		return hp_err_set(err, ENOMEM, "out of memory");
	json_object_object_add(record, "pid", json_object_new_int(pid));
	json_object_object_add(record, "start_ticks", json_object_new_int64((int64_t)start_ticks(pid)));
	json_object_object_add(record, "cgroup", json_object_new_string(cgroup));
	text = json_object_to_json_string(record);
	return hp_file_replace(path, text, strlen(text), 0600, err);
}

char *hp_domain_recorded_cgroup(const char *run_dir, const char *name)
{
	hp_autofree char *path = hp_domain_record_path(run_dir, name);
	hp_autojson *record = path ? json_object_from_file(path) : NULL;
	const char *cgroup = record ? hp_json_text(record, "cgroup") : NULL;

	return cgroup ? strdup(cgroup) : NULL;
}

void hp_domain_names_free(char **names)
{
	for (size_t i = 0; names && names[i]; i++)
		free(names[i]);
	free(names);
}

static int compare_names(const void *a, const void *b)
{
	return hp_natural_cmp(*(char *const *)a, *(char *const *)b);
}

char **hp_domain_names(const char *run_dir)
{
	char **names = calloc(1, sizeof(*names)), **grown;
	hp_autofree char *path = NULL;
	hp_autodir DIR *dir = NULL;
	struct dirent *entry;
	size_t count = 0;

	if (!names || asprintf(&path, "%s/domains", run_dir) < 0)
		return names;
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		const char *dot = strchr(entry->d_name, '.');

		if (!dot || dot == entry->d_name || strcmp(dot, ".json") != 0)
			continue;
		grown = reallocarray(names, count + 2, sizeof(*names));
		if (!grown)
			break;
		names = grown;
		names[count] = strndup(entry->d_name, (size_t)(dot - entry->d_name));
		names[++count] = NULL;
	}
	qsort(names, count, sizeof(*names), compare_names);
	return names;
}

static int no_such_domain(const char *run_dir, const char *name, struct hp_err *err)
{
	char **names = hp_domain_names(run_dir);
	const char *near = names ? hp_word_nearest(name, (const char *const *)names) : NULL;
	hp_autofree char *all = names && names[0] ? hp_words_join((const char *const *)names) : NULL;

	hp_err_set(err, ENOENT, "no domain '%s' is running", name);
	if (near)
		hp_err_hint(err, "did you mean '%s'?", near);
	else if (all)
		hp_err_hint(err, "running: %s", all);
	else
		hp_err_hint(err, "no domain is; start them with: partctl apply POLICY");
	hp_domain_names_free(names);
	return -ENOENT;
}

/* "0::/hostpart/alpha/init" -> "hostpart/alpha"; anything unexpected is returned whole. */
static char *own_cgroup(pid_t pid)
{
	hp_autofree char *text = read_proc(pid, "cgroup");
	char *line = text && strncmp(text, "0::/", 4) == 0 ? text : text ? strstr(text, "\n0::/") : NULL;
	char *end;

	if (!line)
		return NULL;
	line += line == text ? 4 : 5;
	line[strcspn(line, "\n")] = '\0';
	end = strrchr(line, '/');
	if (end && strcmp(end + 1, HP_DOMAIN_INIT_LEAF) == 0)
		*end = '\0';
	return strdup(line);
}

static bool is_alive(int pidfd)
{
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };

	return poll(&ended, 1, 0) == 0;
}

static int open_recorded(const char *path, struct hp_domain *domain)
{
	hp_autojson *record = json_object_from_file(path);
	struct json_object *pid, *ticks;

	if (!record || !json_object_object_get_ex(record, "pid", &pid) ||
	    !json_object_object_get_ex(record, "start_ticks", &ticks))
		return -ENOENT;
	domain->pid = json_object_get_int(pid);
	domain->pidfd = (int)syscall(SYS_pidfd_open, domain->pid, 0);
	/* Compared after the pidfd is held: from then on the pid is not reused. */
	if (domain->pidfd < 0 || start_ticks(domain->pid) != (uint64_t)json_object_get_int64(ticks))
		return -ESRCH;
	domain->cgroup = own_cgroup(domain->pid);
	return domain->cgroup && is_alive(domain->pidfd) ? 0 : -ESRCH;
}

int hp_domain_open(const char *run_dir, const char *name, struct hp_domain *domain, bool *is_dead,
		   struct hp_err *err)
{
	hp_autofree char *path = hp_domain_record_path(run_dir, name);
	int ret = path ? open_recorded(path, domain) : -ENOMEM;

	if (is_dead)
		*is_dead = ret == -ESRCH;
	if (ret == 0)
		return 0;
	hp_domain_close(domain);
	if (ret == -ENOMEM)
		return hp_err_set(err, ENOMEM, "out of memory");
	if (ret == -ENOENT)
		return no_such_domain(run_dir, name, err);
	hp_err_set(err, ENOENT, "the init of domain '%s' is dead, and everything in the domain with it", name);
	hp_err_hint(err, "partd starts it again; without partd: partctl apply POLICY");
	return -ENOENT;
}

void hp_domain_close(struct hp_domain *domain)
{
	if (domain->pidfd >= 0)
		close(domain->pidfd);
	free(domain->cgroup);
	*domain = (struct hp_domain)HP_DOMAIN_INIT;
}
