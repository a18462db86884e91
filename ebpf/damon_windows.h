/* SPDX-License-Identifier: GPL-2.0 */
/* damon_windows.h: one record of a region as DAMON sees it at the end of a window. */
#ifndef DAMON_WINDOWS_H
#define DAMON_WINDOWS_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

struct hp_damon_record {
	__u64 start, end;	/* addresses in the target */
	__u32 target;		/* index */
	__u32 accesses;
	__u32 regions;		/* how many the target has in this window */
	__u32 unused;
};

#endif
