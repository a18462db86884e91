/* SPDX-License-Identifier: GPL-2.0 */
/* random.h: pseudo-random numbers that are the same on every machine. */
#ifndef RECLAIM_RANDOM_H
#define RECLAIM_RANDOM_H

#include <stdint.h>

/* xoshiro256** 1.0, its state filled by splitmix64. */
static inline void random_seed(uint64_t state[4], uint64_t seed)
{
	for (int i = 0; i < 4; i++) {
		uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

		z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
		state[i] = z ^ (z >> 31);
	}
}

static inline uint64_t random_rotate(uint64_t x, int by)
{
	return (x << by) | (x >> (64 - by));
}

static inline uint64_t random_next(uint64_t state[4])
{
	uint64_t result = random_rotate(state[1] * 5, 7) * 9, t = state[1] << 17;

	state[2] ^= state[0];
	state[3] ^= state[1];
	state[1] ^= state[2];
	state[0] ^= state[3];
	state[2] ^= t;
	state[3] = random_rotate(state[3], 45);
	return result;
}

/* Equally likely from 0 to n - 1; n is not 0. */
static inline uint64_t random_below(uint64_t state[4], uint64_t n)
{
	unsigned __int128 product;

	do
		product = (unsigned __int128)random_next(state) * n;
	while ((uint64_t)product < n && (uint64_t)product < -n % n);
	return (uint64_t)(product >> 64);
}

#endif
