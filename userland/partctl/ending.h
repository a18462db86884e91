/* SPDX-License-Identifier: GPL-2.0 */
/* ending.h: when a verb that goes on for a while has to end: at its time, or by a signal. */
#ifndef ENDING_H
#define ENDING_H

#include <stdbool.h>
#include <stdint.h>
#include "base/hp_err.h"

/*
 * Blocks SIGINT, SIGTERM and `more` (ended by 0; NULL for none); a descriptor
 * that is readable when one of them came, the caller's to close.
 */
int ending_open_signals(const int *more, struct hp_err *err);
/* So many seconds after begin_ns (CLOCK_MONOTONIC); 0 = never, which is UINT64_MAX. */
uint64_t ending_after(uint64_t begin_ns, unsigned int seconds);
/* Milliseconds until then, for poll(): 0 = it is over, -1 = never. */
int ending_time_left(uint64_t end_ns);
/* Sleeps until then; true when a signal came before. */
bool ending_sleep(int signals, uint64_t end_ns);

#endif
