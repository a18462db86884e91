/* SPDX-License-Identifier: GPL-2.0 */
/* watch.h: the kinds of event sources, each with its own file (private to partd). */
#ifndef PARTD_WATCH_H
#define PARTD_WATCH_H

#include "agent.h"

enum { WATCH_SOURCES_MAX = 512 };

/* What watches_rebuild() made and watches_free() ends: sources in order, descriptors that they use. */
struct watches {
	sd_event_source *sources[WATCH_SOURCES_MAX];
	int fds[WATCH_SOURCES_MAX];	/* closed with the source; -1 = not ours */
	void (*ends[WATCH_SOURCES_MAX])(void *handle);
	void *handles[WATCH_SOURCES_MAX];
	size_t count;
};

/* Watches fd for `events`; the watches own fd (unless -1 is to stay open with `end` and `handle`). */
int watch_add(struct agent *agent, int fd, uint32_t events, sd_event_io_handler_t handler, void *arg, bool owns_fd,
	      void (*end)(void *handle), void *handle);

/* Files that apply wrote: inotify on each. */
void watch_files(struct agent *agent);
/* Partition types: the kernel tells when one becomes invalid. */
void watch_partitions(struct agent *agent);
/* The domains' inits: a pidfd each. */
void watch_inits(struct agent *agent);
/* The module's events: refusals. */
void watch_module(struct agent *agent);
/* Ports and links in every namespace, nftables in the base. */
void watch_network(struct agent *agent);

#endif
