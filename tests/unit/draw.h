/* SPDX-License-Identifier: GPL-2.0 */
/* draw.h: random numbers that are the same on every machine. */
#ifndef TEST_DRAW_H
#define TEST_DRAW_H

#include <stdint.h>

/* xorshift64 (Marsaglia). From 0 to below - 1. */
static inline uint64_t draw(uint64_t below)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

#endif
