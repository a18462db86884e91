/* SPDX-License-Identifier: GPL-2.0 */
/* setting_json.h: how state and journal name a setting. */
#ifndef HP_APPLY_SETTING_JSON_H
#define HP_APPLY_SETTING_JSON_H

#include <json-c/json.h>
#include "plan/hp_plan.h"

/* Adds "backend", "object" and "attr". */
void hp_setting_name_to_json(struct json_object *obj, const char *backend, const char *object, const char *attr);
/*
 * Fills in the three, the backend's name from its table and the other two
 * borrowed from obj. -EBADMSG when one is missing or no such backend exists.
 */
int hp_setting_name_from_json(struct json_object *obj, struct hp_setting *setting);

#endif
