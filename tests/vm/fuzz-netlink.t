#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fuzz-netlink.t: messages from nearly right to broken, in great number: no splat, and the table stays whole.
# kernels: 6.1 6.12
# testbed: --cpus 4 --memory 1GiB
# boot: registry
# timeout: 150
. "$(dirname "$0")/lib.sh"

tools=/usr/libexec/hostpart/tests
work=$(mktemp -d)
on_exit rm -rf "$work"

ok "the module loads" modprobe hostpart
status=0
$tools/hp-fuzznl "${MESSAGES:-20000}" ${SEED:+"$SEED"} > "$work/out" 2>&1 || status=$?
while IFS= read -r line; do note "$line"; done < "$work/out"
is "each answer is a documented one, and what can be read adds up" $status 0
like "all were sent" "$(cat "$work/out")" "^sent=[0-9]{5,} accepted=[1-9]"
ok "the module still takes an order" $tools/hp-kernelctl release
ok "and goes" rmmod hostpart
