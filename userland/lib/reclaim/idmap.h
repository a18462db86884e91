/* SPDX-License-Identifier: GPL-2.0 */
/* idmap.h: finds the number of a record by the 64-bit id that stands in it. */
#ifndef RECLAIM_IDMAP_H
#define RECLAIM_IDMAP_H

#include <stddef.h>
#include <stdint.h>

#define IDMAP_NONE UINT32_MAX

/* The records are the caller's array; the map holds their numbers only (open addressing, half full at most). */
struct idmap {
	const void *ids;	/* of record 0; moves with the caller's array */
	size_t stride;		/* bytes from one id to the next */
	uint32_t *slots;	/* number + 1; 0 = empty, so that untouched memory is never used */
	uint64_t mask;
	uint32_t count;
};

/* For `expected` records, which it holds without growing. -ENOMEM. */
int idmap_init(struct idmap *map, const void *ids, size_t stride, uint32_t expected);
void idmap_clear(struct idmap *map);
size_t idmap_bytes(const struct idmap *map);
/* The record with this id, or IDMAP_NONE. */
uint32_t idmap_find(const struct idmap *map, uint64_t id);
/* Adds a record whose id is not there yet, growing when it has to. -ENOMEM, then nothing has changed. */
int idmap_add(struct idmap *map, uint32_t record);
/* Takes out a record that is there, while its id still stands in it. */
void idmap_remove(struct idmap *map, uint32_t record);

#endif
