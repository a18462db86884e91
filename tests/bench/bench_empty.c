// SPDX-License-Identifier: GPL-2.0
/* bench_empty.c: attaches an eBPF program that does nothing to the scheduler's switch until it is ended: what being called costs. */
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int program = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "hp_empty", "GPL", nothing,
				    sizeof(nothing) / sizeof(nothing[0]), NULL);
	int link = program < 0 ? program : bpf_raw_tracepoint_open("sched_switch", program);

	if (link < 0) {
		fprintf(stderr, "bench_empty: %s\n", strerror(-link));
		return 1;
	}
	pause();
	return 0;
}
