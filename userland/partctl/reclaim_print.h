/* SPDX-License-Identifier: GPL-2.0 */
/* reclaim_print.h: how partctl shows what the reclaim tuners know and do. */
#ifndef RECLAIM_PRINT_H
#define RECLAIM_PRINT_H

#include "partctl.h"

/* Each takes the answer of partd, see hp_ctl.h. */
void reclaim_print_status(const struct run *run, struct json_object *answer);
void reclaim_print_regions(const struct run *run, struct json_object *answer);
void reclaim_print_explain(const struct run *run, struct json_object *answer);

#endif
