/* SPDX-License-Identifier: GPL-2.0 */
/* top_json.h: one look of partctl top as an object. */
#ifndef TOP_JSON_H
#define TOP_JSON_H

#include <json-c/json.h>
#include "top_model.h"

/* The caller puts it; keys and units are in partctl(1). What is unknown is null. */
struct json_object *top_json(const struct top_model *model);

#endif
