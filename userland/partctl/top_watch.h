/* SPDX-License-Identifier: GPL-2.0 */
/* top_watch.h: partctl top at a terminal. */
#ifndef TOP_WATCH_H
#define TOP_WATCH_H

#include "top_source.h"

/* Until the person quits or a signal comes; the terminal is given back in every case. */
int top_watch(struct run *run, struct top_source *source, unsigned int interval_ms, struct hp_err *err);

#endif
