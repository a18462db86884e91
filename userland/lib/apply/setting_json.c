// SPDX-License-Identifier: GPL-2.0
/* setting_json.c: how state and journal name a setting. */
#include "apply/setting_json.h"

#include <errno.h>
#include "apply/hp_backend.h"
#include "base/hp_json.h"

void hp_setting_name_to_json(struct json_object *obj, const char *backend, const char *object, const char *attr)
{
	hp_json_add_text(obj, "backend", backend);
	hp_json_add_text(obj, "object", object);
	hp_json_add_text(obj, "attr", attr);
}

int hp_setting_name_from_json(struct json_object *obj, struct hp_setting *setting)
{
	const char *name = hp_json_text(obj, "backend");
	const struct hp_backend *backend = name ? hp_backend_find(name) : NULL;

	setting->backend = backend ? backend->name : NULL;
	setting->object = (char *)hp_json_text(obj, "object");
	setting->attr = (char *)hp_json_text(obj, "attr");
	return setting->backend && setting->object && setting->attr ? 0 : -EBADMSG;
}
