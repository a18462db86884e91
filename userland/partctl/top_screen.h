/* SPDX-License-Identifier: GPL-2.0 */
/* top_screen.h: the terminal of partctl top. */
#ifndef TOP_SCREEN_H
#define TOP_SCREEN_H

#include "base/hp_err.h"
#include "top_layout.h"

/* Refused as bad usage where there is no terminal, or none whose cursor can be placed. */
int top_screen_check(struct hp_err *err);
/* Checks, and takes the terminal over until close; there is one. */
int top_screen_open(bool use_colour, struct hp_err *err);
/* Gives it back as it was; nothing when it is not open. */
void top_screen_close(void);
/* Makes *grid blank and as large as the terminal is now; -ENOMEM. */
int top_screen_grid(struct top_grid *grid);
void top_screen_show(const struct top_grid *grid);
/* The next key that was pressed, without waiting: enum top_key; -1 when there is none. Unknown ones are TOP_KEY_NONE. */
int top_screen_key(void);

#endif
