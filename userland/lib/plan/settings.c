// SPDX-License-Identifier: GPL-2.0
/* settings.c: the growing list of settings that the planner fills. */
#include "plan/hp_setting.h"

#include <stdlib.h>
#include <string.h>

static void free_texts(struct hp_setting *item)
{
	free(item->object);
	free(item->attr);
	free(item->want);
}

static int grow(struct hp_settings *list)
{
	size_t capacity = list->capacity ? 2 * list->capacity : 64;
	struct hp_setting *items = reallocarray(list->items, capacity, sizeof(*items));

	if (!items)
		return -1;
	list->items = items;
	list->capacity = capacity;
	return 0;
}

struct hp_setting *hp_settings_add(struct hp_settings *list, const char *backend,
				   const char *object, const char *attr, const char *want)
{
	struct hp_setting *item;

	if (list->count == list->capacity && grow(list))
		return NULL;
	item = &list->items[list->count];
	*item = (struct hp_setting) {
		.backend = backend,
		.object = strdup(object),
		.attr = strdup(attr),
		.want = want ? strdup(want) : NULL,
		.domain = -1,
	};
	if (!item->object || !item->attr || (want && !item->want)) {
		free_texts(item);
		return NULL;
	}
	list->count++;
	return item;
}

struct hp_setting *hp_settings_find(const struct hp_settings *list, const char *backend,
				    const char *object, const char *attr)
{
	for (size_t i = 0; i < list->count; i++) {
		struct hp_setting *item = &list->items[i];

		if (!strcmp(item->object, object) && !strcmp(item->attr, attr) &&
		    !strcmp(item->backend, backend))
			return item;
	}
	return NULL;
}

void hp_settings_clear(struct hp_settings *list)
{
	for (size_t i = 0; i < list->count; i++)
		free_texts(&list->items[i]);
	free(list->items);
	*list = (struct hp_settings)HP_SETTINGS_INIT;
}
