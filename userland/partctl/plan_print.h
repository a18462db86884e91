/* SPDX-License-Identifier: GPL-2.0 */
/* plan_print.h: how partctl shows an assignment and the steps to it. */
#ifndef PLAN_PRINT_H
#define PLAN_PRINT_H

#include "apply/hp_engine.h"
#include "partctl.h"

/* Who gets what, the base included, then what is not guaranteed here. */
void plan_print_assignment(const struct run *run, const struct hp_engine_result *plan);
/* Numbered steps, each with what it changes from and to and the policy line that asks for it. */
void plan_print_steps(const struct run *run, const struct hp_engine_result *plan);
/* All of it; caller puts. */
struct json_object *plan_json(const struct hp_engine_result *plan);
/* What is not guaranteed: [{"domain", "what", "why"}]; caller puts. */
struct json_object *plan_gaps_json(const struct hp_engine_result *plan);
/* {"steps": [...], "satisfied": N, "gaps": N}; caller puts. */
struct json_object *plan_steps_json(const struct hp_engine_result *plan);
/* Prints only the steps in the format asked for; "nothing to do" when there is none. Returns the exit status. */
int plan_show_steps(const struct run *run, const struct hp_engine_result *plan);

#endif
