/* SPDX-License-Identifier: GPL-2.0 */
/* hp_clock.h: the kernel's clocks, in nanoseconds. */
#ifndef HP_CLOCK_H
#define HP_CLOCK_H

#include <stdint.h>
#include <time.h>

#define HP_NS_PER_S 1000000000ll

static inline uint64_t hp_clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * HP_NS_PER_S + (uint64_t)now.tv_nsec;
}

/* For deadlines, which go on through a suspend; signed, for what is left of one may be less than nothing. */
static inline int64_t hp_clock_boottime_ns(void)
{
	return (int64_t)hp_clock_ns(CLOCK_BOOTTIME);
}

#endif
