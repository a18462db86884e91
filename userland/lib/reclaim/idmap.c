// SPDX-License-Identifier: GPL-2.0
/* idmap.c: the map from ids to records. */
#include "idmap.h"

#include <errno.h>
#include <stdlib.h>

#define SLOTS_MIN UINT64_C(16)

static uint64_t id_of(const struct idmap *map, uint32_t record)
{
	return *(const uint64_t *)((const char *)map->ids + (size_t)record * map->stride);
}

/* The finalizer of splitmix64: every bit of the id moves every bit of the slot. */
static uint64_t home_of(const struct idmap *map, uint64_t id)
{
	id ^= id >> 30;
	id *= UINT64_C(0xbf58476d1ce4e5b9);
	id ^= id >> 27;
	id *= UINT64_C(0x94d049bb133111eb);
	id ^= id >> 31;
	return id & map->mask;
}

static uint64_t slots_for(uint64_t records)
{
	uint64_t slots = SLOTS_MIN;

	while (slots < 2 * records)
		slots *= 2;
	return slots;
}

int idmap_init(struct idmap *map, const void *ids, size_t stride, uint32_t expected)
{
	uint64_t slots = slots_for(expected);

	*map = (struct idmap){ .ids = ids, .stride = stride, .mask = slots - 1 };
	map->slots = calloc(slots, sizeof(*map->slots));
	return map->slots ? 0 : -ENOMEM;
}

void idmap_clear(struct idmap *map)
{
	free(map->slots);
	*map = (struct idmap){ 0 };
}

size_t idmap_bytes(const struct idmap *map)
{
	return (map->mask + 1) * sizeof(*map->slots);
}

/* The slot of this id, or the empty one where it would be. */
static uint64_t slot_of(const struct idmap *map, uint64_t id)
{
	uint64_t slot = home_of(map, id);

	while (map->slots[slot] && id_of(map, map->slots[slot] - 1) != id)
		slot = (slot + 1) & map->mask;
	return slot;
}

uint32_t idmap_find(const struct idmap *map, uint64_t id)
{
	return map->slots[slot_of(map, id)] - 1;
}

static int grow(struct idmap *map)
{
	struct idmap wider = { .ids = map->ids, .stride = map->stride, .mask = 2 * map->mask + 1, .count = map->count };

	wider.slots = calloc(wider.mask + 1, sizeof(*wider.slots));
	if (!wider.slots)
		return -ENOMEM;
	for (uint64_t slot = 0; slot <= map->mask; slot++)
		if (map->slots[slot])
			wider.slots[slot_of(&wider, id_of(map, map->slots[slot] - 1))] = map->slots[slot];
	free(map->slots);
	*map = wider;
	return 0;
}

int idmap_add(struct idmap *map, uint32_t record)
{
	if (2 * ((uint64_t)map->count + 1) > map->mask + 1 && grow(map) < 0)
		return -ENOMEM;
	map->slots[slot_of(map, id_of(map, record))] = record + 1;
	map->count++;
	return 0;
}

void idmap_remove(struct idmap *map, uint32_t record)
{
	uint64_t hole = slot_of(map, id_of(map, record)), slot = hole;

	map->count--;
	/* What was pushed on by the record that goes moves back, so that no search ends at the hole. */
	while (map->slots[slot = (slot + 1) & map->mask]) {
		uint64_t home = home_of(map, id_of(map, map->slots[slot] - 1));

		if (((slot - home) & map->mask) < ((slot - hole) & map->mask))
			continue;
		map->slots[hole] = map->slots[slot];
		hole = slot;
	}
	map->slots[hole] = 0;
}
