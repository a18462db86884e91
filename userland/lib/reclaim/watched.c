// SPDX-License-Identifier: GPL-2.0
/* watched.c: finds the processes of a domain and keeps track of the largest. */
#include "hp_watched.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_cgroup2.h"

enum { DEPTH_MAX = 16 };
#define RESIDENT_MIN_BYTES (UINT64_C(1) << 20)

/* What was read of one process. */
struct seen {
	pid_t pid;
	uint64_t started, code, resident_bytes;
	char comm[16];
};

/* The largest ones of a look. */
struct look {
	struct hp_root *root;
	struct seen items[HP_WATCHED_MAX];
	size_t count, total;
};

/* "PID (comm) S ..." with the 22nd, 24th and 26th field; a name may hold anything, the last ')' ends it. */
static bool read_stat(struct hp_root *root, pid_t pid, struct seen *seen)
{
	hp_autofree char *text = hp_root_readf(root, "/proc/%d/stat", pid);
	char *open = text ? strchr(text, '(') : NULL, *close = text ? strrchr(text, ')') : NULL;
	uint64_t pages = 0;

	if (!open || !close || close < open)
		return false;
	*seen = (struct seen){ .pid = pid };
	snprintf(seen->comm, sizeof(seen->comm), "%.*s", (int)(close - open - 1), open + 1);
	if (sscanf(close + 1,
		   " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %" SCNu64
		   " %*u %" SCNu64 " %*u %" SCNu64, &seen->started, &pages, &seen->code) != 3)
		return false;
	seen->resident_bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
	return true;
}

/* Keeps the list sorted, the largest first. */
static void consider(struct look *look, pid_t pid)
{
	struct seen seen;
	size_t place = look->count;

	look->total++;
	if (!read_stat(look->root, pid, &seen) || seen.resident_bytes < RESIDENT_MIN_BYTES)
		return;
	while (place && look->items[place - 1].resident_bytes < seen.resident_bytes)
		place--;
	if (place == HP_WATCHED_MAX)
		return;
	if (look->count < HP_WATCHED_MAX)
		look->count++;
	memmove(&look->items[place + 1], &look->items[place], (look->count - place - 1) * sizeof(seen));
	look->items[place] = seen;
}

static void walk(struct look *look, int dir, unsigned int depth)
{
	hp_autofd int procs = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	hp_autofile FILE *file = procs < 0 ? NULL : fdopen(procs, "re");
	hp_autodir DIR *list = NULL;
	struct dirent *entry;
	int pid, copy;

	if (file)
		procs = -1;
	while (file && fscanf(file, "%d", &pid) == 1)
		consider(look, pid);
	copy = depth < DEPTH_MAX ? openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	list = copy < 0 ? NULL : fdopendir(copy);
	while (list && (entry = readdir(list))) {
		hp_autofd int below = -1;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		below = openat(dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (below >= 0)
			walk(look, below, depth + 1);
	}
}

static void forget(struct hp_watched *watched, size_t i, struct hp_watched_change *change)
{
	if (change->gone_count < HP_WATCHED_MAX)
		change->gone[change->gone_count++] = watched->items[i].space;
	change->is_any = true;
	close(watched->items[i].pidfd);
	watched->count--;
	memmove(&watched->items[i], &watched->items[i + 1], (watched->count - i) * sizeof(watched->items[0]));
}

/* Those that ended, left, or are no longer among the largest. */
static void drop_old(struct hp_watched *watched, const struct look *look, struct hp_watched_change *change)
{
	for (size_t i = 0; i < watched->count; i++)
		watched->items[i].is_there = false;
	for (size_t i = 0; i < look->count; i++) {
		struct hp_process *process = hp_watched_find_pid(watched, look->items[i].pid);

		if (!process || process->started != look->items[i].started)
			continue;
		process->is_there = true;
		process->resident_bytes = look->items[i].resident_bytes;
		memcpy(process->comm, look->items[i].comm, sizeof(process->comm));
	}
	for (size_t i = watched->count; i-- > 0;)
		if (!watched->items[i].is_there)
			forget(watched, i, change);
}

static void add(struct hp_watched *watched, struct hp_root *root, const struct seen *seen, struct hp_watched_change *change)
{
	struct seen again;
	struct hp_process process = {
		.space = ++watched->next_space, .pid = seen->pid, .started = seen->started, .code = seen->code,
		.resident_bytes = seen->resident_bytes, .is_there = true,
	};

	if (watched->count == HP_WATCHED_MAX)
		return;
	process.pidfd = (int)syscall(SYS_pidfd_open, seen->pid, 0);
	if (process.pidfd < 0)
		return;
	/* The number may have been given to another process between the look and the descriptor. */
	if (!read_stat(root, seen->pid, &again) || again.started != seen->started) {
		close(process.pidfd);
		return;
	}
	memcpy(process.comm, seen->comm, sizeof(process.comm));
	watched->items[watched->count++] = process;
	change->is_any = true;
}

int hp_watched_look(struct hp_watched *watched, struct hp_root *root, const char *cgroup,
		    struct hp_watched_change *change, struct hp_err *err)
{
	hp_autofd int dir = hp_cgroup_open(cgroup, err);
	struct look look = { .root = root };

	*change = (struct hp_watched_change){ 0 };
	if (dir < 0)
		return dir;
	walk(&look, dir, 0);
	watched->total = look.total;
	drop_old(watched, &look, change);
	for (size_t i = 0; i < look.count; i++) {
		struct hp_process *process = hp_watched_find_pid(watched, look.items[i].pid);

		if (!process) {
			add(watched, root, &look.items[i], change);
		} else if (process->code != look.items[i].code) {
			/* Another program: its addresses have nothing to do with those before. */
			change->gone[change->gone_count++ % HP_WATCHED_MAX] = process->space;
			process->space = ++watched->next_space;
			process->code = look.items[i].code;
			change->is_any = true;
		}
	}
	return 0;
}

struct hp_process *hp_watched_find(struct hp_watched *watched, uint64_t space)
{
	for (size_t i = 0; i < watched->count; i++)
		if (watched->items[i].space == space)
			return &watched->items[i];
	return NULL;
}

struct hp_process *hp_watched_find_pid(struct hp_watched *watched, pid_t pid)
{
	for (size_t i = 0; i < watched->count; i++)
		if (watched->items[i].pid == pid)
			return &watched->items[i];
	return NULL;
}

bool hp_process_is_in(struct hp_root *root, const struct hp_process *process, const char *cgroup)
{
	hp_autofree char *text = hp_root_readf(root, "/proc/%d/cgroup", process->pid);
	const char *line = text ? strstr(text, "0::/") : NULL;
	struct pollfd ended = { .fd = process->pidfd, .events = POLLIN };
	size_t length = strlen(cgroup);

	if (!line || strncmp(line + 4, cgroup, length) != 0 || !strchr("/\n", line[4 + length]))
		return false;
	/* Asked last: the number was this process's own while its file was read. */
	return poll(&ended, 1, 0) == 0;
}

void hp_watched_clear(struct hp_watched *watched)
{
	for (size_t i = 0; i < watched->count; i++)
		close(watched->items[i].pidfd);
	*watched = (struct hp_watched){ .next_space = watched->next_space };
}
