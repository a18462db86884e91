// SPDX-License-Identifier: GPL-2.0
/* device_acl.bpf.c: decides which device nodes a cgroup's tasks may open. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "core_fixes.bpf.h"
#include "device_acl.h"

char LICENSE[] SEC("license") = "GPL";

/*
 * One program instance, one map: user space fills and freezes it before the
 * program is attached. New rules are a new instance that takes the link over,
 * so no open ever meets a half-written table.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);		/* resized at load */
	__type(key, struct hp_devacl_key);
	__type(value, struct hp_devacl_rule);
	__uint(map_flags, BPF_F_RDONLY_PROG);
} hp_acl_rules SEC(".maps");

static __always_inline struct hp_devacl_rule *find_rule(struct bpf_cgroup_dev_ctx *ctx, __u32 minor)
{
	struct hp_devacl_key key = {
		.type = ctx->access_type & 0xffff,
		.major = ctx->major,
		.minor = minor,
	};

	return bpf_map_lookup_elem(&hp_acl_rules, &key);
}

/*
 * Making a node is harmless, for opening it comes back here; refusing it would
 * only break archives and image builders.
 */
static __always_inline __u32 wanted_access(struct bpf_cgroup_dev_ctx *ctx)
{
	return (ctx->access_type >> 16) & (HP_DEVACL_READ | HP_DEVACL_WRITE);
}

/* On a domain's cgroup: only what is listed. */
SEC("cgroup/dev")
int hp_acl_allow(struct bpf_cgroup_dev_ctx *ctx)
{
	__u32 wanted = wanted_access(ctx), allowed = 0;
	struct hp_devacl_rule *rule;

	if (!wanted)
		return 1;
	rule = find_rule(ctx, ctx->minor);
	if (rule)
		allowed = rule->access;
	rule = find_rule(ctx, HP_DEVACL_ANY_MINOR);
	if (rule)
		allowed |= rule->access;
	return (wanted & ~allowed) == 0;
}

static __always_inline int is_foreign(const struct hp_devacl_rule *rule)
{
	return current_cgroup_id_at(rule->level) != rule->owner;
}

/* On the root cgroup: everything, except what belongs to a domain the task is not in. */
SEC("cgroup/dev")
int hp_acl_deny(struct bpf_cgroup_dev_ctx *ctx)
{
	struct hp_devacl_rule *rule;

	if (!wanted_access(ctx))
		return 1;
	rule = find_rule(ctx, ctx->minor);
	if (rule && is_foreign(rule))
		return 0;
	rule = find_rule(ctx, HP_DEVACL_ANY_MINOR);
	if (rule && is_foreign(rule))
		return 0;
	return 1;
}
