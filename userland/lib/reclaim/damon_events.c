// SPDX-License-Identifier: GPL-2.0
/* damon_events.c: reads what a kdamond tells at the end of each window, through a perf event of its thread. */
#include "hp_damon.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

/*
 * Why a perf event and not schemes_tried_regions in sysfs: that one says
 * neither which process a region belongs to nor all of a window at once, and
 * costs four opened files for each region. A perf event goes away with its
 * process, so nothing is left behind when it is killed.
 */
enum { RING_PAGES = 64, RECORD_MAX = 512 };

struct hp_damon_events {
	int fd;
	struct perf_event_mmap_page *page;
	size_t size;		/* of the mapping */
	char *ring;
	uint64_t ring_size, lost;
	/* Where the fields stand in a record, from the kernel's own description. */
	unsigned int target_at, start_at, end_at, accesses_at, regions_at, bytes;
};

/* A private mount of tracefs: nobody else sees it, and it ends with its descriptor. */
static int open_tracefs(struct hp_err *err)
{
	hp_autofd int fs = fsopen("tracefs", FSOPEN_CLOEXEC);
	int fd;

	if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return hp_err_errno(err, errno, "opening tracefs");
	fd = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	return fd < 0 ? hp_err_errno(err, errno, "mounting tracefs") : fd;
}

static int read_text(int dir, const char *name, char *text, size_t size)
{
	hp_autofd int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);

	if (length < 0)
		return -errno;
	text[length] = '\0';
	return 0;
}

/* "	field:unsigned long start;	offset:24;	size:8;	signed:0;" */
static bool find_field(const char *format, const char *name, unsigned int size, unsigned int *offset)
{
	hp_autofree char *wanted = hp_format(" %s;\toffset:", name);
	unsigned int found = 0;
	const char *at;

	if (!wanted)
		return false;
	at = strstr(format, wanted);
	return at && sscanf(at + strlen(wanted), "%u;\tsize:%u;", offset, &found) == 2 && found == size;
}

static int read_format(struct hp_damon_events *events, uint64_t *id, struct hp_err *err)
{
	hp_autofd int dir = open_tracefs(err);
	char text[4096], number[32];
	const char *fields = text;

	if (dir < 0)
		return dir;
	if (read_text(dir, "events/damon/damon_aggregated/id", number, sizeof(number)) < 0 ||
	    read_text(dir, "events/damon/damon_aggregated/format", text, sizeof(text)) < 0)
		return hp_err_set(err, EOPNOTSUPP, "this kernel does not tell what DAMON sees (no tracepoint damon_aggregated)");
	*id = strtoull(number, NULL, 10);
	if (!find_field(fields, "target_id", 8, &events->target_at) || !find_field(fields, "start", 8, &events->start_at) ||
	    !find_field(fields, "end", 8, &events->end_at) || !find_field(fields, "nr_accesses", 4, &events->accesses_at) ||
	    !find_field(fields, "nr_regions", 4, &events->regions_at))
		return hp_err_set(err, EOPNOTSUPP, "the tracepoint damon_aggregated has other fields than expected");
	events->bytes = events->end_at + 8;
	if (events->accesses_at + 4 > events->bytes)
		events->bytes = events->accesses_at + 4;
	return 0;
}

static int open_event(struct hp_damon_events *events, uint64_t id, pid_t kdamond, struct hp_err *err)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr), .config = id, .sample_period = 1,
		.sample_type = PERF_SAMPLE_RAW, .watermark = 1, .wakeup_watermark = 1,
	};

	events->fd = (int)syscall(SYS_perf_event_open, &attr, kdamond, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (events->fd < 0)
		return hp_err_errno(err, errno, "listening to kdamond %d (perf_event_open)", kdamond);
	events->ring_size = (uint64_t)RING_PAGES * (uint64_t)sysconf(_SC_PAGESIZE);
	events->size = events->ring_size + (size_t)sysconf(_SC_PAGESIZE);
	events->page = mmap(NULL, events->size, PROT_READ | PROT_WRITE, MAP_SHARED, events->fd, 0);
	if (events->page == MAP_FAILED) {
		events->page = NULL;
		return hp_err_errno(err, errno, "mapping what kdamond %d tells", kdamond);
	}
	events->ring = (char *)events->page + sysconf(_SC_PAGESIZE);
	return 0;
}

int hp_damon_events_open(pid_t kdamond, struct hp_damon_events **events, struct hp_err *err)
{
	struct hp_damon_events *made = calloc(1, sizeof(*made));
	uint64_t id = 0;
	int ret;

	if (!made)
		return hp_err_set(err, ENOMEM, "out of memory");
	made->fd = -1;
	ret = read_format(made, &id, err);
	if (ret == 0)
		ret = open_event(made, id, kdamond, err);
	if (ret < 0)
		hp_damon_events_close(made);
	else
		*events = made;
	return ret;
}

void hp_damon_events_close(struct hp_damon_events *events)
{
	if (!events)
		return;
	if (events->page)
		munmap(events->page, events->size);
	if (events->fd >= 0)
		close(events->fd);
	free(events);
}

int hp_damon_events_fd(const struct hp_damon_events *events)
{
	return events->fd;
}

uint64_t hp_damon_events_lost(const struct hp_damon_events *events)
{
	return events->lost;
}

/* From anywhere in the ring, over its end. */
static void copy_out(const struct hp_damon_events *events, uint64_t at, void *into, size_t size)
{
	uint64_t offset = at % events->ring_size, first = events->ring_size - offset;

	if (first > size)
		first = size;
	memcpy(into, events->ring + offset, first);
	memcpy((char *)into + first, events->ring, size - first);
}

/* A record's body: the raw data's length and the raw data. */
static bool decode(const struct hp_damon_events *events, const char *body, size_t size, struct hp_damon_seen *seen)
{
	const char *raw = body + sizeof(uint32_t);

	if (size < sizeof(uint32_t) + events->bytes)
		return false;
	memcpy(&seen->target, raw + events->target_at, sizeof(seen->target));
	memcpy(&seen->start, raw + events->start_at, sizeof(seen->start));
	memcpy(&seen->end, raw + events->end_at, sizeof(seen->end));
	memcpy(&seen->accesses, raw + events->accesses_at, sizeof(seen->accesses));
	memcpy(&seen->regions, raw + events->regions_at, sizeof(seen->regions));
	return true;
}

void hp_damon_events_read(struct hp_damon_events *events, void (*fn)(void *arg, const struct hp_damon_seen *seen), void *arg)
{
	uint64_t head = __atomic_load_n(&events->page->data_head, __ATOMIC_ACQUIRE), tail = events->page->data_tail;

	while (tail < head) {
		struct perf_event_header header;
		char body[RECORD_MAX];
		struct hp_damon_seen seen;

		copy_out(events, tail, &header, sizeof(header));
		if (header.size < sizeof(header))
			break;
		if (header.size - sizeof(header) <= sizeof(body)) {
			copy_out(events, tail + sizeof(header), body, header.size - sizeof(header));
			if (header.type == PERF_RECORD_LOST)
				events->lost += *(const uint64_t *)(const void *)(body + sizeof(uint64_t));
			else if (header.type == PERF_RECORD_SAMPLE && decode(events, body, header.size - sizeof(header), &seen))
				fn(arg, &seen);
		}
		tail += header.size;
	}
	__atomic_store_n(&events->page->data_tail, tail, __ATOMIC_RELEASE);
}
