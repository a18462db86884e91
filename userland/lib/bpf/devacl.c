// SPDX-License-Identifier: GPL-2.0
/* devacl.c: the pinned BPF links that enforce device rules on cgroups. */
#include "bpf/hp_devacl.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_cgroup2.h"
#include "base/hp_text.h"
#include "bpf/hp_bpf.h"
#include "device_acl.skel.h"

#define SWAP_TRIES 5
#define CGROUP_ROOT_ID 1u

static const char *const program_names[] = { "hp_acl_allow", "hp_acl_deny" };

static void destroy_skeleton(struct device_acl_bpf **skeleton)
{
	device_acl_bpf__destroy(*skeleton);
}

/* What the kernel says about a pinned link. */
struct link_state {
	uint64_t cgroup_id;	/* 0 = attached to nothing */
	uint32_t prog_id;
};

int hp_devacl_probe(struct hp_err *err)
{
	uint64_t id;
	int ret = hp_cgroup_id("", &id, err);

	if (ret) {
		hp_err_wrap(err, "device ACL");
		return -EOPNOTSUPP;
	}
	if (id != CGROUP_ROOT_ID)
		return hp_err_set(err, EOPNOTSUPP, "device ACL: this is not the machine's root cgroup "
				  "(a container or a cgroup namespace)");
	ret = libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_CGROUP_DEVICE, NULL);
	if (ret <= 0)
		return hp_err_set(err, EOPNOTSUPP, "device ACL: the kernel loads no cgroup device programs here%s",
				  geteuid() ? " (root only)" : "");
	return 0;
}

static int fill_rule(const struct hp_devacl_item *item, struct hp_devacl_rule *rule, struct hp_err *err)
{
	memset(rule, 0, sizeof(*rule));
	rule->access = item->access;
	if (!item->owner)
		return 0;
	rule->level = hp_cgroup_level(item->owner);
	return hp_cgroup_id(item->owner, (uint64_t *)&rule->owner, err);
}

static int fill_map(int map, const struct hp_devacl_rules *rules, struct hp_err *err)
{
	struct hp_devacl_rule rule;
	int ret;

	for (size_t i = 0; i < rules->count; i++) {
		ret = fill_rule(&rules->items[i], &rule, err);
		if (ret)
			return hp_err_wrap(err, "owner of device %u:%u", rules->items[i].key.major,
					   rules->items[i].key.minor);
		ret = bpf_map_update_elem(map, &rules->items[i].key, &rule, BPF_NOEXIST);
		if (ret)
			return hp_bpf_error(err, -ret, "storing a device rule");
	}
	/* From here on not even root rewrites the rules; a new set is a new program. */
	ret = bpf_map_freeze(map);
	return ret ? hp_bpf_error(err, -ret, "freezing the device rules") : 0;
}

/* Loads the program with its own, already filled map. */
static int load(const struct hp_devacl_rules *rules, struct device_acl_bpf *skel, struct hp_err *err)
{
	int ret;

	bpf_program__set_autoload(skel->progs.hp_acl_allow, rules->cgroup != NULL);
	bpf_program__set_autoload(skel->progs.hp_acl_deny, rules->cgroup == NULL);
	ret = bpf_map__set_max_entries(skel->maps.hp_acl_rules, rules->count ? (unsigned int)rules->count : 1);
	if (!ret)
		ret = device_acl_bpf__load(skel);
	if (ret)
		return hp_bpf_error(err, -ret, "loading the device ACL program");
	return fill_map(bpf_map__fd(skel->maps.hp_acl_rules), rules, err);
}

static int read_link(int link, struct link_state *state)
{
	struct bpf_link_info info = { 0 };
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(link, &info, &size) || info.type != BPF_LINK_TYPE_CGROUP ||
	    info.cgroup.attach_type != BPF_CGROUP_DEVICE)
		return -EINVAL;
	state->cgroup_id = info.cgroup.cgroup_id;
	state->prog_id = info.prog_id;
	return 0;
}

/*
 * Lets an attached link run another program. Expecting the program just seen
 * makes two writers at once visible: the loser looks again.
 */
static int swap_program(int link, int prog, struct hp_err *err)
{
	LIBBPF_OPTS(bpf_link_update_opts, opts, .flags = BPF_F_REPLACE);
	struct link_state state;
	int ret = -EPERM;

	for (int i = 0; i < SWAP_TRIES && ret == -EPERM; i++) {
		hp_autofd int old = -1;

		if (read_link(link, &state) || (old = bpf_prog_get_fd_by_id(state.prog_id)) < 0)
			continue;
		opts.old_prog_fd = (__u32)old;
		ret = bpf_link_update(link, prog, &opts);
	}
	return ret ? hp_bpf_error(err, -ret, "swapping the device ACL program") : 0;
}

/*
 * Attaches anew; an older link at the pin goes only after the new one works.
 * bpffs allows no dots in names.
 */
static int attach_new(const char *pin, const char *cgroup, int prog, struct hp_err *err)
{
	hp_autofree char *beside = hp_format("%s~", pin);
	hp_autofd int cgroup_fd = -1, link = -1;
	int ret;

	if (!beside)
		return hp_err_set(err, ENOMEM, "out of memory");
	cgroup_fd = hp_cgroup_open(cgroup, err);
	if (cgroup_fd < 0)
		return cgroup_fd;
	ret = hp_bpf_pin_prepare(pin, err);
	if (ret)
		return ret;
	link = bpf_link_create(prog, cgroup_fd, BPF_CGROUP_DEVICE, NULL);
	if (link < 0)
		return hp_bpf_error(err, -link, "attaching the device ACL to cgroup /%s", cgroup);
	unlink(beside);
	ret = bpf_obj_pin(link, beside);
	if (ret)
		return hp_bpf_error(err, -ret, "pinning %s", beside);
	return rename(beside, pin) < 0 ? hp_err_errno(err, errno, "renaming %s to %s", beside, pin) : 0;
}

int hp_devacl_attach(const char *pin, const struct hp_devacl_rules *rules, struct hp_err *err)
{
	struct device_acl_bpf *skel __attribute__((cleanup(destroy_skeleton))) = NULL;
	const char *cgroup = rules->cgroup ? rules->cgroup : "";
	hp_autofd int link = -1;
	struct link_state state;
	uint64_t id;
	int prog, ret;

	hp_bpf_log_begin();
	ret = hp_cgroup_id(cgroup, &id, err);
	if (ret)
		return ret;
	skel = device_acl_bpf__open();
	if (!skel)
		return hp_bpf_error(err, errno, "opening the device ACL program");
	ret = load(rules, skel, err);
	if (ret)
		return ret;
	prog = bpf_program__fd(rules->cgroup ? skel->progs.hp_acl_allow : skel->progs.hp_acl_deny);
	link = bpf_obj_get(pin);
	if (link >= 0 && read_link(link, &state) == 0 && state.cgroup_id == id)
		return swap_program(link, prog, err);
	return attach_new(pin, cgroup, prog, err);
}

/* Opens the rule map of our program; -ENOENT when the program is not ours. */
static int open_rules(uint32_t prog_id, bool *is_allow, struct hp_err *err)
{
	hp_autofd int prog = bpf_prog_get_fd_by_id(prog_id);
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info), map_id = 0;
	int map;

	if (prog < 0)
		return hp_bpf_error(err, -prog, "opening program %u", prog_id);
	info.nr_map_ids = 1;
	info.map_ids = (uintptr_t)&map_id;
	if (bpf_obj_get_info_by_fd(prog, &info, &size))
		return hp_bpf_error(err, errno, "asking about program %u", prog_id);
	*is_allow = strcmp(info.name, program_names[0]) == 0;
	if ((!*is_allow && strcmp(info.name, program_names[1]) != 0) || info.nr_map_ids != 1)
		return -ENOENT;
	map = bpf_map_get_fd_by_id(map_id);
	return map < 0 ? hp_bpf_error(err, -map, "opening map %u", map_id) : map;
}

/* An owner that was removed since reads as a word that no policy can want. */
static char *name_owner(uint64_t id)
{
	char *name = hp_cgroup_name(id);

	if (!name && asprintf(&name, "removed:%llu", (unsigned long long)id) < 0)
		return NULL;
	return name;
}

static int read_rules(int map, bool is_allow, struct hp_devacl_rules *rules, struct hp_err *err)
{
	struct hp_devacl_item item = { .owner = NULL };
	struct hp_devacl_key *previous = NULL;
	struct hp_devacl_rule rule;
	int ret;

	while (bpf_map_get_next_key(map, previous, &item.key) == 0) {
		hp_autofree char *owner = NULL;

		previous = &item.key;
		ret = bpf_map_lookup_elem(map, &item.key, &rule);
		if (ret)
			return hp_bpf_error(err, -ret, "reading a device rule");
		item.access = rule.access;
		if (!is_allow)
			item.owner = owner = name_owner(rule.owner);
		ret = hp_devacl_add(rules, &item);
		if (ret)
			return hp_err_set(err, -ret, "out of memory");
	}
	return hp_devacl_sort(rules, err);
}

int hp_devacl_query(const char *pin, bool *is_attached, struct hp_devacl_rules *rules, struct hp_err *err)
{
	hp_autodevacl found = HP_DEVACL_RULES_INIT;
	hp_autofd int link = -1, map = -1;
	struct link_state state;
	bool is_allow = false;
	int ret;

	*is_attached = false;
	hp_bpf_log_begin();
	link = bpf_obj_get(pin);
	/* A link whose cgroup went, or that was detached by force, says cgroup id 0. */
	if (link < 0 || read_link(link, &state) || state.cgroup_id == 0)
		return 0;
	map = open_rules(state.prog_id, &is_allow, err);
	if (map < 0)
		return map == -ENOENT ? 0 : map;
	if (is_allow) {
		found.cgroup = hp_cgroup_name(state.cgroup_id);
		if (!found.cgroup)
			return 0;
	} else if (state.cgroup_id != CGROUP_ROOT_ID) {
		return 0;
	}
	ret = read_rules(map, is_allow, &found, err);
	if (ret)
		return ret;
	*rules = found;
	found = (struct hp_devacl_rules)HP_DEVACL_RULES_INIT;
	*is_attached = true;
	return 0;
}

int hp_devacl_detach(const char *pin, struct hp_err *err)
{
	hp_autofree char *beside = hp_format("%s~", pin);
	hp_autofd int link = bpf_obj_get(pin);

	if (!beside)
		return hp_err_set(err, ENOMEM, "out of memory");
	/* Detached by hand: somebody else may still hold a reference to the link. */
	if (link >= 0)
		bpf_link_detach(link);
	unlink(beside);
	if (unlink(pin) < 0 && errno != ENOENT && errno != ENOTDIR)
		return hp_err_errno(err, errno, "removing %s", pin);
	hp_bpf_pin_sweep(pin);
	return 0;
}
