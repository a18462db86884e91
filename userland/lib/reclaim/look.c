// SPDX-License-Identifier: GPL-2.0
/* look.c: how closely to look at a domain within the processor time that looking may cost. */
#include "hp_pace.h"

enum { SAMPLE_US = 5000, SAMPLES_PER_WINDOW = 20, REGIONS = 1000, SCAN_MS = 1000, CALM_ENOUGH = 2, MILLI = 100000 };

/*
 * Each level halves the samples; from the fourth on the regions shrink too, as
 * a window of many seconds is late to see anything.
 */
struct hp_look_values hp_look_values(unsigned int level)
{
	unsigned int slower = level < 6 ? level : 6, fewer = level > 4 ? level - 4 : 0;

	return (struct hp_look_values){
		.sample_us = SAMPLE_US << slower,
		.window_us = (SAMPLE_US << slower) * SAMPLES_PER_WINDOW,
		.regions_max = REGIONS >> fewer,
		.scan_ms = SCAN_MS << (level < 5 ? level : 5),
	};
}

bool hp_look_adapt(struct hp_look *look, unsigned int budget_milli, uint64_t cost_ns, uint64_t elapsed_ns)
{
	unsigned int before = look->level;

	if (!elapsed_ns)
		return false;
	look->cost_milli = (unsigned int)(cost_ns * MILLI / elapsed_ns);
	if (look->cost_milli > budget_milli) {
		look->calm = 0;
		look->level += look->cost_milli > 4 * budget_milli ? 2 : 1;
		if (look->level >= HP_LOOK_LEVELS)
			look->level = HP_LOOK_LEVELS - 1;
	} else if (look->cost_milli * 3 < budget_milli && look->level) {
		/* One level closer doubles the cost: there must be room for that, for a while. */
		if (++look->calm >= CALM_ENOUGH) {
			look->level--;
			look->calm = 0;
		}
	} else {
		look->calm = 0;
	}
	return look->level != before;
}
