// SPDX-License-Identifier: GPL-2.0
/* waits_switch.c: one program at the switch for all that want to be called there. */
#include "bpf/wait_ops.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include "bpf/contention_load.h"
#include "bpf/hp_bpf.h"

/* A descriptor of the kind's program, not the caller's to close; negative = it is not at work. */
static int stall_program(const struct hp_wait_source *source, const struct hp_wait_ops *ops)
{
	if (!source->is_adopted)
		return bpf_program__fd(bpf_object__find_program_by_name(source->object, ops->stall_program));
	for (size_t i = 0; i < ops->programs_count; i++)
		if (strcmp(ops->programs[i].name, ops->stall_program) == 0)
			return source->adopted[i];
	return -ENOENT;
}

/* What has come by both ways meanwhile is counted once: who counts a wait forgets it. */
static void drop_own_hook(const struct hp_wait_source *source, const char *name)
{
	for (int i = 0; i < source->skeleton->prog_cnt; i++) {
		const struct bpf_prog_skeleton *entry = &source->skeleton->progs[i];

		if (strcmp(entry->name, name) != 0)
			continue;
		bpf_link__destroy(*entry->link);
		*entry->link = NULL;
	}
}

static int share(const struct hp_wait_source *source, const struct hp_wait_ops *ops, int calls, struct hp_err *err)
{
	int program = stall_program(source, ops), ret;
	__u32 first = 0;

	if (program < 0)
		return 0;
	ret = bpf_map_update_elem(calls, &first, &program, BPF_ANY);
	if (ret)
		return hp_bpf_error(err, -ret, "having %s called at the switch", ops->stall_program);
	drop_own_hook(source, ops->stall_program);
	return 0;
}

int hp_waits_share_switch(struct hp_waits *waits, const struct hp_contention *contention, struct hp_err *err)
{
	int ret = 0;

	for (int kind = 0; ret == 0 && kind < HP_WAIT_KINDS; kind++)
		if (waits->sources[kind].rows && waits_kinds[kind]->stall_program)
			ret = share(&waits->sources[kind], waits_kinds[kind], contention_stall_calls(contention), err);
	return ret;
}
