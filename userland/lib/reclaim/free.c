// SPDX-License-Identifier: GPL-2.0
/* free.c: frees memory of a process or from a domain's lists, and reads what the domain's memory does. */
#include "hp_free.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_cgroup2.h"
#include "base/hp_text.h"

enum { VECTORS = 64, SWAP_ROOM_BYTES = 1 << 20 };

static int64_t advise(int pidfd, const struct iovec *vectors, size_t count, enum hp_free_how how)
{
	long advised = syscall(SYS_process_madvise, pidfd, vectors, count, how == HP_FREE_OUT ? MADV_PAGEOUT : MADV_COLD, 0);

	return advised < 0 ? -errno : advised;
}

int64_t hp_free_pages(int pidfd, const struct hp_anons *anons, uint64_t start, uint64_t end, enum hp_free_how how)
{
	struct iovec vectors[VECTORS];
	int64_t sum = 0, advised;
	size_t count = 0;

	for (size_t i = 0; i <= anons->count; i++) {
		uint64_t low = 0, high = 0;

		if (i < anons->count) {
			low = anons->items[i].start > start ? anons->items[i].start : start;
			high = anons->items[i].end < end ? anons->items[i].end : end;
		}
		if (low < high)
			vectors[count++] = (struct iovec){ (void *)(uintptr_t)low, high - low };
		if (count && (count == VECTORS || i == anons->count)) {
			advised = advise(pidfd, vectors, count, how);
			if (advised < 0)
				return sum ? sum : advised;
			sum += advised;
			count = 0;
		}
	}
	return sum;
}

int hp_free_from_lists(struct hp_root *root, const char *cgroup, uint64_t bytes, enum hp_lists lists, bool *knows_swappiness)
{
	static const char *const words[] = {
		[HP_LISTS_FILES] = " swappiness=0", [HP_LISTS_ANON] = " swappiness=200", [HP_LISTS_ANY] = "",
	};
	hp_autofree char *path = hp_cgroup_path(cgroup, "memory.reclaim");
	char text[48];
	int ret;

	if (!path)
		return -ENOMEM;
	snprintf(text, sizeof(text), "%" PRIu64 "%s", bytes, *knows_swappiness ? words[lists] : "");
	ret = hp_root_write(root, path, text, NULL);
	if (ret == -EINVAL && *knows_swappiness && lists != HP_LISTS_ANY) {
		*knows_swappiness = false;
		return hp_free_from_lists(root, cgroup, bytes, lists, knows_swappiness);
	}
	/* EAGAIN: less than asked for could be freed. */
	return ret == -EAGAIN ? 0 : ret;
}

/* ---- reading ---- */

static uint64_t field_of(const char *text, const char *name)
{
	hp_autofree char *wanted = hp_format("\n%s ", name);
	const char *at;

	if (!wanted)
		return 0;
	if (strncmp(text, wanted + 1, strlen(wanted + 1)) == 0)
		return strtoull(text + strlen(wanted) - 1, NULL, 10);
	at = strstr(text, wanted);
	return at ? strtoull(at + strlen(wanted), NULL, 10) : 0;
}

static char *read_file(struct hp_root *root, const char *cgroup, const char *file, struct hp_err *err)
{
	hp_autofree char *path = hp_cgroup_path(cgroup, file);
	char *text = NULL;

	return path && hp_root_read(root, path, &text, err) == 0 ? text : NULL;
}

/* UINT64_MAX for "max". */
static uint64_t read_bytes(struct hp_root *root, const char *cgroup, const char *file)
{
	hp_autofree char *text = read_file(root, cgroup, file, NULL);

	return !text ? 0 : *text == 'm' ? UINT64_MAX : strtoull(text, NULL, 10);
}

/*
 * Of the machine's swap a sixteenth stays free for those who need it; of the
 * domain's a little, as with less than 64 pages of room the kernel no longer
 * reclaims memory without files, not even what it has written already.
 */
static uint64_t swap_free(struct hp_root *root, const char *cgroup)
{
	hp_autofree char *text = hp_root_readf(root, "/proc/meminfo");
	uint64_t total = text ? field_of(text, "SwapTotal:") * 1024 : 0, left = text ? field_of(text, "SwapFree:") * 1024 : 0;
	uint64_t max = read_bytes(root, cgroup, "memory.swap.max"), used = read_bytes(root, cgroup, "memory.swap.current");
	uint64_t own = max > used ? max - used : 0, common = left > total / 16 ? left - total / 16 : 0;

	own = own > SWAP_ROOM_BYTES ? own - SWAP_ROOM_BYTES : 0;
	return own < common ? own : common;
}

static void read_pressure(struct hp_root *root, const char *cgroup, struct hp_domain_memory *memory)
{
	hp_autofree char *text = read_file(root, cgroup, "memory.pressure", NULL);
	const char *total = text && strncmp(text, "some ", 5) == 0 ? strstr(text, "total=") : NULL;

	memory->has_pressure = total;
	memory->stalled_us = total ? strtoull(total + 6, NULL, 10) : 0;
}

int hp_domain_memory_read(struct hp_root *root, const char *cgroup, struct hp_domain_memory *memory, struct hp_err *err)
{
	hp_autofree char *stat = read_file(root, cgroup, "memory.stat", err);
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	*memory = (struct hp_domain_memory){ 0 };
	if (!stat)
		return err && err->errnum ? -err->errnum : -ENOENT;
	memory->current_bytes = read_bytes(root, cgroup, "memory.current");
	memory->min_bytes = read_bytes(root, cgroup, "memory.min");
	memory->swap_free_bytes = swap_free(root, cgroup);
	memory->swap_bytes = read_bytes(root, cgroup, "memory.swap.current");
	memory->swap_cached_bytes = field_of(stat, "swapcached");
	memory->writeback_bytes = field_of(stat, "file_writeback");
	memory->anon_bytes = field_of(stat, "anon");
	memory->file_bytes = field_of(stat, "file");
	memory->inactive_file_bytes = field_of(stat, "inactive_file");
	memory->refault_anon_bytes = field_of(stat, "workingset_refault_anon") * page;
	memory->refault_file_bytes = field_of(stat, "workingset_refault_file") * page;
	memory->major_faults = field_of(stat, "pgmajfault");
	read_pressure(root, cgroup, memory);
	return 0;
}
