// SPDX-License-Identifier: GPL-2.0
/* tracegen.c: makes the pages of a trace, one after the other. */
#include "hp_tracegen.h"

#include <stdbool.h>
#include "base/hp_auto.h"
#include "random.h"

typedef unsigned __int128 u128;

/* Logarithms have 56 binary places: 64 of the largest number still fits. */
#define LOG_BITS 56
#define EXPONENT_BITS 40

/* ---- logarithms and powers of two in integers ---- */

/* -log2(x / 2^64) for x > 0: one more place of the mantissa's logarithm with each squaring. */
static uint64_t negative_log2(uint64_t x)
{
	unsigned int zeros = (unsigned int)__builtin_clzll(x);
	u128 mantissa = (u128)x << zeros;	/* 63 binary places, from 1 to below 2 */
	uint64_t fraction = 0;

	for (int i = 0; i < LOG_BITS; i++) {
		mantissa = mantissa * mantissa >> 63;
		fraction <<= 1;
		if (mantissa >> 64) {
			mantissa >>= 1;
			fraction |= 1;
		}
	}
	return ((uint64_t)(zeros + 1) << LOG_BITS) - fraction;
}

static uint64_t root_of(u128 x)
{
	uint64_t root = 0;

	for (uint64_t bit = UINT64_C(1) << 63; bit; bit >>= 1)
		if ((u128)(root | bit) * (root | bit) <= x)
			root |= bit;
	return root;
}

static void find_roots(struct hp_tracegen *gen)
{
	uint64_t root = UINT64_C(1) << 63;	/* 2^-1 */

	for (size_t i = 0; i < hp_array_size(gen->roots); i++) {
		root = root_of((u128)root << 64);
		gen->roots[i] = root;
	}
}

/* 2^-e, with 64 binary places: 2^64 stands for 1. */
static u128 negative_exp2(const struct hp_tracegen *gen, u128 e)
{
	u128 power = (u128)1 << 64;

	if (e >> LOG_BITS >= 64)
		return 0;
	for (int i = 0; i < LOG_BITS; i++)
		if (e >> (LOG_BITS - 1 - i) & 1)
			power = power * gen->roots[i] >> 64;
	return power >> (unsigned int)(e >> LOG_BITS);
}

static uint64_t fraction_of(uint32_t millionths)
{
	return (uint64_t)(((u128)millionths << 64) / HP_TRACEGEN_ONE);
}

/* ---- kinds ---- */

/* The inverse of the distribution: the page is n * u ^ (log beta / log alpha) for a random u in (0, 1). */
static uint64_t next_zipf(struct hp_tracegen *gen)
{
	uint64_t u = random_next(gen->random) | 1, page;
	u128 e = (u128)negative_log2(u) * gen->exponent >> EXPONENT_BITS;

	page = (uint64_t)(gen->config.n * negative_exp2(gen, e) >> 64);
	return page < gen->config.n ? page : gen->config.n - 1;
}

static uint64_t next_in_turn(struct hp_tracegen *gen, uint64_t first, uint64_t second, bool is_loop)
{
	if (gen->made % 2 == 0)
		return random_below(gen->random, first);
	return first + (is_loop ? gen->made / 2 % second : random_below(gen->random, second));
}

uint64_t hp_tracegen_next(struct hp_tracegen *gen)
{
	const struct hp_tracegen_config *config = &gen->config;
	uint64_t page = 0;

	switch (config->kind) {
	case HP_TRACEGEN_TWO_POOL:
		page = next_in_turn(gen, config->n1, config->n2, false);
		break;
	case HP_TRACEGEN_SCAN:
		page = next_in_turn(gen, config->hot, config->loop, true);
		break;
	case HP_TRACEGEN_ZIPF:
		page = next_zipf(gen);
		break;
	}
	gen->made++;
	return page;
}

/* ---- beginning ---- */

static int check_two(const char *first_name, uint64_t first, const char *second_name, uint64_t second, struct hp_err *err)
{
	uint64_t sum;

	if (!first || !second)
		return hp_err_usage(err, "%s is 0; it takes one page at least", first ? second_name : first_name);
	if (__builtin_add_overflow(first, second, &sum))
		return hp_err_usage(err, "%s and %s together are more pages than have 64-bit numbers", first_name, second_name);
	return 0;
}

static int check_fraction(const char *name, uint32_t millionths, struct hp_err *err)
{
	if (millionths >= 1 && millionths < HP_TRACEGEN_ONE)
		return 0;
	return hp_err_usage(err, "%s is not between 0 and 1", name);
}

static int check(const struct hp_tracegen_config *config, struct hp_err *err)
{
	int ret;

	if (config->kind == HP_TRACEGEN_TWO_POOL)
		return check_two("n1", config->n1, "n2", config->n2, err);
	if (config->kind == HP_TRACEGEN_SCAN)
		return check_two("hot", config->hot, "loop", config->loop, err);
	if (!config->n)
		return hp_err_usage(err, "n is 0; it takes one page at least");
	ret = check_fraction("alpha", config->alpha, err);
	return ret < 0 ? ret : check_fraction("beta", config->beta, err);
}

int hp_tracegen_init(struct hp_tracegen *gen, const struct hp_tracegen_config *config, struct hp_err *err)
{
	int ret = check(config, err);

	if (ret < 0)
		return ret;
	*gen = (struct hp_tracegen){ .config = *config };
	random_seed(gen->random, config->seed);
	if (config->kind == HP_TRACEGEN_ZIPF) {
		find_roots(gen);
		gen->exponent = (uint64_t)(((u128)negative_log2(fraction_of(config->beta)) << EXPONENT_BITS) /
					   negative_log2(fraction_of(config->alpha)));
	}
	return 0;
}
