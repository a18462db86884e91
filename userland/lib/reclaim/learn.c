// SPDX-License-Identifier: GPL-2.0
/* learn.c: learns from what comes back how far back the K-th use of memory must lie for it to be freed. */
#include "hp_pace.h"

#include <string.h>

enum { RETURNED_MAX = 8, RETURNED_FEW = 32, CALM_MS = 300000, DECAY_MS = 600000 };
/* Less than this tells nothing about a band. */
#define TAKEN_MIN (UINT64_C(1) << 20)

void hp_learn_start(struct hp_learn *learn, uint64_t distance_ms, uint64_t now_ms)
{
	*learn = (struct hp_learn){ .distance_ms = distance_ms ? distance_ms : 1, .raised_ms = now_ms, .decay_ms = now_ms };
}

unsigned int hp_learn_band(const struct hp_learn *learn, uint64_t distance_ms)
{
	unsigned int band = 0;

	while (band + 1 < HP_LEARN_BANDS && distance_ms >> (band + 1) >= learn->distance_ms)
		band++;
	return band;
}

uint64_t hp_learn_threshold_ms(const struct hp_learn *learn)
{
	return learn->distance_ms << learn->band;
}

void hp_learn_took(struct hp_learn *learn, uint64_t distance_ms, uint64_t bytes)
{
	learn->taken[hp_learn_band(learn, distance_ms)] += bytes;
	learn->taken_total += bytes;
}

void hp_learn_returned(struct hp_learn *learn, uint64_t distance_ms, uint64_t bytes)
{
	learn->returned[hp_learn_band(learn, distance_ms)] += bytes;
	learn->returned_total += bytes;
}

static bool is_bad(const struct hp_learn *learn, unsigned int band)
{
	return learn->returned[band] >= TAKEN_MIN && learn->returned[band] * RETURNED_MAX > learn->taken[band];
}

static void decay(struct hp_learn *learn)
{
	for (unsigned int i = 0; i < HP_LEARN_BANDS; i++) {
		learn->taken[i] /= 2;
		learn->returned[i] /= 2;
	}
}

void hp_learn_step(struct hp_learn *learn, uint64_t now_ms)
{
	uint64_t taken = 0, returned = 0;

	/* From the top: the farthest band that is bad makes all nearer ones bad. */
	for (unsigned int band = HP_LEARN_BANDS - 1; band > learn->band; band--) {
		if (!is_bad(learn, band - 1))
			continue;
		learn->band = band;
		learn->raised_ms = now_ms;
		break;
	}
	/* Only of what is taken now: nearer bands are not, and say nothing of the present. */
	for (unsigned int i = learn->band; i < HP_LEARN_BANDS; i++) {
		taken += learn->taken[i];
		returned += learn->returned[i];
	}
	if (learn->band && now_ms - learn->raised_ms >= CALM_MS && returned * RETURNED_FEW <= taken) {
		learn->band--;
		/* A fresh trial: what was held against it is forgotten. */
		learn->taken[learn->band] = learn->returned[learn->band] = 0;
		learn->raised_ms = now_ms;
	}
	if (now_ms - learn->decay_ms >= DECAY_MS) {
		decay(learn);
		learn->decay_ms = now_ms;
	}
}
