/* SPDX-License-Identifier: GPL-2.0 */
/* usage_parse.h: the texts of the kernel's counters as numbers; each NULL text is an unknown value. */
#ifndef USAGE_PARSE_H
#define USAGE_PARSE_H

#include "usage/hp_usage.h"

/* "4096" or "max". */
uint64_t usage_parse_number(const char *text);
/* The number behind a key that begins a line: "usage_usec 17". */
uint64_t usage_parse_key(const char *text, const char *key);
/* "some avg10=0.00 ... total=17" and the same with full. */
struct hp_usage_pressure usage_parse_pressure(const char *text);
/* How many numbers a kernel list has: "0-3,8" is 5. */
uint64_t usage_parse_list(const char *text);

/* Adds to a sum that was unknown until something is known. */
void usage_add(uint64_t *sum, uint64_t value);

/* Calls each for every line of io.stat ("8:0 rbytes=1 ...") or /proc/diskstats. */
struct usage_disk {
	unsigned int major, minor;
	uint64_t read_bytes, written_bytes, reads, writes;
};
typedef void (*usage_disk_fn)(void *arg, const struct usage_disk *disk);
void usage_parse_io_stat(const char *text, usage_disk_fn each, void *arg);
void usage_parse_diskstats(const char *text, usage_disk_fn each, void *arg);

/* Calls each for every line of /proc/PID/net/dev. */
struct usage_port {
	char name[16];
	uint64_t received_bytes, sent_bytes, received_packets, sent_packets, dropped_packets;
};
typedef void (*usage_port_fn)(void *arg, const struct usage_port *port);
void usage_parse_net_dev(const char *text, usage_port_fn each, void *arg);

#endif
