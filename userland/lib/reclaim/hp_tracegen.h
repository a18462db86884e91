/* SPDX-License-Identifier: GPL-2.0 */
/* hp_tracegen.h: made-up traces that are the same everywhere for the same seed. */
#ifndef HP_TRACEGEN_H
#define HP_TRACEGEN_H

#include <stdint.h>
#include "base/hp_err.h"

/*
 * Pages are numbered from 0.
 *
 * two-pool	the LRU-K paper's first experiment: references go in turn to pool 1 (pages 0 to n1 - 1) and to pool 2 (pages
 *	n1 to n1 + n2 - 1), beginning with pool 1, each page of a pool equally likely
 * zipf		the paper's second: a reference goes to the first A of n pages with probability
 *	(A / n) ^ (log alpha / log beta), so to the first beta * n of them with probability alpha
 * scan		references go in turn to a hot page (0 to hot - 1, equally likely) and to the next page of a loop over the
 *	pages hot to hot + loop - 1
 *
 * Random numbers are xoshiro256** (D. Blackman, S. Vigna), its state filled by
 * splitmix64 from the seed. A number below n is made by D. Lemire's method of
 * multiplying and rejecting, so it has no bias. zipf computes with integers
 * only (56 binary places), as a C library's pow() differs between machines.
 */
enum hp_tracegen_kind { HP_TRACEGEN_TWO_POOL, HP_TRACEGEN_ZIPF, HP_TRACEGEN_SCAN };

/* The unit of alpha and beta: 0.8 is 800000. */
#define HP_TRACEGEN_ONE 1000000u

struct hp_tracegen_config {
	enum hp_tracegen_kind kind;
	uint64_t n1, n2;		/* two-pool: pages, at least 1 each, together below 2^64 */
	uint64_t n;			/* zipf: pages, at least 1 */
	uint32_t alpha, beta;		/* zipf: millionths, between 0 and 1 without both */
	uint64_t hot, loop;		/* scan: pages, at least 1 each, together below 2^64 */
	uint64_t seed;
};

/* Holds no memory of its own: nothing to free, and a copy goes on by itself. */
struct hp_tracegen {
	struct hp_tracegen_config config;
	uint64_t random[4];
	uint64_t made;			/* references so far */
	uint64_t exponent;		/* log beta / log alpha, 40 binary places */
	uint64_t roots[56];		/* 2 ^ -(2 ^ -i) for i from 1, 64 binary places */
};

/* -EINVAL with exit status 2, naming what is out of range. */
int hp_tracegen_init(struct hp_tracegen *gen, const struct hp_tracegen_config *config, struct hp_err *err);
/* The page of the next reference. Never ends. */
uint64_t hp_tracegen_next(struct hp_tracegen *gen);

#endif
