// SPDX-License-Identifier: GPL-2.0
/* out_fields.c: fields of the objects that are printed as JSON or YAML. */
#include "partctl.h"

#include "base/hp_json.h"

void out_add_number(struct json_object *object, const char *key, uint64_t number)
{
	json_object_object_add(object, key, json_object_new_int64((int64_t)number));
}

void out_add_text(struct json_object *object, const char *key, const char *text)
{
	hp_json_add_text(object, key, text);
}

void out_add_real(struct json_object *object, const char *key, double number)
{
	json_object_object_add(object, key, json_object_new_double(number));
}

void out_add_flag(struct json_object *object, const char *key, bool is_set)
{
	json_object_object_add(object, key, json_object_new_boolean(is_set));
}
