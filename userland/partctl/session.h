/* SPDX-License-Identifier: GPL-2.0 */
/* session.h: the time between a joined command's start and its end. */
#ifndef SESSION_H
#define SESSION_H

#include "domain/hp_join.h"

/* Blocks the signals that a session handles itself. Call before hp_join_run(), which undoes it in the command. */
void session_prepare(void);
/*
 * Passes signals on to the command, and its terminal's bytes, until it ends.
 * Returns its exit status, 128+n when signal n killed it, -1 with err set.
 */
int session_run(const struct hp_joined *joined, struct hp_err *err);

#endif
