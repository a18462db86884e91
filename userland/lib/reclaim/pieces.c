// SPDX-License-Identifier: GPL-2.0
/* pieces.c: finds out which memory of a process is its own and in memory. */
#include "hp_free.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/hp_auto.h"

enum { ENTRIES = 512 };
#define PAGE_PRESENT (UINT64_C(1) << 63)

/* The kernel's pages; the constant of the machines that hostpart runs on would do, but asking is as cheap. */
static uint64_t page_bytes(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

static int open_proc(struct hp_root *root, pid_t pid, const char *file)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	return hp_root_openat(root, path, O_RDONLY | O_CLOEXEC, NULL);
}

/* "START-END PERMS OFFSET DEVICE INODE   NAME" */
static bool is_own(const char *line, struct hp_anon *anon)
{
	char permissions[8], name[16] = "";
	uint64_t inode = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %*s %*s %" SCNu64 " %15s", &anon->start, &anon->end, permissions,
		   &inode, name) < 4)
		return false;
	if (inode || permissions[3] != 'p')
		return false;
	/* Not the stacks, which are small and hot, nor what the kernel maps. */
	return !*name || strcmp(name, "[heap]") == 0 || strncmp(name, "[anon", 5) == 0;
}

static int add(struct hp_anons *anons, const struct hp_anon *anon)
{
	struct hp_anon *items;

	if (anons->count && anons->items[anons->count - 1].end == anon->start) {
		anons->items[anons->count - 1].end = anon->end;
		return 0;
	}
	if (anons->count % 64 == 0) {
		items = reallocarray(anons->items, anons->count + 64, sizeof(*items));
		if (!items)
			return -ENOMEM;
		anons->items = items;
	}
	anons->items[anons->count++] = *anon;
	return 0;
}

int hp_anons_read(struct hp_root *root, pid_t pid, struct hp_anons *anons)
{
	hp_autofd int fd = open_proc(root, pid, "maps");
	hp_autofile FILE *file = fd < 0 ? NULL : fdopen(fd, "re");
	hp_autofree char *line = NULL;
	size_t size = 0;
	struct hp_anon anon;

	*anons = (struct hp_anons){ 0 };
	if (!file)
		return fd < 0 ? fd : -ENOMEM;
	fd = -1;
	while (getline(&line, &size, file) > 0) {
		if (is_own(line, &anon) && add(anons, &anon) < 0) {
			hp_anons_clear(anons);
			return -ENOMEM;
		}
	}
	return 0;
}

void hp_anons_clear(struct hp_anons *anons)
{
	free(anons->items);
	*anons = (struct hp_anons){ 0 };
}

/* Counts on in one mapping; true when enough was found. */
static bool count_pages(int fd, uint64_t start, uint64_t end, uint64_t max_bytes, struct hp_piece *piece)
{
	uint64_t entries[ENTRIES], page = page_bytes();

	for (uint64_t at = start; at < end;) {
		uint64_t pages = (end - at) / page < ENTRIES ? (end - at) / page : ENTRIES;
		ssize_t got = pages ? pread(fd, entries, pages * sizeof(*entries), (off_t)(at / page * sizeof(*entries))) : 0;

		if (got <= 0)
			return false;
		for (size_t i = 0; i < (size_t)got / sizeof(*entries); i++) {
			piece->looked_bytes += page;
			if (entries[i] & PAGE_PRESENT)
				piece->resident_bytes += page;
			at += page;
			if (piece->resident_bytes >= max_bytes) {
				piece->end = at;
				return true;
			}
		}
	}
	return false;
}

int hp_piece_find(struct hp_root *root, pid_t pid, const struct hp_anons *anons, uint64_t start, uint64_t end,
		  uint64_t max_bytes, struct hp_piece *piece)
{
	hp_autofd int fd = open_proc(root, pid, "pagemap");

	*piece = (struct hp_piece){ .end = end };
	if (fd < 0)
		return fd;
	for (size_t i = 0; i < anons->count; i++) {
		uint64_t low = anons->items[i].start > start ? anons->items[i].start : start;
		uint64_t high = anons->items[i].end < end ? anons->items[i].end : end;

		if (low < high && count_pages(fd, low, high, max_bytes, piece))
			break;
	}
	return 0;
}

uint64_t hp_resident_estimate(struct hp_root *root, pid_t pid, uint64_t start, uint64_t end, unsigned int samples)
{
	hp_autofd int fd = open_proc(root, pid, "pagemap");
	uint64_t page = page_bytes(), pages = (end - start) / page, step, present = 0, looked = 0;

	if (fd < 0 || !pages || !samples)
		return 0;
	step = pages > samples ? pages / samples : 1;
	for (uint64_t i = step / 2; i < pages; i += step) {
		uint64_t entry;

		if (pread(fd, &entry, sizeof(entry), (off_t)((start / page + i) * sizeof(entry))) != sizeof(entry))
			break;
		looked++;
		present += entry >> 63;
	}
	return looked ? (uint64_t)((double)(end - start) * (double)present / (double)looked) : 0;
}
