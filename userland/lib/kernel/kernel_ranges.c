// SPDX-License-Identifier: GPL-2.0
/* kernel_ranges.c: the module's ranges of CPUs and nodes as bitmaps, and back. */
#include <errno.h>
#include <hwloc.h>
#include <stdlib.h>
#include "kernel/kernel_internal.h"

int hp_kernel_ranges_set(hwloc_bitmap_t set, const struct hp_kernel_range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (hwloc_bitmap_set_range(set, ranges[i].first, (int)ranges[i].last))
			return -ENOMEM;
	return 0;
}

int hp_kernel_ranges_of(hwloc_const_bitmap_t set, struct hp_kernel_range **ranges, size_t *count)
{
	int first, end;

	*ranges = NULL;
	*count = 0;
	if (hwloc_bitmap_iszero(set))
		return 0;
	*ranges = calloc((size_t)hwloc_bitmap_weight(set), sizeof(**ranges));
	if (!*ranges)
		return -ENOMEM;
	for (first = hwloc_bitmap_first(set); first >= 0; first = hwloc_bitmap_next(set, end - 1)) {
		end = hwloc_bitmap_next_unset(set, first);
		(*ranges)[(*count)++] = (struct hp_kernel_range){ (uint32_t)first, (uint32_t)end - 1 };
	}
	return 0;
}
