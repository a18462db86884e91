// SPDX-License-Identifier: GPL-2.0
/* witness.bpf.c: notes who writes to the files and ports that domains are made of. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "core_fixes.bpf.h"
#include "witness.h"

#define CGROUP2_MAGIC 0x63677270	/* include/uapi/linux/magic.h */
#define SYSFS_MAGIC 0x62656572

char LICENSE[] SEC("license") = "GPL";

/* The agent mends what others break: its own writes are not news. */
const volatile __u32 own_pid;

/* Such writes are rare, so one record each is cheap; a full ring loses the newest, and an actor becomes unknown. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} hp_records SEC(".maps");

static __always_inline struct hp_witness_record *begin(__u32 kind)
{
	struct hp_witness_record *record;
	__u64 ids = bpf_get_current_pid_tgid();

	if ((__u32)(ids >> 32) == own_pid)
		return NULL;
	record = bpf_ringbuf_reserve(&hp_records, sizeof(*record), 0);
	if (!record)
		return NULL;
	record->time_ns = bpf_ktime_get_boot_ns();
	record->cgroup_id = bpf_get_current_cgroup_id();
	record->kind = kind;
	record->pid = ids >> 32;
	record->tid = (__u32)ids;
	record->uid = (__u32)bpf_get_current_uid_gid();
	record->ifindex = 0;
	record->depth = 0;
	record->value[0] = '\0';
	bpf_get_current_comm(record->comm, sizeof(record->comm));
	return record;
}

#define starts(name, prefix) (bpf_strncmp(name, sizeof(prefix) - 1, prefix) == 0)
#define equals(name, word) (bpf_strncmp(name, sizeof(word), word) == 0)

static __always_inline bool is_cgroup_control(const char *name)
{
	return starts(name, "cpuset.") || starts(name, "memory.m") || starts(name, "memory.swap.m") ||
	       starts(name, "memory.high") || equals(name, "pids.max") || equals(name, "cgroup.subtree_control");
}

static __always_inline bool is_sysfs_control(const char *name)
{
	return equals(name, "online") || equals(name, "cpumask") || equals(name, "bind") || equals(name, "unbind") ||
	       equals(name, "driver_override") || equals(name, "remove") || equals(name, "new_id");
}

static __always_inline void keep_value(struct hp_witness_record *record, const void *user, __u64 size)
{
	__u32 length = size < HP_WITNESS_NAME - 1 ? (__u32)size : HP_WITNESS_NAME - 1;

	record->value[0] = '\0';
	if (length && bpf_probe_read_user(record->value, length & (HP_WITNESS_NAME - 1), user) == 0)
		record->value[length & (HP_WITNESS_NAME - 1)] = '\0';
}

SEC("fentry/kernfs_fop_write_iter")
int BPF_PROG(hp_witness_kernfs, struct kiocb *iocb, struct iov_iter *iter)
{
	struct file *file = BPF_CORE_READ(iocb, ki_filp);
	__u64 magic = BPF_CORE_READ(file, f_inode, i_sb, s_magic);
	struct seq_file *seq = BPF_CORE_READ(file, private_data);
	struct kernfs_open_file *open_file = BPF_CORE_READ(seq, private);
	struct kernfs_node *node = BPF_CORE_READ(open_file, kn);
	struct hp_witness_record *record;
	char name[HP_WITNESS_NAME];

	if (magic != CGROUP2_MAGIC && magic != SYSFS_MAGIC)
		return 0;
	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(node, name));
	if (magic == CGROUP2_MAGIC ? !is_cgroup_control(name) : !is_sysfs_control(name))
		return 0;
	record = begin(magic == CGROUP2_MAGIC ? HP_WITNESS_CGROUP : HP_WITNESS_SYSFS);
	if (!record)
		return 0;
	for (int i = 0; i < HP_WITNESS_DEPTH && node; i++) {
		bpf_probe_read_kernel_str(record->names[i], HP_WITNESS_NAME, BPF_CORE_READ(node, name));
		record->depth = i + 1;
		node = kernfs_parent_of(node);
	}
	keep_value(record, iter_user_base(iter), BPF_CORE_READ(iter, count));
	bpf_ringbuf_submit(record, 0);
	return 0;
}

SEC("fentry/proc_reg_write")
int BPF_PROG(hp_witness_proc, struct file *file, const char *user, size_t size)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct hp_witness_record *record;
	char name[HP_WITNESS_NAME];

	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(dentry, d_name.name));
	if (!starts(name, "smp_affinity") && !equals(name, "default_smp_affinity"))
		return 0;
	record = begin(HP_WITNESS_PROC);
	if (!record)
		return 0;
	for (int i = 0; i < 3; i++) {
		bpf_probe_read_kernel_str(record->names[i], HP_WITNESS_NAME, BPF_CORE_READ(dentry, d_name.name));
		record->depth = i + 1;
		dentry = BPF_CORE_READ(dentry, d_parent);
	}
	keep_value(record, user, size);
	bpf_ringbuf_submit(record, 0);
	return 0;
}

static __always_inline int port_event(struct net_device *dev, const char *what, __u32 length)
{
	struct hp_witness_record *record = begin(HP_WITNESS_NETDEV);

	if (!record)
		return 0;
	record->ifindex = BPF_CORE_READ(dev, ifindex);
	bpf_probe_read_kernel_str(record->names[0], HP_WITNESS_NAME, dev->name);
	record->depth = 1;
	bpf_probe_read_kernel(record->value, length, what);
	bpf_ringbuf_submit(record, 0);
	return 0;
}

SEC("fentry/__dev_change_net_namespace")
int BPF_PROG(hp_witness_move, struct net_device *dev)
{
	return port_event(dev, "moved", sizeof("moved"));
}

SEC("fentry/dev_change_flags")
int BPF_PROG(hp_witness_flags, struct net_device *dev)
{
	return port_event(dev, "flags", sizeof("flags"));
}

SEC("fentry/dev_change_name")
int BPF_PROG(hp_witness_rename, struct net_device *dev)
{
	return port_event(dev, "renamed", sizeof("renamed"));
}
