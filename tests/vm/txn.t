#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# txn.t: applying one policy after the other, killing and failing on the way, and leaving the machine byte for byte as found.
# kernels: 6.1 6.12
# check: 6.12
# timeout: 400
# boot: loops
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
. tests/vm/lib.sh
. tests/vm/txn.sh

dump > /tmp/txn-found
as_found() { dump > /tmp/txn-now; diff /tmp/txn-found /tmp/txn-now; }

walk policies/two-hosts.yaml policies/three-hosts.yaml policies/latency-critical.yaml policies/two-hosts.yaml
ok "teardown" partctl -q teardown
ok "the machine is byte for byte as found" as_found
is "nothing is left to tear down" "$(partctl teardown 2>&1)" "nothing to do"

# Between two policies: failing and being killed leads to the first or the second, never between.
partctl -q apply policies/two-hosts.yaml
dump > /tmp/txn-two
partctl -q apply policies/three-hosts.yaml
dump > /tmp/txn-three
partctl -q rollback
dump > /tmp/txn-now
ok "rollback goes back to the first exactly" diff /tmp/txn-two /tmp/txn-now
wrong=''
for n in 3 13 23 33; do
	HOSTPART_FAIL_AT=step:$n partctl -q apply policies/three-hosts.yaml > /tmp/txn-out 2>&1 &&
		wrong+="step $n did not fail; "
	dump > /tmp/txn-now
	diff /tmp/txn-two /tmp/txn-now > /tmp/txn-diff || wrong+="step $n: $(head -5 /tmp/txn-diff); $(tail -3 /tmp/txn-out)"
done
is "a failing step between two policies leaves the first" "$wrong" ""
wrong=''
for n in 5 18 31; do
	HOSTPART_KILL_AT=record:$n partctl -q apply policies/three-hosts.yaml > /tmp/txn-out 2>&1
	[ $? -eq 137 ] || wrong+="record $n: not killed; "
	partctl -q apply policies/two-hosts.yaml > /tmp/txn-out 2>&1 || wrong+="record $n: $(cat /tmp/txn-out)"
	dump > /tmp/txn-now
	diff /tmp/txn-two /tmp/txn-now > /tmp/txn-diff || wrong+="record $n: $(head -5 /tmp/txn-diff); "
done
is "a kill between two policies leads back to the first" "$wrong" ""

# One writer at a time.
exec 8> /run/hostpart/lock
flock 8
echo "pid 4242, somebody" >&8
like "a second writer is told who is at it" "$(partctl apply policies/three-hosts.yaml 2>&1)" 'pid 4242, somebody'
exec 8>&-

ok "teardown" partctl -q teardown
ok "byte for byte as found after all that" as_found
