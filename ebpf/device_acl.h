/* SPDX-License-Identifier: GPL-2.0 */
/* device_acl.h: the rule map shared by the device ACL programs and user space. */
#ifndef DEVICE_ACL_H
#define DEVICE_ACL_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define HP_DEVACL_BLOCK 1u		/* as BPF_DEVCG_DEV_* */
#define HP_DEVACL_CHAR 2u
#define HP_DEVACL_MKNOD 1u		/* as BPF_DEVCG_ACC_* */
#define HP_DEVACL_READ 2u
#define HP_DEVACL_WRITE 4u
#define HP_DEVACL_ANY_MINOR 0xffffffffu
#define HP_DEVACL_RULES_MAX 16384u

struct hp_devacl_key {
	__u32 type;
	__u32 major;
	__u32 minor;		/* or HP_DEVACL_ANY_MINOR */
};

/* A domain's program uses access alone; the machine's uses owner and level alone. */
struct hp_devacl_rule {
	__u64 owner;		/* cgroup id of the domain that owns the node */
	__u32 level;		/* how deep that cgroup is; the root is 0 */
	__u32 access;		/* HP_DEVACL_READ | HP_DEVACL_WRITE | HP_DEVACL_MKNOD */
};

#endif
