/* SPDX-License-Identifier: GPL-2.0 */
/* lock.h: one writer at a time. */
#ifndef HP_APPLY_LOCK_H
#define HP_APPLY_LOCK_H

#include "apply/hp_backend.h"

/*
 * Makes RUN if needed and takes RUN/lock; returns the descriptor to close
 * (hp_autofd), or -errno: -EBUSY names the holder.
 */
int hp_lock_take(const struct hp_ctx *ctx, struct hp_err *err);

#endif
