#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# writers.t: eight threads change the registry at once: nothing is lost, nothing mixed, nothing left behind.
# kernels: 6.1 6.12
# testbed: --cpus 4 --memory 1GiB
# boot: registry
# timeout: 120
. "$(dirname "$0")/lib.sh"

tool=/usr/libexec/hostpart/tests/hp-writers
kctl=/usr/libexec/hostpart/tests/hp-kernelctl
work=$(mktemp -d)
on_exit rm -rf "$work"
number() { sed -n "s/.*\<$1=\([^ ]*\).*/\1/p" "$work/out"; }

race() { # WHAT ARGUMENT...
	local what=$1 status=0
	shift
	$tool "$@" > "$work/out" 2>&1 || status=$?
	while IFS= read -r line; do note "$line"; done < "$work/out"
	is "$what: every answer was one that may be given, every table that was read was one that was committed" $status 0
	is "$what: each change that was told of is one generation" "$(number generations)" $(($(number commits) + $(number releases)))
}

ok "the module loads" modprobe hostpart
race "writers" "${CYCLES:-60}"
ok "at least one event for each change" [ "$(number events)" -ge "$(number generations)" ]
is "the ring ends with the last event" "$(number last_event)" same
ok "what is left is released" $kctl release
# A transaction that was left open would hold one of the sixteen places; hp-kernelbad needs all of them.
like "no transaction is left open" "$(/usr/libexec/hostpart/tests/hp-kernelbad)" '^ok .* - transaction 17 is refused'
ok "the module goes" rmmod hostpart

ok "and comes back" modprobe hostpart
if [ "$(cat /sys/kernel/hostpart/abi)" -ge 2 ]; then
	race "writers and the seal" "${CYCLES:-60}" seal
	is "after the seal the generation stands still" "$(number sealed)" held
	not_ok "what is sealed is not released" $kctl release
fi
