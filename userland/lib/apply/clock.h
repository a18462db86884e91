/* SPDX-License-Identifier: GPL-2.0 */
/* clock.h: the clock of confirmations: it goes on through a suspend. */
#ifndef HP_APPLY_CLOCK_H
#define HP_APPLY_CLOCK_H

#include <stdint.h>
#include <time.h>

#define HP_NS_PER_S 1000000000ll

static inline int64_t hp_clock_boottime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * HP_NS_PER_S + now.tv_nsec;
}

#endif
