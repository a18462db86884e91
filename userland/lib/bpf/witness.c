// SPDX-License-Identifier: GPL-2.0
/* witness.c: loads the witness programs and decodes their records. */
#include "bpf/hp_witness.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/hp_auto.h"
#include "bpf/hp_bpf.h"
#include "witness.h"
#include "witness.skel.h"

enum { HOOKS_MAX = 8 };

struct hp_witness {
	struct witness_bpf *skel;
	struct ring_buffer *ring;
	const char *missing[HOOKS_MAX + 1];
	hp_witness_fn fn;	/* while draining */
	void *arg;
};

/* "fentry/kernfs_fop_write_iter" -> is that function known to this kernel's BTF? */
static bool has_hook(const struct bpf_program *program)
{
	const char *function = strchr(bpf_program__section_name(program), '/');

	return function && libbpf_find_vmlinux_btf_id(function + 1, BPF_TRACE_FENTRY) > 0;
}

static size_t drop_missing(struct hp_witness *witness)
{
	struct bpf_program *program;
	size_t missing = 0, left = 0;

	bpf_object__for_each_program(program, witness->skel->obj) {
		if (has_hook(program)) {
			left++;
			continue;
		}
		bpf_program__set_autoload(program, false);
		if (missing < HOOKS_MAX)
			witness->missing[missing++] = strchr(bpf_program__section_name(program), '/') + 1;
	}
	return left;
}

/* names[] goes from the file upwards and ends with the unnamed root; the path goes down. */
static void join_path(const struct hp_witness_record *record, struct hp_witnessed *seen)
{
	static const char *const roots[] = { [HP_WITNESS_CGROUP] = "", [HP_WITNESS_SYSFS] = "/sys", [HP_WITNESS_PROC] = "/proc" };
	size_t length = 0;
	__u32 depth = record->depth < HP_WITNESS_DEPTH ? record->depth : HP_WITNESS_DEPTH;

	if (record->kind == HP_WITNESS_NETDEV) {
		snprintf(seen->path, sizeof(seen->path), "%.*s", HP_WITNESS_NAME, record->names[0]);
		return;
	}
	length = (size_t)snprintf(seen->path, sizeof(seen->path), "%s", roots[record->kind]);
	for (__u32 i = depth; i-- > 0 && length < sizeof(seen->path);) {
		if (record->names[i][0] == '\0' || record->names[i][0] == '/')
			continue;
		length += (size_t)snprintf(seen->path + length, sizeof(seen->path) - length, "/%.*s", HP_WITNESS_NAME,
					   record->names[i]);
	}
}

static int on_record(void *arg, void *data, size_t size)
{
	struct hp_witness *witness = arg;
	const struct hp_witness_record *record = data;
	struct hp_witnessed seen = { 0 };

	if (size < sizeof(*record) || record->kind < HP_WITNESS_CGROUP || record->kind > HP_WITNESS_NETDEV)
		return 0;
	seen.source = (enum hp_witness_source)record->kind;
	seen.time_ns = record->time_ns;
	seen.pid = (pid_t)record->pid;
	seen.uid = record->uid;
	seen.cgroup_id = record->cgroup_id;
	seen.ifindex = record->ifindex;
	snprintf(seen.comm, sizeof(seen.comm), "%.16s", record->comm);
	snprintf(seen.value, sizeof(seen.value), "%.*s", (int)strcspn(record->value, "\n"), record->value);
	join_path(record, &seen);
	witness->fn(witness->arg, &seen);
	return 0;
}

static int load(struct hp_witness *witness, pid_t own_pid, struct hp_err *err)
{
	int ret;

	witness->skel = witness_bpf__open();
	if (!witness->skel)
		return hp_bpf_error(err, errno, "opening the witness programs");
	witness->skel->rodata->own_pid = (__u32)own_pid;
	if (drop_missing(witness) == 0)
		return hp_err_set(err, EOPNOTSUPP, "this kernel has none of the functions that the witness programs watch");
	ret = witness_bpf__load(witness->skel);
	if (ret < 0)
		return hp_bpf_error(err, -ret, "loading the witness programs");
	ret = witness_bpf__attach(witness->skel);
	if (ret < 0)
		return hp_bpf_error(err, -ret, "attaching the witness programs");
	witness->ring = ring_buffer__new(bpf_map__fd(witness->skel->maps.hp_records), on_record, witness, NULL);
	return witness->ring ? 0 : hp_bpf_error(err, errno, "mapping the witness records");
}

int hp_witness_open(pid_t own_pid, struct hp_witness **out, struct hp_err *err)
{
	struct hp_witness *witness = calloc(1, sizeof(*witness));
	int ret;

	if (!witness)
		return hp_err_errno(err, ENOMEM, "opening the witness");
	hp_bpf_log_begin();
	ret = load(witness, own_pid, err);
	if (ret < 0) {
		hp_witness_close(witness);
		return ret;
	}
	*out = witness;
	return 0;
}

void hp_witness_close(struct hp_witness *witness)
{
	if (!witness)
		return;
	ring_buffer__free(witness->ring);
	witness_bpf__destroy(witness->skel);
	free(witness);
}

int hp_witness_fd(const struct hp_witness *witness)
{
	return ring_buffer__epoll_fd(witness->ring);
}

int hp_witness_drain(struct hp_witness *witness, hp_witness_fn fn, void *arg)
{
	int ret;

	witness->fn = fn;
	witness->arg = arg;
	ret = ring_buffer__consume(witness->ring);
	return ret < 0 ? ret : 0;
}

const char *const *hp_witness_missing(const struct hp_witness *witness)
{
	return witness->missing;
}
