/* SPDX-License-Identifier: GPL-2.0 */
/* top_print.h: one look of partctl top, for scripts. */
#ifndef TOP_PRINT_H
#define TOP_PRINT_H

#include "partctl.h"
#include "top_model.h"

/* Prints it as run->format says. */
void top_print(const struct run *run, const struct top_model *model);

#endif
