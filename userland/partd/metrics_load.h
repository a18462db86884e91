/* SPDX-License-Identifier: GPL-2.0 */
/* metrics_load.h: loads what counts waits, beside the event loop (private to partd). */
#ifndef PARTD_METRICS_LOAD_H
#define PARTD_METRICS_LOAD_H

#include <systemd/sd-event.h>
#include "bpf/hp_contention.h"
#include "bpf/hp_waits.h"

/*
 * A thread that takes over what is pinned, and loads and pins what is not: the
 * kernel takes up to a second for each object, longer on a slow machine, and
 * the loop must not wait for it. It touches nothing of partd but what it was
 * given, which is copied; its results are read after its end.
 */
struct load;

struct load_result {
	struct hp_contention *contention;	/* NULL = nothing can be counted */
	struct hp_waits *waits;			/* NULL = only waits for processors are */
};

/* Calls done(arg) from the loop when it has ended. NULL when it could not begin (which was logged). */
struct load *load_start(sd_event *loop, const struct hp_contention_options *options, const char *pins,
			void (*done)(void *arg), void *arg);
/* Ends after the object that is being loaded now. */
void load_cancel(struct load *load);
bool load_is_cancelled(const struct load *load);
/* Waits for its end, hands over the result and frees it. What was cancelled may be half. */
struct load_result load_finish(struct load *load);

#endif
