#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fail-nth.t: each allocation of each netlink command fails once: no splat, no leak, and the registry is whole.
# kernels: debug
# testbed: --cpus 4 --memory 2GiB
# timeout: 400
. "$(dirname "$0")/lib.sh"

tool=/usr/libexec/hostpart/tests/hp-failnth
debug=/sys/kernel/debug
work=$(mktemp -d)
on_exit rm -rf "$work"

[ -e /proc/self/fail-nth ] || skip_all "this kernel cannot inject faults"
# Allocations that may sleep count too, those of one page as well, and the kernel keeps quiet about each.
for kind in failslab fail_page_alloc; do
	echo N > $debug/$kind/ignore-gfp-wait
	echo 0 > $debug/$kind/verbose
done
echo 0 > $debug/fail_page_alloc/min-order
echo N > $debug/fail_page_alloc/ignore-gfp-highmem
echo 0 > $debug/fail_usercopy/verbose

ok "the module loads" modprobe hostpart
run() { # WHAT ARGUMENT...
	local what=$1 line
	shift
	while IFS= read -r line; do
		case $line in
		"ok "*) ok "${line#ok * - }" true ;;
		"not ok "*) not_ok "${line#not ok * - }" true ;;
		*) note "$line" ;;
		esac
	done < <($tool "$@"; echo "status $?" > "$work/status")
	is "$what ran to their end" "$(cat "$work/status")" "status 0"
}
run "the commands"
if [ "$(cat /sys/kernel/hostpart/abi)" -ge 2 ]; then
	# A sealed registry stays so until the next boot, and with it the module.
	run "the seal's faults" seal
	not_ok "what is sealed cannot be unloaded" rmmod hostpart
fi
