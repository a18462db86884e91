/* SPDX-License-Identifier: GPL-2.0 */
/* hp_json.h: short forms for reading and building JSON objects. */
#ifndef HP_JSON_H
#define HP_JSON_H

#include <json-c/json.h>
#include <stdint.h>

static inline void hp_json_freep(struct json_object **obj)
{
	json_object_put(*obj);
}
#define hp_autojson __attribute__((cleanup(hp_json_freep))) struct json_object

/* NULL becomes null. */
static inline void hp_json_add_text(struct json_object *obj, const char *key, const char *text)
{
	json_object_object_add(obj, key, text ? json_object_new_string(text) : NULL);
}

/* NULL when the key is absent, null or not a string; borrowed from obj. */
static inline const char *hp_json_text(struct json_object *obj, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(obj, key, &value) || !json_object_is_type(value, json_type_string))
		return NULL;
	return json_object_get_string(value);
}

/* 0 when the key is absent. */
static inline int64_t hp_json_int(struct json_object *obj, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(obj, key, &value) ? json_object_get_int64(value) : 0;
}

#endif
