/* SPDX-License-Identifier: GPL-2.0 */
/* witness.h: one record of somebody writing to a control file or moving a network port. */
#ifndef WITNESS_H
#define WITNESS_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#define HP_WITNESS_NAME 64
#define HP_WITNESS_DEPTH 8	/* names of a path, from the file upwards */

enum hp_witness_kind {
	HP_WITNESS_CGROUP = 1,	/* a cgroup v2 file */
	HP_WITNESS_SYSFS,	/* CPU online, driver binding, workqueue mask ... */
	HP_WITNESS_PROC,	/* interrupt affinity */
	HP_WITNESS_NETDEV,	/* a port changed namespace, name or up/down */
};

struct hp_witness_record {
	__u64 time_ns;		/* CLOCK_BOOTTIME */
	__u64 cgroup_id;	/* of the writer */
	__u32 kind;
	__u32 pid, tid, uid;
	__s32 ifindex;		/* netdev */
	__u32 depth;		/* how many names are filled */
	char comm[16];
	char value[HP_WITNESS_NAME];	/* first bytes written, or what happened to the port */
	char names[HP_WITNESS_DEPTH][HP_WITNESS_NAME];	/* names[0] = file or port */
};

#endif
