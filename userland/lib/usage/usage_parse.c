// SPDX-License-Identifier: GPL-2.0
/* usage_parse.c: the texts of the kernel's counters as numbers. */
#include "usage/usage_parse.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

enum { SECTOR_BYTES = 512 };	/* of /proc/diskstats, whatever the disk's own is */

uint64_t usage_parse_number(const char *text)
{
	if (!text)
		return HP_USAGE_UNKNOWN;
	if (strcmp(text, "max") == 0)
		return HP_USAGE_UNLIMITED;
	return *text >= '0' && *text <= '9' ? strtoull(text, NULL, 10) : HP_USAGE_UNKNOWN;
}

static const char *next_line(const char *line)
{
	line = strchr(line, '\n');
	return line ? line + 1 : NULL;
}

uint64_t usage_parse_key(const char *text, const char *key)
{
	size_t length = strlen(key);

	for (const char *line = text; line && *line; line = next_line(line))
		if (strncmp(line, key, length) == 0 && (line[length] == ' ' || line[length] == ':'))
			return usage_parse_number(line + length + 1 + strspn(line + length + 1, " "));
	return HP_USAGE_UNKNOWN;
}

struct hp_usage_pressure usage_parse_pressure(const char *text)
{
	struct hp_usage_pressure pressure = { HP_USAGE_UNKNOWN, HP_USAGE_UNKNOWN };

	for (const char *line = text; line && *line; line = next_line(line)) {
		uint64_t total;

		if (sscanf(line, "some avg10=%*f avg60=%*f avg300=%*f total=%" SCNu64, &total) == 1)
			pressure.some_us = total;
		else if (sscanf(line, "full avg10=%*f avg60=%*f avg300=%*f total=%" SCNu64, &total) == 1)
			pressure.full_us = total;
	}
	return pressure;
}

uint64_t usage_parse_list(const char *text)
{
	hp_autobitmap set = hwloc_bitmap_alloc();

	if (!text || !set || hp_cpulist_parse(text, set) < 0)
		return HP_USAGE_UNKNOWN;
	return (uint64_t)hwloc_bitmap_weight(set);
}

void usage_add(uint64_t *sum, uint64_t value)
{
	if (value != HP_USAGE_UNKNOWN)
		*sum = *sum == HP_USAGE_UNKNOWN ? value : *sum + value;
}

/* A device that did nothing yet is "8:0 " alone, or not there. */
void usage_parse_io_stat(const char *text, usage_disk_fn each, void *arg)
{
	for (const char *line = text; line && *line; line = next_line(line)) {
		struct usage_disk disk = { 0 };

		if (sscanf(line, "%u:%u rbytes=%" SCNu64 " wbytes=%" SCNu64 " rios=%" SCNu64 " wios=%" SCNu64, &disk.major,
			   &disk.minor, &disk.read_bytes, &disk.written_bytes, &disk.reads, &disk.writes) == 6)
			each(arg, &disk);
	}
}

void usage_parse_diskstats(const char *text, usage_disk_fn each, void *arg)
{
	for (const char *line = text; line && *line; line = next_line(line)) {
		struct usage_disk disk = { 0 };
		uint64_t read_sectors, written_sectors;

		if (sscanf(line, "%u %u %*s %" SCNu64 " %*u %" SCNu64 " %*u %" SCNu64 " %*u %" SCNu64, &disk.major, &disk.minor,
			   &disk.reads, &read_sectors, &disk.writes, &written_sectors) != 6)
			continue;
		disk.read_bytes = read_sectors * SECTOR_BYTES;
		disk.written_bytes = written_sectors * SECTOR_BYTES;
		each(arg, &disk);
	}
}

/* "  eth0: BYTES PACKETS errs DROP fifo frame compressed multicast BYTES PACKETS errs DROP ..." */
void usage_parse_net_dev(const char *text, usage_port_fn each, void *arg)
{
	for (const char *line = text; line && *line; line = next_line(line)) {
		struct usage_port port = { 0 };
		uint64_t received_drops, sent_drops;

		if (sscanf(line, " %15[^: \n]: %" SCNu64 " %" SCNu64 " %*u %" SCNu64 " %*u %*u %*u %*u %" SCNu64 " %" SCNu64
			   " %*u %" SCNu64, port.name, &port.received_bytes, &port.received_packets, &received_drops,
			   &port.sent_bytes, &port.sent_packets, &sent_drops) != 7)
			continue;
		port.dropped_packets = received_drops + sent_drops;
		each(arg, &port);
	}
}
