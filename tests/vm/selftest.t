#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# selftest.t: the registry, inside the kernel, against a naive oracle, over random operations.
# kernels: 6.1 6.12
# testbed: --cpus 4 --memory 1GiB
# boot: registry
# timeout: 120
. "$(dirname "$0")/lib.sh"

module=/usr/libexec/hostpart/tests/hostpart-selftest.ko
log() { dmesg | grep 'hostpart: selftest: ' | tail -n 3; }

run() { # WHAT SEED STEPS
	dmesg -C
	ok "$1: the registry and the oracle agree" insmod $module "selftest_seed=$2" "selftest_steps=$3"
	note "$(log)"
	like "$1: all steps were made, and commits and refusals among them" "$(log)" \
		"seed [0-9]+: $3 steps, [1-9][0-9]+ commits, [1-9][0-9]+ refusals: agrees"
	ok "$1: nothing is left that would hold the module" rmmod hostpart
}

run "the known seed" 1 "${STEPS:-4000}"
run "another seed" 0 "${STEPS:-4000}"
