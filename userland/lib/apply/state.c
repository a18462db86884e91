// SPDX-License-Identifier: GPL-2.0
/* state.c: the state in force as a value: made, copied, searched, freed. */
#include "apply/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "base/hp_auto.h"

static void free_items(struct hp_state *state)
{
	for (size_t i = 0; i < state->count; i++) {
		struct hp_applied *item = &state->items[i];

		free(item->setting.object);
		free(item->setting.attr);
		free(item->setting.want);
		free(item->original);
		free(item->gap);
	}
	free(state->items);
}

void hp_state_free(struct hp_state *state)
{
	if (!state)
		return;
	free_items(state);
	free(state->id);
	free(state->policy_file);
	free(state->policy_text);
	hp_state_free(state->previous);
	free(state);
}

void hp_state_freep(struct hp_state **state)
{
	hp_state_free(*state);
}

struct hp_state *hp_state_new(void)
{
	struct hp_state *state = calloc(1, sizeof(*state));
	uint64_t number;

	if (!state)
		return NULL;
	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number) ||
	    asprintf(&state->id, "%016llx", (unsigned long long)number) < 0) {
		free(state);
		return NULL;
	}
	return state;
}

/* Grows by powers of two, so the capacity follows from the count. */
static int make_room(struct hp_state *state)
{
	struct hp_applied *items;

	if (state->count & (state->count - 1))
		return 0;
	items = reallocarray(state->items, state->count ? 2 * state->count : 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	state->items = items;
	return 0;
}

struct hp_applied *hp_state_add(struct hp_state *state, const struct hp_setting *setting, const char *original)
{
	struct hp_applied *item;

	if (make_room(state))
		return NULL;
	item = &state->items[state->count++];
	*item = (struct hp_applied) {
		.setting = *setting,
		.original = original ? strdup(original) : NULL,
	};
	item->setting.object = strdup(setting->object);
	item->setting.attr = strdup(setting->attr);
	item->setting.want = setting->want ? strdup(setting->want) : NULL;
	if (!item->setting.object || !item->setting.attr || (setting->want && !item->setting.want) ||
	    (original && !item->original))
		return NULL;
	return item;
}

struct hp_applied *hp_state_find(const struct hp_state *state, const struct hp_setting *setting)
{
	for (size_t i = 0; state && i < state->count; i++) {
		struct hp_setting *other = &state->items[i].setting;

		if (!strcmp(other->object, setting->object) && !strcmp(other->attr, setting->attr) &&
		    !strcmp(other->backend, setting->backend))
			return &state->items[i];
	}
	return NULL;
}

void hp_state_set_previous(struct hp_state *state, struct hp_state *previous)
{
	hp_state_free(state->previous);
	state->previous = previous;
	if (previous) {
		hp_state_free(previous->previous);
		previous->previous = NULL;
	}
}

int hp_state_settings(const struct hp_state *state, struct hp_settings *out)
{
	size_t count = state ? state->count : 0;

	*out = (struct hp_settings)HP_SETTINGS_INIT;
	if (!count)
		return 0;
	out->items = calloc(count, sizeof(*out->items));
	if (!out->items)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		out->items[i] = state->items[i].setting;
	out->count = out->capacity = count;
	return 0;
}
