/* SPDX-License-Identifier: GPL-2.0 */
/* attr_gen.h: random attribute streams of domains and claims, from nearly right to broken. */
#ifndef HP_ATTR_GEN_H
#define HP_ATTR_GEN_H

#include <stddef.h>
#include <stdint.h>

/* xorshift64*: the same numbers from the same seed, anywhere. Never 0. */
struct hp_rng {
	uint64_t state;
};

void hp_rng_seed(struct hp_rng *rng, uint64_t seed);
uint32_t hp_rng_below(struct hp_rng *rng, uint32_t limit);

/* Writes a few domains and claims; returns the bytes used, a multiple of 4, at most `size`. */
size_t hp_attrs_generate(struct hp_rng *rng, void *stream, size_t size);

/*
 * Changes one thing in a stream of attributes: a value, a type, a length, the
 * order, a whole attribute, some bytes. Lengths around the place still fit
 * afterwards, unless a length was the thing. Returns the new size.
 */
size_t hp_attrs_mutate(struct hp_rng *rng, void *stream, size_t bytes, size_t size);

#endif
