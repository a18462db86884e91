// SPDX-License-Identifier: GPL-2.0
/* cpulist.c: sets of CPUs or nodes in the kernel's list format. */
#include "base/hp_text.h"

#include <errno.h>

static int read_number(const char **pos, unsigned int *value)
{
	bool too_big = false;

	if (**pos < '0' || **pos > '9')
		return -EINVAL;
	for (*value = 0; **pos >= '0' && **pos <= '9'; (*pos)++) {
		if (!too_big)
			*value = *value * 10 + (**pos - '0');
		too_big |= *value > HP_CPU_MAX;
	}
	return too_big ? -ERANGE : 0;
}

/* One "N" or "N-M", both ends included. */
static int read_range(const char **pos, unsigned int *first, unsigned int *last)
{
	int ret = read_number(pos, first);

	if (ret)
		return ret;
	*last = *first;
	if (**pos != '-')
		return 0;
	(*pos)++;
	ret = read_number(pos, last);
	if (ret)
		return ret;
	return *last < *first ? -EINVAL : 0;
}

int hp_cpulist_parse(const char *text, hwloc_bitmap_t set)
{
	unsigned int first, last;
	int ret;

	hwloc_bitmap_zero(set);
	for (;;) {
		ret = read_range(&text, &first, &last);
		if (ret)
			return ret;
		if (hwloc_bitmap_set_range(set, first, last))
			return -ENOMEM;
		if (!*text)
			return 0;
		if (*text++ != ',')
			return -EINVAL;
	}
}

char *hp_cpulist_format(hwloc_const_bitmap_t set)
{
	char *text;

	return hwloc_bitmap_list_asprintf(&text, set) < 0 ? NULL : text;
}
